"""The combined pressure for display: never good from bad inputs, continuous in the blend, safe with any number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.clock import SECOND
from pvdstation.model.pressure import AT_FIRST, Trust, argon_factor, combine
from pvdstation.model.signals import Quality, Reading

NOW_NS = 10_000 * SECOND
BAD_QUALITIES = [q for q in Quality if q not in (Quality.GOOD, Quality.UNDER_RANGE, Quality.OVER_RANGE)]


def reading(value: float, quality: Quality = Quality.GOOD, age_s: float = 0.0) -> Reading:
    return Reading(value, quality, NOW_NS - round(age_s * SECOND), 1)


def both(full_range: float, capacitance: float, gas: str = "N2"):
    return combine(reading(full_range), reading(capacitance), gas, NOW_NS)


@pytest.mark.parametrize(
    ("full_range", "capacitance", "shown", "source"),
    [
        (2e-6, 0.05, 2e-6, "full-range"), (2e-6, -0.3, 2e-6, "full-range"), (1.5, 1.6, 1.5, "full-range"),
        (30.0, 500.0, 500.0, "capacitance"), (1e-6, 900.0, 900.0, "capacitance"), (8.0, 10.0, 10.0, "capacitance"),
        (4.0, math.sqrt(20.0), math.sqrt(4.0 * math.sqrt(20.0)), "both"),
    ],
)  # fmt: skip
def test_each_gauge_counts_in_its_band(full_range, capacitance, shown, source):
    found = both(full_range, capacitance)
    assert found.value_mbar == pytest.approx(shown)
    assert (found.source, found.trust, found.bound) == (source, Trust.GOOD, "")


def test_a_chamber_full_of_argon_is_not_taken_for_vacuum():
    assert both(30.0, 1003.0).value_mbar == 1003.0
    alone = combine(reading(30.0), reading(1003.0, Quality.COMM_FAULT), "Ar", NOW_NS)
    assert alone.trust is Trust.BAD
    assert math.isnan(alone.value_mbar)


def test_argon_counts_only_when_it_is_known():
    assert both(1e-5, 0.0, "Ar").value_mbar == pytest.approx(0.8e-5)
    assert both(0.1, 0.0, "Ar").value_mbar == pytest.approx(0.17)
    assert both(0.1, 0.0, "").value_mbar == 0.1


@pytest.mark.parametrize(
    ("full_range", "capacitance", "shown"),
    [
        ((0.5, Quality.GOOD), None, 0.5), ((1.5, Quality.GOOD), None, None), (None, (11.0, Quality.GOOD), 11.0),
        (None, (9.0, Quality.GOOD), None), (None, None, None), ((1e-9, Quality.UNDER_RANGE), None, 1e-9),
        ((0.5, Quality.OVER_RANGE), None, None), (None, (1100.0, Quality.OVER_RANGE), 1100.0),
    ],
)  # fmt: skip
def test_one_gauge_alone_counts_in_its_own_band_only(full_range, capacitance, shown):
    lost = reading(math.nan, Quality.COMM_FAULT)
    found = combine(*(reading(*one) if one else lost for one in (full_range, capacitance)), "N2", NOW_NS)
    if shown is None:
        assert found.trust is Trust.BAD
        assert math.isnan(found.value_mbar)
    else:
        assert found.value_mbar == shown
        assert found.trust is not Trust.BAD


def test_bounds_are_shown_as_bounds():
    low = combine(reading(1e-9, Quality.UNDER_RANGE), reading(0.0), "N2", NOW_NS)
    assert (low.value_mbar, low.bound, low.trust) == (1e-9, "<", Trust.LIMITED)
    high = combine(reading(30.0), reading(1100.0, Quality.OVER_RANGE), "N2", NOW_NS)
    assert (high.value_mbar, high.bound, high.trust) == (1100.0, ">", Trust.LIMITED)
    below = combine(reading(2e-6), reading(-1.0, Quality.UNDER_RANGE), "N2", NOW_NS)
    assert (below.value_mbar, below.trust) == (2e-6, Trust.GOOD)


def test_gauges_that_differ_by_more_than_2_for_10_s_limit_the_trust():
    found = both(2.0, 5.0)
    assert (found.trust, found.warning) == (Trust.GOOD, "")
    later_ns = NOW_NS + 10 * SECOND
    pair = [Reading(value, Quality.GOOD, later_ns + SECOND, 1) for value in (2.0, 5.0)]
    found = combine(*pair, "N2", later_ns, found.since)
    assert found.trust is Trust.GOOD
    found = combine(*pair, "N2", later_ns + SECOND, found.since)
    assert found.trust is Trust.LIMITED
    assert "factor of 2" in found.warning
    agreeing = [one._replace(value=5.0) for one in pair]
    found = combine(*agreeing, "N2", later_ns + SECOND, found.since)
    assert (found.trust, found.since) == (Trust.GOOD, AT_FIRST)


@pytest.mark.parametrize(("full_range", "capacitance"), [(0.5, 5.0), (30.0, 5.0), (500.0, 0.1), (11.0, -0.2)])
def test_gauges_that_contradict_each_other_are_bad_at_once(full_range, capacitance):
    found = both(full_range, capacitance)
    assert found.trust is Trust.BAD
    assert "contradict" in found.warning


def test_a_zero_error_is_noticed_after_half_an_hour_of_high_vacuum():
    since = both(1e-6, 0.8).since
    later_ns = NOW_NS + 1801 * SECOND
    pair = [Reading(value, Quality.GOOD, later_ns, 1) for value in (1e-6, 0.8)]
    found = combine(*pair, "N2", later_ns, since)
    assert found.trust is Trust.GOOD
    assert "new zero" in found.warning
    assert combine(pair[0], pair[1]._replace(value=0.4), "N2", later_ns, since).warning == ""
    assert combine(*pair, "N2", later_ns).warning == ""


def test_the_argon_factor_is_continuous():
    for edge in (1e-3, 1e-2):
        assert argon_factor(edge * 0.999999) == pytest.approx(argon_factor(edge * 1.000001), rel=1e-4)
    assert argon_factor(1e-8) == 0.8
    assert argon_factor(5.0) == 1.7


values = st.floats() | st.floats(-1.0, 1200.0) | st.sampled_from([0.0, 2.0, 10.0, math.nan, math.inf, -math.inf])
qualities = st.sampled_from(list(Quality))
ages = st.floats(0.0, 5.0)
gases = st.sampled_from(["N2", "Ar", ""])
readings = st.builds(reading, values, qualities, ages)


@given(readings, readings, gases)
def test_any_two_readings_give_a_number_with_trust_or_none_without(full_range, capacitance, gas):
    found = combine(full_range, capacitance, gas, NOW_NS)
    assert math.isnan(found.value_mbar) == (found.source == "")
    assert not math.isinf(found.value_mbar)
    if math.isnan(found.value_mbar):
        assert found.trust is Trust.BAD


@given(readings, readings, gases)
def test_good_comes_only_from_good_young_finite_readings(full_range, capacitance, gas):
    found = combine(full_range, capacitance, gas, NOW_NS)
    if found.trust is not Trust.GOOD:
        return
    used = {"full-range": [full_range], "capacitance": [capacitance], "both": [full_range, capacitance]}[found.source]
    for one in used:
        assert one.quality is Quality.GOOD
        assert math.isfinite(one.value)
        assert NOW_NS - one.at_ns <= 2 * SECOND
    assert found.bound == ""


@given(values, values, st.sampled_from(BAD_QUALITIES), st.sampled_from(BAD_QUALITIES), gases)
def test_two_bad_readings_are_never_anything_but_bad(full_range, capacitance, one, other, gas):
    assert combine(reading(full_range, one), reading(capacitance, other), gas, NOW_NS).trust is Trust.BAD


@given(st.floats(1.0, 20.0), st.floats(1.0, 20.0), st.floats(1e-9, 1e-4), gases)
def test_the_blend_is_continuous_in_both_gauges(full_range, capacitance, step, gas):
    here = both(full_range, capacitance, gas)
    # A step of either gauge moves the number by no more than the steepest of the blend's two slopes.
    steepest = 1.0 + abs(math.log(capacitance / (full_range * 1.7))) / math.log(5.0) + 1.0
    for moved in (both(full_range * (1 + step), capacitance, gas), both(full_range, capacitance * (1 + step), gas)):
        assert abs(math.log(moved.value_mbar / here.value_mbar)) <= steepest * 2 * step + 1e-9


@given(st.floats(1e-9, 1.9), gases)
def test_what_lies_between_both_readings_stays_there(full_range, gas):
    for capacitance in (2.5, 5.0, 9.5):
        found = both(full_range, capacitance, gas)
        low, high = sorted((full_range * (argon_factor(full_range) if gas == "Ar" else 1.0), capacitance))
        assert low * (1 - 1e-12) <= found.value_mbar <= high * (1 + 1e-12)
