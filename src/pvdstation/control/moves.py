"""What moves a run: rules that act, what people ask for, and its steps."""

from typing import Any, Protocol

from pvdstation.control.alarms import reset
from pvdstation.control.arbiter import safe_levels
from pvdstation.control.by_hand import NOT_BEGUN, Asked, Refused, answer, is_by_hand
from pvdstation.control.chronicle import Chronicle
from pvdstation.control.errands import Errands
from pvdstation.control.handling import VERBS, Handling
from pvdstation.control.owners import Ask
from pvdstation.control.process_guard import guarded
from pvdstation.control.refusals import LEAVABLE, lost, refusal
from pvdstation.control.remarks import joined, spits
from pvdstation.control.sources import updated
from pvdstation.control.state import Course, State
from pvdstation.control.states import ENDED, HOLDS, PARKED, Cue, Mode, after
from pvdstation.control.step_requests import answer_refusal, skip_refusal, words
from pvdstation.control.steps.ask import Asking
from pvdstation.control.steps.base import Drive, StepLogic, Tick
from pvdstation.control.steps.by_hand import UNTOUCHED, ByHand
from pvdstation.control.supervisor import Bound, Finding, Watch, blocked, rearmed
from pvdstation.control.triggers import trigger_of
from pvdstation.control.view import Frame, View
from pvdstation.control.why import told_values, why_verb
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, ActionKind, EventKind, Image, LayerSetup, Request, Verb
from pvdstation.recipe.procedure import AT_REST, Step

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
    steps: tuple[Step, ...]
    logic: tuple[StepLogic, ...]
    layers: tuple[tuple[LayerSetup, ...], ...]
    rules: tuple[Bound, ...]


class Moves:
    """What moves the run: rules that act, requests, and the running step. Reads the old state, lives for one scan."""

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
            pump_told_ns=old.pump_told_ns,
        )
        held = old.course.mode in (Mode.HOLDING, Mode.HELD)
        self.v.guards = guarded(old.guards, self.v, old.scene, is_held=held)
        self.judged = old.watch
        self.handling = Handling(old.overrides, self.chronicle, self.v)

    def _mode_lasts_ns(self) -> int:
        return self.now_ns - self.course.mode_since_ns

    # --- what moves the run ---

    def _move(self, cue: Cue, *values: tuple[str, float | str]) -> None:
        """Move the run by a cue that the table allows."""
        following = after(self.course.mode, cue)
        if following is None:
            raise ValueError(f"{cue} is not possible while {self.course.mode}")
        if cue is Cue.HOLD and self.course.mode is Mode.PAUSING and not self._is_parked():
            self.course = self.course._replace(is_pause_due=True)
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
        self._touch()
        if request.verb is Verb.SET:
            self._set(request)
            return
        if request.verb in (Verb.ANSWER, Verb.SKIP):
            self._take_in_step(request)
            return
        if request.verb in VERBS:
            self.handling.take(request, self.course.mode)
            return
        cue = Cue(request.verb.value)
        refused = refusal(self._suspected(), self._step(), cue)
        if not refused and cue is Cue.START and self._step() is AT_REST:
            refused = "nothing has been prepared: a start names what is to be run"
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

    def _touch(self) -> None:
        """Note that somebody is there who works by hand."""
        logic, state = self.plan.logic[self.course.step], self.course.step_state
        if not isinstance(logic, ByHand) or state is None:
            return
        self.course = self.course._replace(step_state=logic.touched(state, self.now_ns))
        alarm = self.chronicle.book.find(UNTOUCHED)
        if alarm is not None and alarm.is_active:
            self.chronicle.gone(UNTOUCHED, "somebody works by hand again")

    def _set(self, request: Request) -> None:
        """Let a person set an output, where the rules would let it out now."""
        logic, course = self.plan.logic[self.course.step], self.course
        answered: Any = Refused(NOT_BEGUN, told_values(NOT_BEGUN))
        if isinstance(logic, ByHand) and is_by_hand(self.plan, course):
            closed, overridden = blocked(self.judged) | self.handling.closing, self.handling.overridden
            answered = answer(logic, course.step_state, Asked(request, self.v, self.old.scene, closed, overridden))
        elif isinstance(logic, ByHand) and course.step_state is not None:
            text = f"not possible while {course.mode.value}"
            answered = Refused(text, told_values(text))
        about = (("about", request.about),) if request.about else ()
        value = () if request.value is None else (("value", request.value),)
        if isinstance(answered, Refused):
            text = f"{words(request)}: refused, {answered.text}"
            self.chronicle.say(EventKind.REQUEST, request.client, text, *about, *value, *answered.values)
            return
        self.chronicle.say(EventKind.REQUEST, request.client, f"{words(request)}: accepted", *about, *value)
        self.course = course._replace(step_state=answered)

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
        return self.plan.steps[self.course.step]

    def _is_parked(self) -> bool:
        """Return whether a pause acts on the running step at once; it waits for the end of all others."""
        return self.course.step_state is not None and self._step().do in PARKED

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
        if tick.alarm is not None:
            self.chronicle.alarm(EventKind.ALARM, tick.alarm.name, tick.alarm.text, tick.alarm.response)
        self.course = self.course._replace(step_state=tick.state, stage=stage)
        return tick

    def _rest(self, text: str, ask: Ask | None = None) -> Tick:
        return Tick(None, safe_levels(self.v), text, ask=ask)

    # --- how long a hold may last ---

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
