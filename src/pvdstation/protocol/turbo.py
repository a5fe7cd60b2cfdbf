"""Codec of the Pfeiffer telegram protocol of turbo drives (TC 110, TC 400): ASCII on a half-duplex RS-485 line.

``aaa`` address, ``*0`` action (00 query, 10 command or answer), ``nnn`` parameter, ``ll`` length, data, ``ccc``
checksum, CR. The checksum is the sum of all characters before it, modulo 256. A command is answered by its echo.
Frame and data types: TC 400 manual p.25, TC 110 manual PB p.32; the parameter table agrees in four public ones.
"""

from enum import IntEnum
from typing import NamedTuple

QUERY = 0
COMMAND = 10  # also every answer
ASK = "=?"
CR = b"\r"
BROADCAST = 0
"""Global address: obeyed by all, answered by none."""

NOT_DEFINED = "NO_DEF"  # unknown parameter
OUT_OF_RANGE = "_RANGE"
NO_ACCESS = "_LOGIC"  # read-only, or the remote plug has priority
ERRORS = frozenset({NOT_DEFINED, OUT_OF_RANGE, NO_ACCESS})

_HEAD = 10  # address, action, parameter, length
_CHECKSUM = 3
_LONGEST = _HEAD + 99 + _CHECKSUM


class Malformed(ValueError):
    """Bytes that are not a telegram, or data that are not of their type."""


class DataType(IntEnum):
    """How a parameter's data are written."""

    BOOLEAN_OLD = 0  # 000000 or 111111
    U_INTEGER = 1  # 6 digits
    U_REAL = 2  # 6 digits, unit 0.01
    STRING = 4  # 6 characters
    BOOLEAN_NEW = 6  # 0 or 1
    U_SHORT_INT = 7  # 3 digits
    U_EXPO_NEW = 10  # 4 digits mantissa × 1000, 2 digits exponent + 20
    STRING_16 = 11  # 16 characters


WIDTH = {
    DataType.BOOLEAN_OLD: 6, DataType.U_INTEGER: 6, DataType.U_REAL: 6, DataType.STRING: 6,
    DataType.BOOLEAN_NEW: 1, DataType.U_SHORT_INT: 3, DataType.U_EXPO_NEW: 6, DataType.STRING_16: 16,
}  # fmt: skip
_TEXTS = (DataType.STRING, DataType.STRING_16)


class Parameter(NamedTuple):
    """A parameter of the drive: its name, how it is written, and whether the host may read and write it."""

    name: str
    type: DataType
    access: str  # "r", "w" or "rw"


_BOOL, _INT, _REAL, _TEXT, _SHORT = (
    DataType.BOOLEAN_OLD, DataType.U_INTEGER, DataType.U_REAL, DataType.STRING, DataType.U_SHORT_INT,
)  # fmt: skip
PARAMETERS = {
    2: Parameter("standby", _BOOL, "rw"),
    9: Parameter("error acknowledge", _BOOL, "w"),
    10: Parameter("pumping station", _BOOL, "rw"),
    12: Parameter("enable venting", _BOOL, "rw"),
    23: Parameter("motor", _BOOL, "rw"),  # turns when 010 and 023 are both on
    25: Parameter("backing pump mode", _SHORT, "rw"),
    30: Parameter("venting mode", _SHORT, "rw"),  # 0 delayed, 1 none, 2 direct
    35: Parameter("accessory A1", _SHORT, "rw"),
    36: Parameter("accessory B1", _SHORT, "rw"),
    37: Parameter("accessory A2", _SHORT, "rw"),
    38: Parameter("accessory B2", _SHORT, "rw"),
    60: Parameter("control via interface", _SHORT, "rw"),  # 1 remote, 2 RS-485, …, 255 unlocked
    300: Parameter("remote priority", _BOOL, "r"),
    302: Parameter("switch-point reached", _BOOL, "r"),
    303: Parameter("error code", _TEXT, "r"),
    306: Parameter("set speed reached", _BOOL, "r"),
    307: Parameter("pump accelerates", _BOOL, "r"),
    308: Parameter("set speed, Hz", _INT, "r"),
    309: Parameter("actual speed, Hz", _INT, "r"),
    310: Parameter("drive current, A", _REAL, "r"),
    311: Parameter("operating hours pump, h", _INT, "r"),
    312: Parameter("firmware", _TEXT, "r"),
    313: Parameter("drive voltage, V", _REAL, "r"),
    314: Parameter("operating hours drive, h", _INT, "r"),
    315: Parameter("nominal speed, Hz", _INT, "r"),
    316: Parameter("drive power, W", _INT, "r"),
    326: Parameter("temperature electronics, °C", _INT, "r"),
    330: Parameter("temperature pump bottom, °C", _INT, "r"),
    342: Parameter("temperature bearing, °C", _INT, "r"),
    346: Parameter("temperature motor, °C", _INT, "r"),
    349: Parameter("drive name", _TEXT, "r"),
    354: Parameter("hardware", _TEXT, "r"),
    397: Parameter("set speed, rpm", _INT, "r"),
    398: Parameter("actual speed, rpm", _INT, "r"),
    399: Parameter("nominal speed, rpm", _INT, "r"),
    700: Parameter("run-up time limit, min", _INT, "rw"),
    701: Parameter("switch-point, %", _INT, "rw"),
    707: Parameter("speed in set mode, %", _REAL, "rw"),
    717: Parameter("speed in standby, %", _REAL, "rw"),
    720: Parameter("venting below, % of speed", _SHORT, "rw"),
    721: Parameter("venting time, s", _INT, "rw"),
    797: Parameter("RS-485 address", _INT, "rw"),
}


