"""The SQC-310 as owner of the rate loop: it regulates through its analogue output, we prepare, start, watch, end."""

import math

from pvdstation.control.owners.face import STOPPED, Aim, Ask, Power, PowerTick, Shared, staged
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionKind

RAMPS_AND_SOAKS = (1, 2, 7, 8, 9, 10)
PRECONDITION = 6
"""All ramps and soaks of a co-deposition."""
SOAK_2 = 10
SHUTTER_DELAY = 12
DEPOSIT = 13
REGULATED = (12, 13, 14)
FIRST_LAYER = 1
"""A template has one."""
CRYSTAL_FAILED = (24, 35)
"""Crystal fail, and halted by it."""
SEQUENCE = (1, 2, 6, 7, 8, 9, 10, 12, 13, 14)
UNTOUCHED = ("prepare", "arm", "energise")
"""Stages in which the unit has not been told to start."""
_NAMES = {PRECONDITION: "ramps and soaks", 7: "ramp 1", 8: "soak 1", 9: "ramp 2", 10: "soak 2"}
SLACK_S = 60.0
"""How much longer than written a soak may last before it counts as stuck; a ramp half as long again."""


class SqcOwner(Shared):
    """The SQC-310 regulates through its analogue outputs; we prepare, start, watch, and end the layer.

    Of a co-deposition it shows one phase for the whole conditioning, so what happens in it goes by our own clock; a
    hold of it is cold (station-and-sequence 3.4).
    """

    @property
    def holds_cold(self) -> bool:
        """Return whether a hold of the closed loop takes the energy away."""
        return len(self.wirings) > 1

    def first(self, now_ns: int) -> Power:
        """Return the memory at the start of conditioning."""
        return Power("prepare", now_ns)

    def condition(self, p: Power, v: View) -> PowerTick:
        """Template, arm, energise, start, prove; then phases 1 to 10 up to the closing of the loop."""
        match p.stage:
            case "prepare":
                text = "template, material, film and layer written and read back"
                ask = Ask(ActionKind.SQC_PREPARE, "sqc")
                return self.answered(p, v, ask, staged("arm", v, p), text, self.none)
            case "arm":
                return self.arm(p, v, "start")
            case "energise":
                return self.energise(p, v, "start")
            case "start":
                ask = Ask(ActionKind.SQC_START, "sqc")
                return self.answered(p, v, ask, staged("prove", v, p), "process started", self.on(v))
            case "prove":
                ask = Ask(ActionKind.SQC_PROVE, "sqc")
                return self.answered(p, v, ask, staged("heat", v, p), "template proved", self.on(v))
            case _:
                return self._heat(self._seen(p, v), v)

    def _seen(self, p: Power, v: View) -> Power:
        phase = v.slow_sqc(v.s.sqc_phase)
        if math.isnan(phase) or phase == p.phase:
            return p
        seen = int(phase)
        both = seen in SEQUENCE and p.phase in SEQUENCE
        went_back = both and SEQUENCE.index(seen) < SEQUENCE.index(p.phase)
        strange = f"SQC-310 went back from phase {p.phase} to {seen}: somebody else commands it" if went_back else ""
        return p._replace(phase=seen, phase_since_ns=v.now_ns, strange=strange or p.strange)

    def _strange(self, p: Power, v: View, allowed: tuple[int, ...]) -> str:
        """Return what is wrong with the unit's state: a phase or process that we did not ask for."""
        if p.phase in CRYSTAL_FAILED:
            return self._crystal_text(v)
        process = v.slow_sqc(v.s.sqc_process)
        if not math.isnan(process) and process != self._process(v):
            return f"SQC-310 runs process {process:g}, not {self._process(v)}: somebody else commands it"
        layer = v.slow_sqc(v.s.sqc_layer)
        if not math.isnan(layer) and layer != FIRST_LAYER:
            return f"SQC-310 runs layer {layer:g}, not {FIRST_LAYER}: somebody else commands it"
        if p.phase not in allowed and p.phase >= 0:
            return f"SQC-310 is in phase {p.phase}, expected {', '.join(map(str, allowed))}"
        if v.slow_sqc(v.s.sqc_mode) == 0:
            return "SQC-310 is in manual mode: somebody else commands it"
        return p.strange

    def _process(self, v: View) -> int:
        template = v.station.codeposition
        return template.process if len(self.wirings) > 1 and template is not None else self.w.source.sqc.process

    def _crystal_text(self, v: View) -> str:
        """Return which of the crystals has failed, and what follows; the unit does not tell them apart."""
        failed = (w for w in self.wirings if v.readings[w.crystal.status].value != 1)
        return next(failed, self.w).crystal_failed

    def _rule(self, p: Power) -> str:
        return "crystal" if p.phase in CRYSTAL_FAILED else ""

    def _overdue(self, p: Power, v: View) -> str:
        """Return which ramp or soak lasts too long."""
        profile = self.w.source.condition
        longest_s = {
            7: 1.5 * profile.ramp1.time,
            8: profile.soak1 + SLACK_S,
            9: 1.5 * profile.ramp2.time,
            10: profile.soak2 + SLACK_S,
            PRECONDITION: self._longest_s() + SLACK_S,
        }.get(p.phase, SLACK_S)
        is_late = p.phase not in REGULATED and v.now_ns - max(p.phase_since_ns, p.since_ns) > to_ns(longest_s)
        return f"SQC-310 has been in phase {p.phase} for more than {longest_s:g} s" if is_late else ""

    def _longest_s(self) -> float:
        return max(w.source.condition.total_s for w in self.wirings)

    def _heat(self, p: Power, v: View) -> PowerTick:
        is_together = len(self.wirings) > 1
        allowed: tuple[int, ...] = RAMPS_AND_SOAKS
        if is_together:
            allowed = (*RAMPS_AND_SOAKS[:2], PRECONDITION)
        is_over = p.phase in REGULATED
        soak, soak_s = (PRECONDITION, self._longest_s()) if is_together else (SOAK_2, self.w.source.condition.soak2)
        soaked_ns = v.now_ns - p.phase_since_ns if p.phase == soak else -1
        done = is_over
        if self.melts:  # the unit's own soak is longer: it never comes to close its loop
            done, is_over = soaked_ns >= to_ns(soak_s), False
        else:
            allowed = (*allowed, *REGULATED)
        fault = self._strange(p, v, allowed) or self._overdue(p, v)
        return PowerTick(
            p,
            self.on(v),
            opens_shutter=is_over or soaked_ns >= to_ns(soak_s - v.station.defaults.source_shutter_lead),
            text=_NAMES.get(p.phase, f"phase {p.phase}"),
            done=done,
            fault=fault,
            rule=self._rule(p),
            in_first_ramp=self._in_first_ramp(p, v),
        )

    def _in_first_ramp(self, p: Power, v: View) -> tuple[int, ...]:
        if p.phase != PRECONDITION:
            return (0,) if p.phase == (7 if self.w.fingerprint_ramp == 1 else 9) else ()
        passed_s = (v.now_ns - p.phase_since_ns) / SECOND
        return tuple(place for place, w in enumerate(self.wirings) if _is_in_ramp(w, passed_s))

    def take_over(self, v: View) -> Power:
        """Return the memory at the start of the deposit; the unit has closed its loop by itself."""
        return Power("regulate", v.now_ns)

    def regulate(self, p: Power, v: View, aims: tuple[Aim, ...]) -> PowerTick:
        """Watch phases 12 to 14; the substrate may be exposed in 13, of a co-deposition in 12 too.

        There it regulates as well, and waits for a capture that it may never see: at a thin rate its reading, which no
        mean steadies, is mostly noise.
        """
        del aims
        p = self._seen(p, v)
        return PowerTick(
            p,
            self.on(v),
            opens_shutter=True,
            text="shutter delay" if p.phase == SHUTTER_DELAY else "deposit",
            fault=self._strange(p, v, REGULATED),
            rule=self._rule(p),
            is_regulating=True,
            may_expose=p.phase == DEPOSIT or (len(self.wirings) > 1 and p.phase == SHUTTER_DELAY),
        )

    def freeze(self, p: Power, v: View) -> PowerTick:
        """Regulated hold: its PID goes on."""
        return self.regulate(p, v, ())

    def keeps_heat(self, p: Power) -> bool:
        """The unit's ramps and soaks can only be stopped."""
        del p
        return False

    def freeze_heat(self, p: Power, v: View) -> PowerTick:
        """Stop it."""
        return self.cut(p, v)

    def closing(self, now_ns: int, p: Power, *, stopped: bool = False) -> Power:
        """Return the memory at the start of the layer's end; where nothing is regulated it is stopped at once."""
        del stopped  # its idle ramp is its own
        stage = "stop" if self.melts else "fold"
        return Power(stage, now_ns, phase=p.phase, phase_since_ns=p.phase_since_ns)

    def end(self, p: Power, v: View) -> PowerTick:
        """Force final thickness, idle ramp to phase 0, output read as 0.00 %, then off."""
        p = self._seen(p, v)
        idle = self.on(v, foldback=False)
        match p.stage:
            case "fold":  # the trip on leaving constant current is off before the current falls
                tick = PowerTick(staged("final", v, p), idle, opens_shutter=True, text="layer ended")
                return tick._replace(is_regulating=True)
            case "final":
                ask = Ask(ActionKind.SQC_END_LAYER, "sqc")
                tick = self.answered(p, v, ask, staged("idle", v, p), "layer ended", idle)
                if tick.fault:
                    return self._stop(v, p)
                return tick._replace(opens_shutter=True, is_regulating=True)
            case "idle":
                longest_ns = to_ns(max(w.source.idle.ramp for w in self.wirings) + 5)
                if p.phase == STOPPED:
                    return PowerTick(staged("zero", v, p), idle, opens_shutter=False, text="idle ramp")
                if v.now_ns - p.since_ns > longest_ns:
                    return self._stop(v, p)
                return PowerTick(p, idle, opens_shutter=p.phase in REGULATED, text="idle ramp")
            case "zero":
                ask = Ask(ActionKind.SQC_ZERO, "sqc")
                tick = self.answered(p, v, ask, staged("off", v, p), "output reads 0.00 %", idle)
                return self._stop(v, p) if tick.fault else tick
            case "stop" | "stopping" | "stopped":
                return self.cut(p, v)
            case _:
                return self.off(p, v)

    def _stop(self, v: View, p: Power) -> PowerTick:
        return self.cut(staged("stop", v, p), v)

    def cut(self, p: Power, v: View) -> PowerTick:
        """Stop the process, supply off in the same scan; done when both are read back.

        It is told to stop whatever phase was read last: a start may be under way. A unit that does not answer is not
        waited for: it may run on, but the way of its energy is read back open.
        """
        p = self._seen(p, v)
        is_silent = math.isnan(v.slow_sqc(v.s.sqc_phase))
        off = PowerTick(p, self.none, opens_shutter=False, text="process stopped, supply off")
        if p.stage in UNTOUCHED:
            return off._replace(power=staged("stopped", v, p))
        if p.stage == "stopped":
            if p.phase > STOPPED and not is_silent:
                return off._replace(power=staged("stop", v, p))
            return off._replace(done=self.is_off(v))
        if p.stage != "stopping":
            return off._replace(power=staged("stopping", v, p), ask=Ask(ActionKind.SQC_STOP, "sqc"))
        if v.result is None:
            return off
        is_stopped = v.result.ok or is_silent or p.phase == STOPPED
        return off._replace(power=staged("stopped" if is_stopped else "stop", v, p))


def _is_in_ramp(w: Wiring, passed_s: float) -> bool:
    """Return whether a source is in the ramp in which its boat is fingerprinted, by the clock."""
    profile = w.source.condition
    if w.fingerprint_ramp == 1:
        return passed_s < profile.ramp1.time
    start_s = profile.ramp1.time + profile.soak1
    return start_s <= passed_s < start_s + profile.ramp2.time
