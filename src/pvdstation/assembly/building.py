"""Builds a station that can be scanned: wires, links, drivers, board, core and runtime, around a simulated world."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.world import open_world
from pvdstation.control.core import Control
from pvdstation.drivers.base import Board, Driver
from pvdstation.drivers.sqc310 import SqcDriver
from pvdstation.drivers.supply import SupplyDriver
from pvdstation.drivers.switchgear import SwitchgearDriver
from pvdstation.drivers.turbo import TurboDriver
from pvdstation.drivers.vacuum import GaugeDriver
from pvdstation.model.clock import Clock, SteppedClock, to_ns
from pvdstation.model.signals import SignalMap
from pvdstation.model.simulation import World
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310 import ReplyFramer
from pvdstation.runtime.clock import Pacer, RealClock
from pvdstation.runtime.live import LiveRun
from pvdstation.runtime.scan import Scan
from pvdstation.runtime.sinks import EventSink, MemoryJournal
from pvdstation.runtime.stepped import OnScan, SteppedRun
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.base import Wire
from pvdstation.wires.link import Link
from pvdstation.wires.loopback import LiveLoopbackWire, LoopbackWire, SharedWorld

_SIMULATED = "sim:"


class Plan(NamedTuple):
    """What is exchanged between the ways to run: time, and who watches."""

    seed: int
    sinks: Sequence[EventSink]
    on_scan: OnScan


class Bench(NamedTuple):
    """A simulated station that is ready to be scanned."""

    board: Board
    world: World
    run: SteppedRun | LiveRun
    scan: Scan


def build_stepped(prepared: Prepared, world: World, board: Board, plan: Plan, speed: float | None = None) -> Bench:
    """Build a run on stepped time, as fast as it computes or paced at ``speed`` times real time."""

    def connect(port: str) -> tuple[Wire, Clock]:
        clock = SteppedClock()
        return LoopbackWire(world, port, clock), clock

    scan, workers = _assemble(prepared, board, plan, connect)
    pacer = None if speed is None else Pacer(speed)
    period_ns = to_ns(prepared.station.scan_period)
    run = SteppedRun(scan, workers, world, period_ns, pacer=pacer, on_scan=plan.on_scan)
    return Bench(board, world, run, scan)


def build_live(prepared: Prepared, world: World, board: Board, plan: Plan) -> Bench:
    """Build a run of a simulated station on the real clock, one thread per link."""
    clock = RealClock()
    shared = SharedWorld(world, clock)

    def connect(port: str) -> tuple[Wire, Clock]:
        return LiveLoopbackWire(shared, port, clock), clock

    scan, workers = _assemble(prepared, board, plan, connect)
    run = LiveRun(scan, workers, clock, to_ns(prepared.station.scan_period), on_scan=plan.on_scan)
    return Bench(board, world, run, scan)


def open_station(prepared: Prepared, seed: int) -> tuple[World, Board]:
    """Open the simulated world and an empty board. Raises Refused by the world, and NoSimulator."""
    return open_world(prepared.plain_station, seed), Board(SignalMap(prepared.station))


def _assemble(
    prepared: Prepared, board: Board, plan: Plan, connect: Callable[[str], tuple[Wire, Clock]]
) -> tuple[Scan, list[LinkWorker]]:
    station = prepared.station
    drivers = _drivers(station, board)
    core = Control(station, board.signals, prepared.checked.procedure)
    scan = Scan(core, board, drivers, MemoryJournal(), plan.sinks)
    workers = []
    for name, driver in drivers.items():
        wire, clock = connect(station.ports[name].removeprefix(_SIMULATED))
        workers.append(LinkWorker(Link(wire, driver.framer, clock), driver, scan.notice))
    return scan, workers


def _drivers(station: Station, board: Board) -> dict[str, Driver]:
    """Return every link's driver, by link name; the I/O first, because OFF goes through it."""
    drivers: list[Driver] = [
        SwitchgearDriver(station, board),
        *(SupplyDriver(number, station, board) for number in station.supply),
        SqcDriver("sqc", ReplyFramer(), station, board),
        GaugeDriver(station, board),
        TurboDriver(station, board),
    ]
    return {driver.name: driver for driver in drivers}
