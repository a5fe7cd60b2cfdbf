"""The core: one scan from image and requests to outputs, actions and events. Pure; the turn object lives one scan."""

import math
from typing import Any, NamedTuple

from pvdstation.control import conditions
from pvdstation.control.arbiter import SUPPLY_OFF, Intent, Refusal, arbitrate, safe_levels
from pvdstation.control.decision import Decision
from pvdstation.control.owners import STOPPED, Ask
from pvdstation.control.scene import EMPTY, Scene
from pvdstation.control.sources import SourceState, updated
from pvdstation.control.states import ENDED, Cue, Mode, after
from pvdstation.control.steps import logic_of
from pvdstation.control.steps.base import Drive, StepLogic, Tick, Trouble
from pvdstation.control.steps.quiet import unconfirmed
from pvdstation.control.supervisor import Finding, Guard, Watch, bind, blocked, watch
from pvdstation.control.view import Frame, View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import (
    Action,
    ActionClass,
    ActionKind,
    ActionResult,
    Event,
    EventKind,
    Image,
    LayerSetup,
    Outputs,
    Pace,
    Request,
    Verb,
)
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.recipe.procedure import Condition, Deposit, Procedure, Step

START_TIMEOUT_NS = 60 * SECOND
UNSAFE_AFTER_NS = 120 * SECOND
"""How long a run may stay unconfirmed before it is reported as such; the orders stand all the while."""
DEADLINES_NS = {
    ActionKind.SQC_PREPARE: 60 * SECOND,
    ActionKind.SUPPLY_ARM: 30 * SECOND,
    ActionKind.IO_ARM: 15 * SECOND,
    ActionKind.SQC_STOP: 10 * SECOND,
}
DEADLINE_NS = 6 * SECOND
OPERATOR = "operator"
_CUES = {
    ActionClass.HOLD: Cue.HOLD,
    ActionClass.STOP: Cue.STOP,
    ActionClass.FAST_OFF: Cue.ABORT,
    ActionClass.HARD_OFF: Cue.ABORT,
}
_VERBS = {
    Verb.START: Cue.START,
    Verb.PAUSE: Cue.PAUSE,
    Verb.HOLD: Cue.HOLD,
    Verb.RESUME: Cue.RESUME,
    Verb.STOP: Cue.STOP,
    Verb.ABORT: Cue.ABORT,
    Verb.CLEAR: Cue.CLEAR,
}


class Pending(NamedTuple):
    """The action that has been asked for and not been resolved."""

    action: Action
    is_sent: bool


