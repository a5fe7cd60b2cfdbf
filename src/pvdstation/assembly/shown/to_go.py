"""How long the running step still takes: by what is measured and asked where that is known, else by its estimate."""

import math

from pvdstation.assembly.shown.heating import heating_left_s
from pvdstation.assembly.shown.layers import growing
from pvdstation.assembly.shown.moment import Moment
from pvdstation.control.states import HOLDS, Mode
from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.layer_state import DepositState
from pvdstation.control.steps.quiet import Cool
from pvdstation.control.steps.wait import Wait
from pvdstation.model.clock import SECOND
from pvdstation.recipe.estimate import CONFIRM_S, time_to_rate_s
from pvdstation.recipe.layers import layer_s

_STANDS = (*HOLDS, Mode.PAUSED, Mode.STOPPING, Mode.ABORTING)
"""States in which nobody knows how long: a person decides, or the run does not come to its planned end."""

_ENDLESS = ("ask", "by_hand")
"""Kinds of steps that a person ends."""


def step_to_go_s(m: Moment, stood_s: float) -> float | None:
    """Return what is left of the running step, s; None: nobody knows. ``stood_s``: for how long it was held back."""
    if m.course.mode in _STANDS or m.step.do in _ENDLESS:
        return None
    if m.p is None:
        return m.step.estimate_s
    left_s = _measured_s(m)
    if math.isnan(left_s):
        left_s = m.step.estimate_s - (m.passed_s(m.course.step_began_ns) - stood_s)
        return left_s if left_s > 0 else None  # it takes longer than anybody has thought
    return max(0.0, left_s)


def run_to_go_s(m: Moment, of_step_s: float | None) -> float | None:
    """Return what is left of the run by the estimates of the steps that come, s; None: nobody knows."""
    if m.course.mode in _STANDS or m.step.do == "by_hand":
        return None
    coming = m.control.steps[m.course.step + 1 :]
    return (of_step_s or 0.0) + sum(step.estimate_s for step in coming)


def _measured_s(m: Moment) -> float:
    match m.logic:
        case Deposit():
            return _layer_s(m, m.logic)
        case AdmitGas():
            return _gas_s(m, m.logic)
        case Cool():
            left_ns = m.logic.left_ns(m.v)
            return math.nan if left_ns is None else left_ns / SECOND
        case Wait():
            return float(m.logic.duration_ns - m.p.passed_ns) / SECOND
        case _:
            return heating_left_s(m)


def _layer_s(m: Moment, logic: Deposit) -> float:
    """Return what is left until the source is off, s."""
    p: DepositState = m.p
    station, lead = m.v.station, growing(m)[0]
    end_s = logic.w.source.idle.ramp + CONFIRM_S
    if p.stage in ("close", "end"):
        return max(0.0, end_s - m.passed_s(p.since_ns))
    if p.stage == "exposed":
        return _open_s(m, logic) + end_s
    capture_s = time_to_rate_s(station, logic.w.name)
    if p.stage == "reheat":
        capture_s += heating_left_s(m)
    elif p.stage == "capture":
        capture_s = max(0.0, capture_s - m.passed_s(p.since_ns))
    coat_s = max(0.0, logic.order.pre_coat_s - p.coated_ns / SECOND)
    return capture_s + coat_s + lead.left_nm / lead.set_nm_s + end_s


def _open_s(m: Moment, logic: Deposit) -> float:
    """Return what is left of the exposure, s: by the rate now, or by the clock where ramps will change it."""
    p: DepositState = m.p
    if logic.order.ramps:
        return max(0.0, layer_s(logic.order) - p.exposed_ns / SECOND - m.passed_s(p.opened_ns))
    return growing(m)[0].left_s


def _gas_s(m: Moment, logic: AdmitGas) -> float:
    dwell_s: float = logic.dwell_ns / SECOND
    if m.p.dwell_ns is not None:
        return dwell_s - m.passed_s(int(m.p.dwell_ns))
    slope: float = m.p.slope_mbar_s if m.p.slope_mbar_s > 0 else m.v.station.gas[logic.gas].expected_slope
    left_mbar: float = logic.target - m.v.gas_pressure()
    return (0.0 if left_mbar <= 0 else left_mbar / slope) + dwell_s
