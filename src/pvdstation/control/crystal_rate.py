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
LEAST_SPIT_NM = 0.2
"""Smaller steps are lost in the noise of a light film on a worn crystal."""
SPIT_TIMES = 3.0
"""A step of so much more than what grows between two samples has landed at once."""
_NOISES = 6.0
SLOW_NM_S = 0.25
"""Below this set-point a second is too short: what a reading of lithium wavers by (0.03 Hz of 0.22 nm/Hz, physics 1.8)
makes 8 % of 0.1 nm/s in one second, and 3 % in two."""
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
    offset_nm: float = 0.0  # what jumps of the crystal, which are no film, have added
    step_nm: float = 0.0  # of the last sample, beyond what grows: a spit, unless the next one takes it back


def followed(before: Track, v: View, w: Wiring) -> Track:
    """Return the track with this scan's reading, when it is a new and good one.

    A spit counts as film, but the samples before it are lifted by it: it is no rate. After a jump the thickness goes
    on from where the line was: a jump is no film.
    """
    reading = v.readings[w.crystal.frequency]
    sqc = v.station.sqc
    is_usable = reading.quality is Quality.GOOD and sqc.f_min <= reading.value <= sqc.f_max * 1.01
    if reading.counter == before.counter or not is_usable:
        return before._replace(is_new=False) if before.is_new else before
    zero_hz, at_ns = before.zero_hz or reading.value, reading.at_ns
    nm = display_thickness_nm(zero_hz, reading.value, w.source.density, w.source.z, w.tooling_pct) + before.offset_nm
    offset_nm = before.offset_nm
    if _jumps(before, at_ns, nm):
        if before.jumps < MOST_JUMPS:
            return before._replace(counter=reading.counter, is_new=False, jumps=before.jumps + 1)
        shift_nm = thickness_at(before, at_ns) - nm
        nm, offset_nm = nm + shift_nm, offset_nm + shift_nm
    earlier = _without_outlier(before, nm)
    step_nm = _step(before, at_ns, nm) if earlier is before.samples else 0.0
    if step_nm:
        earlier = _lifted(earlier, step_nm)
    oldest = at_ns - FIT_NS - _SLACK_NS
    samples = (*(pair for pair in earlier if pair[0] >= oldest), (at_ns, nm))
    rate_nm_s = _rate(samples)
    return Track(zero_hz, reading.counter, samples, rate_nm_s, is_new=True, offset_nm=offset_nm, step_nm=step_nm)


def _step(track: Track, at_ns: int, nm: float) -> float:
    """Return by how much a sample lies above what grows since the last one, nm; 0 where that is noise, or a surge."""
    if math.isnan(track.rate_nm_s) or track.step_nm:
        return 0.0
    last_ns, last_nm = track.samples[-1]
    grows_nm = abs(track.rate_nm_s) * (at_ns - last_ns) / SECOND
    step_nm = nm - last_nm - grows_nm
    if not step_nm > max(LEAST_SPIT_NM, SPIT_TIMES * grows_nm):
        return 0.0
    return step_nm if step_nm > _NOISES * _scatter(track.samples) else 0.0


def _scatter(samples: tuple[tuple[int, float], ...]) -> float:
    """Return how far samples lie from their line, nm (one sigma)."""
    mean_nm, slope, mean_ns = _line(samples)
    squares = sum((nm - mean_nm - slope * (at_ns - mean_ns) / SECOND) ** 2 for at_ns, nm in samples)
    return math.sqrt(squares / max(1, len(samples) - 2))


def _lifted(samples: tuple[tuple[int, float], ...], by_nm: float) -> tuple[tuple[int, float], ...]:
    return tuple((at_ns, nm + by_nm) for at_ns, nm in samples)


def _without_outlier(before: Track, nm: float) -> tuple[tuple[int, float], ...]:
    """Return the samples so far; a step that this sample does not confirm was one bad reading, which is left out."""
    if not before.step_nm or nm > before.samples[-1][1] - before.step_nm / 2:
        return before.samples
    return _lifted(before.samples[:-1], -before.step_nm)


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


def judged_rate(track: Track, set_rate_nm_s: float) -> float:
    """Return the rate that is compared with a set-point, nm/s: over one second, of a slow layer over two."""
    if set_rate_nm_s >= SLOW_NM_S or math.isnan(track.rate_nm_s):
        return track.rate_nm_s
    return _line(track.samples)[1]


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


def by_time(track: Track, rate_nm_s: float) -> Track:
    """Return the track of a film that goes on at a rate by the clock, from its last sample on."""
    last_ns = track.samples[-1][0]
    last_nm = thickness_at(track, last_ns)
    spacing_nm, spacing_ns = rate_nm_s / FEWEST, SECOND // FEWEST
    samples = tuple((last_ns - k * spacing_ns, last_nm - k * spacing_nm) for k in reversed(range(FEWEST)))
    return track._replace(samples=samples, rate_nm_s=rate_nm_s, is_new=False)
