"""Codec of the SCPI supplies of the GENESYS+ family: command lines and reply lines, host side and instrument side.

Commands end with LF or CR, replies with CR and LF in either order. A reply carries nothing of its question, so every
form is strict: what does not look like the answer is not the answer. Sources: GH10-100 manual p. 90, 94, 163, 175 f.;
G10-500 manual p. 157, 168 f.; G+1U 5 kW manual p. 179, 182; LAN option manual IA672-04-01.
"""

import math
import re
from enum import IntFlag
from itertools import product
from typing import NamedTuple

from pvdstation.model.signals import SupplyMode

PORT = 8003
LINE_END = b"\r\n"
LONGEST_FIELD = 12  # characters of a number
_LONGEST_LINE = 1024


class Malformed(ValueError):
    """A line that is not what the supply sends in its place."""


class Questionable(IntFlag):
    """Fault bits of ``STAT:QUES:COND?`` (G+1U 5 kW manual p. 182, GH10-100 manual p. 175)."""

    AC = 1 << 1
    OTP = 1 << 2
    FLD = 1 << 3  # foldback tripped
    OVP = 1 << 4
    SO = 1 << 5  # shut off by the daisy chain
    OFF = 1 << 6  # front OUT button; not set by OUTP 0
    ILC = 1 << 7  # interlock open
    ENA = 1 << 8  # enable open
    UVP = 1 << 9
    PACK = 1 << 10
    GERR = 1 << 11
    PERR = 1 << 12
    PWS = 1 << 13
    POFF = 1 << 14
    CWT = 1 << 15  # communication watchdog


class Operation(IntFlag):
    """Status bits of ``STAT:OPER:COND?`` (GH10-100 manual p. 176); there is none for "output on"."""

    CV = 1 << 0
    CC = 1 << 1
    NFLT = 1 << 2
    AST = 1 << 4
    FBE = 1 << 5
    LOC = 1 << 7
    UVP = 1 << 8
    ILC = 1 << 9
    ENA = 1 << 10
    CFB = 1 << 11
    EVR = 1 << 12  # external voltage reference
    ECR = 1 << 13  # external current reference
    CPE = 1 << 14
    CP = 1 << 15


def names(register: IntFlag) -> str:
    """Return the symbols of the bits that are set, as the manual prints them."""
    return " ".join(bit.name or "" for bit in register)


class Rating(NamedTuple):
    """What the model's name promises."""

    voltage_v: float
    current_a: float


class Identity(NamedTuple):
    """Answer to ``*IDN?``."""

    maker: str
    model: str
    serial: str
    firmware: str


class ErrorEntry(NamedTuple):
    """One entry of the error queue; code 0 = none."""

    code: int
    text: str


# --- host side ---

_NUMBER = re.compile(rb"[+-]?[0-9]{1,7}(?:\.[0-9]{0,7})?")
_REGISTER = re.compile(rb"[0-9]{1,5}")
_ERROR = re.compile(rb'([+-]?[0-9]{1,4}),"([ -!#-~]{0,80})"')
_RATING = re.compile(r"[A-Z]{1,4}(\d{1,4}(?:\.\d)?)-(\d{1,5}(?:\.\d)?)")
_MODES = {b"CV": SupplyMode.CV, b"CC": SupplyMode.CC, b"CP": SupplyMode.CP, b"OFF": SupplyMode.OFF}
_SWITCHES = {b"1": True, b"ON": True, b"0": False, b"OFF": False}


