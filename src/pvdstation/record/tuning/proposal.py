"""From what was measured to parameters of our own loop, by a stated rule, and what the closed loop would do then."""

import cmath
import math
from dataclasses import dataclass

from pvdstation.record.tuning.first_order import FirstOrder
from pvdstation.record.tuning.relay import Oscillation

SIMC = (
    "SIMC for PI (Skogestad, J. Process Control 13 (2003) 291): gain = tau / (K (tau_c + L)), "
    "ti = the smaller of tau and 4 (tau_c + L), here with tau_c = the larger of 2 L and tau / 3, "
    "and the dead time L taken 1 sigma longer than it was found"
)
RELAY = (
    "gain = a 4.5th of the ultimate gain, so that its margin is as wide (physics reference 5.2); ti = 2.2 ultimate "
    "periods (Tyreus and Luyben, Ind. Eng. Chem. Res. 31 (1992) 2625)"
)
_MARGIN = 4.5
_PERIODS = 2.2
_STEP = 0.1
"""The change of the rate's set-point whose answer is predicted, as ln."""
_BAND = 0.1
"""Share of it within which the rate counts as there."""
_DT_S = 0.25
_LONG_S = 300.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The closed loop by the model: margins, and the answer to a set-point that is 10 % higher."""

    gain_margin: float
    phase_margin_deg: float
    overshoot_pct: float
    settles_s: float  # within a tenth of the change; infinite when it does not


@dataclass(frozen=True, slots=True)
class Proposal:
    """Parameters for ``host_loop``, the rule that gave them, and what it promises."""

    gain_pct: float
    ti_s: float
    rule: str
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Plant:
    """ln(rate) per % of drive: gain, time constant (s), dead time (s) with the loop's own filter in it."""

    gain_per_pct: float
    tau_s: float
    dead_s: float

    def response(self, omega: float) -> complex:
        """Return the frequency response."""
        return self.gain_per_pct * cmath.exp(-1j * omega * self.dead_s) / (1 + 1j * omega * self.tau_s)


def by_simc(model: FirstOrder) -> Proposal:
    """Return what the step method proposes."""
    dead_s = model.dead_s + model.dead_sd_s
    tau_c = max(2 * dead_s, model.tau_s / 3)
    gain = model.tau_s / (model.gain_per_pct * (tau_c + dead_s))
    ti = min(model.tau_s, 4 * (tau_c + dead_s))
    return _proposal(gain, ti, SIMC, Plant(model.gain_per_pct, model.tau_s, model.dead_s))


def by_relay(found: Oscillation) -> Proposal:
    """Return what the relay method proposes; the source is an integrator to it, so the time constant is taken long."""
    tau_s = 10 * found.ultimate_period_s
    plant = Plant(found.slope_per_pct_s * tau_s, tau_s, found.dead_s)
    return _proposal(found.ultimate_gain_pct / _MARGIN, _PERIODS * found.ultimate_period_s, RELAY, plant)


def _proposal(gain: float, ti: float, rule: str, plant: Plant) -> Proposal:
    gain_pct, ti_s = float(f"{gain:.2g}"), float(f"{ti:.2g}")
    return Proposal(gain_pct, ti_s, rule, predicted(plant, gain_pct, ti_s))


def predicted(plant: Plant, gain_pct: float, ti_s: float) -> Prediction:
    """Return what a PI on ln(rate) does with a source."""
    gain_margin, phase_margin = _margins(plant, gain_pct, ti_s)
    overshoot, settles_s = _step_answer(plant, gain_pct, ti_s)
    return Prediction(gain_margin, phase_margin, overshoot, settles_s)


def _margins(plant: Plant, gain_pct: float, ti_s: float) -> tuple[float, float]:
    """Return gain margin and phase margin (degrees) of the open loop; infinite where it never crosses."""
    gain_margin, phase_margin = math.inf, math.inf
    before = math.inf
    for step in range(4000):
        omega = 1e-3 * 1.002**step
        controller = gain_pct * (1 + 1 / (1j * omega * ti_s))
        size = abs(controller * plant.response(omega))
        lag = cmath.phase(controller) - math.atan(omega * plant.tau_s) - omega * plant.dead_s
        if before > 1 >= size:
            phase_margin = min(phase_margin, 180 + math.degrees(lag))
        if lag <= -math.pi:
            gain_margin = 1 / size
            break
        before = size
    return gain_margin, phase_margin


def _step_answer(plant: Plant, gain_pct: float, ti_s: float) -> tuple[float, float]:
    """Return overshoot (%) and the time from which on the rate stays within the band (s), scan by scan."""
    delay = max(1, round(plant.dead_s / _DT_S))
    waiting = [0.0] * delay
    keep = math.exp(-_DT_S / plant.tau_s)
    value = integral = highest = 0.0
    outside_s = 0.0
    for scan in range(round(_LONG_S / _DT_S)):
        error = _STEP - value
        integral += gain_pct * error * _DT_S / ti_s
        waiting.append(integral + gain_pct * error)
        value = keep * value + (1 - keep) * plant.gain_per_pct * waiting.pop(0)
        highest = max(highest, value)
        if abs(value - _STEP) > _BAND * _STEP:
            outside_s = (scan + 1) * _DT_S
    settles_s = outside_s if outside_s < _LONG_S else math.inf
    return 100 * max(0.0, highest / _STEP - 1), settles_s
