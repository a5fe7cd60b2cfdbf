"""Who sets the power of a source: the SQC-310's own loop, or ours. Two classes behind one face.

Capture, shutters, end and hold belong to the steps and are the same for both.
"""

import math
from typing import NamedTuple, Protocol

from pvdstation.control.arbiter import SUPPLY_OFF
from pvdstation.control.crystal_rate import Track
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionKind, SupplyLevel
from pvdstation.model.signals import SupplyMode

STOPPED = 0
RAMPS_AND_SOAKS = (1, 2, 7, 8, 9, 10)
SOAK_2 = 10
SHUTTER_DELAY = 12
DEPOSIT = 13
REGULATED = (12, 13, 14)
ENERGISE_NS = 10 * SECOND
STALE_PHASE_NS = 10 * SECOND


class Ask(NamedTuple):
    """An action that a step wants, for a link."""

    kind: ActionKind
    link: str


class Power(NamedTuple):
    """Memory of the loop's owner within one step."""

    stage: str
    since_ns: int
    asked: bool = False  # the stage's action has been asked for
    phase: int = -1  # SQC-310, as last seen
    phase_since_ns: int = 0
    drive_pct: float = 0.0  # host: what our loop sets
    integral_pct: float = math.nan
    rate_nm_s: float = math.nan  # host: filtered


class PowerTick(NamedTuple):
    """What the owner wants in this scan."""

    power: Power
    level: SupplyLevel
    opens_shutter: bool
    text: str
    ask: Ask | None = None
    done: bool = False
    fault: str = ""
    is_first_ramp: bool = False
    is_regulating: bool = False
    may_expose: bool = False


class Owner(Protocol):
    """The face of both owners."""

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        ...

    def condition(self, p: Power, v: View) -> PowerTick:
        """Prepare, arm, energise, ramp and soak; done when the loop may close."""
        ...

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, bumpless from soak 2."""
        ...

    def regulate(self, p: Power, v: View, track: Track, set_rate_nm_s: float) -> PowerTick:
        """Hold the rate; ``may_expose`` when the substrate shutter may open."""
        ...

    def closing(self, now_ns: int, p: Power) -> Power:
        """Return the memory at the start of the layer's end."""
        ...

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to idle and switch off; done when off is read back."""
        ...

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch off at once; done when off is read back."""
        ...


def _stage(name: str, v: View, p: Power) -> Power:
    return Power(name, v.now_ns, drive_pct=p.drive_pct, phase=p.phase, phase_since_ns=p.phase_since_ns)


def is_off(v: View, w: Wiring) -> bool:
    """Return whether off is read back: output off, below 1 A, enable contact open."""
    return (
        v.supply(w.signals.mode) == SupplyMode.OFF
        and v.supply(w.signals.current) <= v.station.limits.hot_above
        and v.io(w.enable_open) == 1
    )


class _Shared:
    """What both owners do: arm, energise, and go off."""

    def __init__(self, wiring: Wiring) -> None:
        self.w = wiring

    def _on(self, v: View, current_a: float = 0.0, *, foldback: bool = True) -> SupplyLevel:
        above = v.sources[self.w.index].above_since_ns
        arm = foldback and above is not None and v.now_ns - above >= self.w.foldback_after_ns
        return SupplyLevel(on=True, current_a=current_a, foldback=arm)

    def _answered(
        self, p: Power, v: View, kind: ActionKind, link: str, after: str, text: str, level: SupplyLevel
    ) -> PowerTick:
        """Ask for an action once and go on when it has been resolved."""
        if not p.asked:
            return PowerTick(p._replace(asked=True), level, opens_shutter=False, text=text, ask=Ask(kind, link))
        if v.result is None:
            return PowerTick(p, level, opens_shutter=False, text=text)
        if v.result.ok:
            return PowerTick(_stage(after, v, p), level, opens_shutter=False, text=text)
        return PowerTick(p, SUPPLY_OFF, opens_shutter=False, text=text, fault=v.result.text)

    def _energise(self, p: Power, v: View, after: str) -> PowerTick:
        w = self.w
        text = "supply on, no current yet"
        on = v.last.supply[w.supply_index].on
        mode = v.supply(w.signals.mode)
        if on and mode > SupplyMode.OFF and v.supply(w.signals.current) <= v.station.limits.hot_above:
            return PowerTick(_stage(after, v, p), self._on(v), opens_shutter=False, text=text)
        late = v.now_ns - p.since_ns > ENERGISE_NS
        fault = f"supply {w.boat} did not switch on in {ENERGISE_NS // SECOND} s" if late else ""
        return PowerTick(p, self._on(v), opens_shutter=False, text=text, fault=fault)

    def _off(self, p: Power, v: View) -> PowerTick:
        return PowerTick(p, SUPPLY_OFF, opens_shutter=False, text="off, to be confirmed", done=is_off(v, self.w))


