"""Driver of a boat supply, GENESYS+ over SCPI (power supply reference 4; safety reference B.5).

OFF is written first and read back after; everything else is written one thing at a time, so that OFF can come between.
"""

from functools import partial

from pvdstation.drivers.base import Routine
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
from pvdstation.drivers.supply_levels import Questioning, Verdict
from pvdstation.drivers.supply_readings import SupplyReadings
from pvdstation.model.messages import Action
from pvdstation.model.problems import Problem, Refused
from pvdstation.protocol import supply as codec
from pvdstation.wires.link import Ask

_OUTPUT_OFF = Ask(codec.line("OUTP 0"), 0)
_OUTPUT_ON = Ask(codec.line("OUTP 1"), 0)
_CURRENT_ZERO = Ask(codec.line("CURR 0"), 0)
_FOLDBACK = {False: Ask(codec.line("OUTP:PROT:FOLD OFF"), 0), True: Ask(codec.line("OUTP:PROT:FOLD CV"), 0)}
_CLEAR = Ask(codec.line("OUTP:PROT:CLE"), 0)


class SupplyDriver(SupplyReadings):
    """Writes and arms: output, set-point, foldback, limits, watchdog."""

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
        self._note_output_after_on()

    def _set_current(self, current_a: float) -> Routine:
        self._met = None
        self._setpoint_a = None
        yield Ask(codec.setting("CURR", current_a, 2), 0)
        yield from self._question(self._setpoint, self._saw_setpoint)
        self._note_setpoint_after(current_a)

    def _set_foldback(self, *, on: bool) -> Routine:
        self._met = None
        self._foldback = None
        yield _FOLDBACK[on]
        yield from self._question(self._fold, self._saw_foldback)
        self._note_foldback_after(on=on)

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

    def _arming(self, action: Action) -> Verdict:
        del action
        for routine in (
            self._take(limit_steps(self._values)),
            self._clear_latched(),
            self._take(watchdog_steps(self._values)),
            self._verify(),
        ):
            fault = yield from routine
            if fault:
                return fault
        return ""

    def _take(self, steps: tuple[ArmStep, ...]) -> Verdict:
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

    def _clear_latched(self) -> Verdict:
        """Clear a latched trip. Clearing may restore the output's state: it has just been read back as off."""
        reply = yield self._faults
        if reply.frame is not None and codec.register(reply.frame) & LATCHED:
            yield _CLEAR
            yield from self._read_output()
            if self._output is not False:
                return "the output is not off after clearing a trip"
        return ""

    def _verify(self) -> Verdict:
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
