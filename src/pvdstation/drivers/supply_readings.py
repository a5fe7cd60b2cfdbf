"""What a boat supply says: its polls, and what its replies mean.

Any traffic feeds the supply's watchdog (GH10-100 manual p. 94), so there are no polls while the scan is dead and the
output may be on.
"""

from collections.abc import Callable, Generator

from pvdstation.drivers.base import FAR, Board, Driver, Routine, Row
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import Station
from pvdstation.protocol import supply as codec
from pvdstation.protocol.supply import Operation, Questionable
from pvdstation.wires.link import Ask, Reply

_LOOK_NS = SECOND // 2

Note = Callable[[bytes], None]
Questioning = Generator[Ask, Reply, None]


class SupplyReadings(Driver):
    """The reading half of a supply's driver: voltage, current and mode often, registers and set-point in turn."""

    def __init__(self, number: int, station: Station, board: Board) -> None:
        super().__init__(f"supply{number}", codec.LineFramer(), station, board)
        self.trouble = ""
        """What went wrong last, in words."""
        self._number = number
        self._place = list(station.supply).index(number)
        self._values = station.supply[number]
        self._signals = board.signals.supply[number]
        self._is_analogue = self._values.current_source == "analogue"
        rating = codec.rating(self._values.model)
        self._voltage_top = 1.1 * rating.voltage_v if rating else FAR
        self._current_top = 1.1 * rating.current_a if rating else FAR
        self._armed = False
        self._output: bool | None = None  # as read back; None = unknown
        self._setpoint_a: float | None = None
        self._foldback: bool | None = None
        self._enable_was_wrong = False
        self._heard_ns = 0
        self._paced = False
        self._look_turn = 0
        self._prepare_questions()
        self._measuring, self._looking = Row(self._measure, SECOND), Row(self._look, _LOOK_NS)
        self.rows = [self._measuring, self._looking]

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

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the longest-due poll; none while the scan is dead and the output may be on."""
        self._follow_pace(now_ns)
        return super().next_poll(now_ns) if self._may_poll(now_ns) else None

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, or the lease runs out, ns."""
        self._follow_pace(now_ns)
        if self._may_poll(now_ns):
            return super().quiet_until_ns(now_ns)
        outputs = self._outputs
        return outputs.until_ns + 1 if outputs is not None and now_ns <= outputs.until_ns else FAR

    def _may_poll(self, now_ns: int) -> bool:
        return self._output is False or self.scan_is_alive(now_ns)

    def _follow_pace(self, now_ns: int) -> None:
        outputs = self._outputs
        paced = outputs is not None and outputs.pace.supplies[self._place]
        if paced is not self._paced:
            self._paced = paced
            fast_ns = to_ns(self.station.scan_period)
            self._measuring.pace(fast_ns if paced else SECOND, now_ns)
            self._looking.pace(fast_ns if paced else _LOOK_NS, now_ns)

    def _measure(self) -> Routine:
        reply = yield self._voltage
        if reply.frame is None:
            return
        self._post_measured(self._signals.voltage, reply, self._voltage_top)
        reply = yield self._current
        if reply.frame is None:
            return
        self._post_measured(self._signals.current, reply, self._current_top)
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

    def _post(self, signal: int, value: float, at_ns: int) -> None:
        self.board.post(signal, float(value), Quality.GOOD, at_ns)

    def _post_measured(self, signal: int, reply: Reply, top: float) -> None:
        value = float(reply.frame or b"nan")
        quality = Quality.GOOD if -0.02 * top <= value <= top else Quality.OVER_RANGE
        self.board.post(signal, value, quality, reply.at_ns)

    def _saw_output(self, frame: bytes) -> None:
        self._output = codec.switch(frame)

    def _saw_foldback(self, frame: bytes) -> None:
        self._foldback = codec.mode(frame) is not SupplyMode.OFF

    def _saw_setpoint(self, frame: bytes) -> None:
        value = codec.number(frame)
        self._setpoint_a = value
        self._post(self._signals.setpoint, value, self._heard_ns)

    def _saw_status(self, frame: bytes) -> None:
        self._post(self._signals.external, bool(codec.register(frame) & Operation.ECR), self._heard_ns)

    def _saw_error(self, frame: bytes) -> None:
        entry = codec.error_entry(frame)
        if entry.code:
            self.trouble = entry.text
        self._post(self._signals.error, entry.code, self._heard_ns)

    def _saw_faults(self, frame: bytes) -> None:
        faults = codec.register(frame)
        # The enable contact is our own output: open is a fault only when it stays so although it should be closed.
        outputs = self._outputs
        is_wrong = bool(faults & Questionable.ENA) and outputs is not None and outputs.enable[self._place]
        if not (is_wrong and self._enable_was_wrong):
            faults &= ~Questionable.ENA
        self._enable_was_wrong = is_wrong
        if faults & ~Questionable.ENA and self._armed:
            self._disarm(f"the supply has tripped: {codec.names(Questionable(faults))}")
        self._post(self._signals.faults, faults, self._heard_ns)

    def _saw_watchdog(self, frame: bytes) -> None:
        if self._armed and not codec.switch(frame):
            self._disarm("the supply's watchdog is off")
        else:
            self._post(self._signals.armed, self._armed, self._heard_ns)

    def _disarm(self, why: str) -> None:
        self._armed = False
        self.trouble = why
        self._post(self._signals.armed, 0, self._heard_ns)
