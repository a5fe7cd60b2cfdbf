"""``pvd dry-run``: the recipe on the simulated station, and what came out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.answering import GivenAnswers, read_answers
from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.runs import FASTEST, Execution, Wishes, execute, why_live
from pvdstation.assembly.served import Unserved
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.files import Files, open_text, open_transcript, transcript_words
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.keeping import RECORDED, Keeping, note_record
from pvdstation.cli.progress import DryRunFollower, Teller
from pvdstation.cli.refusing import UNABLE, finish_refused, finish_unable, finish_unreached
from pvdstation.cli.result_text import alarm_lines, closing, heading, steps_table
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem
from pvdstation.record.results import RunResult

_NEEDS_SIMULATOR = Problem(
    "the station",
    "a dry run needs simulated instruments, and this station has real ports",
    'Leave --station out, or name a station whose ports all begin with "sim:".',
)


class DryRun(NamedTuple):
    """How a recipe is to be run."""

    seed: int = 1
    faults: Sequence[str] = ()
    sets: Sequence[str] = ()
    answers: Sequence[str] = ()
    is_told: bool = False  # how far it is, to a program that waits


def run_dry(
    streams: Streams, recipe: str, station: str | None, wished: DryRun, files: Files, keeping: Keeping = RECORDED
) -> ExitCode:
    """Prepare, run and show; return the exit code."""
    seed, faults = wished.seed, wished.faults
    interrupts = Interrupts()
    with watched(interrupts):
        prepared = prepare(recipe, station, seed, wished.sets, keeping.folder)
        problems = files.problems()
        if isinstance(prepared, RunResult):
            return finish_refused(streams, prepared, problems)
        if prepared.silence is not None and not problems:
            return finish_unreached(streams, prepared.refuse([prepared.silence], seed))
        if prepared.mode == "live":
            problems.append(why_live(prepared) if isinstance(prepared.simulator, Unserved) else _NEEDS_SIMULATOR)
        given, wrong = read_answers(prepared.checked.procedure, wished.answers)
        problems += [*fault_problems(prepared, faults), *keeping.problems(prepared), *wrong]
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        try:
            wishes = Wishes(faults=faults, recording=keeping.recording(prepared), answering=GivenAnswers(given))
            teller = Teller(streams, prepared.checked.procedure, interrupts) if wished.is_told else None
            return _run_and_show(streams, prepared, seed, files, wishes, interrupts, teller)
        except UNABLE as error:
            return finish_unable(streams, prepared, seed, error, files.events)


def _run_and_show(
    streams: Streams,
    prepared: Prepared,
    seed: int,
    files: Files,
    wishes: Wishes,
    interrupts: Interrupts,
    teller: Teller | None,
) -> ExitCode:
    streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
    shown = streams.console.is_terminal
    with (
        open_text(files.events) as events,
        open_transcript(files.transcript, is_followed=False) as transcript,
        DryRunFollower(streams.console, prepared.checked.procedure, interrupts, is_shown=shown) as follower,
    ):
        watched_by = wishes._replace(
            follower=teller or follower, events=events, with_trace=files.plot is not None, transcript=transcript
        )
        execution = execute(prepared, seed, FASTEST, watched_by)
    result = execution.result
    if files.plot is not None:
        _draw(execution, prepared.recipe.name, Path(files.plot))
    if streams.json:
        streams.document(result.as_json())
    streams.show(steps_table(result), *alarm_lines(result.alarms), "", closing(result))
    for file_name, what in ((files.plot, "plot"), (files.events, "events")):
        if file_name is not None:
            streams.note(f"{what}: {file_name}")
    if transcript is not None:
        streams.note(transcript_words(files.transcript, transcript))
    note_record(streams, result)
    if teller is not None:
        teller.ended(result)
    return exit_code(result)


def _draw(execution: Execution, name: str, file: Path) -> None:
    from pvdstation.cli.plot import draw_run

    if execution.trace is None:
        raise ValueError("a plot needs samples")
    result = execution.result
    draw_run(execution.trace, f"{name}\n{result.outcome}, seed {result.seed}", file)
