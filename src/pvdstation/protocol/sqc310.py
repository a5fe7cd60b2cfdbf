"""SQC-310 packets: sync, length, text, CRC. Both sides, bytes to text and back (manual 074-550-P1C p. 94-96)."""

import re
from functools import lru_cache
from typing import NamedTuple

SYNC = 0x21
COMMAND_BIAS = 34
REPLY_BIAS = 35
LONGEST_COMMAND = 221
LONGEST_REPLY = 220
"""Characters of status letter and payload that one length byte can count."""

DONE = "A"
DONE_AFTER_RESET = "B"
UNKNOWN_COMMAND = "C"
BAD_PARAMETER = "D"
WRONG_MODE = "E"
BAD_CRC = "F"
TOO_LONG = "G"
STATUS_TEXT = {
    DONE: "done",
    DONE_AFTER_RESET: "done, but the unit has been reset",
    UNKNOWN_COMMAND: "unknown command",
    BAD_PARAMETER: "bad data in the command",
    WRONG_MODE: "not allowed in the present mode",
    BAD_CRC: "the command arrived with a wrong checksum",
    TOO_LONG: "the reply would be too long",
}

_NEVER_SENT = re.compile(r"E|CA|CB|CC|U(?!(?:0|1|5|32|33|38|39)$)[ 0-9]", re.ASCII)
"""Deleting, creating, cutting and inserting; next layer; and everything the SQC-310's own U table does not list."""


class Answer(NamedTuple):
    """One reply: status letter, payload, and whether the CRC was right. The other two mean nothing if it was not."""

    status: str
    payload: str
    crc_ok: bool


class Command(NamedTuple):
    """One command as the instrument receives it."""

    message: str
    crc_ok: bool


def _crc_of(byte: int) -> int:
    crc = byte
    for _ in range(8):
        crc = (crc >> 1) ^ 0x2001 if crc & 1 else crc >> 1
    return crc


_CRC_TABLE = tuple(_crc_of(byte) for byte in range(256))


@lru_cache(maxsize=128)  # the same state is told many times over; on a loop-back both ends ask for each packet
def crc(body: bytes) -> bytes:
    """Return the two CRC bytes of length byte and text (sync left out, length included: reference, CRC)."""
    value = 0x3FFF
    table = _CRC_TABLE
    for byte in body:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return bytes(((value & 0x7F) + 34, (value >> 7) + 34))


def _packet(text: str, bias: int) -> bytes:
    body = bytes((len(text) + bias,)) + text.encode("latin-1")
    return b"!" + body + crc(body)


def encode_command(message: str) -> bytes:
    """Return the packet of a command. Raises ValueError for text that no packet can carry or that is never sent."""
    if not message or len(message) > LONGEST_COMMAND or "!" in message or not message.isascii():
        raise ValueError(f"{message!r} does not fit into one packet")
    if _NEVER_SENT.match(message):
        raise ValueError(f"{message!r} is never sent")
    return _packet(message, COMMAND_BIAS)


def encode_reply(status: str, payload: str = "") -> bytes:
    """Return the packet of a reply (instrument side). Raises ValueError when it would be too long."""
    if len(payload) >= LONGEST_REPLY:
        raise ValueError("the reply does not fit into one packet")
    return _packet(status + payload, REPLY_BIAS)


def decode_reply(frame: bytes) -> Answer:
    """Decode one whole reply packet; a wrong CRC is said, not raised."""
    return Answer(chr(frame[2]), frame[3:-2].decode("latin-1"), crc(frame[1:-2]) == frame[-2:])


def decode_command(frame: bytes) -> Command:
    """Decode one whole command packet (instrument side); CRC 00 00 switches the check off (p. 94)."""
    check = frame[-2:]
    return Command(frame[2:-2].decode("latin-1"), check == b"\0\0" or crc(frame[1:-2]) == check)


class _PacketFramer:
    """Collects bytes and returns whole packets; a sync byte restarts at any time (p. 94)."""

    __slots__ = ("_bias", "_held", "_shortest")

    def __init__(self, bias: int, shortest: int) -> None:
        self._bias = bias - 4  # sync, length and two CRC bytes
        self._shortest = shortest
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the packets that are complete."""
        if not self._held and self._is_one_packet(data):
            return [data]
        frames: list[bytes] = []
        for byte in data:
            self._take(byte, frames)
        return frames

    def _is_one_packet(self, data: bytes) -> bool:
        return (
            len(data) >= 5
            and data[0] == SYNC
            and data[1] >= self._shortest
            and len(data) == data[1] - self._bias
            and data.find(b"!", 1) < 0
        )

    def _take(self, byte: int, frames: list[bytes]) -> None:
        held = self._held
        if byte == SYNC:
            held[:] = b"!"
            return
        if not held:
            return
        held.append(byte)
        if len(held) == 2 and byte < self._shortest:
            held.clear()
        elif len(held) > 2 and len(held) == held[1] - self._bias:
            frames.append(bytes(held))
            held.clear()

    def clear(self) -> bool:
        """Forget an unfinished packet; return whether there was one."""
        unfinished = bool(self._held)
        self._held.clear()
        return unfinished


class ReplyFramer(_PacketFramer):
    """Frames what the instrument sends."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(REPLY_BIAS, REPLY_BIAS + 1)


class CommandFramer(_PacketFramer):
    """Frames what the host sends (instrument side)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(COMMAND_BIAS, COMMAND_BIAS + 1)
