"""One scan: judge the interlocks, move the run, let the step say what it wants, arbitrate."""

import math
from typing import Protocol

from pvdstation.control.alarms import reset
from pvdstation.control.arbiter import Intent, Refusal, arbitrate, safe_levels
from pvdstation.control.chronicle import Chronicle
from pvdstation.control.conditions import JOURNAL, TURBO_SLOW, position_text
from pvdstation.control.crystal_need import worn_out
from pvdstation.control.decision import Decision
from pvdstation.control.errands import Errands
from pvdstation.control.handling import VERBS, Handling
from pvdstation.control.owners import STOPPED, Ask
from pvdstation.control.process_guard import guarded
from pvdstation.control.refusals import LEAVABLE, lost, refusal
from pvdstation.control.remarks import joined, spits
from pvdstation.control.scene import Scene
from pvdstation.control.sources import updated
from pvdstation.control.state import Course, State
from pvdstation.control.states import ENDED, GOING_ON, HOLDS, PARKED, SKIPPABLE, Cue, Mode, after
from pvdstation.control.step_requests import answer_refusal, skip_refusal, words
from pvdstation.control.steps.ask import Asking
from pvdstation.control.steps.base import Drive, StepLogic, Tick, Trouble
from pvdstation.control.steps.quiet import unconfirmed
from pvdstation.control.supervisor import Bound, Finding, Watch, blocked, rearmed, watch
from pvdstation.control.triggers import trigger_of
from pvdstation.control.view import Frame, View
from pvdstation.control.waiting import Waiting, told
from pvdstation.control.why import told_values, why_output, why_verb
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, ActionKind, EventKind, Image, LayerSetup, Request, Verb
from pvdstation.recipe.procedure import Procedure, Step

START_TIMEOUT_NS = 60 * SECOND
CONFIRM_NS = 30 * SECOND
"""How long the safe state may take to be read back when all that moves has been told to: valves, shutters, a stop."""
UNSAFE_AFTER_NS = 20 * SECOND
"""How long an aborting run may stay unconfirmed before a person is told: twice the dead-line of a stop."""
GIVE_UP_NS = 120 * SECOND
"""When such a run ends, reported as unsafe; the orders stand all the while."""
STEP_END_NS = 60 * SECOND
"""How long a step may take to its orderly end, beside the ramp to idle and pumping out."""
OPERATOR = "operator"
CUES = {
    ActionClass.HOLD: Cue.HOLD,
    ActionClass.STOP: Cue.STOP,
    ActionClass.FAST_OFF: Cue.ABORT,
    ActionClass.HARD_OFF: Cue.ABORT,
}


class Plan(Protocol):
    """What does not change from scan to scan."""

    frame: Frame
    procedure: Procedure
    logic: tuple[StepLogic, ...]
    layers: tuple[tuple[LayerSetup, ...], ...]
    rules: tuple[Bound, ...]


