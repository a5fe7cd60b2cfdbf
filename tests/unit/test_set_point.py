"""The set-point of a layer with ramps of its rate, and how each rate was kept."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.control.steps.set_point import SetPoint, kept, moved, slowest
from pvdstation.model.clock import SECOND
from pvdstation.recipe.procedure import RateRamp

UP = RateRamp(10.0, 0.5, 30.0)
DOWN = RateRamp(20.0, 0.2, 10.0)
START = SetPoint(0.2)
SCAN_NS = SECOND // 4


def grown(point: SetPoint, film_nm: float, seconds: float, *ramps: RateRamp) -> SetPoint:
    for _ in range(round(seconds * 4)):
        point = moved(point, ramps, film_nm, SCAN_NS)
    return point


def test_without_a_ramp_it_stays() -> None:
    assert grown(START, 1e3, 60) == START


def test_a_ramp_begins_at_its_thickness_and_goes_by_the_clock() -> None:
    assert grown(START, 9.9, 60, UP) == START
    half = grown(moved(START, (UP,), 10.0, SCAN_NS), 10.0, 15, UP)
    assert half.is_ramping
    assert half.rate_nm_s == pytest.approx(0.35)
    assert grown(half, 10.0, 15, UP) == SetPoint(0.5, 1)


def test_the_next_ramp_begins_where_the_one_before_has_ended() -> None:
    point = grown(START, 25.0, 30.25, UP, DOWN)
    assert point == SetPoint(0.5, 1)
    assert grown(point, 25.0, 10.25, UP, DOWN) == SetPoint(0.2, 2)


@given(st.lists(st.floats(0, 50), max_size=200))
def test_it_never_leaves_the_range_of_its_rates(films: list[float]) -> None:
    point = START
    for film_nm in films:
        point = moved(point, (UP, DOWN), film_nm, SECOND)
        assert 0.2 <= point.rate_nm_s <= 0.5
        assert slowest(point, (UP, DOWN)) <= point.rate_nm_s


def test_each_rate_is_kept_by_itself_and_a_ramp_belongs_to_none() -> None:
    rates = kept((), START, 0.21)
    rates = kept(rates, START, 0.19)
    rates = kept(rates, SetPoint(0.3, 0, 0.2), 0.3)
    rates = kept(rates, SetPoint(0.5, 1), math.nan)
    rates = kept(rates, SetPoint(0.5, 1), 0.5)
    assert [(rate.set_nm_s, rate.samples) for rate in rates] == [(0.2, 2), (0.5, 1)]
    assert rates[0].mean == pytest.approx(0.2)
    assert rates[0].sd == pytest.approx(0.0141, abs=1e-4)
    assert math.isnan(rates[1].sd)
