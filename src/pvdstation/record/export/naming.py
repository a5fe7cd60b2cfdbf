"""Whose number is whose: the sources of a station file as the record keeps it, and signals in words.

The file is read as plain TOML: a record outlives the schema that its station file was once checked against.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from pvdstation.model.quantities import parse
from pvdstation.model.signals import Signal

_FULL_POWER_PCT = 100.0


class SourceFacts(NamedTuple):
    """What the exports need to know of one source."""

    name: str
    boat: int  # also the number of its supply
    output: int
    sensors: tuple[int, ...]
    density_g_cm3: float
    charge_mg: float
    purity: str
    is_analogue: bool  # the rate loop is the monitor's: its output sets the supply's current
    full_scale_a: float

    def set_current_a(self, level: float) -> float:
        """Return the current asked of the supply by its level: % of full scale from the monitor, else A already."""
        return level / _FULL_POWER_PCT * self.full_scale_a if self.is_analogue else level


class StationNames:
    """Names and numbers of a station file's bytes."""

    def __init__(self, station: bytes) -> None:
        plain: Mapping[str, Any] = tomllib.loads(station.decode())
        self.name: str = plain["name"]
        self.sources = {name: _facts(name, table, plain) for name, table in plain["source"].items()}
        self.supplies = tuple(int(number) for number in plain["supply"])
        self.tooling = {int(number): str(table["tooling"]) for number, table in plain["sensor"].items()}
        """Tooling of each crystal, as the file states it."""

    def whose(self, kind: str, number: int) -> str:
        """Return the source that an output, sensor or boat belongs to alone, else the number."""
        numbers = {name: facts.sensors if kind == "sensor" else (getattr(facts, kind),) for name, facts in self._all()}
        owners = [name for name, own in numbers.items() if number in own]
        return owners[0] if len(owners) == 1 and len(numbers[owners[0]]) == 1 else str(number)

    def words(self, signal: Signal) -> str:
        """Return a signal's name in words: ``sqc.output.1.rate`` is "rate Zn"."""
        for pattern, kind, form in _NUMBERED:
            if found := pattern.fullmatch(signal.name):
                return form.format(what=found[2].replace("_", " "), whose=self.whose(kind, int(found[1])))
        return signal.name.replace(".", " ").replace("_", " ")

    def _all(self) -> list[tuple[str, SourceFacts]]:
        return list(self.sources.items())


def titled(words: str, unit: str) -> str:
    """Return a column's title: "rate Zn (nm/s)"; without a unit the words alone."""
    return f"{words} ({unit})" if unit else words


_NUMBERED = tuple(
    (re.compile(pattern), kind, form)
    for pattern, kind, form in (
        (r"sqc\.output\.(\d+)\.(\w+)", "output", "{what} {whose}"),
        (r"sensor\.(\d+)\.(\w+)", "sensor", "crystal {what} {whose}"),
        (r"supply\.(\d+)\.(\w+)", "boat", "supply {what} {whose}"),
        (r"enable\.(\d+)\.(\w+)", "boat", "enable contact {what} {whose}"),
    )
)


def _facts(name: str, source: Mapping[str, Any], plain: Mapping[str, Any]) -> SourceFacts:
    supply = plain["supply"][str(source["boat"])]
    return SourceFacts(
        name,
        source["boat"],
        source["sqc"]["output"],
        tuple(source["sqc"]["sensors"]),
        parse(source["density"], "density"),
        parse(source["charge"], "mass"),
        str(source["purity"]),
        supply["current_source"] == "analogue",
        parse(supply["full_scale"], "current"),
    )
