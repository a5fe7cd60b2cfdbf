"""Codec of Modbus TCP, host side and instrument side; questions and answers themselves are in ``modbus_pdu``.

What pymodbus leaves out is added here: one frame per exchange, at most 260 bytes, exact transaction number, unit,
function code, byte count and echo checked against the question, and nothing left over. Source: Modbus messaging on
TCP/IP V1.0b.
"""

from typing import NamedTuple

from pvdstation.protocol.modbus_pdu import (
    BIT_READS,
    DEVICE_FAILURE,
    FUNCTIONS,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    LONGEST_FRAME,
    MASK_REGISTER,
    READ_COILS,
    READ_HOLDING,
    READ_INPUTS,
    READ_REGISTERS,
    READ_WRITE,
    REGISTER_READS,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    Answer,
    Call,
    Malformed,
    decoded_answer,
    decoded_call,
    encoded_answer,
    encoded_call,
)

__all__ = [
    "BIT_READS", "DEVICE_FAILURE", "FUNCTIONS", "ILLEGAL_ADDRESS", "ILLEGAL_FUNCTION", "ILLEGAL_VALUE",
    "LONGEST_FRAME", "MASK_REGISTER", "READ_COILS", "READ_HOLDING", "READ_INPUTS", "READ_REGISTERS", "READ_WRITE",
    "REGISTER_READS", "WRITE_COIL", "WRITE_COILS", "WRITE_REGISTER", "WRITE_REGISTERS", "Answer", "Call", "Exchange",
    "Host", "Malformed", "Received", "TcpFramer", "receive", "reply",
]  # fmt: skip
HEADER = 6  # transaction number, protocol, length of what follows


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
        return decoded_answer(self.call, self.frame[6], frame[2:])


class Host:
    """Numbers the questions to one unit, so that a late answer is never taken for another one's."""

    __slots__ = ("_number", "_unit")

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._number = 0

    def ask(self, call: Call) -> Exchange:
        """Encode a question with the next transaction number, 1 to 65535. Raises ValueError beyond the bounds."""
        self._number = self._number % 0xFFFF + 1
        return Exchange(self._number.to_bytes(2, "big") + encoded_call(self._unit, call), call)


class Received(NamedTuple):
    """A question as the instrument sees it; ``refusal`` is the exception code when it cannot be one."""

    number: bytes
    unit: int
    function: int
    call: Call | None
    refusal: int


def receive(frame: bytes) -> Received:
    """Decode a question that came over the wire; what it should not contain becomes an exception code."""
    call, refusal = decoded_call(frame[2:])
    return Received(frame[:2], frame[6], frame[7], call, refusal)


def reply(received: Received, answer: Answer) -> bytes:
    """Encode the answer to a question that was received."""
    return received.number + encoded_answer(received.unit, received.function, received.call, answer)


class TcpFramer:
    """Collects bytes and returns frames by their length field. A stream that is not Modbus is dropped whole."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the frames that are complete."""
        held = self._held + data
        frames: list[bytes] = []
        while len(held) >= HEADER:
            end = HEADER + (held[4] << 8 | held[5])
            if held[2] or held[3] or not HEADER + 2 <= end <= LONGEST_FRAME:
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
