"""Rate and thickness of a layer from its crystal's frequency, by the SQC-310's own display formula.

One path for both loop owners, so a tooling number means the same with either. Times are those at which the reading
arrived; what the unit's measuring period adds is the same at a shutter's opening and closing and cancels.
"""

import math
from typing import NamedTuple

from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.crystal import display_thickness_nm
from pvdstation.model.signals import Quality

FIT_NS = 2 * SECOND
RATE_NS = SECOND
_SLACK_NS = SECOND // 10
LEAST_JUMP_NM = 1.0
"""Smaller steps are noise, or a spit that has landed."""
MOST_JUMPS = 4
FEWEST = 4
"""Samples a rate needs: two would be a difference of two noisy numbers."""


class Track(NamedTuple):
    """The last two seconds of one crystal."""

    zero_hz: float = 0.0
    counter: int = -1
    samples: tuple[tuple[int, float], ...] = ()  # arrived ns, thickness nm since zero_hz
    rate_nm_s: float = math.nan  # mean over the last second
    is_new: bool = False  # a sample came in this scan
    jumps: int = 0  # samples in a row that were left out: no source changes a film so fast


def followed(before: Track, v: View, w: Wiring) -> Track:
    """Return the track with this scan's reading, when it is a new and good one."""
    reading = v.readings[w.crystal.frequency]
    sqc = v.station.sqc
    is_usable = reading.quality is Quality.GOOD and sqc.f_min <= reading.value <= sqc.f_max * 1.01
    if reading.counter == before.counter or not is_usable:
        return before._replace(is_new=False) if before.is_new else before
    zero_hz = before.zero_hz or reading.value
    nm = display_thickness_nm(zero_hz, reading.value, w.source.density, w.source.z, w.tooling_pct)
    if _jumps(before, reading.at_ns, nm):
        return before._replace(counter=reading.counter, is_new=False, jumps=before.jumps + 1)
    oldest = reading.at_ns - FIT_NS - _SLACK_NS
    samples = (*(pair for pair in before.samples if pair[0] >= oldest), (reading.at_ns, nm))
    return Track(zero_hz, reading.counter, samples, _rate(samples), is_new=True)


def _jumps(track: Track, at_ns: int, nm: float) -> bool:
    """Return whether a sample lies further from the fitted line than ten times what grows in its time."""
    if math.isnan(track.rate_nm_s):
        return False
    since_s = (at_ns - track.samples[-1][0]) / SECOND
    return abs(nm - thickness_at(track, at_ns)) > max(LEAST_JUMP_NM, 10 * abs(track.rate_nm_s) * since_s)


def _rate(samples: tuple[tuple[int, float], ...]) -> float:
    newest = samples[-1][0]
    recent = [pair for pair in samples if newest - pair[0] <= RATE_NS + _SLACK_NS]
    if len(recent) < FEWEST:
        return math.nan
    return _line(recent)[1]


def _line(pairs: list[tuple[int, float]] | tuple[tuple[int, float], ...]) -> tuple[float, float, int]:
    """Return mean thickness (nm), slope (nm/s) and mean time (ns) of the least-squares line."""
    count = len(pairs)
    start = pairs[0][0]
    times = [(at - start) / SECOND for at, _nm in pairs]
    mean_t = sum(times) / count
    mean_nm = sum(nm for _at, nm in pairs) / count
    spread = sum((t - mean_t) ** 2 for t in times)
    if spread == 0:
        return mean_nm, 0.0, start
    slope = sum((t - mean_t) * (nm - mean_nm) for t, (_at, nm) in zip(times, pairs, strict=True)) / spread
    return mean_nm, slope, start + round(mean_t * SECOND)


def thickness_at(track: Track, at_ns: int) -> float:
    """Return the thickness of the fitted line at a time, nm; NaN with too few samples."""
    if len(track.samples) < FEWEST:
        return math.nan
    mean_nm, slope, mean_ns = _line(track.samples)
    return mean_nm + slope * (at_ns - mean_ns) / SECOND


def time_of(track: Track, thickness_nm: float) -> int | None:
    """Return when the fitted line reaches a thickness, ns; None when it does not grow."""
    if len(track.samples) < FEWEST:
        return None
    mean_nm, slope, mean_ns = _line(track.samples)
    if not slope > 0:
        return None
    return mean_ns + round((thickness_nm - mean_nm) / slope * SECOND)
