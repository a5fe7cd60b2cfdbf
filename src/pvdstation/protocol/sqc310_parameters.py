"""SQC-310 parameter tables: name and scale of every documented parameter, in one place (reference 3, 4.6 to 4.13).

On the wire a value is a whole number: the displayed value times ten to the displayed decimals (manual P1B p. 84).
"""

from enum import StrEnum
from typing import NamedTuple


class Table(StrEnum):
    """A parameter table; the value is how it is addressed."""

    FILM_NAME = "A1"
    FILM_LOOP = "A2"
    FILM_POWER = "A3"
    FILM_SHUTTER = "A4"
    FILM_FAIL = "A5"
    SYSTEM = "B"
    PROCESS = "C"
    LAYER = "D"
    MATERIAL = "F"
    INPUT = "GA"
    RELAY = "GB"
    CONTACTS = "GC"
    SENSOR = "HA"
    SOURCE = "HB"
    SENSOR_FLAGS = "HC"
    SOURCE_FLAGS = "HD"
    SENSOR_MAP = "HE"
    SOURCE_MAP = "HF"


class Scale(NamedTuple):
    """What one wire unit is: displayed unit, wire units per displayed unit, and whether a source states it."""

    unit: str
    likely: int
    is_stated: bool


SCALES = {
    "P": Scale("", 1, is_stated=True),  # P1B p. 84
    "I": Scale("s", 10, is_stated=True),  # P1B p. 84
    "density": Scale("g/cm3", 100, is_stated=True),  # captured on hardware
    "z": Scale("", 1000, is_stated=True),  # captured on hardware
    "tooling": Scale("%", 1, is_stated=True),  # captured on hardware
    "set power": Scale("%", 10, is_stated=True),  # `S`, P1C p. 114
    "number": Scale("", 1, is_stated=True),  # a number of something, or a switch
    "milliseconds": Scale("ms", 1, is_stated=True),  # P1B p. 90, P1C p. 107
    "rate": Scale("Å/s", 100, is_stated=False),
    "thickness": Scale("kÅ", 1000, is_stated=False),
    "power": Scale("%", 10, is_stated=False),
    "time": Scale("s", 1, is_stated=False),
    "capture": Scale("%", 1, is_stated=False),
    "frequency": Scale("Hz", 1, is_stated=False),
    "unknown": Scale("", 1, is_stated=False),
}
"""By the word that the station file uses in ``[sqc] scale``; a likely scale is never used unproved."""


class Parameter(NamedTuple):
    """A parameter: its name, and the word of its scale."""

    name: str
    scale: str


def _all(scale: str, **names: str) -> dict[int, Parameter]:
    return {int(key.removeprefix("p")): Parameter(name, scale) for key, name in names.items()}


def _position(noun: str) -> dict[int, Parameter]:
    return {
        2: Parameter("number of positions", "number"),
        3: Parameter("shutter", "number"),
        4: Parameter("shutter delay", "milliseconds"),
        5: Parameter("control type", "number"),
        6: Parameter("drive type", "number"),
        7: Parameter("feedback type", "number"),
        8: Parameter("indexer delay", "unknown"),
        9: Parameter(f"current {noun} position", "number"),
    }


