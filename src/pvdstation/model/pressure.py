"""The chamber's pressure as one number for display, out of the full-range and the capacitance gauge.

Interlocks never use it: each takes the gauge that it needs, pessimistically (vacuum reference 6, design 4). Gas
factors: BCG450 manual tina40e1 p.54, in p_true = C × reading.
"""

import math
from enum import IntEnum
from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality, Reading

STALE_NS = 2 * SECOND
CAPACITANCE_FROM_MBAR = 10.0
"""From here on only the capacitance gauge counts."""
FULL_RANGE_TO_MBAR = 2.0
"""Up to here only the full-range gauge counts; between the two they are blended and compared."""
ALONE_FULL_RANGE_MBAR = 1.0
"""A full-range gauge alone is trusted below this, a capacitance gauge alone above ``CAPACITANCE_FROM_MBAR``."""
DOUBT_RATIO, BAD_RATIO = 2.0, 5.0
DOUBT_AFTER_NS = 10 * SECOND
ZERO_BELOW_MBAR, ZERO_AFTER_NS, ZERO_ERROR_MBAR = 1e-3, 1800 * SECOND, 0.5
ION_ARGON, PIRANI_ARGON = 0.8, 1.7
_ION_BELOW_MBAR, _PIRANI_ABOVE_MBAR = 1e-3, 1e-2
_USABLE = (Quality.GOOD, Quality.UNDER_RANGE, Quality.OVER_RANGE)
HIGHEST_MBAR = 1e5
"""No gauge here can show more."""
_NEVER = 2**62


class Trust(IntEnum):
    """How far the number can be trusted."""

    GOOD = 0
    LIMITED = 1  # a bound, or two gauges that disagree
    BAD = 2


class Since(NamedTuple):
    """Since when, ns, something has lasted; handed in again at the next call."""

    disagreeing_ns: int = _NEVER
    high_vacuum_ns: int = _NEVER


class Pressure(NamedTuple):
    """One number, NaN when there is none, how far it can be trusted, whose it is, and what should be looked after."""

    value_mbar: float
    trust: Trust
    source: str  # "full-range", "capacitance", "both" or ""
    bound: str  # "<": the true pressure is at most this, ">": at least, "": a measurement
    warning: str
    since: Since


AT_FIRST = Since()


def combine(full_range: Reading, capacitance: Reading, gas: str, now_ns: int, since: Since = AT_FIRST) -> Pressure:
    """Return the pressure out of both gauges; ``gas`` is "Ar" only when the chamber's gas is known to be argon.

    Readings in mbar; one that is older than 2 s, faulty or not a number is dropped. Ages are counted to ``now_ns``.
    """
    f = _usable(full_range, now_ns, lowest_mbar=math.ulp(0.0))
    c = _usable(capacitance, now_ns, lowest_mbar=-HIGHEST_MBAR)
    if f is not None and gas == "Ar":
        f = f._replace(value=f.value * argon_factor(f.value))
    if f is None or c is None:
        return _alone(f, c, Since(high_vacuum_ns=_lasting(since.high_vacuum_ns, now_ns, is_so=_is_high_vacuum(f))))
    ratio = _ratio(f, c)
    lasting = Since(
        _lasting(since.disagreeing_ns, now_ns, is_so=not 1 / DOUBT_RATIO <= ratio <= DOUBT_RATIO),
        _lasting(since.high_vacuum_ns, now_ns, is_so=_is_high_vacuum(f)),
    )
    return _compared(_chosen(f, c, lasting), ratio, c, now_ns)


def argon_factor(shown_mbar: float) -> float:
    """Return C of a full-range gauge in argon: ionisation below 1e-3, Pirani above 1e-2 mbar, log blend between."""
    if shown_mbar <= _ION_BELOW_MBAR:
        return ION_ARGON
    if shown_mbar >= _PIRANI_ABOVE_MBAR:
        return PIRANI_ARGON
    return _blend(ION_ARGON, PIRANI_ARGON, shown_mbar, _ION_BELOW_MBAR, _PIRANI_ABOVE_MBAR)


