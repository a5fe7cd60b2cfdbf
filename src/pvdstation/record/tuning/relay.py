"""The relay method: the drive jumps between two values each time the rate passes its middle, and the loop oscillates.

Amplitude and phase of the oscillation are one point of the source's frequency response, read by the Fourier sum of each
whole cycle of ln(rate) and of the drive: neither the shape of the drive nor the relay's hysteresis matters (Åström and
Hägglund, Automatica 20 (1984) 645, do it by the amplitude alone). Ultimate gain and period follow with an integrator
with dead time through this point; the source's time constant is much longer than the period.
"""

import cmath
import math
from dataclasses import dataclass
from statistics import fmean, stdev

from pvdstation.record.tuning.answer import Answer

FEWEST_CYCLES = 3
_FIRST = 1
"""Cycles at the beginning that are not counted."""


@dataclass(frozen=True, slots=True)
class Oscillation:
    """What the relay has found; sd: 1 sigma of the mean of all cycles."""

    cycles: int
    period_s: float
    period_sd_s: float
    amplitude: float  # of ln(rate)
    ultimate_gain_pct: float  # % of drive per unit of ln(rate)
    ultimate_gain_sd_pct: float
    ultimate_period_s: float
    ultimate_period_sd_s: float
    slope_per_pct_s: float  # of the integrator: d ln(rate)/dt per % of drive
    dead_s: float
    drive_pct: float
    rate_nm_s: float


def oscillation(answer: Answer) -> Oscillation:
    """Return the oscillation. Raises ValueError when it was none, or too short."""
    cycles = [_cycle(answer, *ends) for ends in _whole_cycles(answer)]
    found = [cycle for cycle in cycles if cycle is not None]
    if len(found) < FEWEST_CYCLES:
        raise ValueError(f"{len(found)} whole cycles: at least {FEWEST_CYCLES} are needed")
    known = [rate for rate in answer.rate_nm_s if rate > 0]
    return Oscillation(
        cycles=len(found),
        period_s=fmean(c.period_s for c in found),
        period_sd_s=_sd([c.period_s for c in found]),
        amplitude=fmean(c.amplitude for c in found),
        ultimate_gain_pct=fmean(c.gain_pct for c in found),
        ultimate_gain_sd_pct=_sd([c.gain_pct for c in found]),
        ultimate_period_s=fmean(4 * c.dead_s for c in found),
        ultimate_period_sd_s=_sd([4 * c.dead_s for c in found]),
        slope_per_pct_s=fmean(c.slope for c in found),
        dead_s=fmean(c.dead_s for c in found),
        drive_pct=fmean(answer.drive_pct),
        rate_nm_s=math.exp(fmean(math.log(rate) for rate in known)),
    )


@dataclass(frozen=True, slots=True)
class _Cycle:
    period_s: float
    amplitude: float
    gain_pct: float
    slope: float
    dead_s: float


def _whole_cycles(answer: Answer) -> list[tuple[int, int]]:
    """Return the cycles between two jumps upwards, as places of the first sample and of the one after the last."""
    middle = (min(answer.drive_pct) + max(answer.drive_pct)) / 2
    ups = [
        place
        for place in range(1, len(answer.drive_pct))
        if answer.drive_pct[place - 1] < middle <= answer.drive_pct[place]
    ]
    return list(zip(ups[_FIRST:], ups[_FIRST + 1 :], strict=False))


def _cycle(answer: Answer, begin: int, end: int) -> _Cycle | None:
    rates = answer.rate_nm_s[begin : end + 1]
    if not all(rate > 0 for rate in rates):
        return None  # a reading is missing: NaN is not above 0 either
    times, drive = answer.at_s[begin : end + 1], answer.drive_pct[begin : end + 1]
    period_s = times[-1] - times[0]
    omega = 2 * math.pi / period_s
    out = _fourier(times, [math.log(rate) for rate in rates], omega)
    into = _fourier(times, list(drive), omega)
    response = out / into
    lag = -cmath.phase(response) % (2 * math.pi)
    dead_s = (lag - math.pi / 2) / omega
    if not dead_s > 0:
        return None
    slope = abs(response) * omega
    return _Cycle(period_s, abs(out), math.pi / 2 / dead_s / slope, slope, dead_s)


def _fourier(times: tuple[float, ...], values: list[float], omega: float) -> complex:
    """Return the amplitude at a frequency over one cycle; the straight line between its ends is taken off."""
    last = len(values) - 1
    rise = (values[-1] - values[0]) / last
    plain = [value - values[0] - rise * place for place, value in enumerate(values)]
    total = sum(
        (value * cmath.exp(-1j * omega * (at_s - times[0])) for at_s, value in zip(times[:-1], plain, strict=False)), 0j
    )
    return 2 * total / last


def _sd(values: list[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
