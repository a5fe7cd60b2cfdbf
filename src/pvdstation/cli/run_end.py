"""How a followed run ends for a person: table and exit code; where its core has died, what the record knows."""

from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.finding import find_run
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.following import Following, Lost
from pvdstation.cli.keeping import note_record
from pvdstation.cli.result_text import closing, steps_table
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.opened import DAMAGED, opened
from pvdstation.record.results import RunResult
from pvdstation.record.run_file import RunFile

LOST = (
    "What the station does now is not known here: without its core the guardian and the watchdogs switch it off. "
    '"pvd status" says whether a core runs; the next "pvd run" finds what was left and says so'
)


def finish_followed(streams: Streams, following: Following, where: Where, run: str, transcript: str = "") -> ExitCode:
    """Follow a run to its end and show what came out; return its exit code."""
    try:
        result = following.to_the_end()
    except Lost as lost:
        result = _recorded(where, run)
        if result is None:
            return _finish_lost(streams, run, lost)
    if result is None:
        streams.note(f'run {run} goes on; "pvd attach" follows it again')
        return ExitCode.OPERATOR
    return finish_run(streams, result, transcript)


def finish_run(streams: Streams, result: RunResult, transcript: str = "") -> ExitCode:
    """Show what came out of a run; return its exit code."""
    if streams.json:
        streams.document(result.as_json())
    streams.show("", steps_table(result), "", closing(result))
    if transcript:
        streams.note(f"transcript: {transcript}")
    note_record(streams, result)
    return exit_code(result)


def _finish_lost(streams: Streams, run: str, lost: Lost) -> ExitCode:
    """Nobody has confirmed a safe state to this program: that, and no internal error, is what a script must hear."""
    what = f"run {run} is no longer followed: {lost}"
    if streams.json:
        errors = [Problem("the core", what, LOST).as_json()]
        streams.document({"outcome": "unknown", "reason": what, "safe": None, "run": run, "errors": errors})
    streams.note(f"{what}. {LOST}.")
    return ExitCode.NOT_SAFE


def _recorded(where: Where, run: str) -> RunResult | None:
    """Return how a run ended by its record; None where that does not say it."""
    try:
        record = RunFile(find_run(run, str(where.data)))
        return opened(record).result if record.end is not None else None
    except (Refused, *DAMAGED):
        return None
