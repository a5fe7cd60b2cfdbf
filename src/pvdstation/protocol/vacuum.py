"""Codec of the ACK/ENQ mnemonic protocol of gauge controllers: Pfeiffer TPG 26x/36x, INFICON VGC40x/50x.

One exchange: host ``MNE[,p…] CR LF``, unit ``ACK CR LF`` (or NAK), host ``ENQ``, unit ``data CR LF``. After ACK each
further ENQ returns a fresh value; after NAK it returns the error word. From power-up the unit streams lines unasked
until the first byte. Sources: VGC50x manual tina96e1 p.66-73, TPG 261 manual BG 5195 p.71-79, VGC401 manual tinb01e1
p.55-75.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from pvdstation.model.quantities import UNITS as SPELLINGS
from pvdstation.model.signals import Quality

ETX = b"\x03"  # resets the interface, clears the unit's input buffer
ENQ = b"\x05"
ACK = b"\x06"
NAK = b"\x15"
LINE_END = b"\r\n"

NO_ERROR = "0000"
SYNTAX_ERROR = "0001"
PARAMETER_ERROR = "0010"

NO_SENSOR = 5
QUALITY = (Quality.GOOD, Quality.UNDER_RANGE, Quality.OVER_RANGE, *(Quality.SENSOR_FAULT,) * 5)
"""By status digit: ok, under-range, over-range, sensor error, off, no sensor, identification error, BPG/HPG/BCG."""

UNIT_NAMES = ("mbar", "Torr", "Pa", "Micron", "hPa", "Volt")
"""By the number that ``UNI`` returns; 26x and 40x know only the first three."""
VOLT = 5
MBAR_PER_UNIT = (*(SPELLINGS["pressure"][unit] for unit in ("mbar", "Torr", "Pa", "mTorr", "hPa")), None)
"""By the same number; a micron of mercury is a mTorr, and a volt is no pressure."""

_LONGEST_LINE = 256
_VALUE = re.compile(rb"[+-]?[0-9]\.[0-9]{4}E[+-][0-9]{2}")
# Under a fault the number is a dummy, printed in the manuals with one digit of exponent too (2.0000E-2).
_DUMMY = re.compile(rb"[+-]?[0-9]\.[0-9]{1,4}E[+-]?[0-9]{1,2}")
_FIRST_FAULT = b"3"


class Malformed(ValueError):
    """A line that is not what the protocol allows in its place."""


class ChannelValue(NamedTuple):
    """One channel's status digit and its number, in the controller's unit."""

    status: int
    value: float

    @property
    def quality(self) -> Quality:
        """Return what the status digit says of the number."""
        return QUALITY[self.status]


class Identity(NamedTuple):
    """Answer to ``AYT``."""

    model: str
    part_number: str
    serial: str
    firmware: str
    hardware: str


class LineFramer:
    """Collects bytes and returns lines without CR LF. Only both end a line: with one lost, two lines become no line."""

    __slots__ = ("_held", "_overlong")

    def __init__(self) -> None:
        self._held = b""
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the lines that are complete; an overlong one is dropped whole."""
        *lines, self._held = (self._held + data).split(LINE_END)
        if self._overlong and lines:
            del lines[0]
            self._overlong = False
        if len(self._held) > _LONGEST_LINE + 1:
            self._overlong = True
            self._held = self._held[-1:]  # may be the CR of its end
        return [line for line in lines if len(line) <= _LONGEST_LINE]

    def clear(self) -> bool:
        """Forget an unfinished line; return whether there was one."""
        unfinished = bool(self._held) or self._overlong
        self._held, self._overlong = b"", False
        return unfinished


