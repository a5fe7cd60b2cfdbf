"""The running step and what comes after it."""

from pvdstation.assembly.shown.heating import PROFILE
from pvdstation.assembly.shown.moment import Moment
from pvdstation.assembly.shown.past import Past
from pvdstation.assembly.shown.to_go import step_to_go_s
from pvdstation.assembly.shown.waits import waits_for
from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.layer_state import DepositState
from pvdstation.control.steps.pump import Pump
from pvdstation.desk.snapshot import StepShown

AHEAD = 6
"""How many of the next steps are told."""
_PUMPED = {"rough": "roughing", "back": "backing", "cross": "crossover"}
_LAYER = {
    "capture": "shutter delay", "pre_coat": "pre-coat", "open": "opening", "exposed": "deposit", "close": "closing",
    "end": "idle ramp", "cut": "off",
}  # fmt: skip
"""In the words of the SQC-310, where it has one."""


def step_shown(m: Moment, past: Past) -> StepShown | None:
    """Return the running step; None when there is none."""
    if not m.has_step:
        return None
    step, course = m.step, m.course
    return StepShown(
        number=step.index,
        of=len(m.control.steps),
        do=step.do,
        text=step.text,
        stage=stage(m),
        waits_for=waits_for(m),
        since_ns=past.waits_since_ns,
        began_ns=course.step_began_ns,
        to_go_s=step_to_go_s(m, past.stood_ns / 1e9),
    )


def ahead(m: Moment) -> tuple[str, ...]:
    """Return the next steps in words, those that are near."""
    if not m.has_step:
        return ()
    place = m.course.step + 1
    return tuple(f"{step.index} {step.text}" for step in m.control.steps[place : place + AHEAD])


def stage(m: Moment) -> str:
    """Return where the step is, in a word or two; empty: it has no stages."""
    match m.logic:
        case _ if m.p is None:
            return ""
        case Pump():
            return _PUMPED.get(m.p.stage, str(m.p.stage))
        case AdmitGas():
            return "fill" if m.p.dwell_ns is None else "dwell"
        case Deposit():
            return _layer_stage(m, m.p)
        case _:
            return m.course.stage if m.course.stage in PROFILE else ""


def _layer_stage(m: Moment, p: DepositState) -> str:
    if p.stage == "reheat":
        return m.course.stage if m.course.stage in PROFILE else "conditioned again"
    return "rate ramp" if p.stage == "exposed" and p.point.is_ramping else _LAYER.get(p.stage, p.stage)
