"""The substrate's exposure: when the shutter effectively opened and closed, and what was seen in between."""

import math
from typing import NamedTuple

from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Position
from pvdstation.model.station import FINGERPRINT_A

FIRST_GUESS_NS = SECOND // 5
"""From order to half-open before the switches have taught it: 50 ms latency, half of 0.3 s travel."""
_SPACING_NS = SECOND
_MOST = 64
FEWEST_POWERS = 25
"""The power settles after the shutter has opened; a boat's resistance is judged from the fewest values on."""
_FEWEST = 5


class Stroke(NamedTuple):
    """One stroke of the substrate shutter, timed by its switches."""

    ordered_ns: int
    left_before_ns: int  # last sample in which the first switch was still made
    left_after_ns: int | None = None  # first sample in which it was not
    arrived_before_ns: int | None = None  # last sample before the second switch was made

    def lasts_ns(self, arrived_ns: int) -> int:
        """Return the time from the order to half travel, ns, bracketed by the samples."""
        left_after = arrived_ns if self.left_after_ns is None else self.left_after_ns
        arrived_before = self.left_before_ns if self.arrived_before_ns is None else self.arrived_before_ns
        left = (self.left_before_ns + left_after) / 2
        arrived = (arrived_before + arrived_ns) / 2
        return round((left + arrived) / 2) - self.ordered_ns


def watched(stroke: Stroke, v: View, start: Position) -> Stroke:
    """Return the stroke with this scan's switches."""
    reading = v.readings[v.s.substrate_shutter]
    if reading.value == start:
        return stroke._replace(left_before_ns=max(stroke.left_before_ns, reading.at_ns))
    if stroke.left_after_ns is None:
        stroke = stroke._replace(left_after_ns=reading.at_ns)
    return stroke._replace(arrived_before_ns=reading.at_ns)


class Statistics(NamedTuple):
    """Running mean and spread of the rate, and medians of power and resistance, while exposed."""

    samples: int = 0
    mean: float = 0.0
    squares: float = 0.0
    peak_w: float = 0.0
    worst_mbar: float = 0.0
    hottest_ohm: float = 0.0
    next_ns: int = 0
    spacing_ns: int = _SPACING_NS
    powers: tuple[float, ...] = ()
    resistances: tuple[float, ...] = ()

    @property
    def sd(self) -> float:
        """Return the standard deviation of the rate, nm/s."""
        return math.sqrt(self.squares / (self.samples - 1)) if self.samples > 1 else 0.0


def extremes(before: Statistics, v: View, w: Wiring) -> Statistics:
    """Return the statistics with this scan's highest power and pressure."""
    watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
    peak = watts if watts > before.peak_w else before.peak_w
    worst = v.full_range if v.full_range > before.worst_mbar else before.worst_mbar
    ohm = hottest(before.hottest_ohm, v, w)
    if (peak, worst, ohm) == (before.peak_w, before.worst_mbar, before.hottest_ohm):
        return before
    return before._replace(peak_w=peak, worst_mbar=worst, hottest_ohm=ohm)


def hottest(before_ohm: float, v: View, w: Wiring) -> float:
    """Return the highest resistance so far, of currents at which it means something, ohm."""
    volt, ampere = v.supply(w.signals.voltage), v.supply(w.signals.current)
    if not ampere >= FINGERPRINT_A[0]:
        return before_ohm
    return max(before_ohm, volt / ampere) if volt > 0 else before_ohm


def counted(before: Statistics, v: View, w: Wiring, rate_nm_s: float) -> Statistics:
    """Return the statistics with one more rate, and now and then one more power and resistance."""
    if math.isnan(rate_nm_s):
        return before
    samples = before.samples + 1
    delta = rate_nm_s - before.mean
    mean = before.mean + delta / samples
    after = before._replace(samples=samples, mean=mean, squares=before.squares + delta * (rate_nm_s - mean))
    volt, ampere = v.supply(w.signals.voltage), v.supply(w.signals.current)
    if v.now_ns < before.next_ns or not ampere > 1 or math.isnan(volt):
        return after
    powers, resistances, spacing = (
        (*before.powers, volt * ampere),
        (*before.resistances, volt / ampere),
        before.spacing_ns,
    )
    if len(powers) > _MOST:
        powers, resistances, spacing = powers[::2], resistances[::2], 2 * spacing
    return after._replace(next_ns=v.now_ns + spacing, spacing_ns=spacing, powers=powers, resistances=resistances)


def median(values: tuple[float, ...], fewest: int = _FEWEST) -> float:
    """Return the median; NaN with too few values."""
    if len(values) < fewest:
        return math.nan
    ranked = sorted(values)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2
