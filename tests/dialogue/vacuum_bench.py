"""What the dialogue tests of gauges and turbo stand on: a bench that stands still, a scripted wire, one link's turn."""

import tomllib
from collections import deque
from importlib.resources import files

from pvdstation.drivers.base import Board, Driver, Routine
from pvdstation.model.clock import SECOND, SteppedClock
from pvdstation.model.messages import Outputs, Pace
from pvdstation.model.signals import Reading, SignalMap
from pvdstation.model.station import Station
from pvdstation.wires.link import Ask, Link, Pause
from pvdstation.wires.loopback import LoopbackWire

VALUES = tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8"))
STATION = Station.model_validate(VALUES)
FAR = 2**62


def new_board() -> Board:
    return Board(SignalMap(STATION))


def levels(*, turbo: bool = True, gas: bool = False, until_ns: int = FAR) -> Outputs:
    return Outputs(
        source_shutter=(False, False), substrate_shutter=False, n2=False, vent=False, roughing=False, gate=False,
        foreline=True, backing_stop=False, enable=(False, False), beacon=False, supply=(), turbo=turbo,
        pace=Pace(sqc=False, crystals=(), supplies=(False, False), gas=gas), until_ns=until_ns,
    )  # fmt: skip


class StillBench:
    """A plant in which only the test moves anything."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.boats = {}
        self.analogue = {}
        self.chamber_mbar = 2e-6
        self.foreline_mbar = 0.1
        self.argon_fraction = 0.0
        self.turbo_hz = 1000.0
        self.turbo_error = 0
        self.motor: list[bool] = []
        self.contacts = {"gate open": True}

    def command(self, actuator: str, *, on: bool, at_ns: int) -> None:
        raise AssertionError(f"nobody here switches {actuator}")

    def contact(self, name: str) -> bool:
        return self.contacts[name]

    def crystal_frequency(self, sensor: int) -> float:
        raise AssertionError("nobody here asks for a crystal")

    def turbo_motor(self, *, on: bool) -> None:
        self.motor.append(on)


class OneInstrument:
    """A world of one instrument; ``spoil`` may change what it sends."""

    def __init__(self, name: str, instrument, bench: StillBench) -> None:
        self.names = (name,)
        self.instrument = instrument
        self.bench = bench
        self.heard: list[bytes] = []
        self.spoil = lambda replies: replies

    def advance_to(self, now_ns: int) -> None:
        self.bench.now_ns = max(self.bench.now_ns, now_ns)

    def receive(self, name: str, data: bytes, now_ns: int):
        self.heard.append(data)
        return self.spoil(self.instrument.receive(data, now_ns))

    def collect(self, name: str):
        return self.instrument.advance_to(self.bench.now_ns)

    def truth(self) -> dict[str, float]:
        return {}


class Turns:
    """One link on stepped time: greets it, runs what its driver wants, brings the world along."""

    def __init__(self, driver: Driver, world: OneInstrument, start_ns: int = 0) -> None:
        self.driver = driver
        self.world = world
        self.clock = SteppedClock(start_ns)
        world.advance_to(start_ns)
        self.link = Link(LoopbackWire(world, world.names[0], self.clock), driver.framer, self.clock)
        self.link.open()
        self.greetings = 0
        self.exchanged_at_ns: list[int] = []

    def greet(self) -> None:
        self.link.drain()
        self.world.advance_to(self.clock.now_ns())
        self.link.is_dirty = False
        self.greetings += 1
        self.run(self.driver.greet())

    def serve(self, seconds: float) -> None:
        end_ns = self.clock.now_ns() + round(seconds * SECOND)
        while self.clock.now_ns() < end_ns:
            if self.link.is_dirty:
                self.greet()
                continue
            now_ns = self.clock.now_ns()
            routine = self.driver.urgent(now_ns) or self.driver.next_routine(now_ns)
            if routine is not None:
                self.run(routine)
            else:
                self._wait_until(min(end_ns, max(self.driver.due_ns(now_ns), now_ns + 1)))

    def run(self, routine: Routine) -> None:
        reply = None
        try:
            while True:
                want = routine.send(reply)
                if isinstance(want, Pause):
                    self._wait_until(self.clock.now_ns() + want.duration_ns)
                    reply = None
                    continue
                self.world.advance_to(self.clock.now_ns())
                self.exchanged_at_ns.append(self.clock.now_ns())
                reply = self.link.exchange(want)
                if reply.frame is None:
                    routine.close()
                    return
        except StopIteration:
            return

    def reading(self, number: int) -> Reading:
        return self.driver.board.readings[number]

    def _wait_until(self, moment_ns: int) -> None:
        self.clock.wait_until(moment_ns)
        self.world.advance_to(moment_ns)


class ScriptedWire:
    """A wire that knows what must be said, and answers it in the given chunks, 1 ms apart."""

    def __init__(self, clock: SteppedClock, script) -> None:
        self.clock = clock
        self.script = deque(script)
        self.coming: deque[tuple[int, bytes]] = deque()

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def write(self, data: bytes, deadline_ns: int) -> None:
        expected, *chunks = self.script.popleft()
        assert data == expected
        now_ns = self.clock.now_ns()
        self.coming.extend((now_ns + 1_000_000 * (n + 1), chunk) for n, chunk in enumerate(chunks))

    def read(self, deadline_ns: int) -> bytes:
        if self.coming and self.coming[0][0] <= deadline_ns:
            at_ns, chunk = self.coming.popleft()
            self.clock.wait_until(at_ns)
            return chunk
        self.clock.wait_until(deadline_ns)
        return b""


def play(driver: Driver, routine: Routine, script) -> Link:
    """Run one routine against a script; nothing may be left over on either side."""
    clock = SteppedClock(10 * SECOND)
    wire = ScriptedWire(clock, script)
    link = Link(wire, driver.framer, clock)
    link.open()
    link.is_dirty = False
    reply = None
    try:
        while True:
            want = routine.send(reply)
            if isinstance(want, Ask):
                reply = link.exchange(want)
                if reply.frame is None:
                    routine.close()
                    break
            else:
                clock.wait_until(clock.now_ns() + want.duration_ns)
                reply = None
    except StopIteration:
        pass
    assert not wire.script
    assert not wire.coming
    return link