class State(NamedTuple):
    """Everything the core remembers from scan to scan."""

    mode: Mode
    mode_since_ns: int
    last: Outputs
    sources: tuple[SourceState, ...]
    watch: Watch = Watch()
    scene: Scene = EMPTY
    step: int = 0
    step_state: Any = None
    step_began_ns: int = 0
    stage: str = ""
    number: int = 0  # of the last event
    intents: tuple[Intent, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    pending: Pending | None = None
    io_armed: bool = False
    since_gas: bool = False
    low_since_ns: int | None = None
    is_cold: bool = False  # held without energy
    is_confirming: bool = False  # stopped, waiting for the safe state
    cause: str = ""  # first cause: name of the rule, or "operator"
    reason: str = ""  # first cause in words


class Control:
    """The decision core of one station for one procedure."""

    def __init__(self, station: Station, signals: SignalMap, procedure: Procedure) -> None:
        self.frame = Frame(station, signals)
        self.procedure = procedure
        works = [step.work for step in procedure.steps]
        self.logic: tuple[StepLogic, ...] = tuple(
            logic_of(work, following, self.frame) for work, following in zip(works, [*works[1:], None], strict=True)
        )
        self.layers = tuple(_layer_of(step, station) for step in procedure.steps)
        self.rules = bind(self.frame)

    def start(self, now_ns: int) -> State:
        """Return the state before the first scan: everything off, every source hot, the turbo as it is."""
        station = self.frame.station
        off = Outputs(
            source_shutter=(False,) * len(station.source),
            substrate_shutter=False,
            n2=False,
            vent=False,
            roughing=False,
            gate=False,
            foreline=False,
            backing_stop=False,
            enable=(False,) * len(station.supply),
            beacon=False,
            supply=(SUPPLY_OFF,) * len(station.supply),
            turbo=None,
            pace=Pace(sqc=False, crystals=(), supplies=(False,) * len(station.supply), gas=False),
            until_ns=now_ns,
        )
        sources = tuple(SourceState(commanded_off_since_ns=now_ns) for _ in self.frame.sources)
        return State(Mode.STARTING, now_ns, off, sources)

    def step(self, state: State, image: Image, requests: tuple[Request, ...], now_ns: int) -> Decision:
        """Decide one scan."""
        return _Turn(self, state, image, now_ns).decide(image, requests)


def _layer_of(step: Step, station: Station) -> LayerSetup | None:
    """Return what the SQC-310 must know: the thickness is a backstop behind the longest regulated hold."""
    work = step.work
    if not isinstance(work, Condition | Deposit):
        return None
    backstop_nm = work.thickness_nm + work.rate_nm_s * (60 + station.limits.hold)
    return LayerSetup(work.source, work.rate_nm_s, backstop_nm)


class _Turn:
    """One scan: reads the old state, builds the new one."""

    def __init__(self, control: Control, old: State, image: Image, now_ns: int) -> None:
        self.control = control
        self.frame = control.frame
        self.old = old
        self.now_ns = now_ns
        self.events: list[Event] = []
        self.actions: list[Action] = []
        self.number = old.number
        self.mode = old.mode
        self.mode_since_ns = old.mode_since_ns
        self.step = old.step
        self.step_state = old.step_state
        self.step_began_ns = old.step_began_ns
        self.stage = old.stage
        self.pending = old.pending
        self.io_armed = old.io_armed
        self.is_cold = old.is_cold
        self.is_confirming = old.is_confirming
        self.cause = old.cause
        self.reason = old.reason
        self.guards = old.watch.guards
        result = self._resolved(image)
        self.sources = tuple(
            updated(state, wiring, image.readings, old.last, self.frame.off_limits, now_ns)
            for state, wiring in zip(old.sources, self.frame.sources, strict=True)
        )
        self.v = View(
            self.frame,
            image.readings,
            old.last,
            self.sources,
            now_ns,
            since_gas=old.since_gas,
            low_since_ns=old.low_since_ns,
            result=result,
        )

    # --- events ---

    def say(self, kind: EventKind, source: str, text: str, *values: tuple[str, float | str]) -> int:
        """Add an event and return its number."""
        self.number += 1
        self.events.append(Event(self.number, self.now_ns, kind, source, text, values))
        return self.number

    # --- actions ---

    def _resolved(self, image: Image) -> ActionResult | None:
        """Return the end of the pending action: its answer, or its dead-line."""
        pending = self.pending
        if pending is None:
            return None
        for result in image.results:
            if result.number == pending.action.number:
                return self._closed(pending, result)
        if self.now_ns > pending.action.deadline_ns:
            late = ActionResult(
                pending.action.number, ok=False, text="no answer before the dead-line", at_ns=self.now_ns
            )
            return self._closed(pending, late)
        return None

    def _closed(self, pending: Pending, result: ActionResult) -> ActionResult:
        self.pending = None
        action = pending.action
        self.say(EventKind.ACTION, action.link, f"{action.kind}: {'done' if result.ok else result.text}")
        if action.kind is ActionKind.IO_ARM:
            self.io_armed = result.ok
        return result

    def _ask(self, ask: Ask) -> None:
        deadline_ns = self.now_ns + DEADLINES_NS.get(ask.kind, DEADLINE_NS)
        layer = self.control.layers[min(self.step, len(self.control.layers) - 1)]
        intent = ask.kind is ActionKind.SQC_START
        number = self.say(EventKind.INTENT if intent else EventKind.ACTION, ask.link, f"{ask.kind}: asked")
        self.pending = Pending(Action(number, ask.link, ask.kind, layer, deadline_ns), is_sent=False)

    def _send(self) -> None:
        """Let the pending action out; one that energises waits until its intent is durable."""
        pending = self.pending
        if pending is None or pending.is_sent:
            return
        durable = self.v.readings[self.v.s.journal_durable].value
        if pending.action.kind is ActionKind.SQC_START and not durable >= pending.action.number:
            return
        self.actions.append(pending.action)
        self.pending = Pending(pending.action, is_sent=True)

    # --- the scan ---

    def decide(self, image: Image, requests: tuple[Request, ...]) -> Decision:
        """Judge, react, tick, arbitrate."""
        del image
        judged, findings = watch(self.old.watch, self.control.rules, self.v, self.old.scene)
        self.guards = judged.guards
        for finding in findings:
            self._react(finding)
        for request in requests:
            self._take(request)
        tick = self._tick()
        if tick.ask is not None:
            self._ask(tick.ask)
        self._send()
        closed = blocked(judged)
        ruling = arbitrate(tick.wants, self.v, tick.scene, self.old.intents, closed)
        intents = (*ruling.intents, *(Intent(name, self._intend(name)) for name in ruling.asked))
        self._tell_outputs(ruling.outputs)
        state = State(
            self.mode,
            self.mode_since_ns,
            ruling.outputs,
            self.sources,
            Watch(self.guards, judged.late_scans, judged.last_scan_ns),
            tick.scene,
            self.step,
            self.step_state,
            self.step_began_ns,
            self.stage,
            self.number,
            intents,
            ruling.refusals,
            self.pending,
            self.io_armed,
            (self.old.since_gas or ruling.outputs.n2) and not ruling.outputs.gate,
            self._low_since(),
            self.is_cold,
            self.is_confirming,
            self.cause,
            self.reason,
        )
        overdue = self.mode is Mode.ABORTING and self.now_ns - self.mode_since_ns > UNSAFE_AFTER_NS
        if overdue and not self.old.is_confirming:
            self._tell_unsafe()
            state = state._replace(number=self.number, is_confirming=True)
        return Decision(
            state, ruling.outputs, tuple(self.actions), tuple(self.events), ended=self.mode in ENDED or overdue
        )

    def _low_since(self) -> int | None:
        if not self.v.pressure <= self.frame.station.limits.start_pressure.pressure:
            return None
        return self.now_ns if self.old.low_since_ns is None else self.old.low_since_ns

    def _intend(self, name: str) -> int:
        return self.say(EventKind.INTENT, name, "about to open or energise")

    # --- what moves the run ---

    def _move(self, cue: Cue, *values: tuple[str, float | str]) -> bool:
        """Move the run by a cue; return whether the table allows it."""
        following = after(self.mode, cue)
        if following is None:
            return False
        self.mode = following
        self.mode_since_ns = self.now_ns
        self.say(EventKind.RUN, "run", following.value, *values)
        return True

    def _blame(self, name: str, text: str) -> None:
        """Keep the first cause."""
        if not self.cause:
            self.cause, self.reason = name, text

    def _react(self, finding: Finding) -> None:
        rule = finding.rule
        if finding.gone:
            self.say(EventKind.ALARM, rule.name, f"gone: {rule.sentence}", ("state", "gone"))
            return
        text = f"{rule.sentence}: lost" + (f" ({finding.shown})" if finding.shown else "")
        self._trip(rule.on_loss, rule.name, text)

    def _trip(self, response: ActionClass, name: str, text: str) -> None:
        """Alarm, and move the run as the response demands; a milder one never undoes a more severe one."""
        values = (("state", "came"), ("class", f"C{int(response)}"))
        if response is ActionClass.ALARM:
            self.say(EventKind.ALARM, name, text, *values)
            return
        cue = _CUES[response]
        if after(self.mode, cue) is None or (self.mode is Mode.STOPPING and cue is not Cue.ABORT):
            self.say(EventKind.ALARM, name, text, *values)
            return
        self.say(EventKind.TRIP, name, text, *values)
        self._blame(name, text)
        self._move(cue)
        self.is_confirming = False

    def _take(self, request: Request) -> None:
        cue = _VERBS[request.verb]
        refused = self._refusal(cue)
        if refused:
            self.say(EventKind.REQUEST, request.client, f"{request.verb}: refused, {refused}")
            return
        self.say(EventKind.REQUEST, request.client, f"{request.verb}: accepted")
        if cue in {Cue.STOP, Cue.ABORT, Cue.HOLD}:
            self._blame(OPERATOR, f"{request.verb} by {request.client}")
        if cue is Cue.RESUME:
            self.cause = self.reason = ""
            self.guards = tuple(Guard() if guard.acted else guard for guard in self.guards)
        self._move(cue)

    def _refusal(self, cue: Cue) -> str:
        if after(self.mode, cue) is None:
            return f"not possible while {self.mode.value}"
        work = self.control.procedure.steps[self.step].work
        if cue is Cue.RESUME and self.mode is Mode.HELD and self.is_cold and isinstance(work, Deposit):
            return "the layer was held cold and cannot be continued yet: stop, and start a new run with the rest"
        return ""

    # --- what the mode does ---

    def _tick(self) -> Tick:
        match self.mode:
            case Mode.STARTING:
                return self._start()
            case Mode.RUNNING | Mode.PAUSING:
                return self._run()
            case Mode.RESTARTING:
                self._move(Cue.SETTLED)
                return self._run()
            case Mode.HOLDING | Mode.HELD:
                return self._hold()
            case Mode.STOPPING:
                return self._stop()
            case Mode.COMPLETING:
                return self._complete()
            case Mode.ABORTING:
                return self._abort()
            case _:
                return Tick(None, safe_levels(self.v), self.mode.value)

    def _rest(self, text: str, ask: Ask | None = None) -> Tick:
        return Tick(None, safe_levels(self.v), text, ask=ask)

    def _start(self) -> Tick:
        """Outputs 0, I/O watchdog armed, every link heard, everything off: only then the first step begins."""
        if not self.io_armed:
            ask = Ask(ActionKind.IO_ARM, "io") if self.pending is None else None
            return self._late("I/O watchdog armed", ask)
        lacking = self._unheard() or unconfirmed(self.v)
        if lacking:
            running = self.v.slow_sqc(self.v.s.sqc_phase) > STOPPED
            ask = Ask(ActionKind.SQC_STOP, "sqc") if running and self.pending is None else None
            return self._late(f"{', '.join(lacking)}", ask)
        self._move(Cue.SETTLED)
        self._begin(0)
        return self._run()

    def _late(self, text: str, ask: Ask | None) -> Tick:
        if self.now_ns - self.mode_since_ns > START_TIMEOUT_NS:
            self._trip(ActionClass.FAST_OFF, "start", f"station not ready in 60 s: {text}")
        return self._rest(text, ask)

    def _unheard(self) -> list[str]:
        v = self.v
        needed = {
            "gauges": not (math.isnan(v.full_range) and math.isnan(v.capacitance)),
            "turbo": v.value(v.s.turbo_speed, self.frame.turbo_age_ns) >= 0,
            "SQC-310": v.slow_sqc(v.s.sqc_phase) >= 0,
            "I/O": v.io(v.s.e_stop_ok) >= 0,
        }
        return [f"{name} answers" for name, heard in needed.items() if not heard]

    def _begin(self, step: int) -> None:
        self.step = step
        self.step_began_ns = self.now_ns
        self.stage = ""
        self.is_cold = False
        self.step_state = self.control.logic[step].begin(self.v)
        order = self.control.procedure.steps[step]
        self.say(EventKind.STEP, f"step {order.index}", "running", ("do", order.do), ("text", order.text))

    def _end_step(self, state: str, because: str) -> None:
        order = self.control.procedure.steps[self.step]
        values = self.control.logic[self.step].values(self.step_state, self.v)
        fields: list[tuple[str, float | str]] = [
            ("state", state),
            ("ended_because", because),
            ("duration_s", (self.now_ns - self.step_began_ns) / SECOND),
            *values.items(),
        ]
        self.say(EventKind.STEP, f"step {order.index}", state, *fields)

    def _advance(self, drive: Drive) -> Tick:
        tick = self.control.logic[self.step].tick(self.step_state, self.v, drive)
        self.step_state = tick.state
        self.is_cold = tick.is_cold
        head = tick.text.partition(":")[0]
        if head != self.stage:
            self.stage = head
            index = self.control.procedure.steps[self.step].index
            self.say(EventKind.STAGE, f"step {index}", head)
        return tick

    def _run(self) -> Tick:
        tick = self._advance(Drive.RUN)
        if tick.trouble is not None:
            self._trouble(tick.trouble)
            return tick
        if not tick.done:
            return tick
        self._end_step("complete", tick.done)
        steps = self.control.procedure.steps
        if self.step + 1 == len(steps):
            self.mode = Mode.RUNNING
            self._move(Cue.SETTLED)
            return self._complete()
        if self.mode is Mode.PAUSING and steps[self.step + 1].unit != steps[self.step].unit:
            self._begin(self.step + 1)
            self._move(Cue.SETTLED)
            return self._rest("paused")
        self._begin(self.step + 1)
        return self._run()

    def _trouble(self, trouble: Trouble) -> None:
        refused = "; ".join(str(refusal) for refusal in self.old.refusals)
        text = f"{trouble.text} ({refused})" if refused else trouble.text
        self._trip(trouble.response, trouble.name, text)

    def _hold(self) -> Tick:
        tick = self._advance(Drive.HOLD)
        if tick.trouble is not None and tick.trouble.response > ActionClass.HOLD:
            self._trouble(tick.trouble)
        elif self.mode is Mode.HOLDING:
            if tick.is_settled or tick.trouble is not None:
                self._move(Cue.SETTLED, ("reason", self.reason))
        else:
            limits = self.frame.station.limits
            longest_s = limits.hold_cold if tick.is_cold else limits.hold
            if self.now_ns - self.mode_since_ns > to_ns(longest_s):
                self._trip(ActionClass.STOP, "hold", f"held for {longest_s:g} s")
        return tick

    def _stop(self) -> Tick:
        """Bring the step to its orderly end, pump out gas that was admitted, then confirm the safe state."""
        if self.is_confirming or self.step_state is None:
            return self._confirm("stopped")
        tick = self._advance(Drive.STOP)
        if tick.trouble is not None:
            self.say(EventKind.ALARM, tick.trouble.name, tick.trouble.text, ("state", "came"), ("class", "C0"))
        elif not tick.is_settled:
            return tick
        self._end_step("stopped", self.reason)
        following = self.control.procedure.steps[self.step + 1 :]
        if tick.trouble is None and self.old.since_gas and following and following[0].do == "evacuate":
            self._begin(self.step + 1)
            return self._advance(Drive.STOP)
        self.is_confirming = True
        return self._rest("safe state confirmed")

    def _confirm(self, text: str) -> Tick:
        if not unconfirmed(self.v):
            self._move(Cue.SETTLED, *self._verdict(safe=True))
        elif self.now_ns - self.mode_since_ns > UNSAFE_AFTER_NS + self._longest_stop_ns():
            self._trip(ActionClass.FAST_OFF, "safe_state", f"not confirmed: {', '.join(unconfirmed(self.v))}")
        return self._rest(text)

    def _longest_stop_ns(self) -> int:
        return to_ns(self.frame.station.defaults.evacuate_timeout)

    def _complete(self) -> Tick:
        lacking = unconfirmed(self.v)
        if not lacking:
            self._move(Cue.SETTLED, *self._verdict(safe=True))
        elif self.now_ns - self.mode_since_ns > UNSAFE_AFTER_NS:
            self._trip(ActionClass.FAST_OFF, "safe_state", f"not confirmed: {', '.join(lacking)}")
        return self._rest("safe state confirmed")

    def _abort(self) -> Tick:
        """Everything off and closed until read back; the SQC-310 is stopped once, again only if it still runs."""
        if self.step_state is not None:
            self._end_step("aborted", self.reason)
            self.step_state = None
        running = self.v.slow_sqc(self.v.s.sqc_phase) != STOPPED
        stopping = self.pending is not None and self.pending.action.kind is ActionKind.SQC_STOP
        ask = Ask(ActionKind.SQC_STOP, "sqc") if running and not stopping else None
        lacking = unconfirmed(self.v)
        backed = self.v.is_open(self.v.s.foreline_valve) or conditions.BACKING.holds(self.v, EMPTY) is False
        if not lacking and backed:
            self._move(Cue.SETTLED, *self._verdict(safe=True))
        return self._rest(f"to be confirmed: {', '.join(lacking)}", ask)

    def _verdict(self, *, safe: bool) -> tuple[tuple[str, float | str], ...]:
        return (
            ("cause", self.cause or "complete"),
            ("reason", self.reason or "every step complete"),
            ("safe", float(safe)),
        )

    def _tell_unsafe(self) -> None:
        lacking = ", ".join(unconfirmed(self.v))
        self.say(EventKind.ALARM, "safe_state", f"OFF NOT CONFIRMED: {lacking}", ("state", "came"), ("class", "C4"))
        self.say(EventKind.RUN, "run", self.mode.value, *self._verdict(safe=False))

    # --- outputs ---

    def _tell_outputs(self, outputs: Outputs) -> None:
        before = self.old.last
        if outputs[:11] == before[:11] and outputs.turbo == before.turbo:
            return
        for name in ("substrate_shutter", "n2", "vent", "roughing", "gate", "foreline", "backing_stop", "turbo"):
            level = getattr(outputs, name)
            if level != getattr(before, name):
                self.say(EventKind.OUTPUT, name, "on" if level else "off")
        for w, level, was in zip(self.frame.sources, outputs.source_shutter, before.source_shutter, strict=True):
            if level != was:
                self.say(EventKind.OUTPUT, f"source_shutter.{w.name}", "on" if level else "off")
        for number, level, was in zip(self.frame.station.supply, outputs.enable, before.enable, strict=True):
            if level != was:
                self.say(EventKind.OUTPUT, f"enable.{number}", "on" if level else "off")
        for number, now, then in zip(self.frame.station.supply, outputs.supply, before.supply, strict=True):
            if now.on != then.on:
                self.say(EventKind.OUTPUT, f"supply.{number}", "on" if now.on else "off")
            if now.foldback != then.foldback:
                self.say(EventKind.OUTPUT, f"supply.{number}.foldback", "on" if now.foldback else "off")