class SqcOwner(_Shared):
    """The SQC-310 regulates through its analogue output; we prepare, start, watch, and end the layer."""

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        return Power("prepare", now_ns)

    def condition(self, p: Power, v: View) -> PowerTick:
        """Template, arm, energise, start, prove; then phases 1 to 10 up to the closing of the loop."""
        match p.stage:
            case "prepare":
                text = "template, material, film and layer written and read back"
                return self._answered(p, v, ActionKind.SQC_PREPARE, "sqc", "arm", text, SUPPLY_OFF)
            case "arm":
                text = "supply armed, every limit read back"
                return self._answered(p, v, ActionKind.SUPPLY_ARM, self.w.link, "energise", text, SUPPLY_OFF)
            case "energise":
                return self._energise(p, v, "start")
            case "start":
                return self._answered(p, v, ActionKind.SQC_START, "sqc", "prove", "process started", self._on(v))
            case "prove":
                return self._answered(p, v, ActionKind.SQC_PROVE, "sqc", "heat", "template proved", self._on(v))
            case _:
                return self._heat(self._seen(p, v), v)

    def _seen(self, p: Power, v: View) -> Power:
        phase = v.slow_sqc(v.s.sqc_phase)
        if math.isnan(phase) or phase == p.phase:
            return p
        return p._replace(phase=int(phase), phase_since_ns=v.now_ns)

    def _strange(self, p: Power, v: View, allowed: tuple[int, ...]) -> str:
        """Return what is wrong with the unit's state: a phase or process that we did not ask for."""
        process = v.slow_sqc(v.s.sqc_process)
        if not math.isnan(process) and process != self.w.source.sqc.process:
            return f"SQC-310 runs process {process:g}, not {self.w.source.sqc.process}: somebody else commands it"
        if p.phase not in allowed and p.phase >= 0:
            return f"SQC-310 is in phase {p.phase}, expected {', '.join(map(str, allowed))}"
        return ""

    def _heat(self, p: Power, v: View) -> PowerTick:
        condition = self.w.source.condition
        lead_ns = to_ns(condition.soak2 - v.station.defaults.source_shutter_lead)
        soaked = p.phase == SOAK_2 and v.now_ns - p.phase_since_ns >= lead_ns
        done = p.phase in REGULATED
        name = {7: "ramp 1", 8: "soak 1", 9: "ramp 2", 10: "soak 2"}.get(p.phase, f"phase {p.phase}")
        return PowerTick(
            p,
            self._on(v),
            opens_shutter=soaked or done,
            text=name,
            done=done,
            fault=self._strange(p, v, (*RAMPS_AND_SOAKS, *REGULATED)),
            is_first_ramp=p.phase == 7,
        )

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit; the unit has closed its loop by itself."""
        return Power("regulate", v.now_ns)

    def regulate(self, p: Power, v: View, track: Track, set_rate_nm_s: float) -> PowerTick:
        """Watch phases 12 to 14; the substrate may be exposed in 13."""
        del track, set_rate_nm_s
        p = self._seen(p, v)
        return PowerTick(
            p,
            self._on(v),
            opens_shutter=True,
            text="shutter delay" if p.phase == SHUTTER_DELAY else "deposit",
            fault=self._strange(p, v, REGULATED),
            is_regulating=True,
            may_expose=p.phase == DEPOSIT,
        )

    def closing(self, now_ns: int, p: Power) -> Power:
        """Return the memory at the start of the layer's end."""
        return Power("final", now_ns, phase=p.phase, phase_since_ns=p.phase_since_ns)

    def end(self, p: Power, v: View) -> PowerTick:
        """Force final thickness, idle ramp to phase 0, output read as 0.00 %, then off."""
        p = self._seen(p, v)
        idle = self._on(v, foldback=False)
        match p.stage:
            case "final":
                tick = self._answered(p, v, ActionKind.SQC_END_LAYER, "sqc", "idle", "layer ended", self._on(v))
                if tick.fault:
                    return self._stop(v, p)
                return tick._replace(opens_shutter=True, is_regulating=True)
            case "idle":
                longest_ns = to_ns(self.w.source.idle.ramp + 5)
                if p.phase == STOPPED:
                    return PowerTick(_stage("zero", v, p), idle, opens_shutter=False, text="idle ramp")
                if v.now_ns - p.since_ns > longest_ns:
                    return self._stop(v, p)
                return PowerTick(p, idle, opens_shutter=p.phase in REGULATED, text="idle ramp")
            case "zero":
                tick = self._answered(p, v, ActionKind.SQC_ZERO, "sqc", "off", "output reads 0.00 %", idle)
                return self._stop(v, p) if tick.fault else tick
            case "stop" | "stopping":
                return self.cut(p, v)
            case _:
                return self._off(p, v)

    def _stop(self, v: View, p: Power) -> PowerTick:
        return self.cut(_stage("stop", v, p), v)

    def cut(self, p: Power, v: View) -> PowerTick:
        """Stop the process, supply off in the same scan; done when both are read back."""
        p = self._seen(p, v)
        text = "process stopped, supply off"
        off = PowerTick(p, SUPPLY_OFF, opens_shutter=False, text=text, done=is_off(v, self.w) and p.phase == STOPPED)
        if p.stage == "stopping":
            if v.result is not None and not v.result.ok and p.phase != STOPPED:
                return off._replace(power=_stage("stop", v, p))
            return off
        if p.phase == STOPPED:
            return off
        asked = _stage("stopping", v, p)
        return off._replace(power=asked, ask=Ask(ActionKind.SQC_STOP, "sqc"), done=False)


