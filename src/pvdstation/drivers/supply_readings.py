"""What a boat supply says: its polls, and what its replies mean.

Any traffic feeds the supply's watchdog (GH10-100 manual p. 94), so there are no polls while the scan is dead and the
output may be on.
"""

from pvdstation.drivers.base import Board, Routine
from pvdstation.drivers.supply_levels import Note, Questioning, SupplyLevels
from pvdstation.model.clock import to_ns
from pvdstation.model.signals import SupplyMode
from pvdstation.model.station import Station
from pvdstation.protocol import supply as codec
from pvdstation.protocol.supply import Operation
from pvdstation.wires.link import Ask


class SupplyReadings(SupplyLevels):
    """The reading half of a supply's driver: voltage, current and mode often, registers and set-point in turn."""

    def __init__(self, number: int, station: Station, board: Board) -> None:
        rating = codec.rating(station.supply[number].model)
        super().__init__(number, codec.LineFramer(), rating, station, board)
        self._look_turn = 0
        self._prepare_questions()

    def _prepare_questions(self) -> None:
        deadline_ns = to_ns(self._values.read_deadline)
        ask = {
            text: Ask(codec.line(text), deadline_ns, accepts)
            for text, accepts in (
                ("MEAS:VOLT?", codec.is_number), ("MEAS:CURR?", codec.is_number), ("OUTP:MODE?", codec.is_mode),
                ("OUTP?", codec.is_switch), ("CURR?", codec.is_number), ("OUTP:PROT:FOLD?", codec.is_mode),
                ("STAT:QUES:COND?", codec.is_register), ("STAT:OPER:COND?", codec.is_register),
                ("SYST:ERR?", codec.is_error), ("SYST:WATCH?", codec.is_switch), ("*IDN?", codec.is_identity),
            )
        }  # fmt: skip
        self._voltage, self._current, self._mode = ask["MEAS:VOLT?"], ask["MEAS:CURR?"], ask["OUTP:MODE?"]
        self._output_state, self._setpoint, self._fold = ask["OUTP?"], ask["CURR?"], ask["OUTP:PROT:FOLD?"]
        self._faults, self._status, self._error = ask["STAT:QUES:COND?"], ask["STAT:OPER:COND?"], ask["SYST:ERR?"]
        self._watchdog, self._who = ask["SYST:WATCH?"], ask["*IDN?"]
        self._looks = (
            (self._faults, self._saw_faults),
            (self._setpoint, self._saw_setpoint),
            (self._status, self._saw_status),
            (self._error, self._saw_error),
            (self._watchdog, self._saw_watchdog),
        )

    # --- polls ---

    def _measure(self) -> Routine:
        reply = yield self._voltage
        if reply.frame is None:
            return
        self._post_measured(self._signals.voltage, float(reply.frame), self._voltage_top, reply.at_ns)
        reply = yield self._current
        if reply.frame is None:
            return
        self._post_measured(self._signals.current, float(reply.frame), self._current_top, reply.at_ns)
        reply = yield self._mode
        if reply.frame is not None:
            self._post(self._signals.mode, codec.mode(reply.frame), reply.at_ns)

    def _look(self) -> Routine:
        question, note = self._looks[self._look_turn]
        self._look_turn = (self._look_turn + 1) % len(self._looks)
        return self._question(question, note)

    def _question(self, ask: Ask, note: Note) -> Questioning:
        reply = yield ask
        if reply.frame is not None:
            self._heard_ns = reply.at_ns
            note(reply.frame)

    # --- what replies mean ---

    def _saw_output(self, frame: bytes) -> None:
        self._output = codec.switch(frame)

    def _saw_foldback(self, frame: bytes) -> None:
        self._foldback = codec.mode(frame) is not SupplyMode.OFF

    def _saw_setpoint(self, frame: bytes) -> None:
        self._note_setpoint(codec.number(frame))

    def _saw_status(self, frame: bytes) -> None:
        status = Operation(codec.register(frame))
        if Operation.LOC in status and self._armed:
            self._disarm("the supply is in local: somebody works at its front panel")
        self._post(self._signals.external, Operation.ECR in status, self._heard_ns)

    def _saw_error(self, frame: bytes) -> None:
        entry = codec.error_entry(frame)
        if entry.code:
            self.trouble = entry.text
        self._post(self._signals.error, entry.code, self._heard_ns)

    def _saw_faults(self, frame: bytes) -> None:
        self._note_faults(codec.register(frame))

    def _saw_watchdog(self, frame: bytes) -> None:
        if self._armed and not codec.switch(frame):
            self._disarm("the supply's watchdog is off")
        else:
            self._post(self._signals.armed, self._armed, self._heard_ns)
