"""What the dialogue tests of supplies and switchgear stand on: resistive boats, relays that obey, one link's turns."""

import copy
import tomllib
from importlib.resources import files

from pvdstation.drivers.base import Board
from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.model.messages import Action, ActionKind, Outputs, Pace, SupplyLevel
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.runtime.stepped import Agenda
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.link import Link
from pvdstation.wires.loopback import LoopbackWire

VALUES = tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8"))
STATION = Station.model_validate(VALUES)
SCAN_NS = 250 * MILLISECOND
LEASE_NS = 1500 * MILLISECOND
FAR = 2**62
OFF = SupplyLevel(on=False, current_a=0.0, foldback=False)
_CLOSED_OF = {
    "source shutter 1": "sh1", "source shutter 2": "sh2", "substrate shutter": "substrate", "gate": "gate",
    "roughing": "roughing", "N2": "N2", "vent": "vent", "fore-line": "fore-line",
}  # fmt: skip


def values_with(*path_and_value) -> dict:
    *path, last, value = path_and_value
    values = copy.deepcopy(VALUES)
    table = values
    for key in path:
        table = table[key]
    table[last] = value
    return values


class ResistiveBoat:
    """A boat that follows its supply at once; an open one carries nothing."""

    def __init__(self, ohm: float = 0.01) -> None:
        self.ohm = ohm
        self.demand_a = 0.0
        self.limit_v = 0.0
        self.is_open = False

    @property
    def current_a(self) -> float:
        return 0.0 if self.is_open else min(self.demand_a, self.limit_v / self.ohm)

    @property
    def voltage_v(self) -> float:
        return (self.limit_v if self.demand_a else 0.0) if self.is_open else self.current_a * self.ohm


class PowerBench:
    """Terminals, analogue inputs and contacts; every actuator obeys at once and is remembered."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.boats = {1: ResistiveBoat(), 2: ResistiveBoat()}
        self.analogue = {1: 0.0, 2: 0.0}
        self.contacts = {
            name: name.endswith((" closed", " ok", "enable 1 open", "enable 2 open")) for name in VALUES["io"]["di"]
        }
        self.commands: list[tuple[str, bool, int]] = []

    def command(self, actuator: str, *, on: bool, at_ns: int) -> None:
        assert at_ns >= self.now_ns
        self.commands.append((actuator, on, at_ns))
        if actuator.startswith("enable"):
            self.contacts[f"{actuator} open"] = not on
        elif actuator in _CLOSED_OF:
            self.contacts[f"{_CLOSED_OF[actuator]} closed"] = not on
            self.contacts[f"{_CLOSED_OF[actuator]} open"] = on

    def contact(self, name: str) -> bool:
        return self.contacts[name]


class OneInstrument:
    """A world of one instrument. ``hear`` may change what reaches it, ``spoil`` what it sends."""

    def __init__(self, name: str, instrument, bench: PowerBench) -> None:
        self.names = (name,)
        self.instrument = instrument
        self.bench = bench
        self.heard: list[bytes] = []
        self.hear = lambda data: data
        self.spoil = lambda replies: replies

    def advance_to(self, now_ns: int) -> None:
        while self.instrument.due_ns <= now_ns:
            self.bench.now_ns = max(self.bench.now_ns, self.instrument.due_ns)
            self.instrument.advance_to(self.bench.now_ns)
        self.bench.now_ns = max(self.bench.now_ns, now_ns)

    def receive(self, name: str, data: bytes, now_ns: int):
        self.advance_to(now_ns)
        self.heard.append(data)
        return self.spoil(self.instrument.receive(self.hear(data), now_ns))

    def collect(self, name: str):
        return []

    def truth(self) -> dict[str, float]:
        return {}


def new_board(station: Station = STATION) -> Board:
    return Board(SignalMap(station))


def levels(until_ns: int = FAR, **changes) -> Outputs:
    base = Outputs(
        source_shutter=(False, False), substrate_shutter=False, n2=False, vent=False, roughing=False, gate=False,
        foreline=False, backing_stop=False, enable=(False, False), beacon=False, supply=(OFF, OFF), turbo=True,
        pace=Pace(sqc=False, crystals=(), supplies=(False, False), gas=False), until_ns=until_ns,
    )  # fmt: skip
    return base._replace(**changes)


class Station1:
    """One link with its worker on stepped time, and a scan that hands out levels each 0.25 s."""

    def __init__(self, driver, instrument, bench: PowerBench) -> None:
        self.driver = driver
        self.world = OneInstrument(driver.name, instrument, bench)
        self.bench = bench
        clock = SteppedClock()
        self.link = Link(LoopbackWire(self.world, driver.name, clock), driver.framer, clock)
        self.notices = []
        self.worker = LinkWorker(self.link, driver, self.notices.append)
        self.agenda = Agenda(self.world, [self.worker])
        self.now_ns = 0
        self.outputs = levels()
        self.actions = 0

    def idle(self, seconds: float) -> None:
        """Let time pass without a scan."""
        self.now_ns += round(seconds * SECOND)
        self.agenda.run_before(self.now_ns)

    def scan(self, seconds: float = 0.25, **changes) -> None:
        """Scan, each scan with a fresh lease, until the time has passed."""
        self.outputs = self.outputs._replace(**changes)
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.now_ns < end_ns:
            self.driver.accept(self.outputs._replace(until_ns=self.now_ns + LEASE_NS), self.now_ns)
            self.agenda.hurry(self.now_ns)
            self.now_ns += SCAN_NS
            self.agenda.run_before(self.now_ns)

    def act(self, kind: ActionKind, seconds: float = 2.0, **more):
        """Submit an action, scan on, and return how it ended."""
        self.actions += 1
        action = Action(self.actions, self.driver.name, kind, None, self.now_ns + 10 * SECOND, **more)
        self.driver.submit(action)
        self.scan(seconds)
        results = [result for result in self.driver.board.results if result.number == action.number]
        assert len(results) == 1
        return results[0]

    def reading(self, number: int):
        return self.driver.board.readings[number]

    def assert_nothing_is_left_over(self) -> None:
        assert self.link.statistics.surplus == 0
        assert self.link.statistics.misses == 0
        assert self.link.statistics.lost == 0
        assert not self.driver.framer.clear()
