"""How a source is excited to be tuned: steps of its drive by either owner, or a relay around its rate by our own loop.

What is asked of the drive moves no faster than the source's slew and stays within its maximum.
"""

import math
from typing import NamedTuple, Protocol

from pvdstation.control.crystal_rate import Track
from pvdstation.control.owners import Ask
from pvdstation.control.owners.host import HostOwner
from pvdstation.control.owners.sqc import CRYSTAL_FAILED, SqcOwner
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionKind, ManualKind, ManualOrder, SupplyLevel
from pvdstation.recipe.procedure import Tune

MARK = "tuning"
"""How its stages begin: by them the record finds what was measured."""
STAGES = ("at the operating power", "power up", "power back")
HYSTERESIS = 0.02
"""The relay switches where ln(rate) has passed its middle by so much: twice the source's flicker."""
MANUAL_POWER = 26
_ORDER_NS = SECOND // 2
"""How far apart the SQC-310 is told its next power while it moves."""
_PERMIT_NS = 6 * SECOND
_STEP_PCT = 0.1
"""Of the SQC-310's power."""


class Excited(NamedTuple):
    """Where the excitation is."""

    base_pct: float
    drive_pct: float  # what is asked now
    since_ns: int  # of the present stage
    stage: int = 0
    rate_nm_s: float = math.nan  # relay: filtered as our own loop does it
    is_up: bool = True  # relay
    rises: int = 0  # relay: jumps upwards so far
    began_ns: int = 0
    asked: str = ""  # SQC-310: the order that is under way
    asked_ns: int = 0
    is_manual: bool = False  # SQC-310: it has taken a power by hand


class Push(NamedTuple):
    """What the excitation wants in this scan."""

    state: Excited
    levels: tuple[SupplyLevel, ...]
    text: str
    ask: Ask | None = None
    done: bool = False
    fault: str = ""
    rule: str = ""


class Excitation(Protocol):
    """The face of all."""

    def begin(self, v: View, base_pct: float) -> Excited:
        """Return the state at the mean drive of the closed loop."""
        ...

    def tick(self, p: Excited, v: View, track: Track) -> Push:
        """Decide one scan."""
        ...


def excitation_of(w: Wiring, order: Tune) -> Excitation:
    """Return how this source is excited."""
    if not w.host:
        return SqcSteps(w, order)
    return HostRelay(w, order) if order.method == "relay" else HostSteps(w, order)


def _stage_text(stage: int, order: Tune) -> str:
    return f"{MARK}, {STAGES[stage]}: {order.hold_s:g} s"


def _target(p: Excited, order: Tune) -> float:
    return p.base_pct + (order.amplitude_pct if p.stage == 1 else 0.0)


class _Host:
    """Our own loop is open: what it asks is set here."""

    def __init__(self, w: Wiring, order: Tune) -> None:
        self.w = w
        self.order = order
        self.owner = HostOwner((w,))

    def begin(self, v: View, base_pct: float) -> Excited:
        """Return the state at the mean drive of the closed loop."""
        drive = v.last.supply[self.w.supply_index].current_a / self.w.supply.full_scale * 100
        return Excited(base_pct, drive, v.now_ns, began_ns=v.now_ns)

    def _driven(self, p: Excited, v: View, wanted: float, text: str, *, done: bool = False) -> Push:
        source = self.w.source
        most = source.slew * v.station.scan_period
        drive = min(p.drive_pct + most, max(p.drive_pct - most, wanted))
        drive = min(source.max_power, max(0.0, drive))
        level = self.owner.level(v, self.w, drive * self.w.supply.full_scale / 100)
        return Push(p._replace(drive_pct=drive), (level,), text, done=done)


class HostSteps(_Host):
    """Up by the amplitude and back, each held."""

    def tick(self, p: Excited, v: View, track: Track) -> Push:
        """Decide one scan."""
        del track
        is_over = v.now_ns - p.since_ns >= to_ns(self.order.hold_s)
        if is_over and p.stage + 1 < len(STAGES):
            p, is_over = p._replace(stage=p.stage + 1, since_ns=v.now_ns), False
        return self._driven(p, v, _target(p, self.order), _stage_text(p.stage, self.order), done=is_over)


