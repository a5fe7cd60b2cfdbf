"""From the form of a start to a run that can begin: everything that needs no port. It may take a second."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from pvdstation.assembly.about import Said
from pvdstation.assembly.answering import OPTION, read_answers
from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.continued import Interrupted, interrupted_run
from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.proofs import unproved
from pvdstation.assembly.preparation import Prepared, mode_of, prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.served import Unserved, find_simulator
from pvdstation.assembly.sources import read_station
from pvdstation.assembly.tuning import Asked, prepare_tuning
from pvdstation.desk.start import BY_HAND, TUNE, Start
from pvdstation.model.messages import Event, EventKind, Notice, Request, Verb
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station, read_toml
from pvdstation.recipe.by_hand import by_hand_procedure
from pvdstation.recipe.check import Checked
from pvdstation.recipe.document import Recipe, Requires
from pvdstation.recipe.procedure import Procedure
from pvdstation.record.results import Named, RunResult
from pvdstation.runtime.clock import FASTEST, SLOWEST

REFUSED, NOT_SAFE, NOT_REACHABLE = 2, 5, 6


class Unfit(Exception):
    """A start that is refused, with every problem; nothing was touched."""

    def __init__(self, problems: Sequence[Problem], exit_code: int = REFUSED) -> None:
        super().__init__(problems[0].what)
        self.problems = tuple(problems)
        self.exit_code = exit_code


def unfit_by(error: Exception) -> Unfit:
    """Return the refusal of a start by what was found out while it was set up."""
    match error:
        case Refused():
            return Unfit(error.problems)
        case OSError():
            return Unfit([Problem("the output", f"{error.filename} cannot be written: {error.strerror}")])
        case _:
            return Unfit([Problem("simulator", str(error))], NOT_REACHABLE)


class Ready(NamedTuple):
    """A run that can begin as soon as the ports are free."""

    start: Start
    prepared: Prepared
    recording: Recording | None
    answers: Mapping[str, float]
    interrupted: Interrupted | None = None  # goes on with this start


class Beforehand:
    """Answers the questions that were answered before the run; every other one waits for a client."""

    def __init__(self, answers: Mapping[str, float]) -> None:
        self._answers = answers
        self._due: deque[Request] = deque()

    def take(self, events: Sequence[Event]) -> None:
        """Answer what was answered beforehand."""
        for event in events:
            if event.kind is EventKind.QUESTION:
                question = str(dict(event.values)["id"])
                if question in self._answers:
                    self._due.append(Request(Verb.ANSWER, OPTION, question, self._answers[question]))

    def notice(self, notice: Notice) -> None:
        """Ignore."""

    def due(self) -> Request | None:
        """Return, once, what is to be answered now."""
        return self._due.popleft() if self._due else None


def ready(start: Start, where: Where) -> Ready:
    """Read, check and compare everything that a start needs. Raises Unfit with every problem."""
    try:
        return _ready(start, where)
    except Refused as refusal:
        raise Unfit(refusal.problems) from None


def _ready(start: Start, where: Where) -> Ready:
    interrupted = None
    if start.continues:
        interrupted = interrupted_run(start.continues, str(where.data), where.named, start.recipe or None)
        prepared = interrupted.prepared
    else:
        prepared = _prepared(start, where)
    if prepared.silence is not None:
        raise Unfit([prepared.silence], NOT_REACHABLE)
    about, problems = _said(start).understood(prepared.station)
    answers, wrong = read_answers(prepared.checked.procedure, start.answers)
    problems += [*_pace(start), *misfits(start, prepared), *wrong, *fault_problems(prepared, start.faults)]
    if problems:
        raise Unfit(problems)
    recording = Recording(where.data, about) if start.is_kept else None
    return Ready(start, prepared, recording, answers, interrupted)


def _prepared(start: Start, where: Where) -> Prepared:
    if start.kind == BY_HAND:
        return without_recipe("by hand", where, by_hand_procedure)
    if start.kind == TUNE:
        to_tune = prepare_tuning(Asked(**(start.tune or {"source": ""})), where.named, start.seed, where.data)
        if isinstance(to_tune, RunResult):
            raise Unfit(to_tune.errors)
        return to_tune.prepared
    prepared = prepare(start.recipe, where.named, start.seed, start.sets, where.data)
    if isinstance(prepared, RunResult):
        raise Unfit(prepared.errors)
    if start.sha256 and prepared.recipe.sha256 != start.sha256:
        what = "the file has changed since it was checked"
        raise Unfit([Problem("the recipe", what, "Check it again, then start it.", file=start.recipe)])
    return prepared


def without_recipe(name: str, where: Where, procedure_of: Callable[[Station], Procedure]) -> Prepared:
    """Return a prepared procedure that no recipe describes. Raises Refused by the station file."""
    source = read_station(where.named)
    station = load_station(source.content, source.file)
    procedure = procedure_of(station)
    text = name.encode()
    total_s = sum(step.estimate_s for step in procedure.steps)
    digest = sha256(text).hexdigest()
    written = Recipe(name, procedure.recipe_id, 1, "", "", "", Requires(), (), (), "", digest, None, content=text)
    limits = ("",) * len(procedure.steps)
    checked = Checked(written, station, procedure, limits, (), (), (), (), total_s)
    named = Named(station.name, source.sha256)
    plain = read_toml(source.content, source.file).values
    return Prepared(Named(name, digest), named, station, plain, checked, source.content, find_simulator(station))


def _pace(start: Start) -> list[Problem]:
    if SLOWEST <= start.speed <= FASTEST:
        return []
    what = f"{start.speed:g} is not a number from {SLOWEST:g} to {FASTEST:g}"
    return [Problem("--speed", what, 'Write for example "--speed 60".')]


def _said(start: Start) -> Said:
    return Said(start.operator or None, start.samples, start.h2o_ppm, start.o2_ppm, start.lots, start.note)


def misfits(start: Start, prepared: Prepared) -> list[Problem]:
    """Return what the station does not allow of what was asked for."""
    problems = []
    is_live = mode_of(prepared.station, prepared.simulator) == "live"
    if is_live and isinstance(prepared.simulator, Unserved):
        problems.append(prepared.simulator.problem)
    elif is_live and not start.is_live:
        what = "this station has real instruments, and nobody has said that they are to be driven"
        problems.append(Problem("--live", what, 'Write "--live" if you mean it; "pvd dry-run" needs no instrument.'))
    if is_live:
        problems += unproved(prepared.station)
    if is_live and start.speed != 1:
        problems.append(Problem("--speed", "real instruments go at speed 1 only", "Leave --speed out."))
    if is_live and not start.is_kept:
        problems.append(Problem("--no-record", "a run of real instruments is always recorded", "Leave it out."))
    if is_live and start.answers:
        problems.append(Problem(OPTION, "on real instruments a person answers", "Leave it out."))
    if not is_live and start.is_live:
        what = "--live asks for real instruments, but every port of this station is simulated"
        problems.append(Problem("--live", what, "Leave --live out, or name a station file with real ports."))
    return problems
