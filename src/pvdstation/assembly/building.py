"""Builds a station that can be scanned: wires, links, drivers, board, core and runtime, around a simulated plant."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.served import FreeWorld, RealPlant, Served, drive
from pvdstation.assembly.world import open_world
from pvdstation.control.core import Control
from pvdstation.control.states import Mode
from pvdstation.drivers.base import Board, Driver
from pvdstation.drivers.sqc310 import SqcDriver
from pvdstation.drivers.supply import SupplyDriver
from pvdstation.drivers.supply_gen import GenSupplyDriver
from pvdstation.drivers.switchgear import SwitchgearDriver
from pvdstation.drivers.turbo import TurboDriver
from pvdstation.drivers.vacuum import GaugeDriver
from pvdstation.model.clock import Clock, SteppedClock, to_ns
from pvdstation.model.ports import ORDINARY_LINE, Line, parse_port
from pvdstation.model.signals import SignalMap
from pvdstation.model.simulation import World
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310 import ReplyFramer
from pvdstation.runtime.clock import Pacer, RealClock
from pvdstation.runtime.live import LiveRun
from pvdstation.runtime.scan import Scan
from pvdstation.runtime.sinks import EventSink, Journal, MemoryJournal
from pvdstation.runtime.stepped import OnScan, SteppedRun
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.base import Wire
from pvdstation.wires.driven import DrivenWire, DrivenWorld
from pvdstation.wires.link import Link
from pvdstation.wires.loopback import LiveLoopbackWire, LoopbackWire, SharedWorld
from pvdstation.wires.ports import make_wire
from pvdstation.wires.transcript import Lines, TranscriptWire

_SIMULATED = "sim:"
_SUPPLIES: dict[str, Callable[[int, Station, Board], Driver]] = {"scpi": SupplyDriver, "gen": GenSupplyDriver}
"""Drivers by dialect; a supply without a link has none."""
Plant = World | FreeWorld | RealPlant
Connect = Callable[[str], tuple[Wire, Clock]]
"""Makes the wire of a link, by its name."""


class Plan(NamedTuple):
    """What is exchanged between the ways to run: time, and who watches."""

    seed: int
    sinks: Sequence[EventSink]
    on_scan: OnScan
    transcript: Lines | None = None
    """Where every byte of every link is written down."""
    journal: Journal | None = None
    """Takes every scan; None: a run that nobody keeps."""
    begins: Mode = Mode.STARTING
    lingers: bool = False
    """The scan goes on after the end of the run, until it is told to stop."""


class Bench(NamedTuple):
    """A simulated station that is ready to be scanned."""

    board: Board
    run: SteppedRun | LiveRun
    scan: Scan
    control: Control
    workers: Sequence[LinkWorker]


def build_stepped(prepared: Prepared, world: World, board: Board, plan: Plan, speed: float | None = None) -> Bench:
    """Build a run on stepped time, as fast as it computes or paced at ``speed`` times real time."""

    def connect(link: str) -> tuple[Wire, Clock]:
        clock = SteppedClock()
        name = _instrument(prepared, link)
        wire = DrivenWire(world, name, clock) if isinstance(world, DrivenWorld) else LoopbackWire(world, name, clock)
        return wire, clock

    scan, control, workers = _assemble(prepared, board, plan, connect)
    pacer = None if speed is None else Pacer(speed)
    period_ns = to_ns(prepared.station.scan_period)
    run = SteppedRun(scan, workers, world, period_ns, pacer=pacer, on_scan=plan.on_scan, lingers=plan.lingers)
    return Bench(board, run, scan, control, workers)


def build_live(prepared: Prepared, world: Plant, board: Board, plan: Plan) -> Bench:
    """Build a run on the real clock, one thread per link."""
    clock = RealClock()
    if isinstance(world, FreeWorld | RealPlant):
        connect = _real_ports(prepared.station, clock)
    else:
        connect = _shared(prepared, world, clock)
    scan, control, workers = _assemble(prepared, board, plan, connect)
    period_ns = to_ns(prepared.station.scan_period)
    run = LiveRun(scan, workers, clock, period_ns, on_scan=plan.on_scan, lingers=plan.lingers)
    return Bench(board, run, scan, control, workers)


def build(prepared: Prepared, world: Plant, board: Board, plan: Plan, speed: float | None) -> Bench:
    """Build a run: on the real clock at speed 1, else on stepped time."""
    if isinstance(world, FreeWorld | RealPlant) or speed == 1:
        return build_live(prepared, world, board, plan)
    return build_stepped(prepared, world, board, plan, speed)


def open_station(prepared: Prepared, seed: int, speed: float | None = None) -> tuple[Plant, Board]:
    """Open the plant and an empty board; real instruments are opened by their links, and a plant in another process
    is driven, but not at speed 1.

    Raises NoSimulator, and Refused by the plant or while another core drives it.
    """
    board = Board(SignalMap(prepared.station))
    served = prepared.simulator
    if prepared.mode == "live":
        return RealPlant(), board
    if not isinstance(served, Served):
        return open_world(prepared.plain_station, seed), board
    if speed == 1:
        return FreeWorld(served), board
    return drive(prepared.station, served, speed, RealClock()), board


def close_station(world: Plant) -> None:
    """Leave a plant in another process to itself."""
    if isinstance(world, FreeWorld | DrivenWorld | RealPlant):
        world.close()


def instrument_of(station: Station, link: str) -> str:
    """Return the name of the simulated instrument in this process behind a link."""
    return station.ports[link].removeprefix(_SIMULATED)


def _instrument(prepared: Prepared, link: str) -> str:
    if isinstance(prepared.simulator, Served):
        return prepared.simulator.names[link]
    return instrument_of(prepared.station, link)


def _shared(prepared: Prepared, world: World, clock: Clock) -> Connect:
    shared = SharedWorld(world, clock)
    return lambda link: (LiveLoopbackWire(shared, _instrument(prepared, link), clock), clock)


def _real_ports(station: Station, clock: Clock) -> Connect:
    return lambda link: (real_wire(station, link, clock), clock)


def real_wire(station: Station, link: str, clock: Clock) -> Wire:
    """Return the wire of a link's real port, not yet opened."""
    return make_wire(parse_port(station.ports[link]), clock, line_of(station, link))