class MessageFramer:
    """The unit's side: bytes to messages in upper case without spaces; ENQ and ETX stand alone, LF is ignored."""

    __slots__ = ("_held",)

    _LONGEST = 80

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return ``b"UNI,0"``, ENQ and ETX in order of arrival; ETX forgets what stands before it."""
        messages: list[bytes] = []
        for byte in data:
            if byte == ENQ[0]:
                messages.append(ENQ)
            elif byte == ETX[0]:
                self._held.clear()
                messages.append(ETX)
            elif byte == LINE_END[0]:
                messages.append(bytes(self._held).upper())
                self._held.clear()
            elif byte not in b"\n " and len(self._held) <= self._LONGEST:
                self._held.append(byte)
        return messages


def encode_message(mnemonic: str, *parameters: int | float | str) -> bytes:
    """Return a host message with its end: ``UNI,0 CR LF``."""
    return ",".join((mnemonic, *map(str, parameters))).encode("ascii") + LINE_END


def encode_line(text: str) -> bytes:
    """Return a data line of the unit with its end."""
    return text.encode("ascii") + LINE_END


def format_value(value: float, *, logarithmic: bool = False) -> str:
    """Return a number as the unit writes it, ``-x.xxxxE-xx``; with a logarithmic gauge decimals 3 and 4 are 0."""
    if not logarithmic:
        return f"{value + 0.0:.4E}"  # + 0.0: no minus zero
    mantissa, exponent = f"{value:.2E}".split("E")
    return f"{mantissa}00E{exponent}"


def decode_channels(line: bytes, count: int) -> tuple[ChannelValue, ...]:
    """Return status and value of each channel from a ``PRX`` line (``PRn``: count 1). Raises Malformed."""
    fields = line.split(b",")
    if len(fields) != 2 * count:
        raise Malformed(f"{len(fields)} fields instead of {2 * count}: {line!r}")
    return tuple([_channel(fields[i].strip(b" "), fields[i + 1].strip(b" ")) for i in range(0, 2 * count, 2)])


def _channel(status: bytes, value: bytes) -> ChannelValue:
    if len(status) != 1 or not b"0" <= status <= b"7":
        raise Malformed(f"status {status!r}")
    if not (_VALUE if status < _FIRST_FAULT else _DUMMY).fullmatch(value):
        raise Malformed(f"value {value!r}")
    return ChannelValue(status[0] - 48, float(value))


def decode_list(line: bytes) -> tuple[str, ...]:
    """Return the fields of a line of words or digits (``SEN``, ``SPS``, ``FIL``). Raises Malformed."""
    fields = tuple(field.strip() for field in _text(line).split(","))
    if not all(fields):
        raise Malformed(f"empty field: {line!r}")
    return fields


def decode_kinds(line: bytes) -> tuple[str, ...]:
    """Return the gauges that ``TID`` names, one word per channel; a line of numbers is none. Raises Malformed."""
    kinds = decode_list(line)
    if not all(kind[0].isalpha() for kind in kinds):
        raise Malformed(f"not names of gauges: {line!r}")
    return kinds


def decode_word(line: bytes) -> str:
    """Return the only field of a line (``PNR``). Raises Malformed."""
    (*others, word) = decode_list(line)
    if others:
        raise Malformed(f"{len(others)} fields too many: {line!r}")
    return word


def decode_identity(line: bytes) -> Identity:
    """Return the answer to ``AYT``: five fields. Raises Malformed."""
    fields = decode_list(line)
    if len(fields) != len(Identity._fields):
        raise Malformed(f"{len(fields)} fields instead of {len(Identity._fields)}: {line!r}")
    if not fields[0][0].isalpha():  # two channels and their unit, of a stream
        raise Malformed(f"not the name of a model: {line!r}")
    return Identity(*fields)


def decode_digit(line: bytes) -> int:
    """Return the answer to ``UNI``: one digit. Raises Malformed."""
    text = line.strip(b" ")
    if len(text) != 1 or not text.isdigit():
        raise Malformed(f"not one digit: {line!r}")
    return int(text)


def decode_error_word(line: bytes) -> str:
    """Return the four digits that follow NAK or ``ERR``; 0000 is no error. Raises Malformed."""
    text = _text(line).strip()
    if len(text) != len(NO_ERROR) or set(text) - {"0", "1"}:
        raise Malformed(f"not an error word: {line!r}")
    return text


def error_sentence(word: str) -> str:
    """Return in words what an error word says (VGC50x manual p.70)."""
    names = ("controller error, see its display", "no hardware", "inadmissible parameter", "syntax error")
    return ", ".join(name for digit, name in zip(word, names, strict=True) if digit == "1") or "no error"


def encode_channels(channels: Iterable[tuple[int, str]]) -> bytes:
    """Return a ``PRX`` line with its end from status digits and formatted numbers."""
    return encode_line(",".join(f"{status},{value}" for status, value in channels))


def _text(line: bytes) -> str:
    if not all(0x20 <= byte < 0x7F for byte in line):
        raise Malformed(f"not text: {line!r}")
    return line.decode("ascii")
