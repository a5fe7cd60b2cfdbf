"""Ends a command that has done nothing: with every problem, or in one sentence."""

from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusals import as_sentence
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem
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