def _usable(reading: Reading, now_ns: int, lowest_mbar: float) -> Reading | None:
    is_young = now_ns - reading.at_ns <= STALE_NS
    is_number = lowest_mbar <= reading.value <= HIGHEST_MBAR  # not so for NaN and infinities
    return reading if is_young and is_number and reading.quality in _USABLE else None


def _alone(f: Reading | None, c: Reading | None, since: Since) -> Pressure:
    if f is not None and f.value < ALONE_FULL_RANGE_MBAR and f.quality is not Quality.OVER_RANGE:
        return _of(f, "full-range", since)
    if c is not None and c.value > CAPACITANCE_FROM_MBAR and c.quality is not Quality.UNDER_RANGE:
        return _of(c, "capacitance", since)
    return Pressure(math.nan, Trust.BAD, "", "", "", since)


def _chosen(f: Reading, c: Reading, since: Since) -> Pressure:
    if c.quality is Quality.OVER_RANGE or c.value >= CAPACITANCE_FROM_MBAR:
        return _of(c, "capacitance", since)
    if c.quality is Quality.UNDER_RANGE or c.value <= FULL_RANGE_TO_MBAR:
        return _of(f, "full-range", since)
    value_mbar = _blend(f.value, c.value, c.value, FULL_RANGE_TO_MBAR, CAPACITANCE_FROM_MBAR)
    is_bound = f.quality is not Quality.GOOD
    return Pressure(value_mbar, Trust.LIMITED if is_bound else Trust.GOOD, "both", "", "", since)


def _of(reading: Reading, source: str, since: Since) -> Pressure:
    bound = {Quality.UNDER_RANGE: "<", Quality.OVER_RANGE: ">"}.get(reading.quality, "")
    return Pressure(reading.value, Trust.LIMITED if bound else Trust.GOOD, source, bound, "", since)


def _compared(found: Pressure, ratio: float, c: Reading, now_ns: int) -> Pressure:
    """Return it with what the other gauge says against it."""
    if not 1 / BAD_RATIO <= ratio <= BAD_RATIO:
        return found._replace(trust=Trust.BAD, warning="full-range and capacitance gauge contradict each other")
    since = found.since
    if now_ns - since.disagreeing_ns > DOUBT_AFTER_NS:
        trust = max(found.trust, Trust.LIMITED)
        return found._replace(trust=trust, warning="full-range and capacitance gauge differ by more than a factor of 2")
    has_zero = c.quality is Quality.UNDER_RANGE or abs(c.value) >= ZERO_ERROR_MBAR
    if has_zero and now_ns - since.high_vacuum_ns > ZERO_AFTER_NS:
        return found._replace(warning="the capacitance gauge needs a new zero")
    return found


def _ratio(f: Reading, c: Reading) -> float:
    """Return full-range to capacitance where they are compared; 1 where they are not, or where bounds allow it."""
    if c.value >= CAPACITANCE_FROM_MBAR or c.quality is Quality.OVER_RANGE:
        return 1.0  # the full-range gauge is ignored there, whatever it shows
    # Below 2 mbar only a full-range gauge that shows much more contradicts: its own noise of zero is no pressure.
    low = c.quality is Quality.UNDER_RANGE or c.value <= FULL_RANGE_TO_MBAR
    ratio = f.value / (FULL_RANGE_TO_MBAR if low else c.value)
    if low or f.quality is Quality.OVER_RANGE:
        ratio = max(ratio, 1.0)
    return min(ratio, 1.0) if f.quality is Quality.UNDER_RANGE else ratio


def _is_high_vacuum(f: Reading | None) -> bool:
    return f is not None and f.quality is not Quality.OVER_RANGE and f.value < ZERO_BELOW_MBAR


def _lasting(since_ns: int, now_ns: int, *, is_so: bool) -> int:
    return min(since_ns, now_ns) if is_so else _NEVER


def _blend(low: float, high: float, at: float, start: float, end: float) -> float:
    """Return a value between two, in logarithms, by where ``at`` lies between start and end."""
    share = math.log(at / start) / math.log(end / start)
    return math.exp(share * math.log(high) + (1.0 - share) * math.log(low))
