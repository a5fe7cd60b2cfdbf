"""Lines that are disturbed: what arrives of an instrument's answers, and that it heard what it was told."""

from random import Random

import pytest

from pvdsim.faults import line as lines
from pvdsim.faults.line import Distortion, Line
from pvdstation.model.simulation import Replies

MS = 1_000_000


class Echo:
    """Answers what it hears 5 ms later, and remembers it."""

    due_ns = 2**62

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def receive(self, data: bytes, now_ns: int) -> Replies:
        self.heard.append(data)
        return [(now_ns + 5 * MS, data.upper())]

    def advance_to(self, now_ns: int) -> Replies:
        return []


def line_with(spoil: lines.Spoil, *, share: float = 1.0, left: int | None = None, on: bytes = b"") -> tuple[Line, Echo]:
    echo = Echo()
    line = Line(echo)
    line.distortions.append(Distortion(spoil, Random("1"), share=share, left=left, on=on))
    return line, echo


def test_a_line_without_distortions_changes_nothing() -> None:
    assert Line(Echo()).receive(b"ab", 0) == [(5 * MS, b"AB")]


def test_a_lost_answer_was_still_obeyed() -> None:
    line, echo = line_with(lines.lose)
    assert line.receive(b"go", 0) == []
    assert echo.heard == [b"go"]


def test_a_cut_line_carries_nothing_in_either_direction() -> None:
    echo = Echo()
    line = Line(echo)
    line.cuts += 1
    assert line.receive(b"go", 0) == []
    assert line.pass_on([(0, b"stream")]) == []
    assert echo.heard == []


def test_a_late_answer_is_whole() -> None:
    assert line_with(lines.delay(500 * MS))[0].receive(b"ab", 0) == [(505 * MS, b"AB")]


def test_a_split_answer_comes_byte_by_byte() -> None:
    replies = line_with(lines.split(2 * MS))[0].receive(b"abc", 0)
    assert replies == [(5 * MS, b"A"), (7 * MS, b"B"), (9 * MS, b"C")]


def test_a_merged_answer_comes_with_the_next_one() -> None:
    line, _ = line_with(lines.Glue())
    assert line.receive(b"a", 0) == []
    assert line.receive(b"b", 10 * MS) == [(15 * MS, b"AB")]
    assert line.receive(b"c", 20 * MS) == []


def test_a_doubled_answer_comes_again() -> None:
    assert line_with(lines.double(2 * MS))[0].receive(b"a", 0) == [(5 * MS, b"A"), (7 * MS, b"A")]


def test_only_so_many_answers_are_hit() -> None:
    line, _ = line_with(lines.lose, left=2)
    assert [len(line.receive(b"x", n)) for n in range(4)] == [0, 0, 1, 1]


def test_only_answers_to_the_chosen_question_are_hit_and_counted() -> None:
    line, _ = line_with(lines.lose, left=1, on=b"U0")
    assert [len(line.receive(data, 0)) for data in (b"V?", b"!U0", b"U0", b"V?")] == [1, 0, 1, 1]


def test_a_share_of_the_answers_is_hit() -> None:
    line, _ = line_with(lines.lose, share=0.3)
    arrived = sum(len(line.receive(b"x", 0)) for _ in range(1000))
    assert 650 < arrived < 750


def test_distortions_act_one_after_the_other() -> None:
    line, _ = line_with(lines.delay(10 * MS))
    line.distortions.append(Distortion(lines.double(1 * MS), Random("2"), share=1.0, left=None, on=b""))
    assert line.receive(b"a", 0) == [(15 * MS, b"A"), (16 * MS, b"A")]


@pytest.mark.parametrize("spare", [lines.flip_any_bit, lines.flip_header_bit, lines.raise_top_bit])
def test_one_byte_of_a_corrupted_answer_differs(spare: lines.Spare) -> None:
    chance = Random("3")
    data = bytes(range(32, 60))
    for _ in range(200):
        spoiled = spare(data, chance)
        assert sum(one != other for one, other in zip(spoiled, data, strict=True)) == 1


def test_a_line_of_digits_gets_no_other_digit() -> None:
    chance = Random("4")
    spoiled = [lines.raise_top_bit(b"1.2345E-06", chance) for _ in range(200)]
    assert all(sum(byte >= 0x80 for byte in data) == 1 for data in spoiled)


def test_what_modbus_tcp_cannot_check_is_spared() -> None:
    chance = Random("5")
    data = bytes(20)
    assert all(lines.flip_header_bit(data, chance)[8:] == data[8:] for _ in range(200))
