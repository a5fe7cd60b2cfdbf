"""Ends a command that cannot do what was asked: with every problem, or in one sentence."""

from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.world import NoSimulator
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusals import as_sentence
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import RunResult


def finish_refused(streams: Streams, result: RunResult, more: list[Problem]) -> ExitCode:
    """Show a refusal with every problem; return the exit code."""
    errors = (*result.errors, *more)
    if streams.json:
        document = result.as_json()
        document["reason"] = errors[0].what
        document["errors"] = [problem.as_json() for problem in errors]
        streams.document(document)
    streams.refuse(errors)
    return ExitCode.REFUSED


def finish_unreached(streams: Streams, result: RunResult) -> ExitCode:
    """Show in one sentence that nothing was started because nobody answers; return the exit code."""
    if streams.json:
        streams.document(result.as_json())
    (problem,) = result.errors
    streams.note(" ".join(as_sentence(part) for part in (problem.what, problem.write) if part))
    return ExitCode.NOT_REACHABLE


UNABLE = (Refused, NoSimulator, OSError)
"""What keeps a prepared run from being begun or kept, and what ``finish_unable`` tells."""


def finish_unable(
    streams: Streams, prepared: Prepared, seed: int, error: Refused | NoSimulator | OSError, file: str | None
) -> ExitCode:
    """Show why a prepared run cannot be; ``file`` is the output to name where the error names none."""
    match error:
        case Refused():
            return finish_refused(streams, prepared.refuse(error.problems, seed), [])
        case NoSimulator():
            return finish_unreached(streams, prepared.refuse([Problem("simulator", str(error))], seed))
        case OSError():
            what = f"{error.filename or file} cannot be written: {error.strerror}"
            return finish_refused(streams, prepared.refuse([Problem("the output", what)], seed), [])
