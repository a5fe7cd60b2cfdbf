"""The host as owner of the rate loop: PI on ln(rate) sets the supply's current, the SQC-310 only measures."""

import math

from pvdstation.control.owners.face import STOPPED, Aim, Ask, Loop, Power, PowerTick, Shared, staged
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionKind, SupplyLevel

RECENT_S = 10.0
STEEPNESS = 12.0
"""What a ramp of the set-point asks of the drive at once: two thirds of d ln(current) / d ln(rate), which is 1/8 to 1/9
(physics 2.6, 5.2); the loop does the rest, and no boat overshoots."""
SHORT_HOLD_S = 60.0
"""A soak that was held for less goes on; else it begins again (sequence page, 5)."""
BELOW_SOAK_PCT = 2.0
"""How far below its soak a source may be measured and still count as soaking."""


class HostOwner(Shared):
    """Our loops set the supplies' currents: PI on ln(rate), so one tuning serves ramp and deposit (physics 5.2)."""

    RATE_FLOOR = 0.05
    """Rate that the logarithm sees at least, as a share of the set-point."""
    holds_cold = False

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        return Power("show", now_ns, loops=(Loop(),) * len(self.wirings))

    def _driven(self, v: View, loops: tuple[Loop, ...], *, foldback: bool = True) -> tuple[SupplyLevel, ...]:
        return tuple(
            self.level(v, w, loop.drive_pct * w.supply.full_scale / 100, foldback=foldback)
            for w, loop in zip(self.wirings, loops, strict=True)
        )

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
                ask = Ask(ActionKind.SQC_SHOW, "sqc")
                return self.answered(p, v, ask, staged("arm", v, p), text, self.none)
            case "arm":
                return self.arm(p, v, "heat")
            case "energise":
                return self.energise(p, v, "heat")
            case "frozen":
                return self._heat(self._thawed(p, v), v)
            case _:
                return self._heat(p, v)

    def _heat(self, p: Power, v: View) -> PowerTick:
        """Every source begins at once; one whose profile is shorter stays at its last power."""
        passed_s = (v.now_ns - p.since_ns) / SECOND
        longest_s = max(w.source.condition.total_s for w in self.wirings)
        heats = [_heated(w, passed_s) for w in self.wirings]
        loops = tuple(loop._replace(drive_pct=pct) for loop, (_, pct) in zip(p.loops, heats, strict=True))
        return PowerTick(
            p._replace(loops=loops),
            self._driven(v, loops),
            opens_shutter=passed_s >= longest_s - v.station.defaults.source_shutter_lead,
            text=heats[0][0],
            done=passed_s >= longest_s,
            fault=self._not_stopped(v),
            in_first_ramp=tuple(
                place
                for place, (w, (text, _)) in enumerate(zip(self.wirings, heats, strict=True))
                if text == f"ramp {w.fingerprint_ramp}"
            ),
        )

    def keeps_heat(self, p: Power) -> bool:
        """Our own ramps and soaks can stand still, from the first current on."""
        return p.stage in ("heat", "frozen", "fall")

    def freeze_heat(self, p: Power, v: View) -> PowerTick:
        """Keep every drive; the clock of ramps and soaks stands."""
        if p.stage != "frozen":
            p = staged("frozen", v, p)._replace(passed_ns=v.now_ns - p.since_ns)
        levels = self._driven(v, p.loops)
        return PowerTick(p, levels, opens_shutter=False, text="held: power frozen", fault=self._not_stopped(v))

    def _thawed(self, p: Power, v: View) -> Power:
        """Go on from what is measured; the source shutters still have their whole lead before the end."""
        held_s, passed_s = (v.now_ns - p.since_ns) / SECOND, p.passed_ns / SECOND
        places = [
            _place_s(w, passed_s, _measured(v, w, loop), held_s) for w, loop in zip(self.wirings, p.loops, strict=True)
        ]
        longest_s = max(w.source.condition.total_s for w in self.wirings)
        begins_s = min(*places, longest_s - v.station.defaults.source_shutter_lead)
        return staged("heat", v, p)._replace(since_ns=v.now_ns - to_ns(begins_s))

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, the integrals preset to the present drives."""
        drives = [v.last.supply[w.supply_index].current_a / w.supply.full_scale * 100 for w in self.wirings]
        return Power("regulate", v.now_ns, loops=tuple(Loop(pct, pct) for pct in drives))

    def regulate(self, p: Power, v: View, aims: tuple[Aim, ...]) -> PowerTick:
        """Close each loop on each new sample of its crystal; without one the drive stays."""
        if p.stage == "frozen":
            p = p._replace(stage="regulate", loops=tuple(loop._replace(rate_nm_s=math.nan) for loop in p.loops))
        loops = tuple(
            self._stepped(loop, w, v, aim) if aim.track.is_new and not math.isnan(aim.track.rate_nm_s) else loop
            for loop, w, aim in zip(p.loops, self.wirings, aims, strict=True)
        )
        return self._closed(p._replace(loops=loops), v, "own loop")._replace(may_expose=True)

    def freeze(self, p: Power, v: View) -> PowerTick:
        """Hold: the loops are open, each drive at the lower of the present one and the mean of the last 10 s."""
        if p.stage != "frozen":
            p = p._replace(stage="frozen", loops=tuple(map(_frozen, p.loops)))
        return self._closed(p, v, "frozen")

    def _closed(self, p: Power, v: View, text: str) -> PowerTick:
        levels = self._driven(v, p.loops)
        return PowerTick(p, levels, opens_shutter=True, text=text, fault=self._not_stopped(v), is_regulating=True)

    def _stepped(self, p: Loop, w: Wiring, v: View, aim: Aim) -> Loop:
        loop, source = w.source.host_loop, w.source
        rate, set_rate = aim.track.rate_nm_s, aim.rate_nm_s
        dt_s = v.station.scan_period
        filtered = rate if math.isnan(p.rate_nm_s) else loop.alpha * rate + (1 - loop.alpha) * p.rate_nm_s
        error = math.log(set_rate / max(filtered, self.RATE_FLOOR * set_rate))
        error = min(loop.clip, max(-loop.clip, error)) if math.isfinite(error) else 0.0
        ahead = p.drive_pct * math.log(set_rate / p.set_nm_s) / STEEPNESS if p.set_nm_s > 0 else 0.0
        integral = min(source.max_power, max(0.0, p.integral_pct + ahead + loop.gain * error * dt_s / loop.ti))
        asked = min(source.max_power, max(0.0, integral + loop.gain * error))
        most = source.slew * dt_s
        drive = min(p.drive_pct + most, max(p.drive_pct - most, asked))
        recent = (*p.recent_pct[-round(RECENT_S / dt_s) + 1 :], drive)
        return Loop(drive, integral, filtered, recent, set_rate)

    def closing(self, now_ns: int, p: Power, *, stopped: bool = False) -> Power:
        """Return the memory at the start of the layer's end, or of the end of a melt-in; a stop falls faster."""
        return Power("fall" if stopped else "idle", now_ns, loops=p.loops)

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to 0 in the idle time, at most at the supply's ramp and of a stop at that ramp, then off."""
        if p.stage not in ("idle", "fall"):
            return self.off(p, v)
        passed_s = (v.now_ns - p.since_ns) / SECOND
        falling = tuple(
            loop._replace(drive_pct=max(0.0, loop.drive_pct - _fall(w, loop, p.stage) * passed_s))
            for w, loop in zip(self.wirings, p.loops, strict=True)
        )
        if not any(loop.drive_pct > 0 for loop in falling):
            return self.off(staged("off", v, p), v)
        return PowerTick(p, self._driven(v, falling, foldback=False), opens_shutter=False, text="ramp to 0")

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch the supplies off at once; done when read back."""
        return self.off(staged("off", v, p) if p.stage != "off" else p, v)


def _heated(w: Wiring, passed_s: float) -> tuple[str, float]:
    """Return in which ramp or soak a source is, and its power, %."""
    profile = w.source.condition
    left_s, start = passed_s, 0.0
    for name, target, duration_s in (
        ("ramp 1", profile.ramp1.power, profile.ramp1.time),
        ("soak 1", profile.ramp1.power, profile.soak1),
        ("ramp 2", profile.ramp2.power, profile.ramp2.time),
    ):
        if left_s < duration_s:
            return name, start + (target - start) * (left_s / duration_s)
        left_s -= duration_s
        start = target
    return "soak 2", profile.ramp2.power


def _frozen(loop: Loop) -> Loop:
    lower = min([loop.drive_pct, *([sum(loop.recent_pct) / len(loop.recent_pct)] if loop.recent_pct else [])])
    return loop._replace(drive_pct=lower, integral_pct=lower, recent_pct=())


def _fall(w: Wiring, loop: Loop, stage: str) -> float:
    """Return how fast the power falls to 0, %/s."""
    fastest = w.supply.ramp_host / w.supply.full_scale * 100
    return fastest if stage == "fall" else min(max(loop.drive_pct / w.source.idle.ramp, 0.0), fastest)


def _measured(v: View, w: Wiring, loop: Loop) -> float:
    """Return the measured power, never more than the drive, %."""
    measured_pct = v.supply(w.signals.current) / w.supply.full_scale * 100
    return min(measured_pct, loop.drive_pct) if math.isfinite(measured_pct) else loop.drive_pct


def _place_s(w: Wiring, passed_s: float, measured_pct: float, held_s: float) -> float:
    """Return where in its profile a held source goes on, s: a ramp from what is measured, never further than it was."""
    profile = w.source.condition
    begin_s, lower = 0.0, 0.0
    for ramp, soak_s in ((profile.ramp1, profile.soak1), (profile.ramp2, profile.soak2)):
        soak_begin_s, end_s = begin_s + ramp.time, begin_s + ramp.time + soak_s
        is_below = measured_pct < ramp.power - BELOW_SOAK_PCT
        if passed_s < soak_begin_s or (is_below and passed_s < end_s):
            share = (measured_pct - lower) / (ramp.power - lower) if ramp.power > lower else 0.0
            return min(passed_s, begin_s + min(1.0, max(0.0, share)) * ramp.time)
        if passed_s < end_s:
            return passed_s if held_s < SHORT_HOLD_S else soak_begin_s
        begin_s, lower = end_s, ramp.power
    return passed_s
