"""Codec of Modbus TCP on pymodbus's framers and PDU classes, host side and instrument side.

pymodbus decodes leniently; this module adds what it leaves out: one frame per exchange, at most 260 bytes, unit,
function code, exact transaction number, byte count and echo checked against the question, and nothing left over: a
frame counts only if encoding its contents again gives the same bytes. Sources: Modbus application protocol V1.1b3,
Modbus messaging on TCP/IP V1.0b. pymodbus is imported with the first frame: a tenth of a second.
"""

import logging
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pymodbus.framer import FramerSocket
    from pymodbus.pdu import ModbusPDU

LONGEST_FRAME = 260
READ_COILS, READ_INPUTS, READ_HOLDING, READ_REGISTERS = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
_FUNCTIONS = frozenset((1, 2, 3, 4, 5, 6, 15, 16))
_HEADER = 6  # transaction number, protocol, length of what follows
_CACHED = 4096


class Malformed(ValueError):
    """A frame that is not what the protocol allows in its place."""


class Call(NamedTuple):
    """A question: function, first address, quantity, and what is written (bit n of ``bits`` = address + n)."""

    function: int
    address: int
    quantity: int = 1
    bits: int = 0
    registers: tuple[int, ...] = ()


class Answer(NamedTuple):
    """What came back: bits or registers that were read, or an exception code (0 = none)."""

    bits: int = 0
    registers: tuple[int, ...] = ()
    exception: int = 0


class Exchange(NamedTuple):
    """One numbered question with the check of its answer."""

    frame: bytes
    call: Call

    def answers(self, frame: bytes) -> bool:
        """Return whether a frame is the answer to this question and to no other."""
        try:
            self.answer(frame)
        except Malformed:
            return False
        return True

    def answer(self, frame: bytes) -> Answer:
        """Decode the answer. Raises Malformed when it is not exactly one."""
        if frame[:2] != self.frame[:2]:
            raise Malformed("another transaction number")
        return _decoded_answer(self.call, self.frame[6], frame[2:])


class Host:
    """Numbers the questions to one unit, so that a late answer is never taken for another one's."""

    __slots__ = ("_number", "_unit")

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._number = 0

    def ask(self, call: Call) -> Exchange:
        """Encode a question with the next transaction number, 1 to 65535. Raises ValueError beyond the bounds."""
        self._number = self._number % 0xFFFF + 1
        return Exchange(self._number.to_bytes(2, "big") + _encoded_call(self._unit, call), call)


class Received(NamedTuple):
    """A question as the instrument sees it; ``refusal`` is the exception code when it cannot be one."""

    number: bytes
    unit: int
    function: int
    call: Call | None
    refusal: int


def receive(frame: bytes) -> Received:
    """Decode a question that came over the wire; what it should not contain becomes an exception code."""
    call, refusal = _decoded_call(frame[2:])
    return Received(frame[:2], frame[6], frame[7], call, refusal)


def reply(received: Received, answer: Answer) -> bytes:
    """Encode the answer to a question that was received."""
    return received.number + _encoded_answer(received.unit, received.function, received.call, answer)


class TcpFramer:
    """Collects bytes and returns frames by their length field. A stream that is not Modbus is dropped whole."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the frames that are complete."""
        held = self._held + data
        frames: list[bytes] = []
        while len(held) >= _HEADER:
            end = _HEADER + (held[4] << 8 | held[5])
            if held[2] or held[3] or not _HEADER + 2 <= end <= LONGEST_FRAME:
                held = b""  # no frame begins here, and nothing says where the next one does
            elif len(held) < end:
                break
            else:
                frames.append(held[:end])
                held = held[end:]
        self._held = held
        return frames

    def clear(self) -> bool:
        """Forget an unfinished frame; return whether there was one."""
        was_unfinished = bool(self._held)
        self._held = b""
        return was_unfinished


def to_rtu(frame: bytes) -> bytes:
    """Return the same message in the envelope of a serial line: unit, PDU, CRC with its low byte first."""
    body = frame[_HEADER:]
    return body + _pymodbus().crc(body).to_bytes(2, "big")


def from_rtu(frame: bytes, number: int) -> bytes:
    """Return the message of a serial line under a transaction number. Raises Malformed by a wrong CRC."""
    body = frame[:-2]
    if len(body) < 2 or _pymodbus().crc(body) != int.from_bytes(frame[-2:], "big"):
        raise Malformed("wrong CRC")
    return number.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


# --- on pymodbus; everything is cached without its transaction number, because most questions are asked every scan ---


class _Pymodbus:
    """pymodbus's framers and PDU classes, its logger silenced: a refused frame is data here, not a message."""

    def __init__(self) -> None:
        from pymodbus.framer import FramerRTU, FramerSocket  # noqa: PLC0415 - heavy, and only when there is Modbus
        from pymodbus.pdu import DecodePDU, ExceptionResponse  # noqa: PLC0415
        from pymodbus.pdu.bit_message import WriteMultipleCoilsRequest  # noqa: PLC0415

        logging.getLogger("pymodbus.logging").disabled = True
        self.host: FramerSocket = FramerSocket(DecodePDU(False))  # noqa: FBT003 - pymodbus's own signature
        self.instrument: FramerSocket = FramerSocket(DecodePDU(True))  # noqa: FBT003
        self.classes = DecodePDU.pdu_table
        self.write_coils = WriteMultipleCoilsRequest
        self.refusal = ExceptionResponse
        self.crc = FramerRTU.compute_CRC


