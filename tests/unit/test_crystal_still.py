"""A crystal under vapour stands still when several readings in a row, and a time, say so."""

from pvdstation.drivers.sqc310_crystals import Still
from pvdstation.model.clock import SECOND

PERIOD_NS = SECOND // 4


def told(times_ns: list[int], hz: float = 5_999_999.57) -> list[bool]:
    still = Still(SECOND)
    return [still.take(hz, at_ns, should_change=True) for at_ns in times_ns]


def test_it_is_told_after_its_time() -> None:
    assert told([n * PERIOD_NS for n in range(7)]) == [False] * 5 + [True] * 2


def test_two_readings_that_are_alike_on_either_side_of_a_gap_are_chance() -> None:
    assert told([0, 3 * SECOND, 3 * SECOND + PERIOD_NS]) == [False] * 3


def test_after_a_gap_it_is_told_by_a_few_more() -> None:
    after = [3 * SECOND + n * PERIOD_NS for n in range(5)]
    assert told([0, *after]) == [False] * 3 + [True] * 3
