from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdsim.plant.motion import Part, Stroke

STEP_NS = 25_000_000
SECOND_NS = 10**9


def part(latency_s: float = 0.05, travel_s: float = 0.3, *, sigma: float = 0.0, seed: int = 1) -> Part:
    return Part(Stroke(Random(seed), travel_s, sigma, latency_s, sigma * latency_s))


def run(moved: Part, until_ns: int, start_ns: int = 0, step_ns: int = STEP_NS) -> float:
    """Return the open time, s."""
    opened = 0.0
    for at_ns in range(start_ns, until_ns, step_ns):
        moved.advance(at_ns, at_ns + step_ns)
        opened += moved.mean * step_ns / SECOND_NS
    return opened


@given(st.integers(0, 200_000_000), st.integers(500_000_000, 900_000_000))
def test_open_time_is_exact_wherever_the_commands_fall_within_a_step(open_ns: int, close_ns: int) -> None:
    shutter = part()
    shutter.drive(on=True, at_ns=open_ns)
    opened = run(shutter, 500_000_000)
    shutter.drive(on=False, at_ns=close_ns)
    opened += run(shutter, 2 * SECOND_NS, 500_000_000)
    assert opened == pytest.approx((close_ns - open_ns) / SECOND_NS, abs=1e-9)
    assert shutter.stands_closed()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.sampled_from([1_000_000, 5_000_000, 12_500_000]))
def test_the_grid_does_not_change_the_open_time(steps: list[int], fine_ns: int) -> None:
    def opened(step_ns: int) -> float:
        shutter, total, on = part(latency_s=0.0), 0.0, False
        turns = {}
        for step in sorted(set(steps)):
            on = not on
            turns[step * STEP_NS] = on
        for at_ns in range(0, 3 * SECOND_NS, step_ns):
            if at_ns in turns:
                shutter.drive(on=turns[at_ns], at_ns=at_ns)
            shutter.advance(at_ns, at_ns + step_ns)
            total += shutter.mean * step_ns / SECOND_NS
        return total

    assert opened(fine_ns) == pytest.approx(opened(STEP_NS), abs=1e-9)


def test_both_switches_are_off_between_the_ends() -> None:
    shutter = part()
    seen = []
    shutter.drive(on=True, at_ns=0)
    for at_ns in range(0, 500_000_000, STEP_NS):
        shutter.advance(at_ns, at_ns + STEP_NS)
        seen.append((shutter.stands_closed(), shutter.stands_open()))
    assert seen[:2] == [(True, False)] * 2  # 50 ms latency
    assert seen[2:13] == [(False, False)] * 11
    assert seen[13:] == [(False, True)] * 7  # from 350 ms


def test_a_command_repeated_changes_nothing() -> None:
    shutter = part()
    assert shutter.drive(on=True, at_ns=0)
    assert not shutter.drive(on=True, at_ns=STEP_NS)
    run(shutter, 500_000_000)
    assert shutter.stands_open()


def test_a_command_taken_back_halfway_turns_it_round_where_it_is() -> None:
    shutter = part(latency_s=0.0)
    shutter.drive(on=True, at_ns=0)
    run(shutter, 150_000_000)
    assert shutter.position == pytest.approx(0.5)
    shutter.drive(on=False, at_ns=150_000_000)
    run(shutter, 300_000_000, 150_000_000)
    assert shutter.stands_closed()


def test_a_stuck_part_stays_where_it_is() -> None:
    shutter = part()
    shutter.is_stuck = True
    shutter.drive(on=True, at_ns=0)
    assert run(shutter, SECOND_NS) == 0.0
    assert shutter.stands_closed()


def test_a_part_that_is_pushed_stays_there_until_it_is_driven_anew() -> None:
    shutter = part()
    shutter.push(0.25)
    assert run(shutter, SECOND_NS) == pytest.approx(0.25)
    assert not shutter.stands_closed()
    shutter.drive(on=True, at_ns=SECOND_NS)
    run(shutter, 2 * SECOND_NS, SECOND_NS)
    assert shutter.stands_open()


def strokes(count: int) -> Iterator[tuple[int, float]]:
    stroke = Stroke(Random(3), 0.3, 0.05, 0.05, 0.01)
    for _ in range(count):
        yield stroke.draw()


def test_latency_and_travel_scatter_around_their_means_and_never_below_zero() -> None:
    drawn = list(strokes(4000))
    latencies = [latency / 1e6 for latency, _ in drawn]
    travels = [travel / 1e6 for _, travel in drawn]
    assert sum(latencies) / 4000 == pytest.approx(50, abs=0.5)
    assert sum(travels) / 4000 == pytest.approx(300, abs=1)
    assert min(latencies) >= 25
    assert (sum((t - 300) ** 2 for t in travels) / 4000) ** 0.5 == pytest.approx(15, rel=0.1)
