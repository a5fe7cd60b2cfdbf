"""The host as owner of the rate loop: PI on ln(rate) sets the supply's current, the SQC-310 only measures."""

import math

from pvdstation.control.crystal_rate import Track
from pvdstation.control.owners.face import STOPPED, Power, PowerTick, Shared, staged
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import SUPPLY_OFF, ActionKind, SupplyLevel

RECENT_S = 10.0


class HostOwner(Shared):
    """Our loop sets the supply's current: PI on ln(rate), so one tuning serves ramp and deposit (physics 5.2)."""

    RATE_FLOOR = 0.05
    """Rate that the logarithm sees at least, as a share of the set-point."""

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        return Power("show", now_ns)

    def _drive(self, v: View, pct: float) -> SupplyLevel:
        return self.on(v, pct * self.w.supply.full_scale / 100)

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
                return self.answered(p, v, ActionKind.SQC_SHOW, "sqc", "arm", text, SUPPLY_OFF)
            case "arm":
                text = "supply armed, every limit read back"
                return self.answered(p, v, ActionKind.SUPPLY_ARM, self.w.link, "energise", text, SUPPLY_OFF)
            case "energise":
                return self.energise(p, v, "heat")
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
            is_first_ramp=text == f"ramp {self.w.fingerprint_ramp}",
        )

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit, the integral preset to the present drive."""
        pct = v.last.supply[self.w.supply_index].current_a / self.w.supply.full_scale * 100
        return Power("regulate", v.now_ns, drive_pct=pct, integral_pct=pct)

    def regulate(self, p: Power, v: View, track: Track, set_rate_nm_s: float) -> PowerTick:
        """Close the loop on each new sample; without one the drive stays."""
        if p.stage == "frozen":
            p = p._replace(stage="regulate", rate_nm_s=math.nan)
        if track.is_new and not math.isnan(track.rate_nm_s):
            p = self._stepped(p, v, track.rate_nm_s, set_rate_nm_s)
        return self._closed(p, v, "own loop")._replace(may_expose=True)

    def freeze(self, p: Power, v: View, track: Track) -> PowerTick:
        """Hold: the loop is open, the drive at the lower of the present one and the mean of the last 10 s."""
        del track
        if p.stage != "frozen":
            lower = min([p.drive_pct, *([sum(p.recent_pct) / len(p.recent_pct)] if p.recent_pct else [])])
            p = p._replace(stage="frozen", drive_pct=lower, integral_pct=lower, recent_pct=())
        return self._closed(p, v, "frozen")

    def _closed(self, p: Power, v: View, text: str) -> PowerTick:
        level = self._drive(v, p.drive_pct)
        return PowerTick(p, level, opens_shutter=True, text=text, fault=self._not_stopped(v), is_regulating=True)

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
        recent = (*p.recent_pct[-round(RECENT_S / dt_s) + 1 :], drive)
        return p._replace(drive_pct=drive, integral_pct=integral, rate_nm_s=filtered, recent_pct=recent)

    def closing(self, now_ns: int, p: Power) -> Power:
        """Return the memory at the start of the layer's end."""
        return Power("idle", now_ns, drive_pct=p.drive_pct)

    def end(self, p: Power, v: View) -> PowerTick:
        """Ramp to 0 in the idle time, at most at the supply's ramp, then off."""
        if p.stage != "idle":
            return self.off(p, v)
        idle_s = self.w.source.idle.ramp
        fall = max(p.drive_pct / idle_s, 0.0)
        fall = min(fall, self.w.supply.ramp_host / self.w.supply.full_scale * 100)
        pct = p.drive_pct - fall * (v.now_ns - p.since_ns) / SECOND
        if pct <= 0:
            return self.off(staged("off", v, p), v)
        level = self.on(v, pct * self.w.supply.full_scale / 100, foldback=False)
        return PowerTick(p, level, opens_shutter=False, text="ramp to 0")

    def cut(self, p: Power, v: View) -> PowerTick:
        """Switch the supply off at once; done when read back."""
        return self.off(staged("off", v, p) if p.stage != "off" else p, v)
