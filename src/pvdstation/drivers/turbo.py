"""Driver of the turbo drive: reads speed and error once a second, keeps the motor at its level.

The drive has no watchdog and wants none: with the host or the lease gone the pump turns on (design 10). Venting is
never switched on from here, and is switched off before the motor is.
"""

from collections.abc import Callable, Generator
from math import nan

from pvdstation.drivers.base import Board, Driver, Routine, Row
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.model.vacuum_tables import Turbo
from pvdstation.protocol import turbo
from pvdstation.protocol.turbo import Telegram
from pvdstation.protocol.turbo_drives import ACCESSORIES, DRIVES, drive_called
from pvdstation.wires.link import Ask, Pause, Reply

POLL_NS = SECOND
GAP_NS = 20 * MILLISECOND
"""Silence that the half-duplex line needs between an answer and the next telegram."""
SWITCH_AGAIN_NS = SECOND
POLLS_PER_LOOK = 10
"""In every tenth poll the switches are read too: somebody may have used the drive's own display."""

STATION, VENTING, MOTOR = 10, 12, 23
CONTROL, REMOTE_PRIORITY, ERROR, SPEED, FIRMWARE, NOMINAL, NAME = 60, 300, 303, 309, 312, 315, 349
_GREETED = (NAME, FIRMWARE, CONTROL, REMOTE_PRIORITY, NOMINAL, STATION, MOTOR)
RS485 = 2
_Number = Generator[Ask | Pause, Reply, float | None]


