"""Questions and answers of Modbus on pymodbus's PDU classes, without the envelope of a transport.

pymodbus decodes leniently; a message counts here only if encoding its contents again gives the same bytes. Messages
are in the envelope of Modbus TCP without its transaction number (``tail``), and cached so: most questions are asked
every scan. Source: Modbus application protocol V1.1b3. pymodbus is imported with the first frame: a tenth of a second.
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
MASK_REGISTER, READ_WRITE = 22, 23
BIT_READS = (READ_COILS, READ_INPUTS)
REGISTER_READS = (READ_HOLDING, READ_REGISTERS)
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
FUNCTIONS = frozenset((1, 2, 3, 4, 5, 6, 15, 16, 22, 23))
_CACHED = 4096


class Malformed(ValueError):
    """A frame that is not what the protocol allows in its place."""


class Call(NamedTuple):
    """A question: function, first address, quantity, and what is written (bit n of ``bits`` = address + n).

    With MASK_REGISTER the registers are the AND mask and the OR mask; READ_WRITE reads ``quantity`` at ``address``
    after writing the registers at ``write_address``.
    """

    function: int
    address: int
    quantity: int = 1
    bits: int = 0
    registers: tuple[int, ...] = ()
    write_address: int = 0


class Answer(NamedTuple):
    """What came back: bits or registers that were read, or an exception code (0 = none)."""

    bits: int = 0
    registers: tuple[int, ...] = ()
    exception: int = 0


class _Pymodbus:
    """pymodbus's framers and PDU classes, its logger silenced: a refused frame is data here, not a message."""

    def __init__(self) -> None:
        from pymodbus.framer import FramerRTU, FramerSocket  # noqa: PLC0415 - heavy, and only when there is Modbus
        from pymodbus.pdu import DecodePDU, ExceptionResponse, bit_message, register_message  # noqa: PLC0415

        logging.getLogger("pymodbus.logging").disabled = True
        self.host: FramerSocket = FramerSocket(DecodePDU(False))  # noqa: FBT003 - pymodbus's own signature
        self.instrument: FramerSocket = FramerSocket(DecodePDU(True))  # noqa: FBT003
        self.classes = DecodePDU.pdu_table
        self.write_coils = bit_message.WriteMultipleCoilsRequest
        self.mask = register_message.MaskWriteRegisterRequest
        self.masked = register_message.MaskWriteRegisterResponse
        self.read_write = register_message.ReadWriteMultipleRegistersRequest
        self.refusal = ExceptionResponse
        self.crc = FramerRTU.compute_CRC


@cache
def _pymodbus() -> _Pymodbus:
    return _Pymodbus()


def crc(body: bytes) -> bytes:
    """Return the CRC of a serial line's message, low byte first."""
    return _pymodbus().crc(body).to_bytes(2, "big")


@lru_cache(_CACHED)
def encoded_call(unit: int, call: Call) -> bytes:
    """Return a question's tail. Raises ValueError beyond the bounds of the protocol."""
    lib = _pymodbus()
    if call.function not in FUNCTIONS:
        raise ValueError(f"function code {call.function} is not used")
    if call.function == WRITE_COILS:
        return _tail(lib.host, lib.write_coils(call.address, _spread(call.bits, call.quantity), dev_id=unit))
    pdu = _question(unit, call)
    if call.function != READ_WRITE:  # which proves its two addresses itself
        pdu.verifyAddress()
    return _tail(lib.host, pdu)


def _question(unit: int, call: Call) -> "ModbusPDU":
    lib = _pymodbus()
    if call.function == READ_WRITE:
        written = list(call.registers)
        return lib.read_write(call.address, call.quantity, call.write_address, written, dev_id=unit)
    if call.function == MASK_REGISTER:
        and_mask, or_mask = call.registers
        return lib.mask(call.address, and_mask, or_mask, dev_id=unit)
    request = lib.classes[call.function][0]
    bits = _spread(call.bits, 1) if call.function == WRITE_COIL else None
    return request(dev_id=unit, address=call.address, count=call.quantity, bits=bits, registers=call.registers)


