"""What comes before a run where another one of the same station has no end: OFF, what is known, and the two ways on."""

from pvdstation.assembly.as_found import Found, switch_off
from pvdstation.assembly.continued import offered
from pvdstation.assembly.continuing import continuation
from pvdstation.assembly.interrupted import InTheWay, clear, in_the_way
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
        return finish_refused(streams, prepared.refuse([_going_on(found)], seed), [])
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


def _going_on(found: InTheWay) -> Problem:
    holder = f" ({found.holder})" if found.holder else ""
    what = f"run {found.path.stem} on it is still going on{holder}"
    return Problem("the station", what, "Wait for its end, or stop it where it was started.")


def _offer(streams: Streams, prepared: Prepared, known: Known, off: Found, seed: int) -> ExitCode:
    told = [*sentences(known, off), *gone_words(prepared)]
    problem = offer(known, why_not(known, prepared))
    result = prepared.refuse([problem], seed)
    if streams.json:
        found = {**known.as_json(), "found": off.of(known), "sentences": told}
        streams.document({**result.as_json(), "interrupted": found})
    for line in told:
        streams.note(line)
    streams.refuse([problem])
    return ExitCode.REFUSED if off.result.safe is True else exit_code(off.result)


def gone_words(prepared: Prepared) -> list[str]:
    """Return that a plant in the same process has gone with it."""
    is_gone = prepared.station.is_simulated
    return ["The simulated plant went with the process: this one is new, its substrate bare."] if is_gone else []


def why_not(known: Known, prepared: Prepared) -> str:
    """Return why a run cannot go on; empty when it can."""
    try:
        continuation(known, prepared.station)
    except Refused as refusal:
        return refusal.problems[0].what.partition(": ")[2]
    return ""
