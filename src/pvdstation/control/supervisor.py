"""The supervisor: judges every interlock each scan, keeps the first cause, and never takes an action back.

A pure function of what was seen and what is latched. A rule that has acted stays passive until the run is cleared,
so its response is not fired again and again. An overridden rule is judged and does not act; when the override ends,
it acts at once if it has been lost for its delay. An alarm goes when its claim holds again, by its dead-band where it
has one, for its off-delay: a value at its limit does not chatter.
"""

from typing import NamedTuple

from pvdstation.control.rule import Interlock
from pvdstation.control.rules import INTERLOCKS
from pvdstation.control.scene import Scene
from pvdstation.control.view import Frame, View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Quality

CYCLE_WINDOW_NS = 60 * SECOND
CYCLE_MISSES = 3


class Guard(NamedTuple):
    """Memory of one interlock."""

    violated_since_ns: int | None = None
    samples: int = 0
    last_counter: int = -1
    acted: bool = False  # latched; for an alarm: it stands
    good_since_ns: int | None = None  # of an alarm that stands and whose claim holds again


class Finding(NamedTuple):
    """An interlock that acts in this scan, or an alarm that comes or goes."""

    rule: Interlock
    shown: str
    gone: bool = False


class Watch(NamedTuple):
    """State of the supervisor."""

    guards: tuple[Guard, ...] = (Guard(),) * len(INTERLOCKS)
    late_scans: tuple[int, ...] = ()  # times of scans that came late with energy on, within the window
    is_cycle_lost: bool = False
    last_scan_ns: int | None = None


CONTROL_CYCLE = Interlock(
    "control_cycle",
    "I17",
    "scans on time",
    lambda v, _scene: v.any_energised(),
    lambda _v, _scene: True,
    ActionClass.FAST_OFF,
)


class Bound(NamedTuple):
    """An interlock with its delay and sample signal resolved for one station."""

    rule: Interlock
    delay_ns: int
    off_delay_ns: int
    signal: int | None


def bind(frame: Frame) -> tuple[Bound, ...]:
    """Return every interlock with the numbers of this station."""
    station, number = frame.station, frame.signals.number
    return tuple(
        Bound(
            rule,
            to_ns(rule.delay_s(station)),
            to_ns(rule.off_delay_s),
            number[rule.samples_of] if rule.samples_of else None,
        )
        for rule in INTERLOCKS
    )


def watch(
    before: Watch, rules: tuple[Bound, ...], v: View, scene: Scene, overridden: frozenset[str] = frozenset()
) -> tuple[Watch, list[Finding]]:
    """Judge every interlock once and return the findings of this scan."""
    findings: list[Finding] = []
    if v.readings[v.s.e_stop_ok].quality is Quality.NEVER:
        return before, findings
    guards = list(before.guards)
    changed = False
    for place, bound in enumerate(rules):
        guard, rule = guards[place], bound.rule
        if not rule.needed(v, scene) or rule.holds(v, scene):
            if guard.violated_since_ns is None:
                continue
            after = _fine(guard, bound, v, scene, findings)
        else:
            after = _violated(guard, bound, v, may_act=rule.name not in overridden)
            if after.acted and not guard.acted:
                findings.append(Finding(rule, _shown(rule, v, scene)))
        if after is not guard:
            guards[place] = after
            changed = True
    late, lost = _cycle(before, v)
    if lost and not before.is_cycle_lost:
        findings.append(Finding(CONTROL_CYCLE, lost))
    kept = tuple(guards) if changed else before.guards
    return Watch(kept, late, bool(lost) or before.is_cycle_lost, v.now_ns), findings


def _shown(rule: Interlock, v: View, scene: Scene) -> str:
    """Return what the rule was seen by; of a rule of several conditions, those that are lost."""
    lost = [part for part in rule.parts if not part.holds(v, scene)]
    return ", ".join(f"{part.sentence}: {part.shows(v)}" for part in lost) or rule.shows(v)


def _violated(guard: Guard, bound: Bound, v: View, *, may_act: bool) -> Guard:
    rule = bound.rule
    since = v.now_ns if guard.violated_since_ns is None else guard.violated_since_ns
    samples, counter = guard.samples, guard.last_counter
    if bound.signal is not None:
        seen = v.readings[bound.signal].counter
        samples, counter = (samples, counter) if seen == counter else (samples + 1, seen)
    else:
        samples = rule.samples
    is_due = may_act and v.now_ns - since >= bound.delay_ns and samples >= rule.samples
    after = Guard(since, samples, counter, guard.acted or is_due)
    return guard if after == guard else after


def _fine(guard: Guard, bound: Bound, v: View, scene: Scene, findings: list[Finding]) -> Guard:
    rule = bound.rule
    if not guard.acted:
        return Guard()
    if rule.is_latched:
        return Guard(None, 0, -1, acted=True)
    if rule.clears is not None and rule.needed(v, scene) and not rule.clears(v, scene):
        return guard if guard.good_since_ns is None else guard._replace(good_since_ns=None)
    since_ns = v.now_ns if guard.good_since_ns is None else guard.good_since_ns
    if v.now_ns - since_ns < bound.off_delay_ns:
        return guard if guard.good_since_ns is not None else guard._replace(good_since_ns=since_ns)
    findings.append(Finding(rule, "", gone=True))
    return Guard()


def _cycle(before: Watch, v: View) -> tuple[tuple[int, ...], str]:
    """Return the late scans of the last minute, and why the cycle counts as lost: three of them, or one long gap."""
    late = tuple(at_ns for at_ns in before.late_scans if v.now_ns - at_ns <= CYCLE_WINDOW_NS)
    if before.last_scan_ns is None or not v.any_energised():
        return late, ""
    gap_ns = v.now_ns - before.last_scan_ns
    if gap_ns > 2 * v.frame.period_ns:
        late = (*late, v.now_ns)
    if gap_ns > v.frame.lease_ns:
        return late, f"no scan for {gap_ns / SECOND:.1f} s"
    return late, f"{len(late)} late scans in 60 s" if len(late) >= CYCLE_MISSES else ""


def rearmed(state: Watch) -> Watch:
    """Return the state in which rules that have acted may act again; an alarm that stands goes by itself."""
    guards = tuple(
        Guard() if guard.acted and rule.is_latched else guard
        for guard, rule in zip(state.guards, INTERLOCKS, strict=True)
    )
    return state._replace(is_cycle_lost=False, guards=guards)


def standing(state: Watch) -> frozenset[str]:
    """Return the rules that have acted and whose cause is still there."""
    return frozenset(
        rule.name
        for guard, rule in zip(state.guards, INTERLOCKS, strict=True)
        if guard.acted and guard.violated_since_ns is not None
    )


def blocked(state: Watch) -> frozenset[str]:
    """Return the outputs that acted interlocks keep closed."""
    return frozenset(
        rule.closes for guard, rule in zip(state.guards, INTERLOCKS, strict=True) if guard.acted and rule.closes
    )