@lru_cache(_CACHED)
def decoded_answer(call: Call, unit: int, tail: bytes) -> Answer:
    """Return the answer to this question in a tail. Raises Malformed when it is not exactly one."""
    pdu = _opened(_pymodbus().host, tail)
    if pdu.dev_id != unit or pdu.function_code & 0x7F != call.function:
        raise Malformed("another unit or function code")
    if pdu.isError():
        return Answer(exception=pdu.exception_code)
    if call.function in BIT_READS:
        if len(pdu.bits) != -(-call.quantity // 8) * 8:
            raise Malformed("another count of bits")
        return Answer(bits=_gather(pdu.bits, call.quantity))
    if call.function in (*REGISTER_READS, READ_WRITE):
        if len(pdu.registers) != call.quantity:
            raise Malformed("another count of registers")
        return Answer(registers=tuple(pdu.registers))
    return _echo(call, pdu)


def _echo(call: Call, pdu: "ModbusPDU") -> Answer:
    if call.function == WRITE_COIL:
        is_same = bool(pdu.bits[0]) == bool(call.bits & 1)
    elif call.function == WRITE_REGISTER:
        is_same = tuple(pdu.registers) == call.registers
    elif isinstance(pdu, _pymodbus().masked):
        is_same = (pdu.and_mask, pdu.or_mask) == call.registers
    else:
        is_same = pdu.count == call.quantity
    if pdu.address != call.address or not is_same:
        raise Malformed("the echo is of another write")
    return Answer()


@lru_cache(_CACHED)
def decoded_call(tail: bytes) -> tuple[Call | None, int]:
    """Return the question in a tail and 0, or None and the exception code that answers what is none."""
    function = tail[5]
    if function not in FUNCTIONS:
        return None, ILLEGAL_FUNCTION
    try:
        pdu = _opened(_pymodbus().instrument, tail)
    except Malformed:
        return None, ILLEGAL_VALUE
    lib = _pymodbus()
    if isinstance(pdu, lib.mask):
        return Call(function, pdu.address, registers=(pdu.and_mask, pdu.or_mask)), 0
    if isinstance(pdu, lib.read_write):
        if len(pdu.write_registers) != pdu.write_count:
            return None, ILLEGAL_VALUE
        written = tuple(pdu.write_registers)
        return Call(function, pdu.read_address, pdu.read_count, 0, written, pdu.write_address), 0
    count = pdu.count or 1
    if function == WRITE_REGISTERS and len(pdu.registers) != count:
        return None, ILLEGAL_VALUE
    return Call(function, pdu.address, count, _gather(pdu.bits, count), tuple(pdu.registers)), 0


@lru_cache(_CACHED)
def encoded_answer(unit: int, function: int, call: Call | None, answer: Answer) -> bytes:
    """Return the tail of the answer to a question that was received."""
    lib = _pymodbus()
    if answer.exception or call is None:
        return _tail(lib.instrument, lib.refusal(function, answer.exception, device_id=unit))
    if function == MASK_REGISTER:
        and_mask, or_mask = call.registers
        return _tail(lib.instrument, lib.masked(call.address, and_mask, or_mask, dev_id=unit))
    bits: list[bool] | None = None
    registers = answer.registers
    if function in BIT_READS:
        bits = _spread(answer.bits, call.quantity)
    elif function == WRITE_COIL:
        bits = _spread(call.bits, 1)
    elif function == WRITE_REGISTER:
        registers = call.registers
    response = lib.classes[function][1]
    return _tail(
        lib.instrument, response(dev_id=unit, address=call.address, count=call.quantity, bits=bits, registers=registers)
    )


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
        built = b"" if pdu is None else framer.buildFrame(pdu)
    except (ModbusException, ValueError) as error:
        raise Malformed(str(error)) from None
    if pdu is None or used != len(frame) or built != frame:
        raise Malformed("byte count and contents disagree, or something is left over")
    return pdu
