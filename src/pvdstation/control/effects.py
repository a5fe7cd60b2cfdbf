"""What each verb would do now: shutters, power and clock in one sentence, or why it is refused. Pure."""

from typing import NamedTuple, Protocol

from pvdstation.control.effect_table import (
    ABORTS,
    AS_IS,
    CLEARS,
    CLOSED,
    CLOSES,
    CLOSES_NEXT,
    CLOSES_WITH_POWER,
    CUT,
    FROZEN,
    GOES_ON,
    IDLE,
    IS_FULL,
    OFF,
    RAMPED,
    REGULATED,
    SKIPS,
    STARTS,
    STAYS_OPEN,
    TABLE,
    TAKES_BACK,
    Effect,
)
from pvdstation.control.refusals import refusal
from pvdstation.control.state import Course, State
from pvdstation.control.states import Cue, Mode
from pvdstation.control.step_requests import skip_refusal
from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.steps.condition import Condition, ConditionState
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.layer_state import REACHED, DepositState
from pvdstation.control.steps.melt_in import MeltIn
from pvdstation.control.steps.tune import Tune, TuneState
from pvdstation.control.view import Frame
from pvdstation.model.messages import Outputs, Verb
from pvdstation.model.station import Station
from pvdstation.recipe.procedure import Step
from pvdstation.recipe.spelling import time_text

VERBS = (Verb.START, Verb.PAUSE, Verb.HOLD, Verb.RESUME, Verb.STOP, Verb.ABORT, Verb.CLEAR, Verb.SKIP)
"""Verbs that move the run or its step; the others are about questions, alarms and rules."""
_NEEDS_POWER = (GOES_ON, CUT, FROZEN, REGULATED, RAMPED, IDLE)
_ALWAYS = {Verb.ABORT: ABORTS, Verb.CLEAR: CLEARS, Verb.START: STARTS, Verb.SKIP: SKIPS}


class Plan(Protocol):
    """What does not change during a run."""

    frame: Frame
    steps: tuple[Step, ...]
    logic: tuple[StepLogic, ...]


class Foretold(NamedTuple):
    """What a verb would do now, or why it is refused."""

    verb: Verb
    effect: Effect | None
    refused: str = ""

    @property
    def sentence(self) -> str:
        """Return it in one line."""
        return f"refused, {self.refused}" if self.effect is None else self.effect.sentence


def effects(plan: Plan, state: State) -> tuple[Foretold, ...]:
    """Return what each verb would do if it were asked for now."""
    return tuple(_foretold(plan, state, verb) for verb in VERBS)


def _foretold(plan: Plan, state: State, verb: Verb) -> Foretold:
    course, step = state.course, plan.steps[state.course.step]
    refused = skip_refusal(course, step) if verb is Verb.SKIP else refusal(course, step, Cue(verb.value))
    if refused:
        return Foretold(verb, None, refused)
    effect = _ALWAYS.get(verb)
    if effect is None and verb is Verb.RESUME and course.mode is Mode.PAUSING:
        effect = TAKES_BACK
    if effect is None and verb is Verb.RESUME and _is_full(plan, course):
        effect = IS_FULL
    if effect is None:
        effect = TABLE[situation(plan, course)][verb]
    return Foretold(verb, _said(_as_found(effect, state.last), plan.frame.station))


def situation(plan: Plan, course: Course) -> str:
    """Return the row of the table in which the run is."""
    if course.step_state is None:
        return "no step"
    logic, step_state = plan.logic[course.step], course.step_state
    match logic:
        case Condition():
            return _of_condition(logic, step_state)
        case MeltIn():
            return "melt-in"
        case Deposit():
            return _of_deposit(logic, step_state)
        case Tune():
            return _of_tune(logic, step_state)
        case AdmitGas():
            return "admit_gas, fill" if step_state.dwell_ns is None else "admit_gas, dwell"
        case _:
            return plan.steps[course.step].do


def _of_condition(logic: Condition, p: ConditionState) -> str:
    """Our own ramps can stand still from the first current on; before it, and after a cut, all begins again."""
    return f"condition by the {'host' if logic.owner.keeps_heat(p.power) and not p.is_cut else 'SQC-310'}"


def _of_tune(logic: Tune, p: TuneState) -> str:
    """A unit in manual power can only be stopped; what was held is off, and conditioned again."""
    if p.stage == "end":
        return "deposit, its end"
    if p.stage in ("cut", "reheat") or (p.stage == "excite" and not logic.w.host):
        return "tune in manual power, or held"
    return f"tune by the {'host' if logic.w.host else 'SQC-310'}"


def _of_deposit(logic: Deposit, p: DepositState) -> str:
    if p.stage == "end" or (p.stage == "close" and p.ending in (REACHED, "stopped")):
        return "deposit, its end"
    if p.stage == "reheat" and p.heating is not None:
        return _of_condition(logic.cold.conditioning, p.heating)
    if p.stage in ("cut", "reheat"):
        return "deposit, held cold"
    if logic.owner.holds_cold:
        return "co-deposit by the SQC-310"
    return f"deposit by the {'host' if logic.wirings[0].host else 'SQC-310'}"


def _is_full(plan: Plan, course: Course) -> bool:
    logic = plan.logic[course.step]
    return isinstance(logic, Deposit) and course.step_state is not None and logic.is_full(course.step_state)


def _as_found(effect: Effect, last: Outputs) -> Effect:
    """Return the effect with what is closed and off already said so."""
    substrate = effect.substrate if last.substrate_shutter else _closed(effect.substrate)
    source = effect.source if any(last.source_shutter) else _closed(effect.source)
    is_on = any(level.on for level in last.supply)
    power = OFF if effect.power in _NEEDS_POWER and not is_on else effect.power
    return effect._replace(substrate=substrate, source=source, power=power)


def _closed(word: str) -> str:
    return CLOSED if word in (CLOSES, CLOSES_NEXT, CLOSES_WITH_POWER, STAYS_OPEN, CLOSED) else AS_IS


def _said(effect: Effect, station: Station) -> Effect:
    """Return the effect with the station's numbers."""
    limits = station.limits
    ramps = " or ".join(f"{ramp:g} A/s" for ramp in sorted({supply.ramp_host for supply in station.supply.values()}))
    numbers = {"hold": time_text(limits.hold), "hold_cold": time_text(limits.hold_cold), "ramp": ramps}
    return Effect(*(word.format(**numbers) for word in effect))