class HostRelay(_Host):
    """Up while the rate is below its middle, down while it is above, until it has swung often enough."""

    def tick(self, p: Excited, v: View, track: Track) -> Push:
        """Decide one scan."""
        order, alpha = self.order, self.w.source.host_loop.alpha
        if track.is_new and track.rate_nm_s > 0:
            rate = track.rate_nm_s
            p = p._replace(rate_nm_s=rate if math.isnan(p.rate_nm_s) else alpha * rate + (1 - alpha) * p.rate_nm_s)
        off = math.log(p.rate_nm_s / order.rate_nm_s) if p.rate_nm_s > 0 else 0.0
        is_up = off <= HYSTERESIS if p.is_up else off < -HYSTERESIS
        rises = p.rises + (is_up and not p.is_up)
        p = p._replace(is_up=is_up, rises=rises)
        wanted = p.base_pct + (order.amplitude_pct if is_up else -order.amplitude_pct)
        is_late = v.now_ns - p.began_ns >= to_ns(order.longest_s)
        done = rises > order.cycles or is_late
        return self._driven(p, v, wanted, f"{MARK}, relay: {rises} of {order.cycles + 1} jumps up", done=done)


class SqcSteps:
    """Power by hand up and back, then back to the unit's own loop, each order read back before the next."""

    def __init__(self, w: Wiring, order: Tune) -> None:
        self.w = w
        self.order = order
        self.owner = SqcOwner((w,))

    def begin(self, v: View, base_pct: float) -> Excited:
        """Return the state at the mean power of the unit's loop, in its steps."""
        base = round(base_pct / _STEP_PCT) * _STEP_PCT
        return Excited(base, math.nan, v.now_ns, began_ns=v.now_ns)

    def tick(self, p: Excited, v: View, track: Track) -> Push:
        """Decide one scan."""
        del track
        text = _stage_text(p.stage, self.order)
        if p.asked:
            return self._answered(p, v, text)
        push = Push(p, self.owner.on(v), text)
        fault, rule = self._strange(p, v)
        if fault:
            return push._replace(fault=fault, rule=rule)
        target = _target(p, self.order)
        if not abs(p.drive_pct - target) < _STEP_PCT / 2:
            return self._moved(p, v, target, text)
        if v.now_ns - p.since_ns < to_ns(self.order.hold_s):
            return push
        if p.stage + 1 < len(STAGES):
            return push._replace(state=p._replace(stage=p.stage + 1, since_ns=v.now_ns))
        return self._told(p, v, ManualKind.REGULATE, self.order.rate_nm_s, text)

    def _moved(self, p: Excited, v: View, target: float, text: str) -> Push:
        if v.now_ns - p.asked_ns < _ORDER_NS:
            return Push(p, self.owner.on(v), text)
        most = max(_STEP_PCT, self.w.source.slew * _ORDER_NS / SECOND)
        wanted = target
        if not math.isnan(p.drive_pct):
            wanted = min(p.drive_pct + most, max(p.drive_pct - most, target))
        wanted = math.floor(wanted / _STEP_PCT + 1e-6) * _STEP_PCT if wanted > target else wanted
        return self._told(p, v, ManualKind.POWER, round(wanted, 1), text)

    def _told(self, p: Excited, v: View, kind: ManualKind, value: float, text: str) -> Push:
        order = ManualOrder(kind, self.w.source.sqc.output, value, v.now_ns + _PERMIT_NS)
        p = p._replace(asked=kind.value, asked_ns=v.now_ns)
        if kind is ManualKind.POWER:
            p = p._replace(drive_pct=value)
        return Push(p, self.owner.on(v), text, ask=Ask(ActionKind.SQC_MANUAL, "sqc", manual=order))

    def _answered(self, p: Excited, v: View, text: str) -> Push:
        push = Push(p, self.owner.on(v), text)
        if v.result is None:
            return push
        if not v.result.ok:
            return push._replace(fault=f"SQC-310: {v.result.text}")
        if p.asked == ManualKind.REGULATE:
            return push._replace(state=p._replace(asked="", is_manual=False), done=True)
        return push._replace(state=p._replace(asked="", is_manual=True))

    def _strange(self, p: Excited, v: View) -> tuple[str, str]:
        """Return what is wrong with the unit in manual power, and the rule under which it is told."""
        phase, process = v.slow_sqc(v.s.sqc_phase), v.slow_sqc(v.s.sqc_process)
        if phase in CRYSTAL_FAILED:
            return self.w.crystal_failed, "crystal"
        if not math.isnan(process) and process != self.w.source.sqc.process:
            return f"SQC-310 runs process {process:g}: somebody else commands it", ""
        is_late = v.now_ns - p.asked_ns > 2 * SECOND
        if p.is_manual and is_late and not math.isnan(phase) and phase != MANUAL_POWER:
            return f"SQC-310 is in phase {phase:g}, not in manual power: somebody else commands it", ""
        return "", ""
