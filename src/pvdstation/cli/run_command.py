"""``pvd run``: checks here, begins in the core of the station, follows it line by line; Ctrl+C is a controlled stop."""

import math
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.assembly.about import Said
from pvdstation.assembly.answering import given_answers
from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.continued import interrupted_run
from pvdstation.assembly.core.meeting import NotStarted, Where, meet_or_start
from pvdstation.assembly.core.readying import misfits
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.cli.asking_command import Place
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.files import file_problems
from pvdstation.cli.following import Following
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.meeting import Standing, unmet, where_of
from pvdstation.cli.refusing import finish_refused, finish_unreached
from pvdstation.cli.result_text import heading
from pvdstation.cli.run_end import finish_followed
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client
from pvdstation.desk.line import DeskError
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Refused as RefusedByCore
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.read_back import problem_of
from pvdstation.record.results import RunResult, refused

NAME = "pvd run"
BEGINS_WITHIN_S = 120.0
"""An interrupted run is switched off and read before the next one begins."""
_FAST = 100.0
"""At a higher speed a core that begins at once tells more than it keeps until somebody listens."""


class Begun(NamedTuple):
    """A run that the core has begun: the connection, its id, and what was told about it."""

    client: Client
    run: str
    told: tuple[str, ...] = ()


class NotBegun(Exception):
    """The core has not begun the run; what it said of that."""

    def __init__(self, error: NotStarted | RefusedByCore) -> None:
        super().__init__(error.text)
        self.text = error.text
        self.problems = [problem_of(problem) for problem in error.problems] or [Problem("the core", error.text)]
        self.exit_code = ExitCode(error.exit_code)
        self.interrupted: dict[str, Any] | None = error.interrupted


def run_start(streams: Streams, start: Start, place: Place, *, detaches: bool = False) -> ExitCode:
    """Check, begin, follow and show; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            where = where_of(*place)
            prepared = _continued(start, place) if start.continues else _prepared(start, place, where)
        except Refused as refusal:
            return finish_refused(streams, refused(refusal.problems), _own_problems(start))
        if isinstance(prepared, RunResult):
            return finish_refused(streams, prepared, _own_problems(start))
        if prepared.silence is not None and not _own_problems(start):
            return finish_unreached(streams, prepared.refuse([prepared.silence], start.seed))
        problems = _problems(start, prepared)
        if problems:
            return finish_refused(streams, prepared.refuse([], start.seed), problems)
        return followed(streams, prepared, _whole(start, prepared), where, interrupts, detaches=detaches)


def followed(
    streams: Streams, prepared: Prepared, start: Start, where: Where, interrupts: Interrupts, *, detaches: bool
) -> ExitCode:
    """Begin a checked run in the core and follow it to its end; return the exit code."""
    try:
        begun = _begun(start, where)
    except NotBegun as error:
        return finish_not_begun(streams, prepared, start.seed, error)
    except (DeskError, Refused) as error:
        return unmet(streams, error).code
    with begun.client:
        for line in begun.told:
            streams.note(line)
        if detaches:
            return _finish_detached(streams, begun, where)
        streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
        given = given_answers(prepared, start.answers)[0]
        following = Following(begun.client, begun.run, streams, interrupts, prepared.checked.procedure, given=given)
        return finish_followed(streams, following, where, begun.run, start.transcript)


def _prepared(start: Start, place: Place, where: Where) -> Prepared | RunResult:
    return prepare(start.recipe, place.station, start.seed, start.sets, where.data)


def _continued(start: Start, place: Place) -> Prepared:
    return interrupted_run(start.continues, place.data, place.station, start.recipe or None).prepared


def _own_problems(start: Start) -> list[Problem]:
    """Return what is wrong with the command line, whatever recipe and station say."""
    problems = []
    if not math.isfinite(start.speed):
        problems.append(Problem("--speed", f"{start.speed} is not a number", 'Write for example "--speed 60".'))
    return [*problems, *file_problems("--transcript", start.transcript or None)]


def _problems(start: Start, prepared: Prepared) -> list[Problem]:
    said = Said(start.operator, start.samples, start.h2o_ppm, start.o2_ppm, start.lots, start.note)
    return [
        *_own_problems(start),
        *misfits(start, prepared),
        *fault_problems(prepared, start.faults),
        *said.understood(prepared.station)[1],
        *given_answers(prepared, start.answers)[1],
    ]


def _whole(start: Start, prepared: Prepared) -> Start:
    """Return a start that means the same in another working folder, and only the recipe that was checked."""
    is_file = start.recipe.lower().endswith(".toml")
    return start._replace(
        recipe=str(Path(start.recipe).absolute()) if is_file else start.recipe,
        sha256=prepared.recipe.sha256,
        transcript=str(Path(start.transcript).absolute()) if start.transcript else "",
    )


def _begun(start: Start, where: Where) -> Begun:
    """Begin in the core that runs, else in a new one. Raises NotBegun, DeskError, Refused."""
    try:
        client, text = meet_or_start(where, NAME, None if start.speed > _FAST else start)
    except NotStarted as error:
        raise NotBegun(error) from None
    try:
        text = text or _asked(client, start)
    except BaseException:
        client.close()
        raise
    run, *told = text.split("\n")
    return Begun(client, run, tuple(told))


def _asked(client: Client, start: Start) -> str:
    """Ask a core that runs; charge of an idle one is taken from whoever has it. Raises NotBegun, DeskError."""
    if client.in_charge:
        standing = Standing(client)
        if not standing.is_over:
            text = f"run {standing.snapshot.run} is {standing.snapshot.state}, and {client.in_charge} is in charge"
            problem = Problem("the station", text, 'Wait for its end, or stop it: "pvd stop".')
            raise NotBegun(RefusedByCore(0, text, (problem.as_json(),)))
        client.take_charge(start.operator)
    answer = client.ask(Verb.START, form=start.as_form(), timeout_s=BEGINS_WITHIN_S)
    if isinstance(answer, RefusedByCore):
        raise NotBegun(answer)
    return answer.text


def finish_not_begun(streams: Streams, prepared: Prepared, seed: int, error: NotBegun) -> ExitCode:
    """Show why a run was not begun; return the exit code."""
    result = prepared.refuse(error.problems, seed)
    if error.exit_code is ExitCode.NOT_REACHABLE:
        return finish_unreached(streams, prepared.refuse(error.problems[:1], seed))
    if error.interrupted is None:
        finish_refused(streams, result, [])
        return error.exit_code
    if streams.json:
        streams.document({**result.as_json(), "interrupted": error.interrupted})
    for line in error.interrupted["sentences"]:
        streams.note(line)
    streams.refuse(error.problems)
    return error.exit_code


def _finish_detached(streams: Streams, begun: Begun, where: Where) -> ExitCode:
    if streams.json:
        streams.document({"outcome": "begun", "run": begun.run, "errors": []})
    meant = shlex.join(_options(where))
    attach, stop = (f"pvd {verb} {meant}".rstrip() for verb in ("attach", "stop"))
    streams.show(f"run {begun.run} has begun", f'"{attach}" follows it, "{stop}" ends it')
    return ExitCode.COMPLETE


def _options(where: Where) -> list[str]:
    """Return the options by which another command means the same core."""
    station = [] if where.station is None else ["--station", where.station]
    return station if where.data == data_folder() else [*station, "--data", str(where.data)]
