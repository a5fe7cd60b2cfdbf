"""Exchanges with the modules of the switchgear: questions, checks of registers, and what exception 4 means."""

from collections.abc import Container, Generator
from typing import NamedTuple

from pvdstation.drivers.base import Board, Driver
from pvdstation.model.clock import to_ns
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol.modbus import (
    DEVICE_FAILURE,
    READ_HOLDING,
    WRITE_REGISTER,
    Answer,
    Call,
    Host,
    TcpFramer,
)
from pvdstation.protocol.modbus_rtu import AnswerFramer, RtuHost
from pvdstation.wires.link import Ask, Reply

Exchanged = Generator[Ask, Reply, Answer | None]
Fault = Generator[Ask, Reply, str | None]
"""Ends in None when all is well, a sentence when it is not, and "" when there was no answer."""


class Check(NamedTuple):
    """A register, the values that are accepted, and the sentence when it holds another one."""

    address: int
    accepted: Container[int]
    what: str
    function: int = READ_HOLDING


class IoExchanges(Driver):
    """The lower half of the switchgear's driver."""

    def __init__(self, station: Station, board: Board) -> None:
        io = station.io
        units = io.unit_numbers
        self._hosts: dict[int, Host | RtuHost]
        if io.transport == "rtu":
            super().__init__("io", AnswerFramer(units), station, board)
            self._hosts = {unit: RtuHost(unit) for unit in units}
        else:
            super().__init__("io", TcpFramer(), station, board)
            self._hosts = {unit: Host(unit) for unit in units}
        self.trouble = ""
        """What went wrong last, in words."""
        self.failure_drops_outputs = False
        """Exception 4 means that the module has dropped its outputs, and takes no write until it is armed again."""
        self.has_expired = False
        self._first_unit = io.unit
        self._deadline_ns = to_ns(io.read_deadline)
        self._armed = False
        self._written: int | None = None  # what the outputs are known to be
        self._heard_ns = 0

    def exchange(self, call: Call, unit: int = 0) -> Exchanged:
        """Ask one question of a unit, the first one by 0; None after a miss."""
        exchange = self._hosts[unit or self._first_unit].ask(call)
        reply = yield Ask(exchange.frame, self._deadline_ns, exchange.answers)
        if reply.frame is None:
            return None
        self._heard_ns = reply.at_ns
        answer = exchange.answer(reply.frame)
        self.has_expired = False
        if answer.exception:
            self._note(call, answer.exception)
        return answer

    def _note(self, call: Call, exception: int) -> None:
        what = f"function {call.function} at {call.address:#06x}"
        if exception != DEVICE_FAILURE:
            self.trouble = f"{what}: exception {exception}"
        elif self.failure_drops_outputs:
            self.has_expired = True
            self._written = 0
            self._disarm("the coupler's watchdog has expired (exception 4): outputs dropped")
        else:
            self._written = None
            self._disarm(f"{what}: the module has failed (exception 4)")

    def done(self, call: Call, unit: int = 0) -> Generator[Ask, Reply, bool]:
        """Write, and end in whether it was taken."""
        answer = yield from self.exchange(call, unit)
        return answer is not None and not answer.exception

    def check(self, checks: tuple[Check, ...], unit: int = 0) -> Fault:
        """Compare registers of a unit."""
        for check in checks:
            answer = yield from self.exchange(Call(check.function, check.address), unit)
            if answer is None:
                return ""
            if answer.exception:
                return f"{check.what} (exception {answer.exception})"
            if answer.registers[0] not in check.accepted:
                return f"{check.what}; it reads {answer.registers[0]}"
        return None

    def _disarm(self, why: str) -> None:
        self._armed = False
        self.trouble = why
        self.board.post(self.board.signals.io_watchdog, 0.0, Quality.GOOD, self._heard_ns)


def read(address: int) -> Call:
    """Return the question for one register."""
    return Call(READ_HOLDING, address)


def put(address: int, value: int) -> Call:
    """Return the write of one register."""
    return Call(WRITE_REGISTER, address, registers=(value,))
