"""Driver of a boat supply, GENESYS+ over SCPI (power supply reference 4; safety reference B.5).

OFF is written first and read back after; everything else is written one thing at a time, so that OFF can come between.
"""

from collections.abc import Generator
from functools import partial

from pvdstation.drivers.base import FAR, Board, Routine
from pvdstation.drivers.supply_arming import (
    LATCHED,
    ArmStep,
    error_verdict,
    fault_verdict,
    limit_steps,
    rating_fault,
    status_verdict,
    watchdog_steps,
)
from pvdstation.drivers.supply_readings import Questioning, SupplyReadings
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Action, ActionKind, SupplyLevel
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.protocol import supply as codec
from pvdstation.wires.link import Ask, Reply

OFF = SupplyLevel(on=False, current_a=0.0, foldback=False)
CURRENT_STEP_A = 0.01
"""Resolution of the set-point; smaller changes are not written."""
_READ_BACK_A = 0.02
_AGAIN_NS = SECOND // 2
_OUTPUT_OFF = Ask(codec.line("OUTP 0"), 0)
_OUTPUT_ON = Ask(codec.line("OUTP 1"), 0)
_CURRENT_ZERO = Ask(codec.line("CURR 0"), 0)
_FOLDBACK = {False: Ask(codec.line("OUTP:PROT:FOLD OFF"), 0), True: Ask(codec.line("OUTP:PROT:FOLD CV"), 0)}
_CLEAR = Ask(codec.line("OUTP:PROT:CLE"), 0)


