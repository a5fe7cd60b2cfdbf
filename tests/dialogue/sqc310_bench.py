"""A driver of the SQC-310 on a real link, without any runtime: against scripted bytes or the simulated unit."""

import tomllib
from importlib.resources import files

from pvdsim.instruments import sqc310 as unit
from pvdsim.instruments.sqc310_memory import prepare
from pvdstation.drivers.base import Board
from pvdstation.drivers.sqc310 import SqcDriver
from pvdstation.model.clock import SECOND, SteppedClock
from pvdstation.model.messages import Action, ActionKind, LayerSetup
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310 as wire
from pvdstation.wires.link import Link, Pause, Reply
from pvdstation.wires.loopback import LoopbackWire

STATION = Station.model_validate(tomllib.loads((files("pvdstation") / "stations" / "sim.toml").read_text()))
ZN = LayerSetup("Zn", 0.5, 480.0)
LI = LayerSetup("Li", 0.5, 280.0)


class StillBench:
    """Crystals that lose as many hertz per second as they are told to."""

    def __init__(self):
        self.now_ns = 0
        self.analogue = {}
        self.frequency = {1: 5.99e6, 2: 5.98e6, 3: 5.97e6, 4: 5.96e6}
        self.loss_hz_s = dict.fromkeys(self.frequency, 0.0)

    def crystal_frequency(self, sensor):
        self.frequency[sensor] -= self.loss_hz_s[sensor] * 0.25
        return self.frequency[sensor]


class ScriptedInstrument:
    """Expects messages in order and gives prepared packets."""

    due_ns = 2**62

    def __init__(self, script):
        self.script = list(script)
        self._framer = wire.CommandFramer()

    def advance_to(self, now_ns):
        return []

    def receive(self, data, now_ns):
        replies = []
        for frame in self._framer.feed(data):
            message, *packets = self.script.pop(0)
            assert wire.decode_command(frame) == (message, True)
            replies += [(now_ns + 10_000_000, packet) for packet in packets]
        return replies


class OneWorld:
    """A world of one instrument that remembers what was sent, and loses or spoils what a test tells it to."""

    names = ("sqc",)

    def __init__(self, instrument, bench=None):
        self.instrument = instrument
        self.bench = bench
        self.sent = []
        self.lose_command = []  # messages of which one copy each does not arrive
        self.lose_reply = []
        self.spoil_reply = []
        self.refuse = []  # messages of which one copy each is answered with E: not allowed in the present mode
        self.is_silent = False

    def advance_to(self, now_ns):
        if self.bench is not None:
            self.bench.now_ns = now_ns
        self.instrument.advance_to(now_ns)

    def collect(self, name):
        return []

    def receive(self, name, data, now_ns):
        message = wire.decode_command(data).message
        self.sent.append(message)
        if self.is_silent or self._once(self.lose_command, message):
            return []
        if self._once(self.refuse, message):
            return [(now_ns + 10_000_000, wire.encode_reply("E"))]
        replies = self.instrument.receive(data, now_ns)
        if self._once(self.lose_reply, message):
            return []
        if self._once(self.spoil_reply, message):
            return [(at_ns, packet[:-1] + b"\x7f") for at_ns, packet in replies]
        return replies

    @staticmethod
    def _once(messages, message):
        if message not in messages:
            return False
        messages.remove(message)
        return True


class Desk:
    """Driver, link and world; runs one routine at a time."""

    def __init__(self, instrument, bench=None, station=STATION):
        self.world = OneWorld(instrument, bench)
        self.instrument = instrument
        self.bench = bench
        self.clock = SteppedClock()
        self.signals = SignalMap(station)
        self.board = Board(self.signals)
        framer = wire.ReplyFramer()
        self.driver = SqcDriver("sqc", framer, station, self.board)
        self.link = Link(LoopbackWire(self.world, "sqc", self.clock), framer, self.clock)
        self.link.open()

    @classmethod
    def scripted(cls, *script, station=STATION):
        return cls(ScriptedInstrument(script), station=station)

    @classmethod
    def simulated(cls, station=STATION, **switches):
        bench = StillBench()
        settings = {"channels": 2, "baud": 19200, "period_s": 0.25, "latency_s": 0.005, "filter_alpha": 0.3}
        desk = cls(unit.Sqc310(unit.Parameters(**settings | switches), prepare(station), bench), bench, station)
        desk.wait(1.0)
        return desk

    def run(self, routine):
        reply = None
        while True:
            try:
                wish = next(routine) if reply is None else routine.send(reply)
            except StopIteration:
                return
            self.world.advance_to(self.clock.now_ns())
            if type(wish) is Pause:
                self.wait(wish.duration_ns / SECOND)
                reply = Reply(b"", self.clock.now_ns())
            else:
                reply = self.link.exchange(wish)

    def wait(self, seconds):
        self.clock.wait_until(self.clock.now_ns() + round(seconds * SECOND))
        self.world.advance_to(self.clock.now_ns())

    def act(self, kind, layer=None, deadline_s=30.0, **more):
        """Do an action and return how it ended: whether it succeeded, and the text."""
        deadline_ns = self.clock.now_ns() + round(deadline_s * SECOND)
        action = Action(len(self.world.sent) + 1, "sqc", kind, layer, deadline_ns, **more)
        self.board.expect(action)
        self.run(self.driver.begin(action))
        result = self.board.results.popleft()
        assert not self.board.results
        assert (result.number, result.at_ns <= self.clock.now_ns()) == (action.number, True)
        return result.ok, result.text

    def poll(self):
        for row in self.driver.rows:
            self.run(row.start())

    def reading(self, name):
        return self.board.readings[self.signals.number[name]]

    def value(self, name):
        return self.reading(name).value

    def bring_to(self, phase):
        """Run the prepared process until it is in a phase."""
        assert self.act(ActionKind.SQC_PREPARE, ZN)[0]
        assert self.act(ActionKind.SQC_START, ZN)[0]
        self.bench.loss_hz_s[1] = 5.0 / 0.173 / 1.12  # 5 Å/s shown
        while self.instrument.sequence.phase != phase:
            self.wait(0.25)
        self.world.sent.clear()
