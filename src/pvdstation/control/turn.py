"""One scan: judge the interlocks, move the run, let the step say what it wants, arbitrate."""

import math

from pvdstation.control.arbiter import Intent, Refusal, arbitrate
from pvdstation.control.crystal_need import worn_out
from pvdstation.control.decision import Decision
from pvdstation.control.ends import Ends
from pvdstation.control.owners import STOPPED, Ask
from pvdstation.control.readiness import unheard
from pvdstation.control.scene import Scene
from pvdstation.control.state import State
from pvdstation.control.states import ENDED, GOING_ON, Cue, Mode
from pvdstation.control.steps.base import Drive, Tick, Trouble
from pvdstation.control.steps.quiet import unconfirmed
from pvdstation.control.supervisor import blocked, watch
from pvdstation.control.waiting import Waiting, told
from pvdstation.control.why import why_output
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, ActionKind, EventKind, LayerSetup, Request

START_TIMEOUT_NS = 60 * SECOND


class Turn(Ends):
    """Reads the old state, builds the new one; lives for one scan."""

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
            self.now_ns if self.old.last.backing_stop and not ruling.outputs.backing_stop else self.old.pump_told_ns,
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

    def _low_since(self) -> int | None:
        if not self.v.pressure <= self.plan.frame.station.limits.start_pressure.pressure:
            return None
        return self.now_ns if self.old.low_since_ns is None else self.old.low_since_ns

    def _intend(self, name: str) -> int:
        return self.chronicle.say(EventKind.INTENT, name, "about to open or energise")

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
                return self._restart()
            case Mode.HOLDING | Mode.HELD:
                return self._hold()
            case Mode.STOPPING:
                return self._stop()
            case Mode.COMPLETING:
                return self._confirm()
            case Mode.ABORTING:
                return self._abort()
            case Mode.IDLE | Mode.INTERRUPTED:  # the safe state needs its fore-line valve while the turbo turns
                return self._rest(self.course.mode.value, self._io_arm())
            case _:
                return self._rest(self.course.mode.value)

    def _start(self) -> Tick:
        """Outputs 0, I/O watchdog armed, every link heard, everything off: only then the first step begins."""
        if not self.io_armed:
            ask = Ask(ActionKind.IO_ARM, "io") if self.errands.pending is None else None
            return self._not_ready("I/O watchdog armed", ask)
        lacking = unheard(self.v, self.old.scene) or unconfirmed(self.v)
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

    def _restart(self) -> Tick:
        """Go on after a hold; a pause that it had put off waits for the end of its unit again."""
        self._move(Cue.SETTLED)
        if self.course.is_pause_due:
            self.course = self.course._replace(is_pause_due=False)
            self._move(Cue.PAUSE)
        return self._tick()

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
        steps, step = self.plan.steps, self.course.step
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
        worn = worn_out(self.v, self._step().work) if tick.is_cold and tick.state is not None else ""
        self.course = self.course._replace(lacks="; ".join(filter(None, (tick.lacks, worn))))
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


def remaining(layers: tuple[LayerSetup, ...], grown_nm: tuple[float, ...]) -> tuple[LayerSetup, ...]:
    """Return the layers without what has grown of each already."""
    if not grown_nm:
        return layers
    left = ((layer, layer.thickness_nm - nm) for layer, nm in zip(layers, grown_nm, strict=True))
    return tuple(layer._replace(thickness_nm=nm) for layer, nm in left)
