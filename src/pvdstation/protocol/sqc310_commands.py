"""SQC-310 commands that are sent, as text: readings, run control, relays, parameter tables. Nothing else is sent.

Parameter tables: ``<table><item>? p p`` reads, ``<table><item> p,v p,v`` writes, values are whole numbers: displayed
value times ten to the displayed decimals (reference 3; manual P1B p. 83-91).
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from pvdstation.protocol.sqc310_parameters import WRITABLE, Table

IDENTIFY = "@"
CHANNELS = "J"
STATE = "V?"
STATE_OF_OLD = "V"
"""As manual P1B p. 97 prints it."""
OUTPUTS = "K1"
SENSORS = "K2"
START_PROCESS = "U0"
STOP_PROCESS = "U1"
FORCE_FINAL_THICKNESS = "U5"
ZERO_THICKNESS = "U32"
ZERO_TIME = "U33"
SOAK_HOLD = {True: "U38", False: "U39"}
REGULATE = "S0"
"""All outputs back to PID control (P1C p. 114)."""
_LARGEST_POWER = 1000  # tenths of a percent


class Remote(IntEnum):
    """What ``GE`` does to a relay that nothing in the unit uses (P1B p. 90): on and off lock it, unlock releases."""

    ON = 1
    OFF = 2
    UNLOCK = 3


class Forced(IntEnum):
    """What ``GD`` does to any relay, only while the unit is stopped (P1B p. 90)."""

    ON = 1
    OFF = 2


_MESSAGE = re.compile(r"(?:(A[1-5]) ([0-9]+)|(B|VA)|([CDF]|G[ABC]|H[A-F])([0-9]+))(\?)?(?: (.*))?", re.ASCII)
_PAIRS = re.compile(r"(?:[0-9]{1,3},-?[0-9]{1,7}(?: +|$))+")
_WHOLE = re.compile(r"-?[0-9]{1,7}")
_PAIR = re.compile(r"([0-9]{1,2}),(.*)")


def address(table: Table, item: int) -> str:
    """Return how a table is addressed: a space before a film's number, none elsewhere, no number for the system."""
    if table is Table.SYSTEM:
        return "B"
    return f"{table} {item}" if table.startswith("A") else f"{table}{item}"


def read_parameters(table: Table, item: int, *parameters: int) -> str:
    """Return the message that reads parameters; a film's name is read without a number (P1B p. 83)."""
    if table is Table.FILM_NAME:
        return f"{address(table, item)}?"
    return f"{address(table, item)}? {' '.join(map(str, parameters))}"


def write_parameters(table: Table, item: int, pairs: Iterable[tuple[int, int]]) -> str:
    """Return the message that writes parameters. Raises ValueError for one that is undocumented or only read."""
    pairs = list(pairs)
    writable = WRITABLE.get(table)
    if writable is None:
        raise ValueError(f"table {table} is only read")
    for parameter, _ in pairs:
        if parameter not in writable:
            raise ValueError(f"parameter {parameter} of table {table} is never written")
    width = 4 if table is Table.MATERIAL else 1  # as captured on hardware: F1 2,0100
    return f"{address(table, item)} {' '.join(f'{parameter},{value:0{width}d}' for parameter, value in pairs)}"


def read_crystal(sensor: int) -> str:
    """Return the message that reads status, frequency and life of a crystal."""
    return f"PA{sensor}"


def read_power(output: int) -> str:
    """Return the message that reads the power of an output."""
    return f"S? {output}"


def set_power(output: int, tenths_pct: int) -> str:
    """Return the message that sets an output by hand, tenths of a percent. Raises ValueError outside 0 to 1000."""
    if not (1 <= output <= 4 and 0 <= tenths_pct <= _LARGEST_POWER):
        raise ValueError(f"output {output} cannot be set to {tenths_pct / 10:g} %")
    return f"S{output} {tenths_pct}"


def remote_relay(relay: int, order: Remote) -> str:
    """Return the message that sets or releases a relay which nothing in the unit uses. Raises ValueError."""
    return f"GE{_relay(relay)} {order:d}"


def force_relay(relay: int, order: Forced) -> str:
    """Return the message that forces a relay while the unit is stopped. Raises ValueError."""
    return f"GD{_relay(relay)} {order:d}"


def _relay(relay: int) -> int:
    if not 1 <= relay <= 16:
        raise ValueError(f"there is no relay {relay}")
    return relay


def read_alarms(*alarms: int) -> str:
    """Return the message that reads alarms, in the form that is expected of it (reference 4.5: its page is missing)."""
    return f"VA? {' '.join(map(str, alarms))}"


def read_channel(letter: str, number: int) -> str:
    """Return the message of a single reading: ``L N P`` of a sensor, ``M O Q`` of an output. Raises ValueError."""
    if letter not in ("L", "M", "N", "O", "P", "Q") or not 1 <= number <= 4:
        raise ValueError(f"there is no reading {letter}{number}")
    return f"{letter}{number}"


def select_process(process: int) -> str:
    """Return the message that selects a process; refused by the unit while one runs."""
    return f"T{process}"


def parse_pairs(payload: str, parameters: tuple[int, ...]) -> tuple[int, ...] | None:
    """Read ``p,v p,v `` of exactly these parameters in this order; None when anything is missing or left over."""
    if not _PAIRS.fullmatch(payload):
        return None
    pairs = [pair.split(",") for pair in payload.split()]
    if tuple(int(parameter) for parameter, _ in pairs) != parameters:
        return None
    return tuple(int(value) for _, value in pairs)


def format_pairs(pairs: Iterable[tuple[int, int]]) -> str:
    """Write ``p,v p,v `` with the trailing space seen on hardware (instrument side)."""
    return "".join(f"{parameter},{value} " for parameter, value in pairs)


def parse_bare(payload: str, parameter: int) -> str | None:
    """Read a value that stands alone, or as ``p,v`` of this parameter; None when it is of another one."""
    pair = _PAIR.fullmatch(payload)
    if pair is None:
        return payload.strip()
    return pair[2].strip() if int(pair[1]) == parameter else None


def parse_bare_number(payload: str, parameter: int) -> int | None:
    """Read a whole number that stands alone, or as ``p,v`` of this parameter."""
    text = parse_bare(payload, parameter)
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None


class ParameterMessage(NamedTuple):
    """A parameter command as the instrument reads it; ``rest`` is what follows the address."""

    table: str
    item: int
    is_read: bool
    rest: str

    def parameters(self) -> tuple[int, ...] | None:
        """Return the numbers that a read asks for; None when malformed."""
        fields = self.rest.split()
        return tuple(map(int, fields)) if fields and all(map(_is_number, fields)) else None

    def pairs(self) -> tuple[tuple[int, int], ...] | None:
        """Return the pairs that a write brings; None when malformed."""
        pairs = [field.split(",") for field in self.rest.split()]
        if not pairs or not all(len(pair) == 2 and all(map(_is_number, pair)) for pair in pairs):
            return None
        return tuple((int(parameter), int(value)) for parameter, value in pairs)


def _is_number(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None


def parse_message(message: str) -> ParameterMessage | None:
    """Read a parameter command (instrument side); None when it is of another kind."""
    match = _MESSAGE.fullmatch(message)
    if match is None:
        return None
    film, film_item, system, other, other_item, question, rest = match.groups()
    return ParameterMessage(
        film or system or other, int(film_item or other_item or 0), question is not None, rest or ""
    )