class SupplyDriver(SupplyReadings):
    """Owner of the link ``supplyN``. The output goes on only after SUPPLY_ARM has verified everything."""

    def __init__(self, number: int, station: Station, board: Board) -> None:
        super().__init__(number, station, board)
        self._met: SupplyLevel | None = None  # the level that was found in force
        self._again_ns = -FAR

    # --- levels ---

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the next write towards the level in force, or None when it is met. Without a lease that is OFF."""
        wanted = self._wanted(now_ns)
        if wanted == self._met or not self.identity:
            return None
        if self._is_met(wanted):
            self._met = wanted
            return None
        if wanted.on and now_ns < self._again_ns:
            return None
        return self._bring(wanted)

    def _wanted(self, now_ns: int) -> SupplyLevel:
        outputs = self._outputs
        if outputs is None or not self._armed or now_ns > outputs.until_ns:
            return OFF
        level = outputs.supply[self._place]
        return level if level.on else OFF

    def _is_met(self, wanted: SupplyLevel) -> bool:
        if self._output is not wanted.on or self._foldback is not wanted.foldback or self._setpoint_a is None:
            return False
        asked_a = 0.0 if self._is_analogue else wanted.current_a
        if asked_a == 0.0:
            return self._setpoint_a == 0.0
        return abs(self._setpoint_a - asked_a) <= CURRENT_STEP_A + 1e-9

    def _bring(self, wanted: SupplyLevel) -> Routine:
        if not wanted.on:
            return self._switch_off()
        if self._output is None:
            return self._read_output()  # a lost reply: what it says decides what is written
        if self._foldback is not False and not wanted.foldback:
            return self._set_foldback(on=False)
        asked_a = 0.0 if self._is_analogue else wanted.current_a
        if self._setpoint_a is None or abs(self._setpoint_a - asked_a) > CURRENT_STEP_A + 1e-9:
            return self._set_current(asked_a)
        return self._set_foldback(on=True) if self._output else self._switch_on()

    def _switch_off(self) -> Routine:
        self._met = None
        yield _OUTPUT_OFF
        yield _CURRENT_ZERO
        yield from self._read_output()
        yield from self._question(self._setpoint, self._saw_setpoint)
        if self._foldback is not False:
            yield from self._set_foldback(on=False)

    def _switch_on(self) -> Routine:
        self._met = None
        self._output = None
        yield _OUTPUT_ON
        yield from self._read_output()
        if self._output is False:
            self._again_ns = self._heard_ns + _AGAIN_NS
            self.trouble = "the output did not go on"

    def _set_current(self, current_a: float) -> Routine:
        self._met = None
        self._setpoint_a = None
        yield Ask(codec.setting("CURR", current_a, 2), 0)
        yield from self._question(self._setpoint, self._saw_setpoint)
        if self._setpoint_a is not None and abs(self._setpoint_a - current_a) > _READ_BACK_A:
            self._again_ns = self._heard_ns + _AGAIN_NS
            self.trouble = f"the set-point is {self._setpoint_a} A, not {current_a:.2f} A"

    def _set_foldback(self, *, on: bool) -> Routine:
        self._met = None
        self._foldback = None
        yield _FOLDBACK[on]
        yield from self._question(self._fold, self._saw_foldback)
        if self._foldback is not on:
            self._again_ns = self._heard_ns + _AGAIN_NS

    def _read_output(self) -> Questioning:
        self._output = None
        yield from self._question(self._output_state, self._saw_output)

    # --- identity and arming ---

    def greet(self) -> Routine:
        """Identify the supply and take its state as it is. Raises Refused when the rating is another one."""
        reply = yield self._who
        if reply.frame is None:
            return
        self._heard_ns = reply.at_ns
        fault = rating_fault(reply.frame, self._values.model)
        if fault:
            where = f"supply.{self._number}.port"
            raise Refused([Problem(where, fault, "Correct the port, or the model in the station file.")])
        self.identity = reply.frame.decode("ascii")
        self._met = None
        yield from self._read_output()
        yield from self._question(self._setpoint, self._saw_setpoint)
        yield from self._question(self._fold, self._saw_foldback)
        yield from self._question(self._faults, self._saw_faults)
        yield from self._question(self._watchdog, self._saw_watchdog)

    def begin(self, action: Action) -> Routine:
        """Return the routine of SUPPLY_ARM."""
        return self._arm(action) if action.kind is ActionKind.SUPPLY_ARM else super().begin(action)

    def _arm(self, action: Action) -> Routine:
        self._armed = False
        self._met = None
        fault = yield from self._arming(action)
        if fault:
            self._disarm(fault)
        else:
            self._armed = True
            self._post(self._signals.armed, 1, self._heard_ns)
        self.board.resolve(action, fault or "armed", self._heard_ns, ok=not fault)

    def _arming(self, action: Action) -> Generator[Ask, Reply, str]:
        for routine in (
            self._take(limit_steps(self._values)),
            self._clear_latched(),
            self._take(watchdog_steps(self._values)),
            self._verify(),
        ):
            fault = yield from routine
            if fault:
                return fault
        return "" if self._heard_ns <= action.deadline_ns else "armed after the dead-line"

    def _take(self, steps: tuple[ArmStep, ...]) -> Generator[Ask, Reply, str]:
        for step in steps:
            for command in step.commands:
                yield Ask(command, 0)
            reply = yield Ask(step.query, self._setpoint.deadline_ns, step.answers)
            if reply.frame is None:
                return f"no answer to {step.query.decode().strip()}"
            self._heard_ns = reply.at_ns
            fault = step.judge(reply.frame)
            if fault:
                return fault
        return ""

    def _clear_latched(self) -> Generator[Ask, Reply, str]:
        """Clear a latched trip. Clearing may restore the output's state: it has just been read back as off."""
        reply = yield self._faults
        if reply.frame is not None and codec.register(reply.frame) & LATCHED:
            yield _CLEAR
            yield from self._read_output()
            if self._output is not False:
                return "the output is not off after clearing a trip"
        return ""

    def _verify(self) -> Generator[Ask, Reply, str]:
        for ask, note, verdict in (
            (self._output_state, self._saw_output, lambda _frame: "the output is on" if self._output else ""),
            (self._setpoint, self._saw_setpoint, lambda _frame: "the set-point is not 0" if self._setpoint_a else ""),
            (self._fold, self._saw_foldback, lambda _frame: "foldback is on" if self._foldback else ""),
            (self._faults, self._saw_faults, fault_verdict),
            (self._status, self._saw_status, partial(status_verdict, is_analogue=self._is_analogue)),
            (self._error, self._saw_error, error_verdict),
        ):
            reply = yield ask
            if reply.frame is None:
                return f"no answer to {ask.data.decode().strip()}"
            self._heard_ns = reply.at_ns
            note(reply.frame)
            fault = verdict(reply.frame)
            if fault:
                return fault
        return ""

    def _saw_setpoint(self, frame: bytes) -> None:
        super()._saw_setpoint(frame)
        self._met = None

    def _disarm(self, why: str) -> None:
        super()._disarm(why)
        self._met = None

    def lose(self, at_ns: int) -> None:
        """Mark the signals as without communication; the state is unknown and needs arming again."""
        super().lose(at_ns)
        self.identity = ""
        self._armed = False
        self._output = self._foldback = None
        self._setpoint_a = self._met = None