class Turn:
    """Reads the old state, builds the new one; lives for one scan."""

    def __init__(self, plan: Plan, old: State, image: Image, now_ns: int) -> None:
        self.plan = plan
        self.old = old
        self.now_ns = now_ns
        self.course = old.course
        self.chronicle = Chronicle(old.number, now_ns, old.alarms)
        self.errands = Errands(old.pending, self.chronicle, now_ns)
        self.io_armed = old.io_armed
        result = self.errands.resolve(image)
        if self.errands.ended is not None and self.errands.ended[0].kind is ActionKind.IO_ARM:
            self.io_armed = self.errands.ended[1].ok
        frame = plan.frame
        self.v = View(
            frame,
            image.readings,
            old.last,
            tuple(
                updated(state, wiring, image.readings, old.last, now_ns)
                for state, wiring in zip(old.sources, frame.sources, strict=True)
            ),
            now_ns,
            since_gas=old.since_gas,
            low_since_ns=old.low_since_ns,
            result=result,
            gas_target_mbar=old.gas_target_mbar,
        )
        held = old.course.mode in (Mode.HOLDING, Mode.HELD)
        self.v.guards = guarded(old.guards, self.v, old.scene, is_held=held)
        self.judged = old.watch
        self.handling = Handling(old.overrides, self.chronicle, self.v)

    def decide(self, requests: tuple[Request, ...]) -> Decision:
        """Judge, react, tick, arbitrate."""
        self.judged, findings = watch(self.old.watch, self.plan.rules, self.v, self.old.scene, self.handling.overridden)
        for finding in findings:
            self._react(finding)
        for request in requests:
            self._take(request)
        self._mark()
        tick = self._tick()
        if tick.ask is not None:
            self.errands.ask(tick.ask, remaining(self.plan.layers[self.course.step], tick.grown_nm))
        may_rise = self.course.mode in GOING_ON
        if not may_rise:
            self.errands.drop_energising()
        self.errands.send(self.v.readings[self.v.s.journal_durable].value)
        ruling = arbitrate(
            tick.wants,
            self.v,
            tick.scene,
            self.old.intents,
            blocked(self.judged) | self.handling.closing,
            may_rise=may_rise,
            overridden=self.handling.overridden,
        )
        intents = (*ruling.intents, *(Intent(name, self._intend(name)) for name in ruling.asked))
        self.chronicle.tell_outputs(self.plan.frame, self.old.last, ruling.outputs)
        waiting = self._tell_refused(ruling.refusals, tick.scene)
        overdue = self._is_overdue()
        self.handling.settle(self.judged, is_over=self.course.mode in ENDED or overdue)
        since_gas = (self.old.since_gas or ruling.outputs.n2) and not ruling.outputs.gate
        target_mbar = tick.scene.gas_target_mbar if ruling.outputs.n2 else self.old.gas_target_mbar
        state = State(
            self.course,
            ruling.outputs,
            self.v.sources,
            self.judged,
            tick.scene,
            self.chronicle.number,
            intents,
            ruling.refusals,
            self.errands.pending,
            self.io_armed,
            since_gas,
            target_mbar if since_gas else math.nan,
            self._low_since(),
            guards=self.v.guards,
            alarms=self.chronicle.book,
            overrides=self.handling.overrides,
            waiting=waiting,
        )
        ended = self.course.mode in ENDED or overdue
        return Decision(state, ruling.outputs, self.errands.sent, tuple(self.chronicle.events), ended)

    def _tell_refused(self, refusals: tuple[Refusal, ...], scene: Scene) -> tuple[Waiting, ...]:
        if not refusals:
            return ()
        closed, overridden = blocked(self.judged), self.handling.overridden
        return told(self.old.waiting, refusals, self.v, scene, self.chronicle, closed, overridden)

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

    def _low_since(self) -> int | None:
        if not self.v.pressure <= self.plan.frame.station.limits.start_pressure.pressure:
            return None
        return self.now_ns if self.old.low_since_ns is None else self.old.low_since_ns

    def _intend(self, name: str) -> int:
        return self.chronicle.say(EventKind.INTENT, name, "about to open or energise")

    def _mode_lasts_ns(self) -> int:
        return self.now_ns - self.course.mode_since_ns

    # --- what moves the run ---

    def _move(self, cue: Cue, *values: tuple[str, float | str]) -> None:
        """Move the run by a cue that the table allows."""
        following = after(self.course.mode, cue)
        if following is None:
            raise ValueError(f"{cue} is not possible while {self.course.mode}")
        self.course = self.course._replace(mode=following, mode_since_ns=self.now_ns)
        if following not in HOLDS:
            self._leave_hold()
        self.chronicle.say(EventKind.RUN, "run", following.value, *values)

    def _leave_hold(self) -> None:
        if self.course.held_alarm:
            name = self.course.held_alarm
            self.chronicle.gone(name, "the run is not held any more")
        self.course = self.course._replace(hold_ends_ns=None, held_alarm="", lacks="", lost="")

    def _blame(self, name: str, text: str) -> None:
        """Keep the first cause."""
        if not self.course.cause:
            self.course = self.course._replace(cause=name, reason=text)

    def _react(self, finding: Finding) -> None:
        rule = finding.rule
        if finding.gone:
            self.chronicle.gone(rule.name, rule.sentence)
            return
        text = f"{rule.sentence}: lost" + (f" ({finding.shown})" if finding.shown else "")
        energised = rule.with_energy if self.v.any_energised() else None
        self._trip(rule.on_loss if energised is None else energised, rule.name, text)

    def _trip(
        self, response: ActionClass, name: str, text: str, details: tuple[tuple[str, float | str], ...] = ()
    ) -> None:
        """Alarm, and move the run as the response demands; a milder one never undoes a more severe one."""
        cue = CUES.get(response)
        mode = self.course.mode
        seen = (*trigger_of(name, self.v, self.old.scene), *details)
        if cue is None or after(mode, cue) is None or (mode in ENDED and response < ActionClass.FAST_OFF):
            self.chronicle.alarm(EventKind.ALARM, name, text, response, seen)
            return
        self.chronicle.alarm(EventKind.TRIP, name, text, response, seen)
        if cue is Cue.ABORT and self.course.cause == OPERATOR:
            self.course = self.course._replace(cause="")  # what a person asked for before is no cause of an abort
        self._blame(name, text)
        self.course = self.course._replace(is_confirming=False)
        self._move(cue)

    def _take(self, request: Request) -> None:
        if request.verb in (Verb.ANSWER, Verb.SKIP):
            self._take_in_step(request)
            return
        if request.verb in VERBS:
            self.handling.take(request, self.course.mode)
            return
        cue = Cue(request.verb.value)
        refused = refusal(self._suspected(), self._step(), cue)
        if refused:
            why = why_verb(cue, self.course.mode, refused)
            self.chronicle.say(EventKind.REQUEST, request.client, f"{request.verb}: refused, {refused}", *why.values())
            return
        self.chronicle.say(EventKind.REQUEST, request.client, f"{request.verb}: accepted")
        if cue in {Cue.STOP, Cue.ABORT, Cue.HOLD}:
            self._blame(OPERATOR, f"{request.verb} by {request.client}")
        if cue is Cue.RESUME:
            self.course = self.course._replace(cause="", reason="")
            self.judged = rearmed(self.judged)
            self.chronicle.book = reset(self.chronicle.book)
        self.course = self.course._replace(is_confirming=False)
        if cue in (Cue.CLEAR, Cue.START):  # a start begins with everything unknown again
            self.course, self.judged, self.io_armed = Course(self.course.mode, self.now_ns), Watch(), False
            self.chronicle.book = reset(self.chronicle.book)
        self._move(cue)

    def _suspected(self) -> Course:
        """Keep why a run that is away from its planned way cannot be resumed, and return its course."""
        if self.course.mode in LEAVABLE:
            causes = self._lost(), self.course.lacks
            self.course = self.course._replace(lost="; ".join(filter(None, causes)))
        return self.course

    def _lost(self) -> str:
        return lost(self.judged, self.plan.rules, self.v, self.old.scene, self.handling.overridden)

    def _take_in_step(self, request: Request) -> None:
        """Take what moves the running step, and not the run."""
        is_skip, logic = request.verb is Verb.SKIP, self.plan.logic[self.course.step]
        refused = skip_refusal(self.course, self._step()) if is_skip else answer_refusal(self.course, logic, request)
        about = (("about", request.about),) if request.about else ()
        value = () if request.value is None else (("value", request.value),)
        outcome = f"refused, {refused}" if refused else "accepted"
        because = told_values(refused) if refused else ()
        text = f"{words(request)}: {outcome}"
        self.chronicle.say(EventKind.REQUEST, request.client, text, *about, *value, *because)
        if refused:
            return
        if is_skip:
            self._skip(request.client)
        elif isinstance(logic, Asking):
            answer = None if request.value is None else float(request.value)
            self.course = self.course._replace(step_state=logic.answered(self.course.step_state, answer))

    def _skip(self, client: str) -> None:
        """End the running step here; held and paused, the run stays so before the next one."""
        self._end_step("skipped", f"by {client}")
        self.course = self.course._replace(step=self.course.step + 1)
        if self.course.mode is Mode.PAUSING:
            self._move(Cue.SETTLED)

    # --- the running step ---

    def _step(self) -> Step:
        return self.plan.procedure.steps[self.course.step]

    def _say_step(self, text: str, *values: tuple[str, float | str]) -> None:
        self.chronicle.say(EventKind.STEP, f"step {self._step().index}", text, *values)

    def _begin(self, step: int) -> None:
        state = self.plan.logic[step].begin(self.v)
        self.course = self.course._replace(step=step, step_state=state, step_began_ns=self.now_ns, stage="")
        self._say_step("running", ("do", self._step().do), ("text", self._step().text))

    def _end_step(self, state: str, because: str) -> None:
        course = self.course
        values = self.plan.logic[course.step].values(course.step_state, self.v)
        if "rate_at_end_nm_s" in values:  # the base pressure of a layer was measured before its source was heated
            course = course._replace(base_mbar=float(values["pressure_base_mbar"]))
        elif "indicated_nm" in values:
            values["pressure_base_mbar"] = course.base_mbar
        if remarks := joined(course.remarks, values.get("remarks")):
            values["remarks"] = remarks
        duration_s = (self.now_ns - course.step_began_ns) / SECOND
        self._say_step(state, ("state", state), ("ended_because", because), ("duration_s", duration_s), *values.items())
        self.course = course._replace(step_state=None, remarks=())

    def _mark(self) -> None:
        """Mark the film with what came over it in this scan."""
        course = self.course
        if course.step_state is None or not any(guard.spit_nm for guard in self.v.guards):
            return
        values = self.plan.logic[course.step].values(course.step_state, self.v)
        for remark in spits(self.v, self.old.scene, values):
            self.chronicle.say(EventKind.NOTE, f"step {self._step().index}", remark)
            self.course = self.course._replace(remarks=(*self.course.remarks, remark))

    def _advance(self, drive: Drive) -> Tick:
        course = self.course
        tick = self.plan.logic[course.step].tick(course.step_state, self.v, drive)
        stage = tick.text.partition(":")[0]
        if stage != course.stage:
            left = self._left_of_hold(tick) if course.mode in HOLDS else ()
            self.chronicle.say(EventKind.STAGE, f"step {self._step().index}", stage, *left)
        if tick.says is not None:
            self.chronicle.say(tick.says.kind, f"step {self._step().index}", tick.says.text, *tick.says.values)
        self.course = self.course._replace(step_state=tick.state, stage=stage)
        return tick

    def _rest(self, text: str, ask: Ask | None = None) -> Tick:
        return Tick(None, safe_levels(self.v), text, ask=ask)

    # --- what each state does ---

    def _tick(self) -> Tick:
        match self.course.mode:
            case Mode.STARTING:
                return self._start()
            case Mode.PAUSING | Mode.PAUSED if self._is_parked():
                return self._park()
            case Mode.RUNNING | Mode.PAUSING:
                return self._run()
            case Mode.RESTARTING if not self.course.is_started:
                return self._start()
            case Mode.RESTARTING:
                self._move(Cue.SETTLED)
                return self._run()
            case Mode.HOLDING | Mode.HELD:
                return self._hold()
            case Mode.STOPPING:
                return self._stop()
            case Mode.COMPLETING:
                return self._confirm()
            case Mode.ABORTING:
                return self._abort()
            case _:
                return self._rest(self.course.mode.value)

    def _start(self) -> Tick:
        """Outputs 0, I/O watchdog armed, every link heard, everything off: only then the first step begins."""
        if not self.io_armed:
            ask = Ask(ActionKind.IO_ARM, "io") if self.errands.pending is None else None
            return self._not_ready("I/O watchdog armed", ask)
        lacking = self._unheard() or unconfirmed(self.v)
        if not lacking:
            self.course = self.course._replace(is_started=True)
            self._move(Cue.SETTLED)
            return self._run()
        if self.v.slow_sqc(self.v.s.sqc_phase) > STOPPED:
            self._trip(ActionClass.FAST_OFF, "sqc_running", "the SQC-310 ran before the start: a person decides")
            return self._tick()
        return self._not_ready(", ".join(lacking), None)

    def _not_ready(self, text: str, ask: Ask | None) -> Tick:
        if self._mode_lasts_ns() > START_TIMEOUT_NS:
            self._trip(ActionClass.FAST_OFF, "start", f"station not ready in 60 s: {text}")
        return self._rest(text, ask)

    def _unheard(self) -> list[str]:
        v = self.v
        heard = {
            "gauges answer": not (math.isnan(v.full_range) and math.isnan(v.capacitance)),
            "turbo answers": v.value(v.s.turbo_speed, self.plan.frame.turbo_age_ns) >= 0,
            "SQC-310 answers": v.slow_sqc(v.s.sqc_phase) >= 0,
            "record keeps up": JOURNAL.holds(v, self.old.scene),
            "I/O answers": v.io(v.s.e_stop_ok) >= 0,
            **{f"supply {w.boat} answers": not v.is_unmeasured(w) for w in self.plan.frame.sources if w.is_linked},
        }
        return [text for text, is_heard in heard.items() if not is_heard]

    def _run(self) -> Tick:
        if self.course.step_state is None:
            self._begin(self.course.step)
            if worn := worn_out(self.v, self._step().work):
                self._trip(ActionClass.STOP, "crystal_need", worn)
                return self._tick()
        tick = self._advance(Drive.RUN)
        if tick.trouble is not None:
            self._trouble(tick.trouble)
            return self._tick()
        if not tick.done:
            return tick
        self._end_step("complete", tick.done)
        return self._go_on()

    def _is_parked(self) -> bool:
        """Return whether a pause acts on the running step at once; it waits for the end of all others."""
        return self.course.step_state is not None and self._step().do in PARKED

    def _park(self) -> Tick:
        """Bring the step to where it can be left alone; its clocks stand until the run is resumed."""
        tick = self._advance(Drive.HOLD)
        if tick.trouble is not None and tick.trouble.response > ActionClass.HOLD:
            self._trouble(tick.trouble)
            return self._tick()
        if self.course.mode is Mode.PAUSING and (tick.is_settled or tick.trouble is not None):
            self._move(Cue.SETTLED)
        return tick

    def _go_on(self) -> Tick:
        steps, step = self.plan.procedure.steps, self.course.step
        if step + 1 == len(steps):
            self.course = self.course._replace(mode=Mode.RUNNING)  # a pause at the end has nothing left to wait for
            self._move(Cue.SETTLED)
            return self._confirm()
        self.course = self.course._replace(step=step + 1)
        if self.course.mode is Mode.PAUSING and steps[step + 1].unit != steps[step].unit:
            self._move(Cue.SETTLED)
            return self._rest("paused")
        return self._run()

    def _trouble(self, trouble: Trouble) -> None:
        refused = "; ".join(str(refusal) for refusal in self.old.refusals)
        text = f"{trouble.text} ({refused})" if refused else trouble.text
        self._trip(trouble.response, trouble.name, text, self._details())

    def _details(self) -> tuple[tuple[str, float | str], ...]:
        """Return every condition that the first refused output of the last scan lacks, as values of an event."""
        if not self.old.refusals:
            return ()
        output, over = self.old.refusals[0].output, self.handling.overridden
        return why_output(output, self.v, self.old.scene, closed=blocked(self.judged), overridden=over).values()

    def _hold(self) -> Tick:
        """Bring the step to its hold, and stop when it has lasted too long."""
        tick = self._rest("held") if self.course.step_state is None else self._advance(Drive.HOLD)
        if tick.trouble is not None and tick.trouble.response > ActionClass.HOLD:
            self._trouble(tick.trouble)
            return self._tick()
        if tick.trouble is not None and tick.trouble.response is ActionClass.ALARM:
            self._trouble(tick.trouble)
            self.course = self.course._replace(held_alarm=tick.trouble.name)
            tick = tick._replace(trouble=None)
        self.course = self.course._replace(lacks=tick.lacks)
        self._suspected()
        is_settled = tick.is_settled or tick.trouble is not None or self.course.step_state is None
        if self.course.mode is Mode.HOLDING and is_settled:
            self.course = self.course._replace(mode_since_ns=self.now_ns)  # the hold is counted from its confirmation
            self._move(Cue.SETTLED, ("reason", self.course.reason), *self._left_of_hold(tick))
            return tick
        longest_s = self._longest_hold_s(tick)
        self._left_of_hold(tick)
        if self._mode_lasts_ns() > to_ns(longest_s):  # also one that does not come about
            self._trip(ActionClass.STOP, "hold", f"held for {longest_s:g} s")
            return self._tick()
        return tick

    def _longest_hold_s(self, tick: Tick) -> float:
        limits = self.plan.frame.station.limits
        return limits.hold if any(level.on for level in tick.wants.supply) else limits.hold_cold

    def _left_of_hold(self, tick: Tick) -> tuple[tuple[str, float], ...]:
        """Keep when the hold becomes a stop, and return what is left of it, s."""
        ends_ns = self.course.mode_since_ns + to_ns(self._longest_hold_s(tick))
        if tick.hold_ends_ns is not None:
            ends_ns = min(ends_ns, tick.hold_ends_ns)
        self.course = self.course._replace(hold_ends_ns=ends_ns)
        return (("left_s", (ends_ns - self.now_ns) / SECOND),)

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
        steps = self.plan.procedure.steps
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
        return self._rest("safe state confirmed", self._sqc_stop())

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

    def _still_to_do(self) -> Ask | None:
        """Stop the SQC-310 once, again only if it still runs; arm an I/O that has lost its outputs: it starts at 0."""
        if self.errands.is_pending(ActionKind.SQC_STOP) or self.errands.is_pending(ActionKind.IO_ARM):
            return None
        if not self.course.is_confirming:  # a process may have been started since its phase was read
            self.course = self.course._replace(is_confirming=True)
            return Ask(ActionKind.SQC_STOP, "sqc")
        phase = self.v.slow_sqc(self.v.s.sqc_phase)
        if self._io_watchdog() == 0 and not phase > STOPPED:
            return Ask(ActionKind.IO_ARM, "io")
        return self._sqc_stop()

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
        unknown = [w for w in self.plan.frame.sources if self.v.is_unmeasured(w)]
        if not unknown:
            return verdict
        shown = ", ".join(f"supply {w.boat} not measured, enable contact {self.v.enable_text(w)}" for w in unknown)
        return (*verdict, ("not_measured", shown))

    def _tell_unsafe(self) -> None:
        text = f"OFF NOT CONFIRMED: {', '.join(self._lacking())}"
        self.chronicle.alarm(EventKind.ALARM, "safe_state", text, ActionClass.HARD_OFF)
        self.course = self.course._replace(is_told_unsafe=True)


def remaining(layers: tuple[LayerSetup, ...], grown_nm: tuple[float, ...]) -> tuple[LayerSetup, ...]:
    """Return the layers without what has grown of each already."""
    if not grown_nm:
        return layers
    left = ((layer, layer.thickness_nm - nm) for layer, nm in zip(layers, grown_nm, strict=True))
    return tuple(layer._replace(thickness_nm=nm) for layer, nm in left)
