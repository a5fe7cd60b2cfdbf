"""The line of a Modbus instrument: TCP, or a serial line with its wire time and the silence between frames."""

from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.protocol import modbus, modbus_rtu
from pvdstation.protocol.modbus import Answer, Received

_CHARACTER_BITS = 11  # with parity, or with two stop bits in its place
_SILENCE_CHARACTERS = 3.5
_FAST_BAUD = 19200  # above it the silence is fixed (serial line V1.02, 2.5.1.1)
_FAST_SILENCE_NS = 1_750_000


class Question(NamedTuple):
    """A question with the time that its bytes took on the wire."""

    received: Received
    wire_ns: int


class ModbusLine:
    """Frames in and out, one question after the other."""

    def __init__(self, latency_ns: int, transport: str = "tcp", baud: int = 19200) -> None:
        self._latency_ns = latency_ns
        self.is_serial = transport == "rtu"
        self._framer = modbus_rtu.QuestionFramer() if self.is_serial else modbus.TcpFramer()
        self._character_ns = round(_CHARACTER_BITS * SECOND / baud)
        silence_ns = round(_SILENCE_CHARACTERS * self._character_ns)
        self._silence_ns = _FAST_SILENCE_NS if baud > _FAST_BAUD else silence_ns
        self._free_ns = 0

    def questions(self, data: bytes) -> list[Question]:
        """Take bytes and return the questions that are complete."""
        frames = self._framer.feed(data)
        if self.is_serial:
            return [Question(modbus_rtu.receive(frame), len(frame) * self._character_ns) for frame in frames]
        return [Question(modbus.receive(frame), 0) for frame in frames]

    def reply(self, question: Question, answer: Answer, now_ns: int) -> tuple[int, bytes]:
        """Return the answer's bytes with the time at which the last one arrives."""
        received, spent_ns = question
        if self.is_serial:
            frame = modbus_rtu.reply(received, answer)
            spent_ns += self._silence_ns + len(frame) * self._character_ns
        else:
            frame = modbus.reply(received, answer)
        self._free_ns = max(self._free_ns, now_ns) + self._latency_ns + spent_ns
        return self._free_ns, frame

    def clear(self) -> None:
        """Forget an unfinished question."""
        self._framer.clear()