class HostOwner(_Shared):
    """Our loop sets the supply's current: PI on ln(rate), so one tuning serves ramp and deposit (physics 5.2)."""

    RATE_FLOOR = 0.05
    """Rate that the logarithm sees at least, as a share of the set-point."""

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        return Power("show", now_ns)

    def _drive(self, v: View, pct: float) -> SupplyLevel:
        return self._on(v, pct * self.w.supply.full_scale / 100)

    def _not_stopped(self, v: View) -> str:
        phase = v.slow_sqc(v.s.sqc_phase)
        if math.isnan(phase) or phase == STOPPED:
            return ""
        return f"SQC-310 is in phase {phase:g}; with our own loop it must stay stopped: somebody else commands it"

    def condition(self, p: Power, v: View) -> PowerTick:
        """Show the film, arm, energise; then ramp and soak by our own clock."""
        match p.stage:
            case "show":
                text = "film selected on the SQC-310"
                return self._answered(p, v, ActionKind.SQC_SHOW, "sqc", "arm", text, SUPPLY_OFF)
            case "arm":
                text = "supply armed, every limit read back"
                return self._answered(p, v, ActionKind.SUPPLY_ARM, self.w.link, "energise", text, SUPPLY_OFF)
            case "energise":
                return self._energise(p, v, "heat")
            case _:
                return self._heat(p, v)

    def _heat(self, p: Power, v: View) -> PowerTick:
        profile = self.w.source.condition
        passed_s = (v.now_ns - p.since_ns) / SECOND
        left_s, start, text, pct = passed_s, 0.0, "soak 2", profile.ramp2.power
        for name, target, duration_s in (
            ("ramp 1", profile.ramp1.power, profile.ramp1.time),
            ("soak 1", profile.ramp1.power, profile.soak1),
            ("ramp 2", profile.ramp2.power, profile.ramp2.time),
        ):
            if left_s < duration_s:
                text, pct = name, start + (target - start) * (left_s / duration_s)
                break
            left_s -= duration_s
            start = target
        return PowerTick(
            p._replace(drive_pct=pct),
            self._drive(v, pct),
            opens_shutter=passed_s >= profile.total_s - v.station.defaults.source_shutter_lead,
            text=text,
            done=passed_s >= profile.total_s,
            fault=self._not_stopped(v),
            is_first_ramp=text == "ramp 1",
        )

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, the integral preset to the present drive."""
        pct = v.last.supply[self.w.supply_index].current_a / self.w.supply.full_scale * 100
        return Power("regulate", v.now_ns, drive_pct=pct, integral_pct=pct)

    def regulate(self, p: Power, v: View, track: Track, set_rate_nm_s: float) -> PowerTick:
        """Close the loop on each new sample; without one the drive stays."""
        if track.is_new and not math.isnan(track.rate_nm_s):
            p = self._stepped(p, v, track.rate_nm_s, set_rate_nm_s)
        return PowerTick(
            p,
            self._drive(v, p.drive_pct),
            opens_shutter=True,
            text="own loop",
            fault=self._not_stopped(v),
            is_regulating=True,
            may_expose=True,
        )

    def _stepped(self, p: Power, v: View, rate: float, set_rate: float) -> Power:
        loop, source = self.w.source.host_loop, self.w.source
        dt_s = v.station.scan_period
        filtered = rate if math.isnan(p.rate_nm_s) else loop.alpha * rate + (1 - loop.alpha) * p.rate_nm_s
        error = math.log(set_rate / max(filtered, self.RATE_FLOOR * set_rate))
        error = min(loop.clip, max(-loop.clip, error)) if math.isfinite(error) else 0.0
        integral = min(source.max_power, max(0.0, p.integral_pct + loop.gain * error * dt_s / loop.ti))
        asked = min(source.max_power, max(0.0, integral + loop.gain * error))
        most = source.slew * dt_s
        drive = min(p.drive_pct + most, max(p.drive_pct - most, asked))
        return p._replace(drive_pct=drive, integral_pct=integral, rate_nm_s=filtered)

    def closing(self, now_ns: int, p: Power) -> Power:
        """Return the memory at the start of the layer's end."""
        return Power("idle", now_ns, drive_pct=p.drive_pct)

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to 0 in the idle time, at most at the supply's ramp, then off."""
        if p.stage != "idle":
            return self._off(p, v)
        idle_s = self.w.source.idle.ramp
        fall = max(p.drive_pct / idle_s, 0.0)
        fall = min(fall, self.w.supply.ramp_host / self.w.supply.full_scale * 100)
        pct = p.drive_pct - fall * (v.now_ns - p.since_ns) / SECOND
        if pct <= 0:
            return self._off(_stage("off", v, p), v)
        level = self._on(v, pct * self.w.supply.full_scale / 100, foldback=False)
        return PowerTick(p, level, opens_shutter=False, text="ramp to 0")

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch the supply off at once; done when read back."""
        return self._off(_stage("off", v, p) if p.stage != "off" else p, v)


def owner_of(wiring: Wiring) -> Owner:
    """Return who closes the loop of a source."""
    return HostOwner(wiring) if wiring.host else SqcOwner(wiring)