def line(text: str) -> bytes:
    """Encode one command line. Raises ValueError when it holds more than one."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} is not one line of ASCII")
    return text.encode("ascii") + b"\n"


def setting(header: str, value: float, decimals: int) -> bytes:
    """Encode a command with one number. Raises ValueError unless it is finite and fits 12 characters."""
    field = f"{value:.{decimals}f}"
    if not math.isfinite(value) or len(field) > LONGEST_FIELD:
        raise ValueError(f"{header} cannot be set to {value}")
    return line(f"{header} {field}")


def is_number(reply: bytes) -> bool:
    """Return whether a reply is one plain number: no comma, no exponent, no second field."""
    return _NUMBER.fullmatch(reply) is not None


def number(reply: bytes) -> float:
    """Return the number of a reply. Raises Malformed."""
    if _NUMBER.fullmatch(reply) is None:
        raise Malformed(f"{reply!r} is not a number")
    return float(reply)


def is_register(reply: bytes) -> bool:
    """Return whether a reply is a 16-bit register in decimal."""
    return _REGISTER.fullmatch(reply) is not None and int(reply) <= 0xFFFF


def register(reply: bytes) -> int:
    """Return the register of a reply. Raises Malformed."""
    if not is_register(reply):
        raise Malformed(f"{reply!r} is not a register")
    return int(reply)


def is_mode(reply: bytes) -> bool:
    """Return whether a reply is a regulation mode."""
    return reply in _MODES


def mode(reply: bytes) -> SupplyMode:
    """Return the regulation mode of a reply. Raises Malformed."""
    if reply not in _MODES:
        raise Malformed(f"{reply!r} is not a mode")
    return _MODES[reply]


def is_switch(reply: bytes) -> bool:
    """Return whether a reply is on or off, as a digit or a word."""
    return reply in _SWITCHES


def switch(reply: bytes) -> bool:
    """Return on or off. Raises Malformed."""
    if reply not in _SWITCHES:
        raise Malformed(f"{reply!r} is neither on nor off")
    return _SWITCHES[reply]


def is_error(reply: bytes) -> bool:
    """Return whether a reply is an entry of the error queue."""
    return _ERROR.fullmatch(reply) is not None


def error_entry(reply: bytes) -> ErrorEntry:
    """Return an entry of the error queue. Raises Malformed."""
    match = _ERROR.fullmatch(reply)
    if match is None:
        raise Malformed(f"{reply!r} is not an error entry")
    return ErrorEntry(int(match[1]), match[2].decode("ascii"))


def is_identity(reply: bytes) -> bool:
    """Return whether a reply has the four fields of an identity, whoever made it."""
    return reply.count(b",") == 3 and reply.isascii() and b'"' not in reply


def identity(reply: bytes) -> Identity:
    """Return maker, model, serial number and firmware. Raises Malformed."""
    if not is_identity(reply):
        raise Malformed(f"{reply!r} is not an identity")
    return Identity(*(field.strip() for field in reply.decode("ascii").split(",")))


def rating(model: str) -> Rating | None:
    """Return the rating in a model's name (GH10-100: 10 V, 100 A), or None when it holds none."""
    match = _RATING.fullmatch(model)
    return Rating(float(match[1]), float(match[2])) if match else None


class LineFramer:
    """Collects bytes and returns reply lines: split on LF, CR dropped, empty lines dropped."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the lines that are complete; an endless one is dropped."""
        *lines, held = (self._held + data).replace(b"\r", b"").split(b"\n")
        self._held = held if len(held) <= _LONGEST_LINE else b""
        return [text for text in lines if text]

    def clear(self) -> bool:
        """Forget an unfinished line; return whether there was one."""
        was_unfinished = bool(self._held)
        self._held = b""
        return was_unfinished


# --- instrument side ---


class Command(NamedTuple):
    """A command as the instrument understands it; an unknown header is empty."""

    header: str  # the pattern of its table
    is_query: bool
    arguments: tuple[str, ...]


class CommandFramer:
    """Collects bytes and returns commands: lines end with LF or CR, one or more, and hold commands joined by ``;``."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the commands of complete lines; an endless line is dropped."""
        *lines, held = (self._held + data).replace(b"\r", b"\n").split(b"\n")
        self._held = held if len(held) <= _LONGEST_LINE else b""
        return [stripped for text in lines for part in text.split(b";") if (stripped := part.strip())]


def spellings(pattern: str) -> list[str]:
    """Return every accepted spelling, in capitals, of a header such as ``SYSTem[:COMMunicate]:WATCHdog[:STATe]``."""
    choices: list[tuple[str, ...]] = []
    for is_optional, word in re.findall(r"(\[?):?([*A-Za-z0-9]+)\]?", pattern):
        short = "".join(letter for letter in word if not letter.islower())
        choices.append(tuple(dict.fromkeys((short, word.upper(), *([""] if is_optional else [])))))
    return [":".join(word for word in words if word) for words in product(*choices)]


class CommandTable:
    """Recognises commands by their headers, in any case, long or short."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._headers = {spelt: pattern for pattern in patterns for spelt in spellings(pattern)}
        self._known: dict[bytes, Command] = {}

    def understand(self, command: bytes) -> Command:
        """Return the command; its header is empty when no pattern matches."""
        known = self._known.get(command)
        if known is None:
            if len(self._known) > _LONGEST_LINE:
                self._known.clear()
            known = self._known[command] = self._read(command.decode("latin-1"))
        return known

    def _read(self, text: str) -> Command:
        head, _, rest = text.partition(" ")
        is_query = head.endswith("?")
        spelt = head.removesuffix("?").removeprefix(":").upper()
        arguments = tuple(part.strip() for part in rest.split(",")) if rest.strip() else ()
        return Command(self._headers.get(spelt, ""), is_query, arguments)
