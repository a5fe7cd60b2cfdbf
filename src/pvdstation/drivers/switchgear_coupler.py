"""Exchanges with the WAGO coupler of the switchgear: questions, checks of registers, and what exception 4 means."""

from collections.abc import Container, Generator
from typing import NamedTuple

from pvdstation.drivers.base import Board, Driver
from pvdstation.model.clock import to_ns
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol.modbus import (
    DEVICE_FAILURE,
    READ_COILS,
    READ_HOLDING,
    READ_INPUTS,
    WRITE_COILS,
    WRITE_REGISTER,
    Answer,
    Call,
    Host,
    TcpFramer,
)
from pvdstation.wires.link import Ask, Reply

OUTPUT_IMAGE = 0x0200
"""Outputs are written and read back here; a coil read at n is input n."""
KNOWN_ITEMS = (352, 362)
_MODULE = 8  # a digital module has at most so many channels

Exchanged = Generator[Ask, Reply, Answer | None]


class Check(NamedTuple):
    """A register, the values that are accepted, and the sentence when it holds another one."""

    address: int
    accepted: Container[int]
    what: str


class CouplerExchanges(Driver):
    """The lower half of the switchgear's driver."""

    def __init__(self, station: Station, board: Board) -> None:
        super().__init__("io", TcpFramer(), station, board)
        self.trouble = ""
        """What went wrong last, in words."""
        self._host = Host(station.io.unit)
        self._deadline_ns = to_ns(station.io.read_deadline)
        self._count = len(station.io.do)
        self._read_inputs = Call(READ_INPUTS, 0, len(station.io.di))
        self._read_outputs = Call(READ_COILS, OUTPUT_IMAGE, self._count)
        self._armed = False
        self._written: int | None = None  # what the outputs are known to be
        self._has_expired = False
        self._heard_ns = 0

    def _exchange(self, call: Call) -> Exchanged:
        exchange = self._host.ask(call)
        reply = yield Ask(exchange.frame, self._deadline_ns, exchange.answers)
        if reply.frame is None:
            return None
        self._heard_ns = reply.at_ns
        answer = exchange.answer(reply.frame)
        self._has_expired = answer.exception == DEVICE_FAILURE
        if self._has_expired:
            self._written = 0  # the coupler has dropped its outputs, and takes no write until it is armed again
            self._disarm("the coupler's watchdog has expired (exception 4): outputs dropped")
        elif answer.exception:
            self.trouble = f"function {call.function} at {call.address:#06x}: exception {answer.exception}"
        return answer

    def _done(self, call: Call) -> Generator[Ask, Reply, bool]:
        answer = yield from self._exchange(call)
        return answer is not None and not answer.exception

    def _check(self, checks: tuple[Check, ...]) -> Generator[Ask, Reply, str | None]:
        """Compare registers; return None when all agree, a sentence when one does not, "" without an answer."""
        for check in checks:
            answer = yield from self._exchange(read(check.address))
            if answer is None:
                return ""
            if answer.exception:
                return f"{check.what} (exception {answer.exception})"
            if answer.registers[0] not in check.accepted:
                return f"{check.what}; it reads {answer.registers[0]}"
        return None

    def _write(self, bits: int) -> Call:
        return Call(WRITE_COILS, OUTPUT_IMAGE, self._count, bits)

    def _disarm(self, why: str) -> None:
        self._armed = False
        self.trouble = why
        self.board.post(self.board.signals.io_watchdog, 0.0, Quality.GOOD, self._heard_ns)

    def _identity_checks(self) -> tuple[Check, ...]:
        outputs, inputs = len(self.station.io.do), len(self.station.io.di)
        return (
            Check(0x2002, (0x1234,), "constant 0x2002 is not 0x1234: this is no WAGO 750 coupler"),
            Check(0x2012, KNOWN_ITEMS, "the coupler is neither a 750-352 nor a 750-362"),
            Check(0x1024, range(outputs, outputs + _MODULE), f"the modules do not have {outputs} digital outputs"),
            Check(0x1025, range(inputs, inputs + _MODULE), f"the modules do not have {inputs} digital inputs"),
        )


def read(address: int) -> Call:
    """Return the question for one register."""
    return Call(READ_HOLDING, address)


def put(address: int, value: int) -> Call:
    """Return the write of one register."""
    return Call(WRITE_REGISTER, address, registers=(value,))
