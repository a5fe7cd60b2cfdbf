"""The rate that a layer is to have, which ramps of the recipe may change with the film, and how it was kept."""

import math
from typing import NamedTuple

from pvdstation.model.clock import to_ns
from pvdstation.recipe.procedure import RateRamp


class SetPoint(NamedTuple):
    """Where the layer is between its rates. A ramp runs only while the substrate is exposed."""

    rate_nm_s: float
    ramp: int = 0  # place of the one that runs or comes
    from_nm_s: float = math.nan  # rate at which it began; NaN while it has not
    passed_ns: int = 0  # since it began

    @property
    def is_ramping(self) -> bool:
        """Return whether the rate is on its way to another one."""
        return not math.isnan(self.from_nm_s)


def moved(point: SetPoint, ramps: tuple[RateRamp, ...], film_nm: float, passed_ns: int) -> SetPoint:
    """Return the set-point after a time of exposure: a ramp begins at its thickness and goes by the clock."""
    if point.ramp == len(ramps):
        return point
    ramp = ramps[point.ramp]
    if not point.is_ramping:
        return point._replace(from_nm_s=point.rate_nm_s, passed_ns=0) if film_nm >= ramp.at_nm else point
    passed_ns += point.passed_ns
    share = passed_ns / to_ns(ramp.over_s)
    if share >= 1:
        return SetPoint(ramp.to_nm_s, point.ramp + 1)
    rate = point.from_nm_s + share * (ramp.to_nm_s - point.from_nm_s)
    return point._replace(rate_nm_s=rate, passed_ns=passed_ns)


def slowest(point: SetPoint, ramps: tuple[RateRamp, ...]) -> float:
    """Return the lowest rate that is still to come, nm/s."""
    return min([point.rate_nm_s, *(ramp.to_nm_s for ramp in ramps[point.ramp :])])


class Kept(NamedTuple):
    """Running mean and spread of the rate at one set-point."""

    set_nm_s: float
    samples: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @property
    def sd(self) -> float:
        """Return the standard deviation, nm/s; NaN with too few samples."""
        return math.sqrt(self.squares / (self.samples - 1)) if self.samples > 1 else math.nan


def kept(before: tuple[Kept, ...], point: SetPoint, rate_nm_s: float) -> tuple[Kept, ...]:
    """Return the rates that were kept with one more sample; on a ramp nothing is kept."""
    if point.is_ramping or math.isnan(rate_nm_s):
        return before
    if len(before) <= point.ramp:
        before = (*before, Kept(point.rate_nm_s))
    last = before[-1]
    samples, delta = last.samples + 1, rate_nm_s - last.mean
    mean = last.mean + delta / samples
    return (*before[:-1], last._replace(samples=samples, mean=mean, squares=last.squares + delta * (rate_nm_s - mean)))
