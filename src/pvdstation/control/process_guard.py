"""What is watched of a closed rate loop from scan to scan: does power become rate, and does the crystal read well?

The accumulator is that of a heater's guard (safety 0.1, I8): what lacks of the set rate adds up, being in band clears
it; a small lasting lack and a large short one are judged on the same scale, and no single reading can trip.
"""

import math

from pvdstation.control.conditions import commanded_a
from pvdstation.control.crystal_rate import LEAST_SPIT_NM
from pvdstation.control.guard import UNGUARDED, ProcessGuard
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.crystal import display_thickness_nm
from pvdstation.model.signals import Quality

IN_BAND = 0.10
IN_BAND_NM_S = 0.005
"""Lack that does not count: the larger of 10 % of the set rate and 0.05 Å/s (safety B.3)."""
GAIN = 0.10
"""Rise of the rate, as a share of the set rate, that counts as an answer to more power."""
AT_LIMIT_PCT = 0.2
"""Resolution of the power, % of full scale."""
_NOISES = 6.0
_READINGS = 9
_LONGEST_NS = SECOND
"""Readings further apart say nothing of what happened in between."""
_TO_SIGMA = 1 / (0.6745 * math.sqrt(6))
"""From the median size of a second difference to the scatter of one reading."""


def guarded(before: tuple[ProcessGuard, ...], v: View, scene: Scene, *, is_held: bool) -> tuple[ProcessGuard, ...]:
    """Return the guards of all sources after this scan; those whose loop is open begin anew."""
    closed = {layer.source: layer for layer in scene.layers if layer.is_regulating}
    if not closed:
        return ()
    old = before or (UNGUARDED,) * len(v.frame.sources)
    return tuple(
        UNGUARDED if w.index not in closed else _guarded(guard, v, w, closed[w.index], is_open=is_held and w.host)
        for guard, w in zip(old, v.frame.sources, strict=True)
    )


def _guarded(before: ProcessGuard, v: View, w: Wiring, layer: Layer, *, is_open: bool) -> ProcessGuard:
    """A hold of our own loop opens it: what was added up stands."""
    guard = _read(before, v, w, layer)
    return guard._replace(seen_ns=v.now_ns) if is_open else _answered(guard, v, w, layer)


# --- rate for power ---


def _answered(before: ProcessGuard, v: View, w: Wiring, layer: Layer) -> ProcessGuard:
    """Return the guard with what lacks of the set rate, and since when power has brought none of it."""
    rate = 0.0 if math.isnan(layer.rate_nm_s) else layer.rate_nm_s
    power_pct = commanded_a(v, w) / w.supply.full_scale * 100
    if layer.is_ramping:  # the power goes with the set rate
        before = before._replace(band_pct=power_pct)
    lacks = layer.set_rate_nm_s - max(IN_BAND * layer.set_rate_nm_s, IN_BAND_NM_S) - rate
    if lacks <= 0 or not before.seen_ns:
        fresh = before._replace(seen_ns=v.now_ns, lack_s=0.0, limited_ns=None)
        fresh = fresh._replace(low_nm_s=rate, gain_ns=v.now_ns, gain_pct=power_pct)
        return fresh._replace(band_pct=power_pct) if lacks <= 0 else fresh
    passed_s = (v.now_ns - before.seen_ns) / SECOND
    is_limited = power_pct >= w.source.max_power - AT_LIMIT_PCT
    limited_ns = (v.now_ns if before.limited_ns is None else before.limited_ns) if is_limited else None
    lack_s = before.lack_s + lacks / layer.set_rate_nm_s * passed_s
    now = before._replace(seen_ns=v.now_ns, lack_s=lack_s, limited_ns=limited_ns)
    if rate > before.low_nm_s + GAIN * layer.set_rate_nm_s:
        return now._replace(low_nm_s=rate, gain_ns=v.now_ns, gain_pct=power_pct)
    return now._replace(low_nm_s=min(before.low_nm_s, rate))


# --- the crystal's readings ---


def _read(before: ProcessGuard, v: View, w: Wiring, layer: Layer) -> ProcessGuard:
    """Return the guard with this scan's reading of the crystal, when it is a new and good one."""
    reading = v.readings[w.crystal.frequency]
    if reading.counter == before.counter or reading.quality is not Quality.GOOD:
        return before._replace(spit_nm=0.0) if before.spit_nm else before
    readings = (*before.readings[-_READINGS + 1 :], (reading.at_ns, reading.value))
    if before.readings and reading.at_ns - before.readings[-1][0] > _LONGEST_NS:
        readings = readings[-1:]
    spit_nm = _spit(readings, before.scatter_hz, v, w, layer)
    spits = before.spits
    if spits or spit_nm:
        oldest_ns = v.now_ns - to_ns(v.station.limits.spit.within)
        spits = (*(at_ns for at_ns in spits if at_ns >= oldest_ns), *((v.now_ns,) if spit_nm else ()))
    rise_hz = readings[-1][1] - readings[-2][1] if len(readings) > 1 else 0.0
    rises = rise_hz > v.station.limits.crystal_rise
    return before._replace(
        counter=reading.counter,
        readings=readings,
        scatter_hz=_scatter(readings),
        rose_hz=rise_hz if rises else before.rose_hz,
        rose_ns=v.now_ns if rises else before.rose_ns,
        spits=spits,
        spit_nm=spit_nm,
    )


def _scatter(readings: tuple[tuple[int, float], ...]) -> float:
    """Return one sigma, Hz, by the median of second differences: a spit or a jump spoils only two of them.

    Each reading is compared with the line between its neighbours at its own time, so that late answers do not count.
    """
    if len(readings) < _READINGS:
        return math.nan
    bends = sorted(_bend(*three) for three in zip(readings, readings[1:], readings[2:], strict=False))
    return bends[len(bends) // 2] * _TO_SIGMA


def _bend(before: tuple[int, float], here: tuple[int, float], after: tuple[int, float]) -> float:
    """Return the second difference of three readings, Hz, as if they were equally far apart in time."""
    share = (here[0] - before[0]) / (after[0] - before[0])
    return 2 * abs(before[1] + share * (after[1] - before[1]) - here[1])


def _spit(readings: tuple[tuple[int, float], ...], scatter_hz: float, v: View, w: Wiring, layer: Layer) -> float:
    """Return what has landed at once before the last reading but one, nm; 0 where it was noise or is taken back."""
    if len(readings) < 3:
        return 0.0
    (before_ns, before_hz), (at_ns, hz), (_, after_hz) = readings[-3:]
    passed_s = (at_ns - before_ns) / SECOND
    grown_nm = _grown(before_hz, hz, w)
    noise_nm = 0.0 if math.isnan(scatter_hz) else _NOISES * _grown(before_hz, before_hz - scatter_hz, w)
    is_on_its_way = not layer.is_exposed and layer.rate_nm_s > layer.set_rate_nm_s  # down to a slow rate
    usual_nm = (layer.rate_nm_s if is_on_its_way else layer.set_rate_nm_s) * passed_s
    if grown_nm < v.station.limits.spit.times * usual_nm or grown_nm - usual_nm < max(LEAST_SPIT_NM, noise_nm):
        return 0.0
    is_taken_back = after_hz > (before_hz + hz) / 2
    return 0.0 if is_taken_back else grown_nm - usual_nm


def _grown(before_hz: float, hz: float, w: Wiring) -> float:
    return display_thickness_nm(before_hz, hz, w.source.density, w.source.z, w.tooling_pct)
