"""A whole station for the run tests: bytes on every link, and hands that break plant, instruments and cables.

Recipe, station, drivers, core and runtime are those of ``pvd dry-run``; only the world is watched and meddled with on
its way, at exact plant times.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from pvdsim.plant.plant import Plant
from pvdsim.world import World
from pvdstation.assembly.building import Plan, build_stepped, open_station
from pvdstation.assembly.preparation import Prepared
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.effects import Foretold, effects
from pvdstation.control.state import State
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Notice, Outputs, Request, Verb
from pvdstation.model.signals import Reading
from pvdstation.model.simulation import Replies
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.record.results import Named
from pvdstation.runtime.outcome import RunOutcome
from pvdstation.runtime.sinks import MemoryJournal
from pvdstation.runtime.stepped import SteppedRun

LONGEST_S = 2 * 3600
COLD_AFTER_S = 30.0
"""Confirmed off for so long, a source is cold here."""
OFF_A = 0.05
"""True current below which nothing is energised any more."""

Changes = Mapping[str, object]

QUICK: Changes = {
    # close to high vacuum, and little that gives off gas: pumping takes seconds
    "simulation.start.chamber.pressure": "1e-6 mbar",
    "simulation.chamber.outgassing_1h": "1e-12 mbar L/s/cm2",
    "simulation.chamber.leak": "2e-4 mbar L/s",
    "limits.start_pressure.hold": "1 s",
    # a small charge that follows its boat quickly
    "source.Zn.charge": "100 mg",
    "simulation.boats.1.charge.mass": "100 mg",
    "simulation.boats.1.charge.conductance": "0.5 W/K",
    "source.Zn.condition": {
        "ramp1": {"power": "25.8 %", "time": "6 s"},
        "soak1": "1 s",
        "ramp2": {"power": "50 %", "time": "6 s"},
        "soak2": "16 s",
    },
    "source.Zn.idle.ramp": "12 s",
    "defaults.source_shutter_lead": "4 s",
    "source.Zn.cool_down": "5 min",
    "source.Li.cool_down": "5 min",
    "limits.hold": "10 s",
    "limits.hold_cold": "10 s",
}
"""What makes a run short; every limit that the tests are about stays as packaged."""


@cache
def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads((files("pvdstation") / "stations" / f"{name}.toml").read_text("utf-8"))


def station_with(changes: Changes, name: str = "sim") -> bytes:
    """Return a packaged station file with some values changed, as the bytes of a TOML file."""
    values = deepcopy(_packaged(name))
    for path, value in changes.items():
        *tables, key = path.split(".")
        here = values
        for table in tables:
            here = here[table]
        assert key in here, f"the station file has no {path}"
        here[key] = value
    return _toml(values).encode()


def _toml(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())


def _key(key: str) -> str:
    return f'"{key}"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"


def prepared(recipe: str | bytes, changes: Changes, name: str = "sim") -> Prepared:
    """Return a recipe (notation, or the bytes of a file) checked against a changed packaged station. Raises Refused."""
    content = station_with(changes, name)
    station = _soon_cold(load_station(content, f"{name}.toml"))
    plain = tomllib.loads(content.decode())
    checked = check_recipe(load_recipe(recipe), station)
    return Prepared(Named(str(recipe), ""), Named(station.name, ""), station, plain, checked)


def _soon_cold(station: Station) -> Station:
    """Return a station whose sources are cold sooner than a station file may say: the wait is the same, but shorter."""
    source = {name: one.model_copy(update={"cool_down": COLD_AFTER_S}) for name, one in station.source.items()}
    return station.model_copy(update={"source": source})


class Sample(NamedTuple):
    """What is true after one scan."""

    now_ns: int
    outputs: Outputs
    currents: tuple[float, ...]  # A, by boat
    positions: Mapping[str, float]  # 0 = closed, 1 = open, by part
    chamber_mbar: float


class MeddledWorld:
    """A world between wires and plant: acts at given times, and cuts cables. Everything else is the world's."""

    def __init__(self, world: World) -> None:
        self.inner = world
        self.names = world.names
        self.cut: set[str] = set()
        self._due: list[tuple[int, Callable[[], None]]] = []

    def at(self, due_ns: int, act: Callable[[], None]) -> None:
        """Act at a plant time."""
        self._due.append((due_ns, act))
        self._due.sort(key=lambda pair: pair[0])

    def advance_to(self, now_ns: int) -> None:
        while self._due and self._due[0][0] <= now_ns:
            due_ns, act = self._due.pop(0)
            self.inner.advance_to(due_ns)
            act()
        self.inner.advance_to(now_ns)

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        return [] if name in self.cut else self.inner.receive(name, data, now_ns)

    def collect(self, name: str) -> Replies:
        return [] if name in self.cut else self.inner.collect(name)

    def truth(self) -> Mapping[str, float]:
        return self.inner.truth()


