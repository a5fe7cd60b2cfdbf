"""Samples in bins: the smallest and the largest of each are kept, so a plot has few points and every peak."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BINS = 80
MOST_POINTS = 2 * BINS
"""Of one curve."""


class Sample(NamedTuple):
    """One value and when it was; NaN is a gap."""

    at_s: float
    value: float


class _Bin:
    """The smallest and the largest sample of one stretch of time."""

    __slots__ = ("after_gap", "largest", "number", "smallest")

    def __init__(self, number: int, sample: Sample, *, after_gap: bool) -> None:
        self.number = number
        self.smallest = self.largest = sample
        self.after_gap = after_gap  # something was not measured since the bin before

    def take(self, smallest: Sample, largest: Sample) -> None:
        if smallest.value < self.smallest.value:
            self.smallest = smallest
        if largest.value > self.largest.value:
            self.largest = largest

    def points(self) -> list[Sample]:
        if self.smallest is self.largest:
            return [self.smallest]
        return sorted((self.smallest, self.largest))


class Bins:
    """One curve over the newest ``width_s``, or over everything: then bins are joined as time goes on.

    Memory does not grow with the run. Samples come in order of time.
    """

    def __init__(self, width_s: float = math.inf) -> None:
        self._is_whole = math.isinf(width_s)
        self._each_s = 1 / 16 if self._is_whole else width_s / BINS
        self._bins: list[_Bin] = []
        self._is_gap = False

    def add(self, sample: Sample) -> None:
        """Take one sample."""
        if math.isnan(sample.value):
            self._is_gap = True
            return
        number = self._number(sample.at_s)
        if self._bins and self._bins[-1].number == number:
            self._bins[-1].take(sample, sample)
        else:
            self._bins.append(_Bin(number, sample, after_gap=self._is_gap))
        self._is_gap = False
        if self._is_whole:
            self._join(number)
        else:
            while self._bins[0].number <= number - BINS:
                del self._bins[0]

    def points(self, now_s: float = math.inf) -> Iterator[Sample]:
        """Yield at most ``MOST_POINTS`` points in order of time, and a NaN before each stretch that follows a gap.

        ``now_s`` ends the window.
        """
        for one in self._seen(now_s):
            if one.after_gap:
                yield Sample(one.points()[0].at_s, math.nan)
            yield from one.points()

    def _number(self, at_s: float) -> int:
        return math.floor(at_s / self._each_s)

    def _seen(self, now_s: float) -> list[_Bin]:
        if self._is_whole or not self._bins:
            return self._bins
        newest = self._bins[-1].number if math.isinf(now_s) else self._number(now_s)
        return [one for one in self._bins if newest - BINS < one.number <= newest]

    def _join(self, number: int) -> None:
        """Make the bins twice as long until they are few enough."""
        while len(self._bins) > BINS or number - self._bins[0].number >= BINS:
            self._each_s *= 2
            number //= 2
            joined: list[_Bin] = []
            for one in self._bins:
                one.number //= 2
                if joined and joined[-1].number == one.number:
                    joined[-1].take(one.smallest, one.largest)
                else:
                    joined.append(one)
            self._bins = joined


def binned(samples: Iterable[Sample], width_s: float = math.inf) -> Bins:
    """Return samples in bins."""
    bins = Bins(width_s)
    for sample in samples:
        bins.add(sample)
    return bins