class TurboDriver(Driver):
    """A TC 110 or TC 400 on its RS-485 line."""

    def __init__(self, station: Station, board: Board) -> None:
        super().__init__("turbo", turbo.TelegramFramer(), station, board)
        self._address = station.turbo.address
        self._deadline_ns = to_ns(station.turbo.read_deadline)
        self._is_on: bool | None = None
        self._is_switching = False
        self._line_free_ns = 0
        self._switch_again_ns = 0
        self._polls = 0
        self.rows = [Row(self._poll, POLL_NS)]

    def greet(self) -> Routine:
        """Identify the drive, verify that it obeys RS-485 and its nominal speed, adopt its state. Raises Refused."""
        self.identity = ""
        self._is_on, self._is_switching = None, False
        texts: list[str] = []
        for parameter in _GREETED:
            reply = yield from self._spaced(self._query(parameter))
            if reply.frame is None:
                return
            texts.append(turbo.decode(reply.frame).data)
        identity, is_on = _verified(texts, self.station.turbo)
        for connector, expected in self.station.turbo.accessories.items():
            reply = yield from self._spaced(self._query(ACCESSORIES[connector]))
            if reply.frame is None:
                return
            _require_accessory(connector, expected, _number(reply.frame))
        self.identity, self._is_on = identity, is_on
        yield from self._read_error()

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the routine that brings the motor to its level; without levels the pump stays as it is."""
        wanted = self._wanted(now_ns)
        if wanted is None or now_ns < max(self._line_free_ns, self._switch_again_ns):
            return None
        return self._switch(on=wanted)

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, or when a level that waits for the line can be written, ns."""
        due_ns = super().quiet_until_ns(now_ns)
        if self._wanted(now_ns) is not None:
            due_ns = min(due_ns, max(now_ns, self._switch_again_ns))
        return max(due_ns, self._line_free_ns)

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the poll when it is due; none in the silence after an answer."""
        return None if now_ns < self._line_free_ns else super().next_poll(now_ns)

    def _wanted(self, now_ns: int) -> bool | None:
        outputs = self.levels(now_ns)
        if outputs is None or self._is_on is None or self._is_switching or outputs.turbo == self._is_on:
            return None
        return outputs.turbo

    def _switch(self, *, on: bool) -> Routine:
        """Write the levels and read them back; what the drive refuses is tried again a second later."""
        self._is_switching = True
        try:
            for parameter in (STATION, MOTOR) if on else (VENTING, MOTOR, STATION):
                reply = yield from self._spaced(self._command(parameter, on=on))
                if reply.frame is None:
                    return
                if _number(reply.frame) != on:
                    break
            yield from self._adopt()
            if self._is_on != on:
                self._switch_again_ns = self._line_free_ns + SWITCH_AGAIN_NS
        finally:
            self._is_switching = False

    def _adopt(self) -> Routine:
        station = yield from self._read_number(STATION)
        motor = yield from self._read_number(MOTOR)
        if station is not None and motor is not None:
            self._is_on = bool(station and motor)

    # --- polls ---

    def _poll(self) -> Routine:
        reply = yield self._query(SPEED)
        self._line_free_ns = reply.at_ns + GAP_NS
        if reply.frame is None:
            return
        self._post(self.board.signals.turbo_speed, _number(reply.frame), reply.at_ns)
        yield Pause(GAP_NS)
        yield from self._read_error()
        self._polls += 1
        if self._polls % POLLS_PER_LOOK == 0 and not self._is_switching:
            yield Pause(GAP_NS)
            yield from self._adopt()

    def _read_error(self) -> Routine:
        reply = yield self._query(ERROR)
        self._line_free_ns = reply.at_ns + GAP_NS
        if reply.frame is not None:
            self._post(self.board.signals.turbo_error, _error(reply.frame), reply.at_ns)

    def _post(self, signal: int, value: float | None, at_ns: int) -> None:
        if value is None:
            self.board.post(signal, nan, Quality.SENSOR_FAULT, at_ns)
        else:
            self.board.post(signal, value, Quality.GOOD, at_ns)

    # --- exchanges ---

    def _read_number(self, parameter: int) -> _Number:
        reply = yield from self._spaced(self._query(parameter))
        return None if reply.frame is None else _number(reply.frame)

    def _spaced(self, ask: Ask) -> Generator[Ask | Pause, Reply, Reply]:
        reply = yield ask
        self._line_free_ns = reply.at_ns + GAP_NS
        yield Pause(GAP_NS)
        return reply

    def _query(self, parameter: int) -> Ask:
        return self._telegram(parameter, turbo.QUERY, turbo.ASK)

    def _command(self, parameter: int, *, on: bool) -> Ask:
        level = turbo.encode_value(turbo.PARAMETERS[parameter].type, on)
        return self._telegram(parameter, turbo.COMMAND, level)

    def _telegram(self, parameter: int, action: int, text: str) -> Ask:
        telegram = Telegram(self._address, action, parameter, text)
        return Ask(turbo.encode(telegram), self._deadline_ns, _answer_of(self._address, parameter))


def _answer_of(address: int, parameter: int) -> Callable[[bytes], bool]:
    def is_answer(frame: bytes) -> bool:
        try:
            telegram = turbo.decode(frame)
        except turbo.Malformed:
            return False
        # An adapter may echo our own query: that has action 00.
        return (telegram.address, telegram.action, telegram.parameter) == (address, turbo.COMMAND, parameter)

    return is_answer


def _number(frame: bytes) -> float | None:
    telegram = turbo.decode(frame)
    try:
        return turbo.decode_number(turbo.PARAMETERS[telegram.parameter].type, telegram.data)
    except turbo.Malformed:
        return None


def _error(frame: bytes) -> float | None:
    try:
        return float(turbo.error_number(turbo.decode(frame).data))
    except turbo.Malformed:
        return None


def _verified(texts: list[str], table: Turbo) -> tuple[str, bool]:
    types = [turbo.PARAMETERS[parameter].type for parameter in _GREETED]
    try:
        name, firmware = map(turbo.decode_text, types[:2], texts[:2])
        control, remote, shown_hz, station, motor = map(turbo.decode_number, types[2:], texts[2:])
    except turbo.Malformed as malformed:
        raise _refused(f"this is no TC 110 or TC 400: {malformed}", "Connect the turbo drive to this port.") from None
    if control != RS485:
        raise _refused(f"P:060 is {control:g}: the drive does not obey RS-485", "Set P:060 to 2 at the drive.")
    if remote:
        raise _refused("P:300 is on: the drive's remote plug has priority", "Take the remote plug off.")
    if table.model is not None and drive_called(name) is not DRIVES[table.model]:
        raise _refused(f"{name} answers; the station file says {table.model}", "Correct model in [turbo].")
    if shown_hz != table.nominal:
        what = f"the pump's nominal speed is {shown_hz:g} Hz; the station file says {table.nominal:g} Hz"
        raise _refused(what, "Correct nominal in [turbo], or connect the right pump.")
    return f"{name}, firmware {firmware}", bool(station and motor)


def _require_accessory(connector: str, expected: int, found: float | None) -> None:
    if found != expected:
        shown = "not known to the drive" if found is None else f"{found:g}"
        # A venting valve that nobody expects may open onto hot lithium when the pump stops.
        what = f"the accessory at {connector} is {shown}; the station file says {expected}"
        raise _refused(what, f"Correct P:{ACCESSORIES[connector]:03d} at the drive, or [turbo] accessories.")


def _refused(what: str, write: str) -> Refused:
    return Refused([Problem("turbo", what, write)])
