"""What the run waits for, in words: what is needed, as the step says it, and what is there now."""

import math

from pvdstation.assembly.shown.amounts import amount, fixed, span
from pvdstation.assembly.shown.heating import heated_text
from pvdstation.assembly.shown.layers import growing
from pvdstation.assembly.shown.moment import Moment
from pvdstation.control import conditions as c
from pvdstation.control.readiness import unheard
from pvdstation.control.states import Mode
from pvdstation.control.steps.admit_gas import AdmitGas
from pvdstation.control.steps.ask import Ask
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.leak_test import LeakTest
from pvdstation.control.steps.melt_in import MeltIn
from pvdstation.control.steps.pump import Pump
from pvdstation.control.steps.quiet import Cool, Isolate, unconfirmed
from pvdstation.control.steps.tune import Tune
from pvdstation.control.steps.vent import Vent
from pvdstation.control.steps.wait import Wait, WaitUntil
from pvdstation.recipe.questions import kind_text

_CONFIRMS = (Mode.STOPPING, Mode.COMPLETING, Mode.ABORTING)


def waits_for(m: Moment) -> str:
    """Return what is waited for now, with the live and the needed value."""
    course = m.course
    match course.mode:
        case Mode.STARTING | Mode.RESTARTING if not course.is_started:
            return _joined("station ready", _starting(m))
        case Mode.HELD:
            lacking = course.lost or course.lacks
            return f"a person; cannot be resumed yet: {lacking}" if lacking else "a person: resume or stop"
        case Mode.PAUSED:
            return "a person: resume or stop"
        case mode if mode in _CONFIRMS and (m.p is None or course.is_confirming):
            return _joined("safe state", ", ".join(unconfirmed(m.v)) or "confirmed")
        case _:
            return _joined(course.stage, "" if m.p is None else live(m))


def live(m: Moment) -> str:
    """Return where what the running step waits for is now; empty where its own text says all."""
    match m.logic:
        case Pump():
            return _pumped(m, m.logic)
        case Condition() | MeltIn():
            return heated_text(m)
        case Deposit():
            return _deposited(m, m.logic)
        case Cool() as cool:
            return ", ".join(f"{name} {c.heat_text(m.v, m.v.frame.by_name[name])}" for name in cool.names)
        case Tune():
            return _rates(m)
        case _:
            return _of_gas(m) or _of_pastime(m)


def _joined(needed: str, now: str) -> str:
    return ": ".join(filter(None, (needed, now)))


def _starting(m: Moment) -> str:
    if not m.state.io_armed:
        return "I/O watchdog armed"
    return ", ".join(unheard(m.v, m.state.scene) or unconfirmed(m.v))


def _pumped(m: Moment, logic: Pump) -> str:
    v, p = m.v, m.p
    match p.stage:
        case "turbo":
            return c.TURBO.shows(v)
        case "back":
            return c.FORELINE_START.shows(v)
        case "cross":
            valves = f"roughing {c.position_text(v, v.s.roughing)}, fore-line {c.position_text(v, v.s.foreline_valve)}"
            return f"{valves}, {c.FORELINE_START.shows(v)}"
        case "gate":
            return _now(m, v.s.gate)
        case "high vacuum":
            held = "" if p.below_since_ns is None else f" for {span(m.passed_s(p.below_since_ns))}"
            return f"{amount(v.pressure, 'mbar', 2)}{held if logic.hold_ns else ''}"
        case _:
            return c.CROSSOVER.shows(v)


def _deposited(m: Moment, logic: Deposit) -> str:
    v, p = m.v, m.p
    match p.stage:
        case "capture":
            held = "" if p.in_band_since_ns is None else f", within for {span(m.passed_s(p.in_band_since_ns))}"
            return f"{_rates(m)}{held}"
        case "pre_coat":
            return f"{span(logic.order.pre_coat_s - p.coated_ns / 1e9 - m.passed_s(p.since_ns))} to go"
        case "exposed":
            lead = growing(m)[0]
            grown, left = fixed(lead.grown_nm, "nm", 1), fixed(max(0.0, lead.left_nm), "nm", 1)
            return "thickness unknown" if math.isnan(lead.grown_nm) else f"{grown}, {left} to go, {span(lead.left_s)}"
        case "open" | "close" | "held":
            return _now(m, v.s.substrate_shutter)
        case _:
            return heated_text(m)


def _now(m: Moment, number: int) -> str:
    """Return where a shutter or valve is that is waited for."""
    return f"now {c.position_text(m.v, number)}"


def _rates(m: Moment) -> str:
    return ", ".join(f"{g.w.name} {fixed(g.rate_nm_s, '', 3)} of {g.set_nm_s:g} nm/s" for g in growing(m))


def _of_gas(m: Moment) -> str:
    v, p = m.v, m.p
    match m.logic:
        case AdmitGas() as gas if p.dwell_ns is None:
            return f"{c.CAPACITANCE_GOOD.shows(v)} of {gas.target:g} mbar"
        case AdmitGas() as gas:
            return f"{span(gas.dwell_ns / 1e9 - m.passed_s(p.dwell_ns))} to go, {c.CAPACITANCE_GOOD.shows(v)}"
        case Isolate():
            return _now(m, v.s.gate) if p.closed_ns is None else c.CAPACITANCE_GOOD.shows(v)
        case LeakTest() if p.stage != "rise":
            return _now(m, v.s.gate)
        case LeakTest() as test:
            return f"{span(test.duration_ns / 1e9 - m.passed_s(p.since_ns))} to go, {amount(v.full_range, 'mbar')}"
        case Vent():
            return c.CAPACITANCE_GOOD.shows(v)
        case _:
            return ""


def _of_pastime(m: Moment) -> str:
    p = m.p
    match m.logic:
        case Wait() as wait:
            return f"{span((wait.duration_ns - p.passed_ns) / 1e9)} to go"
        case WaitUntil() as until:
            held = "" if p.good_since_ns is None else f" for {span(m.passed_s(p.good_since_ns))}"
            return f"{amount(until.mbar(m.v), 'mbar')}{held if until.hold_ns else ''}"
        case Ask() as ask:
            return f"{ask.question.text} ({kind_text(ask.question)})"
        case _:
            return ", ".join(unconfirmed(m.v)) if m.step.do == "finish" else ""
