"""A source on its way to soak power, or off again: in which ramp or soak it is, and for how much longer."""

import math

from pvdstation.assembly.shown.amounts import fixed, span
from pvdstation.assembly.shown.moment import Moment
from pvdstation.control.owners import Power
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.condition import Condition
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.melt_in import MeltIn
from pvdstation.model.clock import SECOND

PROFILE = ("ramp 1", "soak 1", "ramp 2", "soak 2", "ramps and soaks")
_PHASES = {7: 0, 8: 1, 9: 2, 10: 3}
"""SQC-310 phases, as places in the profile."""
_TOGETHER = 6
"""All ramps and soaks of a co-deposition."""


def power_of(m: Moment) -> Power | None:
    """Return the memory of the loop's owner while ramps and soaks go on; None in another step."""
    power: Power | None = None
    match m.logic:
        case _ if m.p is None:
            pass
        case Condition() if not m.p.is_cut:
            power = m.p.power
        case MeltIn() if m.p.stage == "heat":
            power = m.p.seen.power
        case Deposit() if m.p.stage == "reheat" and m.p.heating is not None:
            power = m.p.heating.power
    return power


def heated(m: Moment) -> tuple[Wiring, ...]:
    """Return the sources that the running step heats."""
    match m.logic:
        case Condition() | Deposit():
            return m.logic.wirings
        case MeltIn():
            return (m.logic.w,)
        case _:
            return ()


def heating_left_s(m: Moment) -> float:
    """Return how long until the end of soak 2, s; NaN while nothing is ramped, or nobody knows."""
    power = power_of(m)
    if power is None:
        return math.nan
    wirings = heated(m)
    if wirings[0].host:
        return _by_our_clock(power, wirings, m.now_ns)
    return _by_phase(power, wirings, m.now_ns)


def heated_text(m: Moment) -> str:
    """Return the power of each source, and how long until the end of its soak; of one that goes off its current."""
    left_s = heating_left_s(m)
    if math.isnan(left_s):
        return ", ".join(f"{w.name} {_current(m, w)}" for w in heated(m) if w.is_linked)
    drives = ", ".join(f"{w.name} {fixed(m.drive_pct(w), '%', 1)}" for w in heated(m))
    return f"{drives}, {span(left_s)} to the end of soak 2"


def _current(m: Moment, w: Wiring) -> str:
    return fixed(m.v.value(w.signals.current, 3 * m.v.frame.supply_age_ns), "A", 1)


def _by_our_clock(power: Power, wirings: tuple[Wiring, ...], now_ns: int) -> float:
    longest_s = max(w.source.condition.total_s for w in wirings)
    if power.stage == "heat":
        return longest_s - (now_ns - power.since_ns) / SECOND
    return longest_s - power.passed_ns / SECOND if power.stage == "frozen" else math.nan


def _by_phase(power: Power, wirings: tuple[Wiring, ...], now_ns: int) -> float:
    """The unit's own ramps and soaks: what is left of its phase, and all that follow."""
    passed_s = (now_ns - power.phase_since_ns) / SECOND
    if power.phase == _TOGETHER:
        return max(w.source.condition.total_s for w in wirings) - passed_s
    place = _PHASES.get(power.phase)
    if place is None:
        return math.nan
    profile = wirings[0].source.condition
    lengths_s = (profile.ramp1.time, profile.soak1, profile.ramp2.time, profile.soak2)
    return max(0.0, lengths_s[place] - passed_s) + sum(lengths_s[place + 1 :])
