"""The ghost: an earlier run's curves beside the present ones, from the beginning of the run or of the same layer."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from pvdstation.desk.errands import Curve
from pvdstation.tui.trends.bins import Sample, binned
from pvdstation.tui.trends.gathering import THICKNESS, Layer


class Ghost(NamedTuple):
    """A run that the present one is compared with."""

    run: str
    curves: dict[str, Curve]

    def shift_s(self, layers: list[Layer], began_s: float, *, by_layer: bool) -> float:
        """Return what is added to the ghost's times.

        By layer: the same layer (of the same source, its how-manieth) begins at the same place as the newest of the
        present run. Before the first layer, or where the ghost has no such one, the runs begin at the same place.
        """
        for layer in layers[::-1] if by_layer else ():
            beginnings = self._beginnings(layer.source)
            if layer.number < len(beginnings):
                return layer.at_s - beginnings[layer.number]
        return 0.0 if math.isnan(began_s) else -self._first_s()

    def points(self, name: str, shift_s: float, from_s: float, to_s: float) -> Iterator[Sample]:
        """Yield the points of one curve that fall into a window of the present run."""
        curve = self.curves.get(name)
        if curve is None:
            return iter(())
        first = bisect_left(curve.at_s, from_s - shift_s)
        last = bisect_right(curve.at_s, to_s - shift_s)
        near = zip(curve.at_s[first:last], curve.values[first:last], strict=True)
        return binned(Sample(at_s + shift_s, value) for at_s, value in near).points()

    def _beginnings(self, source: str) -> list[float]:
        """Return when each layer of a source began to grow."""
        curve = self.curves.get(f"{THICKNESS} {source}")
        if curve is None:
            return []
        begun, before = [], math.nan
        for at_s, value in zip(curve.at_s, curve.values, strict=True):
            grown = value if value > 0 else math.nan
            if math.isnan(before) and not math.isnan(grown):
                begun.append(at_s)
            before = grown
        return begun

    def _first_s(self) -> float:
        return min((curve.at_s[0] for curve in self.curves.values() if curve.at_s), default=0.0)


def ghost_of(run: str, curves: tuple[Curve, ...]) -> Ghost:
    """Return the ghost of a run."""
    return Ghost(run, {curve.name: curve for curve in curves})
