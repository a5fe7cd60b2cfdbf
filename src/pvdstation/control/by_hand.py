"""Outputs by hand: how a request to set one is answered; for a screen, what each is, can be, and why it may not."""

from typing import NamedTuple, Protocol

from pvdstation.control import overrides
from pvdstation.control.conditions import SUPPLY_ARMED
from pvdstation.control.knobs import Knob, knobs_of
from pvdstation.control.rule import Overridable
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.state import Course, State
from pvdstation.control.states import Mode
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.steps.by_hand import ByHand, HandState
from pvdstation.control.supervisor import blocked
from pvdstation.control.view import Frame, View
from pvdstation.control.why import Why, told_values, why_output
from pvdstation.model.messages import Request
from pvdstation.recipe.spelling import rounded

NOT_BEGUN = "begin work by hand first"
OFF, ON = "off", "on"
_CLIP = 40


class HandOutput(NamedTuple):
    """One output: what it is told now, what it can be set to, and why its next movement would be refused."""

    name: str
    level: str  # in words: "open", "run", "43.1 A"
    choices: tuple[str, ...] = ()  # words for ``set``; empty: nobody works by hand
    number: str = ""  # what ``set`` takes besides, in words: "0 to 45 %"
    refused: str = ""  # lines of "why can't I?"; empty: nothing is missing
    rule: str = ""  # that refuses
    override: Overridable | None = None  # for how long that rule may be overridden, and when


class Refused(NamedTuple):
    """Why a request is refused, in one line and as values of its event."""

    text: str
    values: tuple[tuple[str, float | str], ...]


class Asked(NamedTuple):
    """A request to set an output, and what it is judged by."""

    request: Request
    v: View
    scene: Scene
    closed: frozenset[str] = frozenset()
    overridden: frozenset[str] = frozenset()


class Plan(Protocol):
    """What does not change during a run."""

    frame: Frame
    logic: tuple[StepLogic, ...]


def is_by_hand(plan: Plan, course: Course) -> bool:
    """Return whether somebody works by hand now, so that outputs can be set."""
    is_running = course.mode is Mode.RUNNING and course.step_state is not None
    return is_running and isinstance(plan.logic[course.step], ByHand)


# --- a request ---


def answer(logic: ByHand, p: HandState, asked: Asked) -> HandState | Refused:
    """Return the step's state with what was asked for, or why it is refused."""
    name = asked.request.about
    knob = next((knob for knob in logic.knobs if knob.name == name), None)
    if knob is not None:
        return _switched(logic, p, knob, asked)
    w = next((w for w in logic.frame.sources if name == _name(w)), None)
    if w is not None:
        return _driven(logic, p, w, asked)
    names = ", ".join([*(knob.name for knob in logic.knobs), *map(_name, logic.frame.sources)])
    return _one(f'there is no output "{name[:_CLIP]}" to be set: it is one of {names}')


def _switched(logic: ByHand, p: HandState, knob: Knob, asked: Asked) -> HandState | Refused:
    value = asked.request.value
    if value not in knob.words:
        return _one(f"{knob.name} is set to {' or '.join(knob.words)}")
    level = bool(knob.words.index(str(value)))
    rule = knob.moves(level)
    if rule and knob.level(asked.v.last) != level:
        why = why_output(
            rule, asked.v, logic.scene_for(knob, asked.scene), closed=asked.closed, overridden=asked.overridden
        )
        if not why.is_allowed:
            return _refused(why)
    return logic.switched(p, knob, level, asked.v.now_ns)


def _driven(logic: ByHand, p: HandState, w: Wiring, asked: Asked) -> HandState | Refused:
    value, most = asked.request.value, w.source.max_power
    if value == OFF:
        return logic.driven(p, w.index, 0.0, asked.v, at_once=True)
    if not w.host:
        return _one(_owned_by_sqc(w))
    if isinstance(value, bool | str) or value is None or not 0 <= value <= most:
        return _one(f"{_name(w)} is set to 0 to {rounded(most)} %, or off")
    if value == 0 or (p.heat is not None and p.heat.source == w.index and not p.heat.is_going_off):
        return logic.driven(p, w.index, float(value), asked.v)
    if p.heat is not None:
        return _one(f"{logic.frame.sources[p.heat.source].name} is not off yet: one source at a time by hand")
    why = _why_source(w, asked.v, asked.closed, asked.overridden)
    return logic.driven(p, w.index, float(value), asked.v) if why.is_allowed else _refused(why)


def _why_source(w: Wiring, v: View, closed: frozenset[str], overridden: frozenset[str]) -> Why:
    """Return what a source needs to be switched on; it is armed on the way."""
    layer = Layer(
        w.index, float("nan"), float("nan"), is_first_ramp=False, is_regulating=False, is_at_soak=False,
        is_captured=False, is_exposed=False,
    )  # fmt: skip
    why = why_output("supply", v, Scene(layer), closed=closed, overridden=overridden)
    return why._replace(lines=tuple(line for line in why.lines if line.condition != SUPPLY_ARMED.sentence))


def _owned_by_sqc(w: Wiring) -> str:
    return (
        f"the SQC-310 sets the power of {w.name}, and takes one by hand only within a process: heat it by a recipe, "
        f'or write rate_loop = "host" for it in the station file'
    )


def _name(w: Wiring) -> str:
    return f"source {w.name}"


def _one(text: str) -> Refused:
    return Refused(text, told_values(text))


def _refused(why: Why) -> Refused:
    listed = "; ".join(f"{line.condition} ({line.live}; needs {line.needed})" for line in why.missing)
    return Refused(f"{why.rule}: {listed}", why.values())


# --- a screen ---


def hand_outputs(plan: Plan, state: State, v: View) -> tuple[HandOutput, ...]:
    """Return every output in the order in which a chamber is pumped, then the sources; ``v`` is what is seen now."""
    is_on = is_by_hand(plan, state.course)
    closed, overridden = blocked(state.watch), overrides.names(state.overrides)
    knobs = [_knob(knob, state, v, closed, overridden, is_on=is_on) for knob in knobs_of(plan.frame)]
    return (*knobs, *(_source(w, v, closed, overridden, is_on=is_on) for w in plan.frame.sources))


def _knob(
    knob: Knob, state: State, v: View, closed: frozenset[str], overridden: frozenset[str], *, is_on: bool
) -> HandOutput:
    level, scene = knob.level(v.last), state.scene
    if knob.attribute == "n2":
        scene = scene._replace(gas_target_mbar=v.station.gas["N2"].max)
    rule = knob.moves(not level)
    why = why_output(rule, v, scene, closed=closed, overridden=overridden) if rule else None
    shown = HandOutput(knob.name, knob.word(level), knob.words if is_on else ())
    return shown if why is None else _with(shown, why)


def _source(w: Wiring, v: View, closed: frozenset[str], overridden: frozenset[str], *, is_on: bool) -> HandOutput:
    told = v.last.supply[w.supply_index]
    level = OFF if not told.on else f"{told.current_a:.1f} A" if w.host else ON
    choices = (OFF,) if is_on else ()
    if not w.host:
        return HandOutput(_name(w), level, choices, refused=_owned_by_sqc(w))
    number = f"0 to {rounded(w.source.max_power)} %" if is_on else ""
    shown = HandOutput(_name(w), level, choices, number)
    return shown if told.on else _with(shown, _why_source(w, v, closed, overridden))


def _with(shown: HandOutput, why: Why) -> HandOutput:
    """Return an output with what its next movement lacks, if anything."""
    if why.is_allowed:
        return shown
    return shown._replace(refused=why.text, rule=why.rule, override=why.override)
