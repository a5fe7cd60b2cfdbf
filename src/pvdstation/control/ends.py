"""How a run ends: in order, or with everything off at once; over only when the safe state is read back."""

from pvdstation.control.conditions import TURBO_SLOW, position_text
from pvdstation.control.moves import Moves
from pvdstation.control.owners import STOPPED, Ask
from pvdstation.control.states import SKIPPABLE, Cue, Mode
from pvdstation.control.steps.base import Drive, Tick
from pvdstation.control.steps.quiet import unconfirmed, unmeasured_text
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, ActionKind, EventKind

CONFIRM_NS = 30 * SECOND
"""How long the safe state may take to be read back when all that moves has been told to: valves, shutters, a stop."""
UNSAFE_AFTER_NS = 20 * SECOND
"""How long an aborting run may stay unconfirmed before a person is told: twice the dead-line of a stop."""
GIVE_UP_NS = 120 * SECOND
"""When such a run ends, reported as unsafe; the orders stand all the while."""
STEP_END_NS = 60 * SECOND
"""How long a step may take to its orderly end, beside the ramp to idle and pumping out."""


class Ends(Moves):
    """Stop, complete and abort, up to the safe state that is read back."""

    def _stop(self) -> Tick:
        """Bring the step to its orderly end, pump out gas that was admitted, then confirm the safe state."""
        if self.course.is_confirming or self.course.step_state is None:
            return self._confirm()
        tick = self._advance(Drive.STOP)
        if tick.trouble is not None:
            self.chronicle.alarm(EventKind.ALARM, tick.trouble.name, tick.trouble.text, 0)
        elif not tick.is_settled and self._mode_lasts_ns() <= self._longest_stop_ns():
            return tick
        self._end_step("stopped", self.course.reason)
        evacuates = self._next_evacuate()
        if tick.trouble is None and self.old.since_gas and evacuates is not None:
            self._begin(evacuates)
            return self._advance(Drive.STOP)
        self.course = self.course._replace(is_confirming=True, confirming_since_ns=self.now_ns)
        return self._rest("safe state confirmed")

    def _next_evacuate(self) -> int | None:
        """Return the place of the evacuation that follows, if only steps that could be skipped are before it."""
        steps = self.plan.steps
        following = range(self.course.step + 1, len(steps))
        place = next((n for n in following if steps[n].do not in SKIPPABLE), None)
        return place if place is not None and steps[place].do == "evacuate" else None

    def _longest_stop_ns(self) -> int:
        """Return how long the step's orderly end may take: its ramp to idle; pumping out only where gas was let in."""
        station = self.plan.frame.station
        pumps_out = self.old.since_gas or self._step().do == "evacuate"
        pumping_s = station.defaults.evacuate_timeout if pumps_out else 0.0
        return STEP_END_NS + to_ns(max(w.source.idle.ramp for w in self.plan.frame.sources) + pumping_s)

    def _confirm(self) -> Tick:
        """Wait until the safe state is read back; what is not confirmed in time aborts the run."""
        lacking = [*unconfirmed(self.v), *self._unbacked()]
        since_ns = max(self.course.mode_since_ns, self.course.confirming_since_ns)
        if not lacking:
            self._move(Cue.SETTLED, *self._verdict(safe=True))
        elif self.now_ns - since_ns > CONFIRM_NS:
            self._trip(ActionClass.FAST_OFF, "safe_state", f"not confirmed: {', '.join(lacking)}")
        return self._rest("safe state confirmed", self._sqc_stop() or self._io_arm())

    def _abort(self) -> Tick:
        """Everything off and closed until read back."""
        if self.course.step_state is not None:
            self._end_step("aborted", self.course.reason)
        lacking = self._lacking()
        if not lacking:
            if self.course.is_told_unsafe:
                self.chronicle.gone("safe_state", "off is confirmed")
            self._move(Cue.SETTLED, *self._verdict(safe=True))
        tick = self._rest(f"to be confirmed: {', '.join(lacking)}", self._still_to_do())
        if self._io_watchdog() == 1:
            return tick
        # the outputs have dropped and the spring has closed the gate: it needs its start part to open again
        return tick._replace(wants=tick.wants._replace(gate=False))

    def _is_overdue(self) -> bool:
        """Tell a person when the safe state is not confirmed in time; return whether it is not waited for any more."""
        if self.course.mode is not Mode.ABORTING or self._mode_lasts_ns() <= UNSAFE_AFTER_NS:
            return False
        if not self.course.is_told_unsafe:
            self._tell_unsafe()
        if self._mode_lasts_ns() <= GIVE_UP_NS:
            return False
        if not self.course.is_given_up:
            self.chronicle.say(EventKind.RUN, "run", self.course.mode.value, *self._verdict(safe=False))
            self.course = self.course._replace(is_given_up=True)
        return True

    def _still_to_do(self) -> Ask | None:
        """Stop the SQC-310 once, again only if it still runs; arm an I/O that has lost its outputs: it starts at 0."""
        if self.errands.is_pending(ActionKind.SQC_STOP) or self.errands.is_pending(ActionKind.IO_ARM):
            return None
        if not self.course.is_confirming:  # a process may have been started since its phase was read
            self.course = self.course._replace(is_confirming=True)
            return Ask(ActionKind.SQC_STOP, "sqc")
        return self._io_arm() or self._sqc_stop()

    def _io_arm(self) -> Ask | None:
        """Return the arming of an I/O that has lost its outputs, or never had them: nothing is read back from it."""
        is_running = self.v.slow_sqc(self.v.s.sqc_phase) > STOPPED
        is_asked = is_running or self.errands.is_pending(ActionKind.IO_ARM)
        return None if is_asked or self._io_watchdog() != 0 else Ask(ActionKind.IO_ARM, "io")

    def _sqc_stop(self) -> Ask | None:
        """Return the stop of an SQC-310 that is not known to be stopped, unless it is under way."""
        is_stopped = self.v.slow_sqc(self.v.s.sqc_phase) == STOPPED
        return None if is_stopped or self.errands.is_pending(ActionKind.SQC_STOP) else Ask(ActionKind.SQC_STOP, "sqc")

    def _io_watchdog(self) -> float:
        return self.v.value(self.v.s.io_watchdog, 3 * self.plan.frame.io_age_ns)

    def _lacking(self) -> list[str]:
        """Return all that an abort has not confirmed: the fore-line valve too, where it can open: pump running."""
        v = self.v
        is_backed = v.is_open(v.s.foreline_valve) or v.io(v.s.backing_running) == 0
        seen = position_text(v, v.s.foreline_valve)
        return [*unconfirmed(v), *([] if is_backed else [f"fore-line valve open ({seen})"])]

    def _unbacked(self) -> list[str]:
        """Return that an orderly end waits for the fore-line valve: as far as it can open, and the turbo turns.

        Without air it cannot, and its rule has told so; the end says it, and does not become an abort for it.
        """
        v = self.v
        can_open = v.io(v.s.backing_running) == 1 and v.io(v.s.air) == 1
        if not can_open or not self._is_left_unbacked():
            return []
        return [f"fore-line valve open ({position_text(v, v.s.foreline_valve)})"]

    def _is_left_unbacked(self) -> bool:
        return not self.v.is_open(self.v.s.foreline_valve) and not TURBO_SLOW.holds(self.v, self.old.scene)

    def _verdict(self, *, safe: bool) -> tuple[tuple[str, float | str], ...]:
        course = self.course
        verdict: tuple[tuple[str, float | str], ...] = (
            ("cause", course.cause or "complete"),
            ("reason", course.reason or "every step complete"),
            ("safe", float(safe)),
        )
        if self._is_left_unbacked():
            shown = f"turbo turns, fore-line valve {position_text(self.v, self.v.s.foreline_valve)}"
            verdict = (*verdict, ("not_backed", shown))
        shown = unmeasured_text(self.v)
        return (*verdict, ("not_measured", shown)) if shown else verdict

    def _tell_unsafe(self) -> None:
        text = f"OFF NOT CONFIRMED: {', '.join(self._lacking())}"
        self.chronicle.alarm(EventKind.ALARM, "safe_state", text, ActionClass.HARD_OFF)
        self.course = self.course._replace(is_told_unsafe=True)