class BenchJournal(MemoryJournal):
    """A journal whose disk can stop answering, and whose file can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 1
        self.stuck_ns: int | None = None
        self._durable = -1

    def durable(self) -> int:
        if self.stuck_ns is None:
            self._durable = super().durable()
        return self._durable

    def age_s(self, now_ns: int) -> float:
        return 0.0 if self.stuck_ns is None else (now_ns - self.stuck_ns) / SECOND

    def segment(self) -> int:
        return self.number


Moment = Callable[["StationBench"], bool]
Act = Callable[["StationBench"], None]


class StationBench:
    """One run on stepped time with everything that may be done to it. ``run`` runs it to its end."""

    def __init__(
        self,
        recipe: str | bytes,
        changes: Changes = QUICK,
        *,
        name: str = "sim",
        seed: int = 1,
        ready: Prepared | None = None,
        script: Sequence[tuple[Moment, Act]] = (),
    ) -> None:
        self.prepared = prepared(recipe, changes, name) if ready is None else ready
        world, self.board = open_station(self.prepared, seed)
        assert isinstance(world, World)
        self.world = MeddledWorld(world)
        self.events: list[Event] = []
        self.notices: list[Notice] = []
        self.samples: list[Sample] = []
        self.now_ns = 0
        self.do = ""  # kind of the running step
        self.stage = ""
        self.state = ""  # of the run
        self.since_ns = 0  # when step or stage changed last
        self.state_since_ns = 0
        self.script_times: list[int] = []
        """When each entry of the script came, ns."""
        self._script = list(script)
        self._do_of = {f"step {step.index}": step.do for step in self.prepared.checked.procedure.steps}
        self.journal = BenchJournal()
        plan = Plan(seed, (self,), self._scanned, journal=self.journal)
        built = build_stepped(self.prepared, self.world, self.board, plan)
        assert isinstance(built.run, SteppedRun)
        self.stepped = built.run
        self.stepped._longest_ns = LONGEST_S * SECOND
        self.scan = built.scan
        self.core = Control(self.prepared.station, self.board.signals, self.prepared.checked.procedure)
        self.memory: State = self.core.start(0)
        self.told: list[tuple[int, Foretold]] = []
        """What was foretold of each verb when it was asked for, and when."""
        self.outcome: RunOutcome | None = None

    # --- hands ---

    @property
    def plant(self) -> Plant:
        """Return the plant, to be broken."""
        return self.world.inner.plant

    def instrument(self, name: str) -> Any:
        """Return a simulated instrument, to be broken."""
        return self.world.inner.instruments[name]

    def after(self, seconds: float, act: Act) -> None:
        """Act after a time, at that very plant time."""
        self.world.at(self.now_ns + round(seconds * SECOND), lambda: act(self))

    def cut(self, link: str, seconds: float | None = None) -> None:
        """Pull a link's cable, and put it back after a time."""
        self.world.cut.add(link)
        if seconds is not None:
            self.after(seconds, lambda bench: bench.world.cut.discard(link))

    def ask(self, verb: Verb) -> None:
        """Ask for something as a person does, told before what it would do."""
        told = next((told for told in effects(self.core, self.memory) if told.verb is verb), None)
        if told is not None:
            self.told.append((self.now_ns, told))
        self.scan.request(Request(verb, "operator"))

    # --- the run ---

    def run(self) -> "StationBench":
        """Run to the end and return the bench."""
        self.outcome = self.stepped.run()
        self._linger()
        assert self.outcome.ended, f"it did not end: {self.state}, {self.do}, {self.stage}"
        assert not self._script, f"{len(self._script)} moments of the script did not come"
        return self

    def _linger(self) -> None:
        """Look at the plant a little longer; the links are closed, the watchdogs have not yet acted."""
        last = self.samples[-1].outputs
        for _ in range(6):
            self.now_ns += SECOND // 4
            self.world.advance_to(self.now_ns)
            self._sample(last)

    def take(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            if event.kind is EventKind.STEP and event.text == "running":
                self.do, self.stage, self.since_ns = self._do_of[event.source], "", event.at_ns
            elif event.kind is EventKind.STAGE:
                self.stage, self.since_ns = event.text, event.at_ns
            elif event.kind is EventKind.RUN:
                self.state, self.state_since_ns = event.text, event.at_ns

    def notice(self, notice: Notice) -> None:
        self.notices.append(notice)

    def _scanned(self, now_ns: int, decision: Decision) -> None:
        self.now_ns, self.memory = now_ns, decision.state
        self._sample(decision.outputs)
        if self._script and self._script[0][0](self):
            self.script_times.append(now_ns)
            self._script.pop(0)[1](self)

    def _sample(self, outputs: Outputs) -> None:
        plant = self.plant
        currents = tuple(boat.current_a for boat in plant.boats.values())
        positions = {name: part.position for name, part in plant.parts.items()}
        self.samples.append(Sample(self.now_ns, outputs, currents, positions, plant.chamber_mbar))

    # --- what came of it ---

    def reading(self, name: str) -> Reading:
        """Return the last reading of a signal."""
        return self.board.readings[self.board.signals.number[name]]

    def of_kind(self, *kinds: EventKind) -> list[Event]:
        """Return the events of some kinds."""
        return [event for event in self.events if event.kind in kinds]

    @property
    def verdict(self) -> dict[str, float | str]:
        """Return what the last event of the run says: cause, reason, safe."""
        return dict(self.of_kind(EventKind.RUN)[-1].values)

    def first(self, kind: EventKind) -> Event:
        """Return the first event of a kind."""
        return self.of_kind(kind)[0]

    @property
    def done(self) -> list[str]:
        """Return the kinds of the steps that were begun, in order."""
        steps = self.of_kind(EventKind.STEP)
        return [self._do_of[event.source] for event in steps if event.text == "running"]

    def first_sample(self, holds: Callable[[Sample], bool], from_ns: int = 0) -> Sample:
        """Return the first sample from a time on of which something holds."""
        return next(sample for sample in self.samples if sample.now_ns >= from_ns and holds(sample))


# --- moments ---


def during(do: str, stage: str = "", after_s: float = 0.0) -> Moment:
    """Return the moment some time into a stage of a running step; the stage by the beginning of its text."""

    def reached(bench: StationBench) -> bool:
        here = bench.state in ("", "running") and bench.do == do and bench.stage.startswith(stage)
        return here and bench.now_ns - bench.since_ns >= after_s * SECOND

    return reached


def in_state(state: str, after_s: float = 0.0) -> Moment:
    """Return the moment some time into a state of the run."""
    return lambda bench: bench.state == state and bench.now_ns - bench.state_since_ns >= after_s * SECOND


def asks(verb: Verb) -> Act:
    """Return the act of asking for something as a person does."""
    return lambda bench: bench.ask(verb)


EXPOSED = during("deposit", "thickness", 2.0)
