"""First order with dead time, fitted to ln(rate) after steps of the drive; what drifts meanwhile is fitted with it.

ln R(t) = a + b t + c t² + d exp(-t/tau) + K x(t - L); x follows the drive with the time constant. The drift stands
for the clamps, which take minutes to warm up, d for what the closed loop did right before. Variable projection: all but
time constant and dead time are linear, and these two are searched.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvdstation.record.tuning.answer import Answer

Array = NDArray[np.float64]
_TAUS = np.geomspace(2.0, 90.0, 24)
_DEADS = np.arange(0.0, 12.1, 0.5)
_LONGEST_LAG = 240
"""Scans over which noise may hang together: a minute."""
FEWEST = 100


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """A source near its operating rate; sd: 1 sigma."""

    gain_per_pct: float  # d ln(rate) per % of drive
    gain_sd: float
    tau_s: float
    tau_sd_s: float
    dead_s: float
    dead_sd_s: float
    noise: float = 0.0  # standard deviation of what the model leaves of ln(rate)
    drive_pct: float = 0.0  # before the step
    rate_nm_s: float = 0.0

    @property
    def gain_nm_s_pct(self) -> float:
        """Return the gain at the operating rate, nm/s per %."""
        return self.gain_per_pct * self.rate_nm_s


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model, and what it says at each sample, for the plot."""

    model: FirstOrder
    at_s: Array
    rate_nm_s: Array  # measured
    fitted_nm_s: Array


def fit(answer: Answer) -> Fitted:
    """Fit the model. Raises ValueError when there is too little to fit, or when the rate did not answer."""
    at_s, drive, rate = (np.array(column) for column in (answer.at_s, answer.drive_pct, answer.rate_nm_s))
    usable = np.isfinite(rate) & (rate > 0) & np.isfinite(drive)
    if np.count_nonzero(usable) < FEWEST:
        raise ValueError(f"only {np.count_nonzero(usable)} readings of the rate: too few to fit")
    t, y = at_s[usable], np.log(rate[usable])
    times, steps = _steps(at_s[np.isfinite(drive)], drive[np.isfinite(drive)])
    if not times.size:
        raise ValueError("the drive did not change: there is nothing to fit")
    tau, dead = _searched(t, y, times, steps)
    design = _design(t, times, steps, tau, dead)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    gain = float(coefficients[0])
    residual = y - design @ coefficients
    sd = _deviations(t, times, steps, tau, dead, gain, design, residual)
    base_pct, rate_nm_s = _operating(answer, t, drive[usable], y)
    model = FirstOrder(gain, sd[0], tau, sd[1], dead, sd[2], float(np.std(residual)), base_pct, rate_nm_s)
    if not gain > 3 * model.gain_sd > 0:
        raise ValueError(f"the rate did not answer the drive: {gain:.3f} ± {model.gain_sd:.3f} per %")
    return Fitted(model, t, np.exp(y), np.exp(design @ coefficients))


def _operating(answer: Answer, t: Array, drive: Array, y: Array) -> tuple[float, float]:
    """Return drive (%) and rate (nm/s) before the step."""
    step_s = answer.marks[1][0] if len(answer.marks) > 1 else t[-1] / 3
    before = t < step_s
    return float(np.median(drive[before])), float(np.exp(np.mean(y[before])))


def _steps(at_s: Array, drive: Array) -> tuple[Array, Array]:
    """Return when the drive changed, and by how much. A change acts from its scan on."""
    changes = np.diff(drive)
    moved = np.flatnonzero(np.abs(changes) > 1e-9)
    return at_s[moved + 1], changes[moved]


def _shape(t: Array, times: Array, steps: Array, tau: float, dead: float) -> Array:
    """Return what a gain of 1 answers."""
    since = t[:, None] - times[None, :] - dead
    risen = 1 - np.exp(-np.maximum(since, 0.0) / tau)
    answer: Array = risen @ steps
    return answer


def _design(t: Array, times: Array, steps: Array, tau: float, dead: float) -> Array:
    scaled = t / t[-1]
    shape, settling = _shape(t, times, steps, tau, dead), np.exp(-t / tau)
    return np.column_stack([shape, np.ones_like(t), scaled, scaled**2, settling])


def _left(t: Array, y: Array, times: Array, steps: Array, tau: float, dead: float) -> float:
    design = _design(t, times, steps, tau, dead)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ coefficients
    return float(residual @ residual)


def _searched(t: Array, y: Array, times: Array, steps: Array) -> tuple[float, float]:
    """Return time constant and dead time: the best of a grid, refined by ever smaller steps."""
    best = min((_left(t, y, times, steps, float(tau), float(dead)), float(tau), float(dead))
               for tau in _TAUS for dead in _DEADS)  # fmt: skip
    by_tau, by_dead = 1.1, 0.25
    while by_dead > 0.005:
        _, tau, dead = best
        tried = [(tau * by_tau, dead), (tau / by_tau, dead), (tau, dead + by_dead), (tau, max(0.0, dead - by_dead)),
                 (tau * by_tau, max(0.0, dead - by_dead)), (tau / by_tau, dead + by_dead)]  # fmt: skip
        found = min((_left(t, y, times, steps, *pair), *pair) for pair in tried)
        if found[0] < best[0]:
            best = found
        else:
            by_tau, by_dead = 1 + (by_tau - 1) / 2, by_dead / 2
    return best[1], best[2]


def _deviations(
    t: Array, times: Array, steps: Array, tau: float, dead: float, gain: float, design: Array, residual: Array
) -> tuple[float, float, float]:
    """Return 1 sigma of gain, time constant and dead time, by the linearised model; noise that hangs together counts
    as fewer readings.
    """
    h_tau, h_dead = 0.01 * tau, 0.05
    d_tau = gain * (_shape(t, times, steps, tau + h_tau, dead) - _shape(t, times, steps, tau - h_tau, dead)) / 2 / h_tau
    d_dead = gain * (_shape(t, times, steps, tau, dead + h_dead) - _shape(t, times, steps, tau, dead - h_dead))
    jacobian = np.column_stack([design, d_tau, d_dead / 2 / h_dead])
    freedom = len(t) - jacobian.shape[1]
    variance = float(residual @ residual) / freedom * _hanging_together(residual)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * variance
    gain_sd, *_, tau_sd, dead_sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return float(gain_sd), float(tau_sd), float(dead_sd)


def _hanging_together(residual: Array) -> float:
    """Return 1 + 2 Σ ρ up to the first lag without correlation: how many readings count as one."""
    power = float(residual @ residual)
    factor = 1.0
    for lag in range(1, min(_LONGEST_LAG, len(residual) // 4)):
        rho = float(residual[lag:] @ residual[:-lag]) / power
        if rho <= 0:
            break
        factor += 2 * rho
    return factor
