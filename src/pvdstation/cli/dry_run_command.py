"""``pvd dry-run``: the recipe on the simulated station, and what came out."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.results import RunResult
from pvdstation.assembly.runs import Execution, execute
from pvdstation.assembly.world import NoSimulator
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.progress import DryRunFollower
from pvdstation.cli.result_text import alarm_lines, closing, heading, steps_table
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused

PLOT_FORMATS = ("png", "svg", "pdf")
_NEEDS_SIMULATOR = Problem(
    "the station",
    "a dry run needs simulated instruments, and this station has real ports",
    'Leave --station out, or name a station whose ports all begin with "sim:".',
)


def run_dry(
    streams: Streams,
    recipe: str,
    station: str | None,
    seed: int,
    plot: str | None,
    events: str | None,
    faults: Sequence[str] = (),
) -> ExitCode:
    """Prepare, run and show; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        prepared = prepare(recipe, station, seed)
        problems = [*_plot_problems(plot), *_file_problems("--events", events)]
        if isinstance(prepared, RunResult):
            return finish_refused(streams, prepared, problems)
        if prepared.mode == "live":
            problems.append(_NEEDS_SIMULATOR)
        problems += fault_problems(prepared, faults)
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        try:
            return _run_and_show(streams, prepared, seed, plot, events, faults, interrupts)
        except Refused as refusal:
            return finish_refused(streams, prepared.refuse(refusal.problems, seed), [])
        except NoSimulator as missing:
            streams.note(str(missing))
            return ExitCode.NOT_REACHABLE
        except OSError as error:
            what = f"{error.filename or events} cannot be written: {error.strerror}"
            return finish_refused(streams, prepared.refuse([Problem("the output", what)], seed), [])


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


def _run_and_show(
    streams: Streams,
    prepared: Prepared,
    seed: int,
    plot: str | None,
    events: str | None,
    faults: Sequence[str],
    interrupts: Interrupts,
) -> ExitCode:
    streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
    shown = streams.console.is_terminal
    with (
        _open_text(events) as file,
        DryRunFollower(streams.console, prepared.checked.procedure, interrupts, is_shown=shown) as follower,
    ):
        execution = execute(prepared, seed, follower=follower, events=file, with_trace=plot is not None, faults=faults)
    result = execution.result
    if plot is not None:
        _draw(execution, prepared.recipe.name, Path(plot))
    if streams.json:
        streams.document(result.as_json())
    streams.show(steps_table(result), *alarm_lines(result.alarms), "", closing(result))
    for file_name, what in ((plot, "plot"), (events, "events")):
        if file_name is not None:
            streams.note(f"{what}: {file_name}")
    return exit_code(result)


def _draw(execution: Execution, name: str, file: Path) -> None:
    from pvdstation.cli.plot import draw_run

    if execution.trace is None:
        raise ValueError("a plot needs samples")
    result = execution.result
    draw_run(execution.trace, f"{name}\n{result.outcome}, seed {result.seed}", file)


def _plot_problems(plot: str | None) -> list[Problem]:
    problems = _file_problems("--plot", plot)
    if plot is not None and Path(plot).suffix.lower().lstrip(".") not in PLOT_FORMATS:
        what = f'"{plot}" does not end in .png, .svg or .pdf'
        problems.append(Problem("--plot", what, f'Write for example "{Path(plot).stem or "run"}.png".'))
    return problems


def _file_problems(option: str, file: str | None) -> list[Problem]:
    """Return why a file could not be written, before an hour of plant time has been computed for it."""
    if file is None:
        return []
    path = Path(file)
    if path.is_dir():
        return [Problem(option, f'"{file}" is a folder', "Name a file in it.")]
    if not path.parent.is_dir():
        return [Problem(option, f'there is no folder "{path.parent}"', "Make it first, or name another one.")]
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return [Problem(option, f'"{file}" may not be written', "Name a file in a folder that you may write to.")]
    return []


def _open_text(file: str | None) -> AbstractContextManager[TextIO | None]:
    return Path(file).open("w", encoding="utf-8", newline="\n") if file is not None else nullcontext()
