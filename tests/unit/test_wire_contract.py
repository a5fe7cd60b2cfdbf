"""The contract of a wire, the same for every kind: bytes out, bytes in, both with a dead-line, one error when gone."""

import pytest
from wire_bench import LOOPBACKS, REAL, Stand

from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.wires.base import WireLost
from pvdstation.wires.link import Ask, Link

MS = MILLISECOND
EVERY_BYTE = bytes(range(256))


def _name(make):
    return make.__name__


@pytest.fixture(params=[*LOOPBACKS, *REAL], ids=_name)
def stand(request, tmp_path):
    stand = request.param(tmp_path)
    stand.wire.open()
    yield stand
    stand.close()


@pytest.fixture(params=REAL, ids=_name)
def real(request, tmp_path):
    stand = request.param(tmp_path)
    stand.wire.open()
    yield stand
    stand.close()


def ask(stand: Stand, *script):
    """Write a question whose answer is scripted; return the time before it was written."""
    stand.far.script = list(script)
    start_ns = stand.now_ns()
    stand.wire.write(b"?", start_ns + SECOND)
    return start_ns


def arrivals(stand: Stand, deadline_ns):
    """Read until nothing comes; return every byte with the time at which the wire gave it."""
    got = []
    while chunk := stand.wire.read(deadline_ns):
        got += [(stand.now_ns(), byte) for byte in chunk]
    return got


def as_bytes(got):
    return bytes(byte for _, byte in got)


def assert_now(stand: Stand, moment_ns):
    assert moment_ns <= stand.now_ns() <= moment_ns + stand.slack_ns


def test_bytes_are_heard_whole_and_at_the_time_of_writing(stand):
    stand.far.script = [(5 * MS, b".")]
    start_ns = stand.now_ns()
    stand.wire.write(b"question", start_ns + SECOND)
    assert stand.wire.read(start_ns + SECOND) == b"."
    ((at_ns, heard),) = stand.far.heard
    assert heard == b"question"
    assert start_ns <= at_ns <= start_ns + stand.slack_ns


def test_an_answer_is_read_at_the_time_it_arrives(stand):
    start_ns = ask(stand, (30 * MS, b"a"))
    assert stand.wire.read(start_ns + SECOND) == b"a"
    assert_now(stand, start_ns + 30 * MS)


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_split_answer_arrives_in_its_parts_at_their_times(stand, cut):
    start_ns = ask(stand, (20 * MS, b"answer"[:cut]), (120 * MS, b"answer"[cut:]))
    got = arrivals(stand, start_ns + 150 * MS)
    assert as_bytes(got) == b"answer"
    assert all(start_ns + 20 * MS <= at_ns <= start_ns + 20 * MS + stand.slack_ns for at_ns, _ in got[:cut])
    assert all(start_ns + 120 * MS <= at_ns <= start_ns + 120 * MS + stand.slack_ns for at_ns, _ in got[cut:])


def test_every_byte_passes_unchanged_in_both_directions(stand):
    stand.far.echoes = True
    stand.wire.write(EVERY_BYTE, stand.in_ms(1000))
    assert as_bytes(arrivals(stand, stand.in_ms(100))) == EVERY_BYTE


def test_nothing_is_read_at_the_deadline_and_not_later(stand):
    start_ns = ask(stand)
    assert stand.wire.read(start_ns + 70 * MS) == b""
    assert_now(stand, start_ns + 70 * MS)


def test_half_an_answer_and_then_silence_ends_at_the_deadline(stand):
    start_ns = ask(stand, (20 * MS, b"ans"))
    assert as_bytes(arrivals(stand, start_ns + 70 * MS)) == b"ans"
    assert_now(stand, start_ns + 70 * MS)


def test_a_late_answer_is_not_read_before_it_arrives(stand):
    """A VISA session has ended by then; every other wire gives the bytes to whoever reads, the link drains them."""
    start_ns = ask(stand, (120 * MS, b"late"))
    assert stand.wire.read(start_ns + 40 * MS) == b""
    assert stand.wire.read(start_ns + 60 * MS) == b""
    got = arrivals(stand, start_ns + 170 * MS)
    assert as_bytes(got) == (b"late" if stand.keeps_late else b"")
    assert all(at_ns >= start_ns + 120 * MS for at_ns, _ in got)


class Whole:
    """Takes a line for a frame."""

    def __init__(self):
        self.held = b""

    def feed(self, data):
        *frames, self.held = (self.held + data).split(b"\n")
        return frames

    def clear(self):
        had, self.held = bool(self.held), b""
        return had


def test_the_late_answer_of_one_question_is_never_the_answer_of_the_next(stand):
    link = Link(stand.wire, Whole(), stand.clock)
    stand.far.script = [(60 * MS, b"12.5\n")]
    assert link.exchange(Ask(b"PRES?", 40 * MS)).frame is None
    assert link.is_dirty
    link.drain()
    stand.far.script = [(5 * MS, b"SQC-310\n")]
    assert link.exchange(Ask(b"WHO?", 500 * MS)).frame == b"SQC-310"