def line_of(station: Station, link: str) -> Line:
    """Return how characters go over a link's serial line."""
    if link == "sqc":
        return Line(station.sqc.baud)
    lines = {name: table.line for name, table in station.gauge_tables.items()}
    lines |= {"io": station.io.line, "turbo": station.turbo.line}
    if link in lines:
        return lines[link]
    return Line(station.supply[int(link.removeprefix("supply"))].baud or ORDINARY_LINE.baud)


def _assemble(prepared: Prepared, board: Board, plan: Plan, connect: Connect) -> tuple[Scan, Control, list[LinkWorker]]:
    station = prepared.station
    drivers = drivers_of(station, board)
    core = Control(station, board.signals, prepared.checked.procedure, plan.begins)
    scan = Scan(core, board, drivers, plan.journal or MemoryJournal(), plan.sinks)
    workers = []
    for name, driver in drivers.items():
        wire, clock = connect(name)
        if plan.transcript is not None:
            wire = TranscriptWire(wire, name, clock, plan.transcript)
        workers.append(LinkWorker(Link(wire, driver.framer, clock), driver, scan.notice))
    return scan, core, workers


def drivers_of(station: Station, board: Board) -> dict[str, Driver]:
    """Return every link's driver, by link name; the I/O first, because OFF goes through it."""
    drivers: list[Driver] = [
        SwitchgearDriver(station, board),
        *(_SUPPLIES[s.dialect](number, station, board) for number, s in station.supply.items() if s.has_link),
        SqcDriver("sqc", ReplyFramer(), station, board),
        *(GaugeDriver(station, board, name) for name in station.gauge_tables),
        TurboDriver(station, board),
    ]
    return {driver.name: driver for driver in drivers}
