"""A toy station for the runtime's tests: byte machines that answer lines, one driver class, a core that counts."""

import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import SimpleNamespace

from pvdstation.control.decision import Decision
from pvdstation.drivers.base import FAR, Board, Driver, Routine, Row
from pvdstation.model.clock import MILLISECOND, Clock, SteppedClock, to_ns
from pvdstation.model.messages import Action, ActionKind, Event, EventKind, Image
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality, SignalMap
from pvdstation.model.simulation import Replies
from pvdstation.model.station import Station
from pvdstation.runtime.scan import Scan, off_outputs
from pvdstation.runtime.sinks import MemoryJournal
from pvdstation.runtime.turn import LinkWorker
from pvdstation.wires.link import Ask, Link, Pause
from pvdstation.wires.loopback import LiveLoopbackWire, LoopbackWire, SharedWorld

STATION = Station.model_validate(
    tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8"))
)
PERIOD_NS = 250 * MILLISECOND
LINKS = ("sqc", "supply1", "io", "gauges", "turbo")


class Lines:
    """Frames end with a line feed."""

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> list[bytes]:
        *frames, self.held = (self.held + data).split(b"\n")
        return frames

    def clear(self) -> bool:
        had, self.held = bool(self.held), b""
        return had


class Echo:
    """Answers every line ``X\\n`` by ``=X\\n`` after its latency."""

    def __init__(self, name: str, latency_ns: int | Callable[[], int] = 7 * MILLISECOND) -> None:
        self.name = name
        self.latency_ns = latency_ns
        self.due_ns = FAR
        self.heard: list[tuple[int, bytes]] = []
        self.is_silent = False

    def receive(self, data: bytes, now_ns: int) -> Replies:
        self.heard.append((now_ns, data))
        if self.is_silent:
            return []
        latency_ns = self.latency_ns() if callable(self.latency_ns) else self.latency_ns
        return [(now_ns + latency_ns, self.answer(data))]

    def answer(self, data: bytes) -> bytes:
        return b"=" + data

    def advance_to(self, now_ns: int) -> Replies:
        return []


class ToyWorld:
    """Instruments without a plant; refuses to go back in time."""

    def __init__(self, *instruments: Echo) -> None:
        self.instruments = {instrument.name: instrument for instrument in instruments}
        self.names = tuple(self.instruments)
        self.now_ns = 0
        self.unasked: dict[str, Replies] = {name: [] for name in self.names}

    def advance_to(self, now_ns: int) -> None:
        assert now_ns >= self.now_ns
        self.now_ns = now_ns
        for name, instrument in self.instruments.items():
            self.unasked[name] += instrument.advance_to(now_ns)

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        assert now_ns == self.now_ns
        return self.instruments[name].receive(data, now_ns)

    def collect(self, name: str) -> Replies:
        unasked, self.unasked[name] = self.unasked[name], []
        return unasked

    def truth(self) -> Mapping[str, float]:
        return {}


