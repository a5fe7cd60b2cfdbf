"""Codec of GEN ASCII, the language of legacy Genesys supplies: command lines and reply lines, host and instrument side.

Lines end with CR, both ways; LF is ignored. Every command gets one reply: ``OK``, what was asked for, ``Enn`` or
``Cnn``. A ``$`` with two hex digits after a command is its checksum, and its reply carries one too. Sources: Genesys
manuals 83-507-xxx, 83-515-000, 83-517-000, 83503001 (power supply reference 5).
"""

import math
import re
from enum import IntFlag
from typing import NamedTuple

from pvdstation.protocol.supply import Questionable, Rating

LINE_END = b"\r"
DONE = "OK"
LONGEST_FIELD = 12
ADDRESSES = range(31)
_LONGEST_LINE = 256
_REPEAT = b"\\"
_PLAIN = re.compile(rb"[ -\[\]-~]+\r")
"""One whole command without anything to be edited."""
_BACKSPACE = 0x08
_NOT_TEXT = 0x80
"""From here on bytes are single-byte commands of the multi-drop option: never sent, ignored when received."""

REFUSALS = {
    "E01": "voltage above its range", "E02": "voltage below the under-voltage limit",
    "E04": "over-voltage level below the voltage", "E06": "under-voltage limit above the voltage",
    "E07": "output on during a fault", "C01": "illegal command or query", "C02": "missing parameter",
    "C03": "illegal parameter", "C04": "checksum", "C05": "setting out of range",
}  # fmt: skip
CHECKSUM_WRONG = "C04"


class Status(IntFlag):
    """Bits of ``STAT?`` and of SR in ``STT?``, 8 bits on legacy units."""

    CV = 1 << 0
    CC = 1 << 1
    NFLT = 1 << 2
    FLT = 1 << 3
    AST = 1 << 4
    FDE = 1 << 5
    LCL = 1 << 7


class Fault(IntFlag):
    """Bits of ``FLT?`` and of FR in ``STT?``, 8 bits on legacy units."""

    AC = 1 << 1
    OTP = 1 << 2
    FLD = 1 << 3
    OVP = 1 << 4
    SO = 1 << 5  # rear shut-off
    OFF = 1 << 6  # front button
    ENA = 1 << 7  # enable contact open


_AS_QUESTIONABLE = {
    Fault.AC: Questionable.AC, Fault.OTP: Questionable.OTP, Fault.FLD: Questionable.FLD, Fault.OVP: Questionable.OVP,
    Fault.SO: Questionable.SO, Fault.OFF: Questionable.OFF, Fault.ENA: Questionable.ENA,
}  # fmt: skip


def questionable(faults: int) -> int:
    """Return a fault register in the bits that the station's signals use for every supply."""
    return sum(int(theirs) for ours, theirs in _AS_QUESTIONABLE.items() if faults & ours)


def fault_register(conditions: int) -> int:
    """Return the fault register of a unit in these conditions (instrument side); an open interlock shows as ENA."""
    faults = sum(int(ours) for ours, theirs in _AS_QUESTIONABLE.items() if conditions & theirs)
    return faults | (int(Fault.ENA) if conditions & Questionable.ILC else 0)


class Identity(NamedTuple):
    """Answer to ``IDN?``."""

    maker: str
    model: str


class Readings(NamedTuple):
    """Answer to ``STT?``: measured and set values, status and fault register."""

    voltage_v: float
    set_voltage_v: float
    current_a: float
    set_current_a: float
    status: int
    faults: int


def checksum(text: str) -> str:
    """Return the two hex digits of a text: the low byte of the sum of its characters."""
    return f"{sum(text.encode('ascii')) & 0xFF:02X}"


def _checked(text: str) -> bytes:
    return f"{text}${checksum(text)}".encode("ascii") + LINE_END


# --- host side ---

_NUMBER = re.compile(r"[+-]?[0-9]{1,7}(?:\.[0-9]{0,7})?")
_REGISTER = re.compile(r"[0-9A-F]{2}(?:[0-9A-F]{2})?")
_STT = re.compile(
    r"MV\(([^()]*)\),PV\(([^()]*)\),MC\(([^()]*)\),PC\(([^()]*)\),SR\(([^()]*)\),FR\(([^()]*)\)", re.ASCII
)
_IDENTITY = re.compile(r"([A-Z][A-Z -]{1,20}),([A-Z]{1,5}[0-9][0-9A-Z.-]{1,18})", re.ASCII)
_MODEL = re.compile(r"[A-Z]{1,5}([0-9]{1,4}(?:\.[0-9])?)-([0-9]{1,5}(?:\.[0-9])?)")
_SERVICE_REQUEST = re.compile(rb"[!I][0-9A-Fa-f]{2}")
_SWITCHES = {"1": True, "ON": True, "0": False, "OFF": False}


def line(text: str) -> bytes:
    """Encode one command with its checksum. Raises ValueError when it is not one line of printable ASCII."""
    if not text or not text.isascii() or not text.isprintable() or "$" in text:
        raise ValueError(f"{text!r} is not one command")
    return _checked(text)


