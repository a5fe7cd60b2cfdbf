"""Codec of Modbus RTU on a serial line: unit, PDU, CRC; the length of a frame follows from its function code.

The silence of 3.5 characters that ends a frame is the wire's business; bytes carry no time. There is no transaction
number either: a late answer to the same question cannot be told apart, so the link must be drained and greeted after
every miss, as it is. Sources: Modbus over serial line V1.02, application protocol V1.1b3.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pvdstation.protocol.modbus import HEADER, Received
from pvdstation.protocol.modbus_pdu import (
    MASK_REGISTER,
    READ_COILS,
    READ_REGISTERS,
    READ_WRITE,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    Answer,
    Call,
    Malformed,
    crc,
    decoded_answer,
    decoded_call,
    encoded_answer,
    encoded_call,
)

LONGEST_FRAME = 256
BROADCAST = 0
"""Unit number that all obey and none answers."""
_SHORTEST = 4
_CRC = 2
_REFUSED = 0x80
_UNKNOWN = -1
_MORE = 0


class RtuExchange(NamedTuple):
    """One question with the check of its answer."""

    frame: bytes
    call: Call

    def answers(self, frame: bytes) -> bool:
        """Return whether a frame can be the answer to this question."""
        try:
            self.answer(frame)
        except Malformed:
            return False
        return True

    def answer(self, frame: bytes) -> Answer:
        """Decode the answer. Raises Malformed when it is none."""
        return decoded_answer(self.call, self.frame[0], _tail_of(frame))


class RtuHost:
    """Encodes the questions to one unit."""

    __slots__ = ("_unit",)

    def __init__(self, unit: int) -> None:
        self._unit = unit

    def ask(self, call: Call) -> RtuExchange:
        """Encode a question. Raises ValueError beyond the bounds."""
        return RtuExchange(to_rtu(b"\0\0" + encoded_call(self._unit, call)), call)


def receive(frame: bytes) -> Received:
    """Decode a question with its right CRC; what it should not contain becomes an exception code."""
    call, refusal = decoded_call(_tail_of(frame))
    return Received(b"", frame[0], frame[1], call, refusal)


def reply(received: Received, answer: Answer) -> bytes:
    """Encode the answer to a question that was received."""
    return to_rtu(b"\0\0" + encoded_answer(received.unit, received.function, received.call, answer))


def to_rtu(frame: bytes) -> bytes:
    """Return a message of Modbus TCP in the envelope of a serial line: unit, PDU, CRC with its low byte first."""
    body = frame[HEADER:]
    return body + crc(body)


def from_rtu(frame: bytes, number: int) -> bytes:
    """Return the message of a serial line under a transaction number. Raises Malformed by a wrong CRC."""
    return number.to_bytes(2, "big") + _tail_of(frame)


def _tail_of(frame: bytes) -> bytes:
    body = frame[:-_CRC]
    if len(body) < _SHORTEST - _CRC or crc(body) != frame[-_CRC:]:
        raise Malformed("wrong CRC")
    return b"\0\0" + len(body).to_bytes(2, "big") + body


class _RtuFramer:
    """Collects bytes and returns frames; what no frame can begin with is noise of a switching transceiver."""

    __slots__ = ("_held", "_length", "_units")

    def __init__(self, length: Callable[[bytes], int], units: Iterable[int] | None = None) -> None:
        self._held = b""
        self._length = length
        self._units = None if units is None else frozenset(units)

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the frames that are complete and whose CRC is right."""
        held = self._held + data
        frames: list[bytes] = []
        while held:
            end = self._end(held)
            if end == _MORE or end > len(held):
                break
            if end == _UNKNOWN or crc(held[: end - _CRC]) != held[end - _CRC : end]:
                held = held[1:]
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

    def _end(self, held: bytes) -> int:
        if self._units is not None and held[0] not in self._units:
            return _UNKNOWN
        if len(held) < 2:
            return _MORE
        end = self._length(held)
        return _UNKNOWN if end > LONGEST_FRAME else end


class AnswerFramer(_RtuFramer):
    """The host's side: frames of the units that are asked, by the lengths of answers."""

    __slots__ = ()

    def __init__(self, units: Iterable[int]) -> None:
        super().__init__(_length_of_answer, units)


class QuestionFramer(_RtuFramer):
    """The instrument's side: frames to any unit, by the lengths of questions.

    A question with an unknown function code has no length: it is one if all that came ends in its right CRC.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_length_of_question)


def _length_of_answer(held: bytes) -> int:
    function = held[1]
    if function & _REFUSED:
        return 5
    if READ_COILS <= function <= READ_REGISTERS or function == READ_WRITE:
        return 5 + held[2] if len(held) > 2 else _MORE
    if function in (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS):
        return 8
    return 10 if function == MASK_REGISTER else _UNKNOWN


def _length_of_question(held: bytes) -> int:
    function = held[1]
    if READ_COILS <= function <= WRITE_REGISTER:
        return 8
    if function in (WRITE_COILS, WRITE_REGISTERS):
        return 9 + held[6] if len(held) > 6 else _MORE
    if function == MASK_REGISTER:
        return 10
    if function == READ_WRITE:
        return 13 + held[10] if len(held) > 10 else _MORE
    if len(held) < _SHORTEST:
        return _MORE
    return len(held) if crc(held[:-_CRC]) == held[-_CRC:] else _UNKNOWN
