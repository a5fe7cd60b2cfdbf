"""One exchange: framed by content, an overall dead-line, and doubt after anything that does not fit."""

from collections import deque

import pytest

from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.wires.link import Ask, Link

MS = MILLISECOND
ASK = Ask(b"?", 300 * MS)


class Lines:
    def __init__(self):
        self.held = b""

    def feed(self, data):
        *frames, self.held = (self.held + data).split(b"\n")
        return frames

    def clear(self):
        had, self.held = bool(self.held), b""
        return had


class Scripted:
    """A wire whose bytes arrive at fixed times, whatever is written."""

    def __init__(self, clock, arrivals=()):
        self.clock = clock
        self.arrivals = deque(arrivals)
        self.written = []
        self.deadlines = []

    def open(self):
        pass

    def close(self):
        pass

    def write(self, data, deadline_ns):
        self.written.append((self.clock.now_ns(), data))
        self.deadlines.append(deadline_ns)

    def read(self, deadline_ns):
        if self.arrivals and self.arrivals[0][0] <= deadline_ns:
            at_ns, data = self.arrivals.popleft()
            self.clock.wait_until(at_ns)
            return data
        self.clock.wait_until(deadline_ns)
        return b""


def link_with(*arrivals, now_ns=SECOND):
    clock = SteppedClock(now_ns)
    wire = Scripted(clock, arrivals)
    link = Link(wire, Lines(), clock)
    link.open()
    link.is_dirty = False
    return link, wire


def test_an_opened_link_is_in_doubt_until_somebody_says_otherwise():
    clock = SteppedClock()
    link = Link(Scripted(clock), Lines(), clock)
    link.open()
    assert link.is_open
    assert link.is_dirty


@pytest.mark.parametrize("cut", range(8))
def test_an_answer_is_the_same_at_every_split(cut):
    answer = b"answer\n"
    link, _ = (
        link_with((SECOND + 10 * MS, answer[:cut]), (SECOND + 40 * MS, answer[cut:]))
        if 0 < cut < 7
        else link_with((SECOND + 40 * MS, answer))
    )
    reply = link.exchange(ASK)
    assert (reply.frame, reply.at_ns) == (b"answer", SECOND + 40 * MS)
    assert not link.is_dirty
    assert link.statistics.last_round_trip_ns == 40 * MS


@pytest.mark.parametrize("cut", range(7))
def test_a_truncated_answer_is_never_an_answer_and_the_deadline_is_kept(cut):
    link, _ = link_with((SECOND + 10 * MS, b"answer\n"[:cut])) if cut else link_with()
    reply = link.exchange(ASK)
    assert (reply.frame, reply.at_ns) == (None, SECOND + 300 * MS)
    assert reply.fault
    assert link.is_dirty
    assert link.statistics.misses == 1


def test_bytes_that_trickle_for_ever_end_at_the_deadline():
    link, _ = link_with(*((SECOND + n * MS, b"x") for n in range(1, 5000)))
    reply = link.exchange(ASK)
    assert (reply.frame, reply.at_ns) == (None, SECOND + 300 * MS)


def test_frames_that_are_no_answer_are_counted_and_the_answer_is_still_taken():
    link, _ = link_with((SECOND + 10 * MS, b"noise\nanswer\n"))
    reply = link.exchange(Ask(b"?", 300 * MS, lambda frame: frame == b"answer"))
    assert reply.frame == b"answer"
    assert link.statistics.surplus == 1


def test_two_answers_to_one_question_are_none():
    link, _ = link_with((SECOND + 10 * MS, b"one\ntwo\n"))
    reply = link.exchange(ASK)
    assert reply.frame is None
    assert link.is_dirty


def test_bytes_that_wait_before_a_question_are_not_its_answer_and_put_the_link_in_doubt():
    link, wire = link_with((SECOND - 5 * MS, b"stale\n"), (SECOND + 10 * MS, b"fresh\n"))
    assert link.exchange(ASK).frame == b"fresh"
    assert link.is_dirty
    assert wire.written == [(SECOND, b"?")]


def test_half_a_frame_behind_an_answer_is_not_the_beginning_of_the_next_answer():
    link, wire = link_with((SECOND + 10 * MS, b"one\nrest"))
    assert link.exchange(ASK).frame == b"one"
    wire.arrivals.append((SECOND + 20 * MS, b"two\n"))
    assert link.exchange(ASK).frame == b"two"
    assert link.is_dirty


def test_a_question_without_an_answer_takes_no_time_and_its_write_has_a_deadline():
    link, wire = link_with()
    reply = link.exchange(Ask(b"!", 0))
    assert (reply.frame, reply.at_ns) == (b"", SECOND)
    assert wire.deadlines == [SECOND + Link.QUIET_NS]
    assert not link.is_dirty


def test_a_write_has_the_deadline_of_its_exchange():
    link, wire = link_with((SECOND + 10 * MS, b"one\n"))
    link.exchange(ASK)
    assert wire.deadlines == [SECOND + 300 * MS]


def test_draining_goes_on_until_the_line_has_been_quiet():
    link, _ = link_with(*((SECOND + n * 40 * MS, b"late") for n in range(1, 6)))
    link.drain()
    assert link.now_ns() == SECOND + 200 * MS + Link.QUIET_NS


def test_draining_a_line_that_is_never_quiet_is_given_up():
    link, _ = link_with(*((SECOND + n * 10 * MS, b"x") for n in range(1, 1000)))
    link.drain(longest_ns=SECOND)
    assert link.now_ns() == 2 * SECOND


def test_a_port_that_babbles_does_not_hold_up_a_question():
    class Babbling(Scripted):
        def read(self, deadline_ns):
            self.clock.wait_until(self.clock.now_ns() + MS)
            return b"x"

    clock = SteppedClock(SECOND)
    wire = Babbling(clock)
    link = Link(wire, Lines(), clock)
    link.open()
    reply = link.exchange(ASK)
    assert reply.frame is None
    assert reply.at_ns <= SECOND + 300 * MS + 2 * MS
