"""What comes before a run where another one of the same station has no end: OFF, what is known, and the two ways on."""

from pvdstation.assembly.as_found import Found, switch_off
from pvdstation.assembly.continued import offered
from pvdstation.assembly.continuing import continuation
from pvdstation.assembly.core.way import as_told, elsewhere
from pvdstation.assembly.interrupted import clear, in_the_way
from pvdstation.assembly.known import Known
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.interrupted_text import offer, sentences
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import refused


def refused_by_another(
    streams: Streams, prepared: Prepared, recording: Recording | None, way: Way, seed: int
) -> ExitCode | None:
    """Refuse a run while another one has no end, and say what is known of it; None: nothing stands in the way.

    Raises what a run raises.
    """
    if recording is None or prepared.mode == "live":
        return None
    found = in_the_way(recording.folder, prepared.station.name)
    if found is None:
        return None
    if found.is_running:
        return finish_refused(streams, prepared.refuse([elsewhere(found)], seed), [])
    streams.note("an interrupted run is in the record of this station: switching off and reading it")
    off = switch_off(prepared, seed, way)
    known = offered(found.path).with_crystals(off.now)
    return _offer(streams, prepared, known, off, seed)


def run_clear(streams: Streams, run: str, data: str | None, who: str, note: str) -> ExitCode:
    """Keep that a person has taken note of an interrupted run; return the exit code."""
    try:
        words = clear(run, data, who, note)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        streams.document({"outcome": "complete", "cleared": words})
    streams.show(words)
    return ExitCode.COMPLETE


def _offer(streams: Streams, prepared: Prepared, known: Known, off: Found, seed: int) -> ExitCode:
    problem, told = offered_in_words(known, prepared, off)
    result = prepared.refuse([problem], seed)
    if streams.json:
        streams.document({**result.as_json(), "interrupted": as_told(known, off, told)})
    for line in told:
        streams.note(line)
    streams.refuse([problem])
    return ExitCode.REFUSED if off.result.safe is True else exit_code(off.result)


def offered_in_words(known: Known, prepared: Prepared, off: Found) -> tuple[Problem, list[str]]:
    """Return what a person can do about an interrupted run, and what is known of it."""
    return offer(known, _why_not(known, prepared)), [*sentences(known, off), *_gone_words(prepared)]


def _gone_words(prepared: Prepared) -> list[str]:
    """Return that a plant in the same process has gone with it."""
    is_gone = prepared.station.is_simulated
    return ["The simulated plant went with the process: this one is new, its substrate bare."] if is_gone else []


def _why_not(known: Known, prepared: Prepared) -> str:
    """Return why a run cannot go on; empty when it can."""
    try:
        continuation(known, prepared.station)
    except Refused as refusal:
        return refusal.problems[0].what.partition(": ")[2]
    return ""
