"""Fewer points for the same picture: the lowest and the highest of each stretch are kept, and the gaps."""

import math
from collections.abc import Sequence

POINTS = 1500


def thinned(at_s: Sequence[float], values: Sequence[float], points: int = POINTS) -> tuple[list[float], list[float]]:
    """Return at most about ``points`` samples with every peak of the curve; NaN stands where nothing was measured."""
    if len(at_s) <= points:
        return list(at_s), list(values)
    width = math.ceil(2 * len(at_s) / points)
    times: list[float] = []
    kept: list[float] = []
    for begin in range(0, len(at_s), width):
        places = [place for place in range(begin, min(begin + width, len(at_s))) if not math.isnan(values[place])]
        if not places:
            if not kept or not math.isnan(kept[-1]):
                times.append(at_s[begin])
                kept.append(math.nan)
            continue
        low, high = min(places, key=values.__getitem__), max(places, key=values.__getitem__)
        for place in sorted({low, high}):
            times.append(at_s[place])
            kept.append(values[place])
    return times, kept
