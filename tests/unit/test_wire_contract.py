"""The contract of a wire, the same for every kind: bytes out, bytes in, both with a dead-line, one error when gone."""

from collections.abc import Mapping

import pytest

from pvdstation.model.clock import MILLISECOND, SECOND, Clock, SteppedClock
from pvdstation.model.simulation import Replies
from pvdstation.wires.base import Wire, WireLost
from pvdstation.wires.loopback import LiveLoopbackWire, LoopbackWire, SharedWorld

MS = MILLISECOND


class FarEnd:
    """A world with one instrument that answers each write by a script of (delay, bytes); some bytes are unasked."""

    names = ("far",)

    def __init__(self) -> None:
        self.heard: list[tuple[int, bytes]] = []
        self.script: list[tuple[int, bytes]] = []
        self.unasked: Replies = []
        self.now_ns = 0

    def advance_to(self, now_ns: int) -> None:
        assert now_ns >= self.now_ns
        self.now_ns = now_ns

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        self.heard.append((now_ns, data))
        script, self.script = self.script, []
        return [(now_ns + delay_ns, reply) for delay_ns, reply in script]

    def collect(self, name: str) -> Replies:
        ready = [reply for reply in self.unasked if reply[0] <= self.now_ns]
        self.unasked = [reply for reply in self.unasked if reply[0] > self.now_ns]
        return ready

    def truth(self) -> Mapping[str, float]:
        return {}


def stepped_loopback(far: FarEnd, clock: Clock, name: str = "far") -> Wire:
    return LoopbackWire(far, name, clock)


def live_loopback(far: FarEnd, clock: Clock, name: str = "far") -> Wire:
    return LiveLoopbackWire(SharedWorld(far, clock), name, clock)


WIRES = [stepped_loopback, live_loopback]


@pytest.fixture
def clock():
    return SteppedClock(SECOND)


@pytest.fixture
def far():
    return FarEnd()


@pytest.fixture(params=WIRES, ids=lambda make: make.__name__)
def wire(request, far, clock):
    wire = request.param(far, clock)
    wire.open()
    return wire


def read_all(wire, deadline_ns):
    chunks = []
    while chunk := wire.read(deadline_ns):
        chunks.append(chunk)
    return chunks


def test_bytes_are_heard_whole_and_at_the_time_of_writing(wire, far, clock):
    wire.write(b"question", clock.now_ns() + SECOND)
    assert far.heard == [(SECOND, b"question")]


def test_an_answer_is_read_at_the_time_it_arrives(wire, far, clock):
    far.script = [(30 * MS, b"answer")]
    wire.write(b"?", clock.now_ns() + SECOND)
    assert wire.read(clock.now_ns() + 300 * MS) == b"answer"
    assert clock.now_ns() == SECOND + 30 * MS


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_split_answer_arrives_in_its_parts_at_their_times(wire, far, clock, cut):
    far.script = [(30 * MS, b"answer"[:cut]), (90 * MS, b"answer"[cut:])]
    wire.write(b"?", clock.now_ns() + SECOND)
    deadline_ns = clock.now_ns() + 300 * MS
    assert wire.read(deadline_ns) == b"answer"[:cut]
    assert clock.now_ns() == SECOND + 30 * MS
    assert wire.read(deadline_ns) == b"answer"[cut:]
    assert clock.now_ns() == SECOND + 90 * MS


def test_nothing_is_read_at_the_deadline_and_not_later(wire, clock):
    wire.write(b"?", clock.now_ns() + SECOND)
    assert wire.read(clock.now_ns() + 300 * MS) == b""
    assert clock.now_ns() == SECOND + 300 * MS


def test_half_an_answer_and_then_silence_ends_at_the_deadline(wire, far, clock):
    far.script = [(30 * MS, b"ans")]
    wire.write(b"?", clock.now_ns() + SECOND)
    assert read_all(wire, clock.now_ns() + 300 * MS) == [b"ans"]
    assert clock.now_ns() == SECOND + 300 * MS


def test_a_late_answer_is_not_read_before_it_arrives_and_is_not_lost(wire, far, clock):
    far.script = [(500 * MS, b"late")]
    wire.write(b"?", clock.now_ns() + SECOND)
    assert wire.read(clock.now_ns() + 300 * MS) == b""
    assert wire.read(clock.now_ns() + 100 * MS) == b""
    assert wire.read(clock.now_ns() + 300 * MS) == b"late"
    assert clock.now_ns() == SECOND + 500 * MS


def test_answers_are_read_in_the_order_of_their_arrival(wire, far, clock):
    far.script = [(500 * MS, b"late")]
    wire.write(b"1", clock.now_ns() + SECOND)
    far.script = [(20 * MS, b"soon")]
    wire.write(b"2", clock.now_ns() + SECOND)
    assert read_all(wire, clock.now_ns() + SECOND) == [b"soon", b"late"]


def test_bytes_that_nobody_asked_for_are_read_once(wire, far, clock):
    far.unasked = [(SECOND - 1, b"banner")]
    far.advance_to(SECOND)
    assert read_all(wire, clock.now_ns()) == [b"banner"]
    assert read_all(wire, clock.now_ns() + 50 * MS) == []


def test_a_read_with_its_deadline_now_takes_no_time(wire, far, clock):
    far.script = [(30 * MS, b"answer")]
    wire.write(b"?", clock.now_ns() + SECOND)
    assert wire.read(clock.now_ns()) == b""
    assert clock.now_ns() == SECOND


def test_a_closed_wire_is_lost_for_reading_and_writing_and_closes_twice(wire, far, clock):
    wire.close()
    wire.close()
    with pytest.raises(WireLost, match="far"):
        wire.write(b"?", clock.now_ns() + SECOND)
    with pytest.raises(WireLost, match="far"):
        wire.read(clock.now_ns() + SECOND)
    assert far.heard == []


def test_what_arrived_while_the_port_was_closed_is_gone_after_opening_and_later_bytes_are_not(wire, far, clock):
    far.script = [(30 * MS, b"gone"), (800 * MS, b"later")]
    wire.write(b"?", clock.now_ns() + SECOND)
    wire.close()
    clock.wait_until(SECOND + 200 * MS)
    far.advance_to(SECOND + 200 * MS)
    wire.open()
    assert read_all(wire, SECOND + 900 * MS) == [b"later"]


@pytest.mark.parametrize("make", WIRES, ids=lambda make: make.__name__)
def test_a_port_that_does_not_exist_is_lost_on_opening(make, far, clock):
    with pytest.raises(WireLost, match="nowhere"):
        make(far, clock, "nowhere").open()