class ToyDriver(Driver):
    """Polls one line per period, writes ON or OFF, counts its actions."""

    deadline_ns = 300 * MILLISECOND

    def __init__(self, name: str, board: Board, period_ns: int = PERIOD_NS) -> None:
        super().__init__(name, Lines(), STATION, board)
        self.rows = [Row(self.poll, period_ns)]
        self.signal = next(n for n, s in enumerate(board.signals.all) if s.link == name)
        self.written = "?"
        self.polls = 0
        self.asked: list[bytes] = []
        self.answered: list[bytes] = []
        self.levels_seen: list[bool] = []
        self.wrong = ""

    def ask(self, text: str) -> Ask:
        return Ask(text.encode() + b"\n", self.deadline_ns)

    def greet(self) -> Routine:
        reply = yield Ask(b"who\n", self.deadline_ns, lambda frame: frame == b"=who")
        if self.wrong:
            raise Refused([Problem(self.name, self.wrong)])
        if reply.frame is not None:
            self.identity = reply.frame.decode()
            self.written = "?"

    def urgent(self, now_ns: int) -> Routine | None:
        outputs = self.levels(now_ns)
        wanted = "ON" if outputs is not None and outputs.substrate_shutter else "OFF"
        return None if wanted == self.written else self.write(wanted)

    def write(self, wanted: str) -> Routine:
        reply = yield self.ask(wanted)
        if reply.frame is not None:
            self.written = wanted

    def poll(self) -> Routine:
        self.polls += 1
        asked = f"{self.polls}"
        reply = yield self.ask(asked)
        if reply.frame is not None:
            self.asked.append(asked.encode())
            self.answered.append(reply.frame)
            self.board.post(self.signal, float(reply.frame[1:]), Quality.GOOD, reply.at_ns)

    def begin(self, action: Action) -> Routine:
        for n in range(4):
            reply = yield self.ask(f"act{action.number}.{n}")
            if reply.frame is None:
                return
            yield Pause(100 * MILLISECOND)
        self.board.resolve(action, "done", reply.at_ns, ok=True)


class ToyCore:
    """Keeps what it was shown; opens the substrate shutter in the scans it is told to; ends after some scans."""

    def __init__(self, signals: SignalMap, ends_after: int, *, lease_ns: int = to_ns(1.5)) -> None:
        self.signals = signals
        self.ends_after = ends_after
        self.lease_ns = lease_ns
        self.is_open: Callable[[int], bool] = lambda scan: False
        self.act: Callable[[int, int], tuple[Action, ...]] = lambda scan, now_ns: ()
        self.fails_in = -1
        self.times: list[int] = []
        self.images: list[Image] = []
        self.requests: list[object] = []

    def start(self, now_ns: int) -> int:
        return 0

    def step(self, state: int, image: Image, requests: tuple[object, ...], now_ns: int) -> Decision:
        if state == self.fails_in:
            raise ZeroDivisionError("the core has failed")
        self.times.append(now_ns)
        self.images.append(image)
        self.requests += requests
        until_ns = now_ns + self.lease_ns
        outputs = off_outputs(self.signals)._replace(substrate_shutter=self.is_open(state), until_ns=until_ns)
        seen = tuple((f"{n}", r.value) for n, r in enumerate(image.readings) if r.quality is Quality.GOOD)
        event = Event(state, now_ns, EventKind.NOTE, "toy", f"{image.results}", seen)
        return Decision(state + 1, outputs, self.act(state, now_ns), (event,), state + 1 >= self.ends_after)


def action(number: int, link: str, deadline_ns: int = FAR) -> Action:
    return Action(number, link, ActionKind.SQC_STOP, None, deadline_ns)


def toy_station(
    instruments: Mapping[str, Echo] | None = None,
    *,
    scans: int = 40,
    period_ns: int = PERIOD_NS,
    clock: Clock | None = None,
    driver: type[ToyDriver] = ToyDriver,
) -> SimpleNamespace:
    """Build a station of toys on stepped time, or on the clock that is given."""
    machines = {name: Echo(name) for name in LINKS} | dict(instruments or {})
    world = ToyWorld(*machines.values())
    signals = SignalMap(STATION)
    board = Board(signals)
    drivers = {name: driver(name, board, period_ns) for name in LINKS}
    core = ToyCore(signals, scans)
    journal = MemoryJournal()
    scan = Scan(core, board, drivers, journal)
    workers = []
    shared = SharedWorld(world, clock) if clock else None
    for name in LINKS:
        own = clock or SteppedClock()
        wire = LiveLoopbackWire(shared, name, own) if shared else LoopbackWire(world, name, own)
        workers.append(LinkWorker(Link(wire, drivers[name].framer, own), drivers[name], scan.notice))
    return SimpleNamespace(
        world=world, machines=machines, board=board, drivers=drivers, core=core, journal=journal, scan=scan,
        workers=workers, by_name=dict(zip(LINKS, workers, strict=True)),
    )  # fmt: skip