PARAMETERS: dict[Table, dict[int, Parameter]] = {
    Table.FILM_NAME: {1: Parameter("name", "number")},
    Table.FILM_LOOP: {
        1: Parameter("P term", "P"), 2: Parameter("I term", "I"), 3: Parameter("D term", "unknown"),
        4: Parameter("material number", "number"), 5: Parameter("pocket", "number"), 6: Parameter("tooling", "tooling"),
        7: Parameter("crystal quality, rate deviation", "unknown"),
        8: Parameter("crystal stability, single shift", "unknown"),
        9: Parameter("crystal fail mode (obsolete)", "number"), 10: Parameter("crystal quality, count", "number"),
        11: Parameter("crystal stability, total shift", "unknown"),
    },
    Table.FILM_POWER: {
        **_all("power", p1="ramp 1 power", p4="ramp 2 power", p7="idle power", p9="feed power"),
        **_all("time", p2="ramp 1 time", p3="soak 1 time", p5="ramp 2 time", p6="soak 2 time", p8="idle ramp",
               p10="feed ramp", p11="feed time"),
    },
    Table.FILM_SHUTTER: {
        **_all("time", p1="shutter delay", p7="sample hold", p8="sample time"),
        2: Parameter("capture", "capture"),
        **_all("number", p3="control error", p5="rate sampling"),
        **_all("unknown", p4="control percent", p6="sample accuracy"),
    },
    Table.FILM_FAIL: {
        4 * sensor + place: Parameter(f"sensor {sensor + 1} {name}", "number")
        for sensor in range(4)
        for place, name in enumerate(("fail mode", "position", "backup sensor", "backup position"), start=1)
    },
    Table.SYSTEM: {
        **_all("unknown", p1="period"),
        **_all("tooling", p2="system tooling", p3="crystal tooling, sensor 1", p4="crystal tooling, sensor 2",
               p12="crystal tooling, sensor 3", p13="crystal tooling, sensor 4"),
        **_all("number", p5="simulate mode"),
        **_all("frequency", p6="minimum frequency", p7="maximum frequency"),
        **{8 + n: Parameter(f"voltage scale, output {n + 1}", "unknown") for n in range(4)},
    },
    Table.PROCESS: _all("number", p1="name", p2="number of layers", p3="first layer", p4="actual number of layers"),
    Table.LAYER: {
        **_all("rate", p1="initial rate", p15="ramp 1 rate"),
        **_all("thickness", p2="final thickness", p14="ramp 1 start"),
        **_all("time", p3="time set-point"),
        **_all("number", p13="ramp 1 enable"),
    },
    Table.MATERIAL: {
        1: Parameter("name", "number"), 2: Parameter("density", "density"), 3: Parameter("Z-ratio", "z"),
    },
    Table.INPUT: {},  # the page could not be read: raw numbers only
    Table.RELAY: {
        **_all("number", p1="name", p2="type", p3="pulses", p5="pin", p6="in use", p7="name mode"),
        4: Parameter("pulse width", "milliseconds"),
    },
    Table.CONTACTS: _all("number", p1="relay state", p2="input state"),
    Table.SENSOR: {1: Parameter("crystal tooling", "tooling"), **_position("crystal")},
    Table.SOURCE: {1: Parameter("voltage scale", "unknown"), **_position("pocket")},
    Table.SENSOR_FLAGS: _all(
        "number", p1="dual crystal has switched", p2="backup switch begun", p3="backup switch done", p4="disabled",
        p5="original crystal failed", p6="in use", p7="next-crystal move complete", p8="started timed power",
        p9="started a halt",
    ),
    Table.SOURCE_FLAGS: _all("number", p1="in use"),
    Table.SENSOR_MAP: _all("number", p1="input map", p2="relay map"),
    Table.SOURCE_MAP: _all("number", p1="input map", p2="relay map"),
}  # fmt: skip

_WRITTEN = (Table.FILM_LOOP, Table.FILM_POWER, Table.FILM_SHUTTER, Table.LAYER, Table.MATERIAL)
WRITABLE: dict[Table, frozenset[int]] = {
    table: frozenset(number for number, parameter in PARAMETERS[table].items() if parameter.name != "name")
    for table in _WRITTEN
}
"""What has an encoder for writing. Everything else is prepared on the front panel and only compared (design 4)."""


def scale_word(table: Table, parameter: int) -> str:
    """Return the word of a parameter's scale; "unknown" for one that is not documented."""
    found = PARAMETERS[table].get(parameter)
    return found.scale if found is not None else "unknown"


def name_of(table: Table, parameter: int) -> str:
    """Return a parameter's name."""
    found = PARAMETERS[table].get(parameter)
    return found.name if found is not None else "undocumented"
