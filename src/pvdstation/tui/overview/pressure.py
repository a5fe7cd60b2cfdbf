"""The chamber's pressure: the gauge that counts, and whether it rises or falls."""

import math
from collections import deque
from typing import NamedTuple

from pvdstation.desk.snapshot import Snapshot
from pvdstation.model.signals import Quality
from pvdstation.tui.figures import SECOND_NS
from pvdstation.tui.overview.marks import OLD_S, signal

CAPACITANCE, FULL_RANGE = "chamber.capacitance", "chamber.full_range"
CAPACITANCE_FROM_MBAR = 2.0
"""The capacitance gauge counts from here on, the full-range gauge below."""
_OVER_S = 10.0
_STEADY = 0.03
_WORDS = {
    Quality.UNDER_RANGE: "under range",
    Quality.OVER_RANGE: "OVER RANGE",
    Quality.UNCERTAIN: "UNCERTAIN",
    Quality.SENSOR_FAULT: "SENSOR FAULT",
    Quality.COMM_FAULT: "NO LINK",
    Quality.NEVER: "never read",
}


class Pressure(NamedTuple):
    """A pressure in mbar, NaN when nobody knows; which gauge says so, and what is wrong with it."""

    mbar: float
    gauge: str
    wrong: str = ""


def pressure_of(snapshot: Snapshot) -> Pressure:
    """Return the chamber's pressure by the gauge that counts."""
    high = signal(snapshot, CAPACITANCE)
    if high is not None and high.quality is Quality.GOOD and high.value >= CAPACITANCE_FROM_MBAR:
        return Pressure(high.value, "capacitance gauge", _old(high.age_s))
    low = signal(snapshot, FULL_RANGE)
    if low is None:
        return Pressure(math.nan, "no gauge")
    if low.quality is not Quality.GOOD:
        return Pressure(math.nan, "full-range gauge", _WORDS[low.quality])
    return Pressure(low.value, "full-range gauge", _old(low.age_s))


def _old(age_s: float) -> str:
    return f"{age_s:.0f} s OLD" if age_s > OLD_S else ""


class Tendency:
    """Says whether the pressure rises or falls, by the run's clock over the last 10 s."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=200)

    def keep(self, now_ns: int, mbar: float) -> None:
        """Take a reading."""
        if self._seen and now_ns < self._seen[-1][0]:
            self._seen.clear()
        self._seen.append((now_ns, mbar))
        while self._seen[0][0] < now_ns - 2 * _OVER_S * SECOND_NS:
            self._seen.popleft()

    @property
    def word(self) -> str:
        """Return rising, falling or steady; empty when nobody knows yet."""
        if len(self._seen) < 2:
            return ""
        last_ns, last = self._seen[-1]
        before = [mbar for at_ns, mbar in self._seen if at_ns <= last_ns - _OVER_S * SECOND_NS]
        if not before or math.isnan(last) or math.isnan(before[-1]) or before[-1] <= 0:
            return ""
        change = last / before[-1] - 1
        return "steady" if abs(change) < _STEADY else "rising" if change > 0 else "falling"