class Telegram(NamedTuple):
    """One telegram; ``data`` is "=?" in a query."""

    address: int
    action: int
    parameter: int
    data: str


class TelegramFramer:
    """Collects bytes and returns telegrams without CR. Noise in front (0xFF of a switching transceiver) is dropped."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return what ended with CR; anything longer than a telegram is dropped."""
        *frames, self._held = (self._held + data).split(CR)
        if len(self._held) > 2 * _LONGEST:
            self._held = self._held[-_LONGEST:]
        return [frame for frame in map(_without_noise, frames) if frame]

    def clear(self) -> bool:
        """Forget an unfinished telegram; return whether there was one."""
        unfinished = bool(self._held)
        self._held = b""
        return unfinished


def _without_noise(frame: bytes) -> bytes:
    for place, byte in enumerate(frame):
        if 0x30 <= byte <= 0x39:
            return frame[place:]
    return b""


def checksum(body: bytes) -> int:
    """Return the sum of all characters, modulo 256."""
    return sum(body) % 256


def encode(telegram: Telegram) -> bytes:
    """Return a telegram's bytes with checksum and CR."""
    address, action, parameter, data = telegram
    body = f"{address:03d}{action:02d}{parameter:03d}{len(data):02d}{data}".encode("ascii")
    return b"%b%03d\r" % (body, sum(body) % 256)


def decode(frame: bytes) -> Telegram:
    """Return the telegram of a frame without CR; length, checksum and digits are proved. Raises Malformed."""
    if not _HEAD + _CHECKSUM < len(frame) <= _LONGEST or not frame.isascii():
        raise Malformed(f"not a telegram: {frame!r}")
    head, tail = frame[:_HEAD], frame[-_CHECKSUM:]
    if not head.isdigit() or not tail.isdigit() or int(head[8:]) != len(frame) - _HEAD - _CHECKSUM:
        raise Malformed(f"not a telegram: {frame!r}")
    if int(tail) != sum(frame[:-_CHECKSUM]) % 256:
        raise Malformed(f"wrong checksum: {frame!r}")
    action = int(head[3:5])
    if action not in (QUERY, COMMAND):
        raise Malformed(f"action {action}: {frame!r}")
    return Telegram(int(head[:3]), action, int(head[5:8]), frame[_HEAD:-_CHECKSUM].decode("ascii"))


def encode_value(kind: DataType, value: float | str) -> str:
    """Return a value as data of its type. Raises Malformed when it does not fit."""
    width = WIDTH[kind]
    if kind in _TEXTS:
        text = str(value).ljust(width)
    elif isinstance(value, str):
        raise Malformed(f'"{value}" is not a number')
    elif kind in (DataType.BOOLEAN_OLD, DataType.BOOLEAN_NEW):
        text = "01"[bool(value)] * width
    elif kind is DataType.U_EXPO_NEW:
        text = _exponential(value)
    else:
        text = f"{round(value * 100 if kind is DataType.U_REAL else value):0{width}d}"
    if len(text) != width or text.startswith("-") or not text.isascii():
        raise Malformed(f"{value} does not fit type {kind.value}")
    return text


def _exponential(value: float) -> str:
    if value == 0.0:
        return "000000"
    mantissa, exponent = f"{value:.3e}".split("e")
    if not 0 <= int(exponent) + 20 <= 99:
        raise Malformed(f"{value} does not fit type 10")
    return f"{mantissa.replace('.', '')}{int(exponent) + 20:02d}"


def decode_number(kind: DataType, data: str) -> float:
    """Return the number in data of a numeric or boolean type (1.0 = on). Raises Malformed, also for an error text."""
    if kind in _TEXTS or len(data) != WIDTH[kind] or not data.isascii() or not data.isdigit():
        raise Malformed(f'"{data}" is not of type {kind.value}')
    if kind in (DataType.BOOLEAN_OLD, DataType.BOOLEAN_NEW):
        if data not in ("0" * len(data), "1" * len(data)):
            raise Malformed(f'"{data}" is not a boolean')
        return float(data[0])
    if kind is DataType.U_EXPO_NEW:
        return float(f"{data[:4]}e{int(data[4:]) - 23}")
    return int(data) / 100 if kind is DataType.U_REAL else float(int(data))


def decode_text(kind: DataType, data: str) -> str:
    """Return the text in data of a string type. Raises Malformed, also for an error text."""
    if kind not in _TEXTS or len(data) != WIDTH[kind] or not data.isprintable() or data in ERRORS:
        raise Malformed(f'"{data}" is not of type {kind.value}')
    return data.strip()


def error_number(text: str) -> int:
    """Return the number of ``ErrNNN``, 0 for none and for a warning ``WrnNNN`` (parameter 303). Raises Malformed."""
    kind, digits = text[:3], text[3:]
    if len(text) != 6 or kind not in ("000", "Err", "Wrn") or not digits.isascii() or not digits.isdigit():
        raise Malformed(f'"{text}" is not an error code')
    return int(digits) if kind == "Err" else 0


def encode_error(number: int) -> str:
    """Return parameter 303 for an error number, 0 = none."""
    return f"Err{number:03d}" if number else "000000"
