"""SQC-310 commands that are sent, as text: readings, run control, parameter tables. What is not here is not sent.

Parameter tables: ``<table><item>? p p`` reads, ``<table><item> p,v p,v`` writes, values are whole numbers: displayed
value times ten to the displayed decimals (reference 3; manual P1B p. 83-91).
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

IDENTIFY = "@"
CHANNELS = "J"
STATE = "V?"
OUTPUTS = "K1"
SENSORS = "K2"
START_PROCESS = "U0"
STOP_PROCESS = "U1"
FORCE_FINAL_THICKNESS = "U5"


class Table(StrEnum):
    """A parameter table; the value is how it is addressed."""

    FILM_LOOP = "A2"
    FILM_POWER = "A3"
    FILM_SHUTTER = "A4"
    FILM_FAIL = "A5"
    SYSTEM = "B"
    PROCESS = "C"
    LAYER = "D"
    MATERIAL = "F"
    SENSOR = "HA"
    SENSOR_FLAGS = "HC"
    SOURCE_FLAGS = "HD"


PARAMETERS = {
    Table.FILM_LOOP: {
        1: "P term", 2: "I term", 3: "D term", 4: "material number", 5: "pocket", 6: "tooling",
        7: "crystal quality, rate deviation", 8: "crystal stability, single shift", 9: "crystal fail mode (obsolete)",
        10: "crystal quality, count", 11: "crystal stability, total shift",
    },
    Table.FILM_POWER: {
        1: "ramp 1 power", 2: "ramp 1 time", 3: "soak 1 time", 4: "ramp 2 power", 5: "ramp 2 time", 6: "soak 2 time",
        7: "idle power", 8: "idle ramp", 9: "feed power", 10: "feed ramp", 11: "feed time",
    },
    Table.FILM_SHUTTER: {
        1: "shutter delay", 2: "capture", 3: "control error", 4: "control percent", 5: "rate sampling",
        6: "sample accuracy", 7: "sample hold", 8: "sample time",
    },
    Table.FILM_FAIL: {
        4 * sensor + place: f"sensor {sensor + 1} {name}"
        for sensor in range(4)
        for place, name in enumerate(("fail mode", "position", "backup sensor", "backup position"), start=1)
    },
    Table.SYSTEM: {5: "simulate mode"},
    Table.PROCESS: {1: "name", 2: "number of layers", 3: "first layer", 4: "actual number of layers"},
    Table.LAYER: {1: "initial rate", 2: "final thickness", 3: "time set-point", 13: "ramp 1 enable",
                  14: "ramp 1 start", 15: "ramp 1 rate"},
    Table.MATERIAL: {1: "name", 2: "density", 3: "Z-ratio"},
    Table.SENSOR: {1: "crystal tooling"},
    Table.SENSOR_FLAGS: {6: "in use"},
    Table.SOURCE_FLAGS: {1: "in use"},
}  # fmt: skip

_WRITTEN = frozenset({Table.FILM_LOOP, Table.FILM_POWER, Table.FILM_SHUTTER, Table.LAYER, Table.MATERIAL})
_MESSAGE = re.compile(r"(?:(A[1-5]) ([0-9]+)|(B)|([CDF]|GC|H[A-F])([0-9]+))(\?)?(?: (.*))?", re.ASCII)
_PAIRS = re.compile(r"(?:[0-9]{1,3},-?[0-9]{1,7}(?: +|$))+")
_WHOLE = re.compile(r"-?[0-9]{1,7}")
_PAIR = re.compile(r"([0-9]{1,2}),(.*)")


def address(table: Table, item: int) -> str:
    """Return how a table is addressed: a space before a film's number, none elsewhere, no number for the system."""
    if table is Table.SYSTEM:
        return "B"
    return f"{table} {item}" if table.startswith("A") else f"{table}{item}"


def read_parameters(table: Table, item: int, *parameters: int) -> str:
    """Return the message that reads parameters."""
    return f"{address(table, item)}? {' '.join(map(str, parameters))}"


def write_parameters(table: Table, item: int, pairs: Iterable[tuple[int, int]]) -> str:
    """Return the message that writes parameters. Raises ValueError for a table that is only read."""
    if table not in _WRITTEN:
        raise ValueError(f"table {table} is only read")
    width = 4 if table is Table.MATERIAL else 1  # as captured on hardware: F1 2,0100
    return f"{address(table, item)} {' '.join(f'{parameter},{value:0{width}d}' for parameter, value in pairs)}"


def read_crystal(sensor: int) -> str:
    """Return the message that reads status, frequency and life of a crystal."""
    return f"PA{sensor}"


def read_power(output: int) -> str:
    """Return the message that reads the power of an output."""
    return f"S? {output}"


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