@cache
def _pymodbus() -> _Pymodbus:
    return _Pymodbus()


def _spread(bits: int, count: int) -> list[bool]:
    return [bool(bits >> place & 1) for place in range(count)]


def _gather(bits: Iterable[bool], count: int) -> int:
    return sum(1 << place for place, bit in enumerate(bits) if bit and place < count)


def _tail(framer: "FramerSocket", pdu: "ModbusPDU") -> bytes:
    frame = framer.buildFrame(pdu)
    if len(frame) > LONGEST_FRAME:
        raise ValueError(f"a Modbus frame has at most {LONGEST_FRAME} bytes")
    return frame[2:]


def _opened(framer: "FramerSocket", tail: bytes) -> "ModbusPDU":
    from pymodbus.exceptions import ModbusException  # noqa: PLC0415

    frame = b"\0\1" + tail
    try:
        used, pdu = framer.handleFrame(frame, 0, 0)
    except ModbusException as error:
        raise Malformed(str(error)) from None
    if pdu is None or used != len(frame) or framer.buildFrame(pdu) != frame:
        raise Malformed("byte count and contents disagree, or something is left over")
    return pdu


@lru_cache(_CACHED)
def _encoded_call(unit: int, call: Call) -> bytes:
    lib = _pymodbus()
    if call.function not in _FUNCTIONS:
        raise ValueError(f"function code {call.function} is not used")
    if call.function == WRITE_COILS:
        return _tail(lib.host, lib.write_coils(call.address, _spread(call.bits, call.quantity), dev_id=unit))
    request = lib.classes[call.function][0]
    bits = _spread(call.bits, 1) if call.function == WRITE_COIL else None
    pdu = request(dev_id=unit, address=call.address, count=call.quantity, bits=bits, registers=call.registers)
    pdu.verifyAddress()
    return _tail(lib.host, pdu)


@lru_cache(_CACHED)
def _decoded_answer(call: Call, unit: int, tail: bytes) -> Answer:
    pdu = _opened(_pymodbus().host, tail)
    if pdu.dev_id != unit or pdu.function_code & 0x7F != call.function:
        raise Malformed("another unit or function code")
    if pdu.isError():
        return Answer(exception=pdu.exception_code)
    if call.function in (READ_COILS, READ_INPUTS):
        if len(pdu.bits) != -(-call.quantity // 8) * 8:
            raise Malformed("another count of bits")
        return Answer(bits=_gather(pdu.bits, call.quantity))
    if call.function in (READ_HOLDING, READ_REGISTERS):
        if len(pdu.registers) != call.quantity:
            raise Malformed("another count of registers")
        return Answer(registers=tuple(pdu.registers))
    return _echo(call, pdu)


def _echo(call: Call, pdu: "ModbusPDU") -> Answer:
    if call.function == WRITE_COIL:
        is_same = bool(pdu.bits[0]) == bool(call.bits & 1)
    elif call.function == WRITE_REGISTER:
        is_same = tuple(pdu.registers) == call.registers
    else:
        is_same = pdu.count == call.quantity
    if pdu.address != call.address or not is_same:
        raise Malformed("the echo is of another write")
    return Answer()


@lru_cache(_CACHED)
def _decoded_call(tail: bytes) -> tuple[Call | None, int]:
    function = tail[5]
    if function not in _FUNCTIONS:
        return None, ILLEGAL_FUNCTION
    try:
        pdu = _opened(_pymodbus().instrument, tail)
    except Malformed:
        return None, ILLEGAL_VALUE
    count = pdu.count or 1
    if function == WRITE_REGISTERS and len(pdu.registers) != count:
        return None, ILLEGAL_VALUE
    return Call(function, pdu.address, count, _gather(pdu.bits, count), tuple(pdu.registers)), 0


@lru_cache(_CACHED)
def _encoded_answer(unit: int, function: int, call: Call | None, answer: Answer) -> bytes:
    lib = _pymodbus()
    if answer.exception or call is None:
        return _tail(lib.instrument, lib.refusal(function, answer.exception, device_id=unit))
    bits: list[bool] | None = None
    registers = answer.registers
    if function in (READ_COILS, READ_INPUTS):
        bits = _spread(answer.bits, call.quantity)
    elif function == WRITE_COIL:
        bits = _spread(call.bits, 1)
    elif function == WRITE_REGISTER:
        registers = call.registers
    response = lib.classes[function][1]
    return _tail(
        lib.instrument, response(dev_id=unit, address=call.address, count=call.quantity, bits=bits, registers=registers)
    )