def test_half_an_answer_is_never_the_beginning_of_the_next(stand):
    link = Link(stand.wire, Whole(), stand.clock)
    stand.far.script = [(5 * MS, b"1"), (60 * MS, b"2.5\n")]
    assert link.exchange(Ask(b"PRES?", 40 * MS)).frame is None
    link.drain()
    stand.far.script = [(5 * MS, b"SQC-310\n")]
    assert link.exchange(Ask(b"WHO?", 500 * MS)).frame == b"SQC-310"


def test_answers_are_read_in_the_order_of_their_arrival(stand):
    ask(stand, (90 * MS, b"late"), (20 * MS, b"soon"))
    assert as_bytes(arrivals(stand, stand.in_ms(130))) == b"soonlate"


def test_bytes_that_nobody_asked_for_are_read_once(stand):
    ask(stand, (MS, b"."))
    assert stand.wire.read(stand.in_ms(1000)) == b"."
    stand.far.send(b"banner")
    assert as_bytes(arrivals(stand, stand.in_ms(40))) == b"banner"
    assert arrivals(stand, stand.in_ms(20)) == []


def test_a_read_with_its_deadline_now_takes_no_time_and_gives_nothing_up(stand):
    start_ns = ask(stand, (60 * MS, b"a"))
    assert stand.wire.read(stand.now_ns()) == b""
    assert stand.wire.read(stand.now_ns() - SECOND) == b""
    assert start_ns <= stand.now_ns() <= start_ns + (50 * MS if stand.slack_ns else 0)
    assert stand.wire.read(start_ns + SECOND) == b"a"


def test_a_closed_wire_is_lost_for_reading_and_writing_and_closes_twice(stand):
    stand.wire.close()
    stand.wire.close()
    with pytest.raises(WireLost, match="closed"):
        stand.wire.write(b"?", stand.in_ms(1000))
    with pytest.raises(WireLost, match="closed"):
        stand.wire.read(stand.in_ms(1000))
    assert stand.far.heard == []


def test_what_arrived_while_the_port_was_closed_is_gone_after_opening(stand):
    ask(stand, (20 * MS, b"gone"))
    stand.wire.close()
    stand.clock.wait_until(stand.in_ms(60))
    stand.wire.open()
    ask(stand, (5 * MS, b"fresh"))
    assert as_bytes(arrivals(stand, stand.in_ms(60))) == b"fresh"


def test_opening_twice_is_opening_anew(stand):
    stand.wire.open()
    start_ns = ask(stand, (5 * MS, b"a"))
    assert stand.wire.read(start_ns + SECOND) == b"a"


# --- what only happens to real ports ---


def test_a_black_hole_is_lost_at_the_deadline_of_the_write(real):
    real.far.is_deaf = True
    more_than_buffers_hold = 1 << (18 if real.is_line else 25)
    start_ns = real.now_ns()
    with pytest.raises(WireLost, match=r"does not take bytes: .* were not sent before the dead-line"):
        real.wire.write(bytes(more_than_buffers_hold), start_ns + 100 * MS)
    assert real.now_ns() <= start_ns + 100 * MS + real.slack_ns


def test_a_peer_that_goes_away_is_lost_within_the_read_and_the_wire_is_closed(real):
    ask(real, (5 * MS, b"a"))
    assert real.wire.read(real.in_ms(1000)) == b"a"
    real.far.leave()
    start_ns = real.now_ns()
    with pytest.raises(WireLost, match=r"closed the connection|is gone: adapter unplugged"):
        real.wire.read(start_ns + 5 * SECOND)
    assert real.now_ns() < start_ns + 2 * SECOND
    with pytest.raises(WireLost, match="is closed"):
        real.wire.read(real.in_ms(1000))


def test_a_peer_that_goes_away_while_it_is_waited_for_is_lost_and_not_silent(real):
    ask(real)
    real.far.leave()
    with pytest.raises(WireLost, match=r"connection|gone"):
        real.wire.read(real.in_ms(5000))


def test_nobody_there_is_said_on_opening_and_the_same_wire_opens_when_somebody_is(real):
    real.wire.close()
    real.far.leave()
    start_ns = real.now_ns()
    why = "there is no port .*port0: is the adapter" if real.is_line else "127.0.0.1:[0-9]+ refuses the connection"
    with pytest.raises(WireLost, match=why):
        real.wire.open()
    assert real.now_ns() < start_ns + 2 * SECOND
    real.far.come()
    real.wire.open()
    start_ns = ask(real, (5 * MS, b"a"))
    assert real.wire.read(start_ns + SECOND) == b"a"


def test_sentences_are_one_line_without_a_full_stop(real):
    real.far.leave()
    sentences = []
    for attempt in (lambda: real.wire.read(real.in_ms(2000)), real.wire.open):
        with pytest.raises(WireLost) as lost:
            attempt()
        sentences.append(str(lost.value))
    for sentence in sentences:
        assert "\n" not in sentence
        assert not sentence.endswith(".")
        assert "Errno" not in sentence
        assert "VI_ERROR" not in sentence


@pytest.mark.parametrize("make", LOOPBACKS, ids=_name)
def test_an_instrument_that_the_world_does_not_have_is_lost_on_opening(make, tmp_path):
    with pytest.raises(WireLost, match="nobody"):
        make(tmp_path).missing.open()