def setting(command: str, value: float, decimals: int) -> bytes:
    """Encode a command with one number. Raises ValueError unless it is finite and fits 12 characters."""
    field = f"{value:.{decimals}f}"
    if not math.isfinite(value) or len(field) > LONGEST_FIELD:
        raise ValueError(f"{command} cannot be set to {value}")
    return line(f"{command} {field}")


def address(number: int) -> bytes:
    """Encode the selection of a supply on the line. Raises ValueError outside 0 to 30."""
    if number not in ADDRESSES:
        raise ValueError(f"there is no address {number}")
    return line(f"ADR {number:02d}")


def reply_text(frame: bytes) -> str | None:
    """Return the text of a reply whose checksum is right; None for any other frame."""
    text, dollar, digits = frame.decode("latin-1").rpartition("$")
    return text if dollar and text.isascii() and digits == checksum(text) else None


def is_done(text: str) -> bool:
    """Return whether a reply acknowledges."""
    return text == DONE


def is_refusal(text: str) -> bool:
    """Return whether a reply refuses."""
    return text in REFUSALS


def number(text: str) -> float | None:
    """Read one plain number; None for anything else."""
    return float(text) if _NUMBER.fullmatch(text) else None


def register(text: str) -> int | None:
    """Read a register of two hex digits, or four on newer units; None for anything else."""
    return int(text, 16) if _REGISTER.fullmatch(text) else None


def switch(text: str) -> bool | None:
    """Read on or off, as a word or a digit; None for anything else."""
    return _SWITCHES.get(text)


def identity(text: str) -> Identity | None:
    """Read maker and model; None for anything else."""
    match = _IDENTITY.fullmatch(text)
    return Identity(match[1].strip(), match[2]) if match else None


def rating(model: str) -> Rating | None:
    """Return the rating in a model's name (GEN10-330: 10 V, 330 A), or None when it holds none."""
    match = _MODEL.fullmatch(model)
    return Rating(float(match[1]), float(match[2])) if match else None


def readings(text: str) -> Readings | None:
    """Read ``STT?``; None for anything else."""
    match = _STT.fullmatch(text)
    if match is None:
        return None
    volts, set_volts, amps, set_amps = (number(field) for field in match.groups()[:4])
    status, faults = register(match[5]), register(match[6])
    if volts is None or set_volts is None or amps is None or set_amps is None or status is None or faults is None:
        return None
    return Readings(volts, set_volts, amps, set_amps, status, faults)


class ReplyFramer:
    """Collects bytes and returns reply lines; LF, empty lines and service requests nobody asked for are dropped."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the lines that are complete; an endless one is dropped."""
        *lines, held = (self._held + data).replace(b"\n", b"").split(LINE_END)
        self._held = held if len(held) <= _LONGEST_LINE else b""
        return [text for text in lines if text and not _SERVICE_REQUEST.fullmatch(text)]

    def clear(self) -> bool:
        """Forget an unfinished line; return whether there was one."""
        was_unfinished = bool(self._held)
        self._held = b""
        return was_unfinished


# --- instrument side ---


class Command(NamedTuple):
    """A command as the instrument reads it. ``is_intact`` is None when it came without a checksum."""

    text: str
    is_intact: bool | None


class CommandFramer:
    """Collects bytes and returns command lines, the empty one too; backspace deletes, ``\\`` repeats the last one."""

    __slots__ = ("_held", "_last")

    def __init__(self) -> None:
        self._held = bytearray()
        self._last = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the lines that are complete."""
        if not self._held and _PLAIN.fullmatch(data):
            self._last = data[:-1]
            return [self._last]
        lines = []
        for byte in data:
            if byte == LINE_END[0]:
                lines.append(self._end())
            elif byte == _BACKSPACE:
                del self._held[-1:]
            elif byte != 0x0A and byte < _NOT_TEXT and len(self._held) < _LONGEST_LINE:
                self._held.append(byte)
        return lines

    def _end(self) -> bytes:
        text = bytes(self._held)
        self._held.clear()
        if text == _REPEAT:
            return self._last
        self._last = text or self._last
        return text


def decode_command(frame: bytes) -> Command:
    """Decode one command line; letters in any case."""
    text, dollar, digits = frame.decode("ascii").rpartition("$")
    if not dollar:
        return Command(digits.strip().upper(), None)
    return Command(text.strip().upper(), digits.upper() == checksum(text))


def encode_reply(text: str, *, checked: bool) -> bytes:
    """Encode one reply line, with a checksum when its command had one."""
    return _checked(text) if checked else text.encode("ascii") + LINE_END


def format_readings(measured: tuple[str, str], settings: tuple[str, str], status: int, faults: int) -> str:
    """Write ``STT?``: volts and amperes measured, the settings as they were sent, registers in hex."""
    volts, amps = measured
    set_volts, set_amps = settings
    return f"MV({volts}),PV({set_volts}),MC({amps}),PC({set_amps}),SR({status:02X}),FR({faults:02X})"
