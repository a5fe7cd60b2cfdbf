"""``pvd run``: the recipe in real or scaled time, followed line by line; Ctrl+C is a controlled stop."""

import math
from collections.abc import Mapping, Sequence

from pvdstation.assembly.answering import given_answers
from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.continued import interrupted_run
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way, Wishes, execute
from pvdstation.cli.after_crash import gone_on, refused_by_another
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.files import Files, open_transcript, transcript_words
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.keeping import RECORDED, Keeping, note_record
from pvdstation.cli.refusing import UNABLE, finish_refused, finish_unable, finish_unreached
from pvdstation.cli.result_text import closing, heading, steps_table
from pvdstation.cli.run_follower import RunFollower
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import RunResult, refused


def run_follow(
    streams: Streams,
    recipe: str,
    station: str | None,
    faults: Sequence[str],
    files: Files,
    keeping: Keeping = RECORDED,
    sets: Sequence[str] = (),
    answers: Sequence[str] = (),
    *,
    speed: float,
    seed: int,
    live: bool,
) -> ExitCode:
    """Prepare, run, follow and show; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        prepared = prepare(recipe, station, seed, sets, keeping.folder)
        problems = [*_command_problems(speed, prepared, live=live), *files.problems()]
        if isinstance(prepared, RunResult):
            return finish_refused(streams, prepared, problems)
        if prepared.silence is not None and not problems:
            return finish_unreached(streams, prepared.refuse([prepared.silence], seed))
        given, wrong = given_answers(prepared, answers)
        problems += [*fault_problems(prepared, faults), *keeping.problems(prepared), *wrong]
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        try:
            way, recording = Way(speed, is_attended=True), keeping.recording(prepared)
            refusal = refused_by_another(streams, prepared, recording, way, seed)
            if refusal is not None:
                return refusal
            return _run_and_show(streams, prepared, way, seed, faults, files, recording, interrupts, given)
        except UNABLE as error:
            return finish_unable(streams, prepared, seed, error, files.transcript)


def run_on(
    streams: Streams,
    run: str,
    recipe: str | None,
    station: str | None,
    faults: Sequence[str],
    files: Files,
    keeping: Keeping = RECORDED,
    answers: Sequence[str] = (),
    *,
    speed: float,
    seed: int,
    live: bool,
) -> ExitCode:
    """Continue an interrupted run as a new one, follow and show it; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            interrupted = interrupted_run(run, keeping.data, station, recipe)
        except Refused as refusal:
            return finish_refused(streams, refused(refusal.problems), [])
        prepared = interrupted.prepared
        problems = [*_command_problems(speed, prepared, live=live), *files.problems()]
        given, wrong = given_answers(prepared, answers)
        problems += [*fault_problems(prepared, faults), *keeping.problems(prepared), *wrong]
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        if prepared.silence is not None:
            return finish_unreached(streams, prepared.refuse([prepared.silence], seed))
        try:
            way = Way(speed, is_attended=True)
            going_on = gone_on(streams, interrupted, keeping, way, seed)
            if isinstance(going_on, ExitCode):
                return going_on
            return _run_and_show(streams, going_on[0], way, seed, faults, files, going_on[1], interrupts, given)
        except UNABLE as error:
            return finish_unable(streams, prepared, seed, error, files.transcript)


def _command_problems(speed: float, prepared: Prepared | RunResult, *, live: bool) -> list[Problem]:
    problems = []
    if not math.isfinite(speed):
        problems.append(Problem("--speed", f"{speed} is not a number", 'Write for example "--speed 60".'))
    if live and prepared.mode == "simulated":
        what = "--live asks for real instruments, but every port of this station is simulated"
        problems.append(Problem("--live", what, "Leave --live out, or name a station file with real ports."))
    return problems


def _run_and_show(
    streams: Streams,
    prepared: Prepared,
    way: Way,
    seed: int,
    faults: Sequence[str],
    files: Files,
    recording: Recording | None,
    interrupts: Interrupts,
    given: Mapping[str, float],
) -> ExitCode:
    if prepared.mode == "simulated":
        streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
    with (
        open_transcript(files.transcript, is_followed=True) as transcript,
        RunFollower(streams, prepared, interrupts, given) as follower,
    ):
        wishes = Wishes(follower, faults=faults, transcript=transcript, recording=recording, answering=follower.prompt)
        result = execute(prepared, seed, way, wishes).result
    if result.outcome == "refused":
        return finish_refused(streams, result, [])
    if streams.json:
        streams.document(result.as_json())
    streams.show("", steps_table(result), "", closing(result))
    if transcript is not None:
        streams.note(transcript_words(files.transcript, transcript))
    note_record(streams, result)
    return exit_code(result)
