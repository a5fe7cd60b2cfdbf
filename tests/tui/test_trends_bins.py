"""Bins keep every peak in few points, whatever comes, and memory does not grow with the run."""

import math

from hypothesis import given
from hypothesis import strategies as st

from pvdstation.tui.trends.bins import BINS, MOST_POINTS, Bins, Sample, binned

steps_s = st.floats(0.01, 400.0, allow_nan=False)
values = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan))
courses = st.lists(st.tuples(steps_s, values), min_size=1, max_size=200)


def samples_of(course: list[tuple[float, float]]) -> list[Sample]:
    samples, at_s = [], 0.0
    for step_s, value in course:
        at_s += step_s
        samples.append(Sample(at_s, value))
    return samples


@given(courses)
def test_the_whole_run_keeps_smallest_and_largest_in_few_points(course):
    samples = samples_of(course)
    points = list(binned(samples).points())
    known = [sample for sample in points if not math.isnan(sample.value)]
    given_ = [sample for sample in samples if not math.isnan(sample.value)]
    assert len(known) <= MOST_POINTS
    assert [point.at_s for point in points] == sorted(point.at_s for point in points)
    assert set(known) <= set(given_)
    if given_:
        assert min(point.value for point in known) == min(sample.value for sample in given_)
        assert max(point.value for point in known) == max(sample.value for sample in given_)


@given(courses, st.sampled_from([60.0, 300.0, 1800.0]))
def test_a_window_keeps_smallest_and_largest_of_every_bin_in_it(course, width_s):
    samples = [sample for sample in samples_of(course) if not math.isnan(sample.value)]
    points = list(binned(samples, width_s).points())
    assert len(points) <= MOST_POINTS
    if not samples:
        return
    each_s = width_s / BINS
    newest = math.floor(samples[-1].at_s / each_s)
    inside = [sample for sample in samples if math.floor(sample.at_s / each_s) > newest - BINS]
    kept = {number: [] for number in range(newest - BINS + 1, newest + 1)}
    for point in points:
        kept[math.floor(point.at_s / each_s)].append(point.value)
    for number, found in kept.items():
        bin_ = [sample.value for sample in inside if math.floor(sample.at_s / each_s) == number]
        assert sorted({min(found), max(found)} if found else []) == sorted({min(bin_), max(bin_)} if bin_ else [])


def test_ten_hours_are_as_few_points_as_ten_seconds():
    bins = Bins()
    for number in range(10 * 3600):
        bins.add(Sample(float(number), math.sin(number)))
    assert BINS <= len(list(bins.points())) <= MOST_POINTS


def test_what_was_not_measured_is_a_gap():
    samples = [Sample(0.0, 1.0), Sample(10.0, math.nan), Sample(20.0, 2.0), Sample(30.0, 3.0)]
    values_ = [point.value for point in binned(samples, 300.0).points()]
    assert values_[0] == 1.0
    assert math.isnan(values_[1])
    assert values_[2:] == [2.0, 3.0]


def test_a_window_that_has_gone_on_is_empty():
    assert list(binned([Sample(0.0, 1.0)], 60.0).points(now_s=200.0)) == []
