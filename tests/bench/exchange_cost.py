"""Prints what one exchange costs on stepped time: agenda, turn, link and loop-back, with the least possible driver.

No codec, no plant: the driver asks one question per poll and takes every chunk for one frame.
"""

import sys
import time
from collections.abc import Mapping
from importlib.resources import files
from tomllib import loads

from pvdstation.drivers.base import Board, Driver, Routine, Row
from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.model.signals import SignalMap
from pvdstation.model.simulation import Replies
from pvdstation.model.station import Station
from pvdstation.runtime.stepped import Agenda
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.link import Ask, Link
from pvdstation.wires.loopback import LoopbackWire

NAMES = ("sqc", "supply1", "supply2", "io", "gauges", "turbo")
PLANT_S = 4000


class Whole:
    """Takes every chunk for one frame."""

    def feed(self, data: bytes) -> list[bytes]:
        return [data]

    def clear(self) -> bool:
        return False


class Answering:
    """A world that answers at once; nothing moves in it."""

    names = NAMES

    def advance_to(self, now_ns: int) -> None:
        pass

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        return [(now_ns + 5 * MILLISECOND, data)]

    def collect(self, name: str) -> Replies:
        return []

    def truth(self) -> Mapping[str, float]:
        return {}


class Polling(Driver):
    """Asks one question every 250 ms."""

    QUESTION = Ask(b"?", 300 * MILLISECOND)

    def __init__(self, name: str, station: Station, board: Board) -> None:
        super().__init__(name, Whole(), station, board)
        self.rows = [Row(self.poll, 250 * MILLISECOND)]

    def greet(self) -> Routine:
        yield self.QUESTION

    def poll(self) -> Routine:
        yield self.QUESTION


def measure() -> tuple[int, float]:
    """Return the number of exchanges and the seconds they took."""
    station = Station.model_validate(loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8")))
    board = Board(SignalMap(station))
    world = Answering()
    workers = []
    for name in NAMES:
        clock = SteppedClock()
        driver = Polling(name, station, board)
        workers.append(LinkWorker(Link(LoopbackWire(world, name, clock), driver.framer, clock), driver, lambda n: None))
    agenda = Agenda(world, workers)
    began = time.perf_counter()
    for scan_ns in range(0, PLANT_S * SECOND, 250 * MILLISECOND):
        agenda.run_before(scan_ns)
        agenda.hurry(scan_ns)
    return sum(worker.statistics.exchanges for worker in workers), time.perf_counter() - began


if __name__ == "__main__":
    for _ in range(3):
        exchanges, wall_s = measure()
        sys.stdout.write(f"{exchanges} exchanges in {wall_s:.2f} s: {wall_s / exchanges * 1e6:.2f} µs per exchange\n")
