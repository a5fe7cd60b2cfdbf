"""``pvd tune``: shows what will happen, asks, excites the source, shows what it answered. Writes nothing unasked."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from pvdstation.assembly.runs import FASTEST, Way, Wishes, execute, why_live
from pvdstation.assembly.tuning import Asked, ToTune, prepare_tuning, tuned_by
from pvdstation.cli.after_crash import refused_by_another
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.files import Files
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.keeping import RECORDED, Keeping, note_record
from pvdstation.cli.progress import DryRunFollower
from pvdstation.cli.questions import Questions
from pvdstation.cli.refusing import UNABLE, finish_refused, finish_unable, finish_unreached
from pvdstation.cli.result_text import alarm_lines, closing, heading, steps_table
from pvdstation.cli.run_follower import RunFollower
from pvdstation.cli.streams import Streams
from pvdstation.cli.tuning_text import found_parts, plan_parts
from pvdstation.cli.wording import duration
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import RunResult
from pvdstation.record.tuning.tuned import Tuned


class Pace(NamedTuple):
    """How the run goes through time, and whether anybody is asked first."""

    seed: int
    speed: float | None = None  # None: as fast as it computes
    is_agreed: bool = False

    @property
    def way(self) -> Way:
        """Return how it goes through time."""
        return FASTEST if self.speed is None else Way(self.speed, is_attended=True)


def run_tune(
    streams: Streams, asked: Asked, station: str | None, pace: Pace, plot: str | None, keeping: Keeping = RECORDED
) -> ExitCode:
    """Prepare, ask, run and show; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        to_tune = prepare_tuning(asked, station, pace.seed, keeping.folder)
        problems = Files(plot).problems()
        if isinstance(to_tune, RunResult):
            return finish_refused(streams, to_tune, problems)
        prepared = to_tune.prepared
        if prepared.silence is not None and not problems:
            return finish_unreached(streams, prepared.refuse([prepared.silence], pace.seed))
        problems += [*_problems(to_tune, pace), *keeping.problems(prepared)]
        if problems:
            return finish_refused(streams, prepared.refuse([], pace.seed), problems)
        try:
            refusal = _refused_by_another(streams, to_tune, pace, keeping)
            if refusal is not None:
                return refusal
            if not _agreed(streams, to_tune, pace):
                streams.note("nothing was switched on")
                return ExitCode.OPERATOR
            return _run_and_show(streams, to_tune, pace, plot, keeping, interrupts)
        except UNABLE as error:
            return finish_unable(streams, prepared, pace.seed, error, plot)


def _refused_by_another(streams: Streams, to_tune: ToTune, pace: Pace, keeping: Keeping) -> ExitCode | None:
    """Refuse while another run of the plant has no end; a plant that begins anew for a dry run has no other."""
    prepared = to_tune.prepared
    if pace.speed is None and prepared.station.is_simulated:
        return None
    return refused_by_another(streams, prepared, keeping.recording(prepared), pace.way, pace.seed)


def _problems(to_tune: ToTune, pace: Pace) -> list[Problem]:
    problems = []
    if pace.speed is not None and not math.isfinite(pace.speed):
        problems.append(Problem("--speed", f"{pace.speed} is not a number", 'Write for example "--speed 60".'))
    if to_tune.prepared.mode == "live":
        if pace.is_agreed:
            what = "--yes switches a source on without asking, and this station is real"
            problems.append(Problem("--yes", what, "Leave --yes out: a person confirms it."))
        problems.append(why_live(to_tune.prepared))
    return problems


def _agreed(streams: Streams, to_tune: ToTune, pace: Pace) -> bool:
    """Show what will happen with its numbers, and ask."""
    prepared, planned = to_tune
    streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode or ""), "")
    shown = plan_parts(planned, prepared.station)
    streams.show(*shown, "")
    if pace.is_agreed:
        return True
    if streams.json:  # whoever answers reads it on the other stream
        for line in (part for part in shown if isinstance(part, Text)):
            streams.note(line.plain)
    name = planned.work.source
    try:
        return Questions(streams, takes_defaults=False).choose(f"Switch {name} on?", "no", ("no", "yes")) == "yes"
    except Refused:
        write = "Answer yes; on a simulated station --yes does."
        raise Refused([Problem("the confirmation", f"nobody said that {name} may be switched on", write)]) from None


def _run_and_show(
    streams: Streams, to_tune: ToTune, pace: Pace, plot: str | None, keeping: Keeping, interrupts: Interrupts
) -> ExitCode:
    prepared = to_tune.prepared
    recording = keeping.recording(prepared)
    if recording is None:
        raise ValueError("what a source answered is read from the record: a tuning run is always recorded")
    with _follower(streams, to_tune, pace, interrupts) as follower:
        result = execute(prepared, pace.seed, pace.way, Wishes(follower, recording=recording)).result
    if result.outcome == "refused":
        return finish_refused(streams, result, [])
    streams.show("", steps_table(result), *alarm_lines(result.alarms), "", closing(result))
    note_record(streams, result)
    found: Tuned | None = None
    unfit: Sequence[Problem] = ()
    try:
        found = tuned_by(recording.folder, result, is_dry=pace.speed is None)
    except Refused as refusal:
        unfit = refusal.problems
    _show(streams, result, found, unfit, plot)
    return ExitCode.TRIPPED if result.outcome == "complete" and found is None else exit_code(result)


def _show(streams: Streams, result: RunResult, found: Tuned | None, unfit: Sequence[Problem], plot: str | None) -> None:
    if streams.json:
        document = result.as_json()
        document["tuning"] = None if found is None else found.as_json()
        if result.outcome == "complete":
            document["errors"] = [*document["errors"], *(problem.as_json() for problem in unfit)]  # type: ignore[misc]
        streams.document(document)
    if found is None:
        if result.outcome == "complete":
            streams.refuse(unfit)
        return
    streams.show("", *found_parts(found))
    if plot is not None:
        from pvdstation.cli.tuning_plot import draw_tuning

        title = f"tuning of {found.answer.source}, run {result.run}, {duration(found.answer.at_s[-1])} excited"
        draw_tuning(found, title, Path(plot), is_simulated=result.mode == "simulated")
        streams.note(f"plot: {plot}")


def _follower(
    streams: Streams, to_tune: ToTune, pace: Pace, interrupts: Interrupts
) -> AbstractContextManager[DryRunFollower | RunFollower]:
    prepared = to_tune.prepared
    if pace.speed is not None:
        return RunFollower(streams, prepared, interrupts)
    is_shown = streams.console.is_terminal
    return DryRunFollower(streams.console, prepared.checked.procedure, interrupts, is_shown=is_shown)
