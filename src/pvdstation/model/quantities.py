"""Quantities: number and unit as people write them, one plain float in the canonical unit inside.

The table is closed: number, one word, nothing else. So "did you mean" is exact and no expression is ever evaluated.
A test compares every factor with pint.
"""

import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


class Dimension(NamedTuple):
    """What is measured: its name in sentences, the unit used inside, an example of how to write it."""

    noun: str
    canonical: str
    example: str


DIMENSIONS = {
    "length": Dimension("thickness", "nm", "100 nm"),
    "rate": Dimension("rate", "nm/s", "0.5 nm/s"),
    "time": Dimension("time", "s", "3 min"),
    "pressure": Dimension("pressure", "mbar", "500 mbar"),
    "slope": Dimension("pressure slope", "mbar/s", "20 mbar/s"),
    "temperature": Dimension("temperature", "°C", "60 °C"),
    "current": Dimension("current", "A", "43 A"),
    "current slew": Dimension("current slew", "A/s", "2 A/s"),
    "voltage": Dimension("voltage", "V", "1.0 V"),
    "power": Dimension("power", "W", "30 W"),
    "resistance": Dimension("resistance", "Ω", "4.6 mΩ"),
    "share": Dimension("percentage", "%", "41.7 %"),
    "slew": Dimension("slew", "%/s", "2 %/s"),
    "mass": Dimension("mass", "mg", "1500 mg"),
    "density": Dimension("density", "g/cm3", "7.04 g/cm3"),
    "areal mass": Dimension("mass per area", "µg/cm2", "210 µg/cm2"),
    "areal amount": Dimension("amount per area", "µmol/cm2", "2 µmol/cm2"),
    "areal charge": Dimension("charge per area", "mAh/cm2", "0.05 mAh/cm2"),
    "frequency": Dimension("frequency", "Hz", "6 MHz"),
    "volume": Dimension("volume", "L", "80 L"),
    "area": Dimension("area", "m2", "2.0 m2"),
    "pumping speed": Dimension("pumping speed", "L/s", "200 L/s"),
    "gas flow": Dimension("gas flow", "mbar L/s", "1e-6 mbar L/s"),
    "outgassing": Dimension("outgassing", "mbar L/s/cm2", "4e-9 mbar L/s/cm2"),
    "conductance": Dimension("heat conductance", "W/K", "6 W/K"),
    "absolute temperature": Dimension("absolute temperature", "K", "293 K"),
    "drift": Dimension("frequency drift", "Hz/s", "0.02 Hz/s"),
    "walk": Dimension("random walk", "Hz/s^0.5", "0.01 Hz/s^0.5"),
}

_NUMBERS_OF = {
    "length": {"nm": 1.0, "Å": 0.1, "A": 0.1, "angstrom": 0.1, "kÅ": 100.0, "kA": 100.0,
               "µm": 1e3, "um": 1e3, "mm": 1e6},
    "rate": {
        "nm/s": 1.0, "Å/s": 0.1, "A/s": 0.1, "angstrom/s": 0.1, "kÅ/s": 100.0, "kA/s": 100.0, "nm/min": 1 / 60,
        "Å/min": 0.1 / 60, "A/min": 0.1 / 60, "µm/h": 1e3 / 3600, "um/h": 1e3 / 3600,
    },
    "time": {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "ms": 1e-3},
    "pressure": {
        "mbar": 1.0, "bar": 1e3, "Pa": 0.01, "hPa": 1.0, "kPa": 10.0, "Torr": 1013.25 / 760, "mTorr": 1.01325 / 760,
    },
    "slope": {"mbar/s": 1.0, "Pa/s": 0.01, "Torr/s": 1013.25 / 760, "mbar/min": 1 / 60},
    "temperature": {"°C": 1.0, "degC": 1.0},
    "current": {"A": 1.0, "mA": 1e-3},
    "current slew": {"A/s": 1.0},
    "voltage": {"V": 1.0, "mV": 1e-3},
    "power": {"W": 1.0, "kW": 1e3},
    "resistance": {"Ω": 1.0, "mΩ": 1e-3, "ohm": 1.0, "mohm": 1e-3},
    "share": {"%": 1.0},
    "slew": {"%/s": 1.0},
    "mass": {"mg": 1.0, "g": 1e3, "µg": 1e-3, "ug": 1e-3, "kg": 1e6},
    "density": {"g/cm3": 1.0, "g/cm³": 1.0, "kg/m3": 1e-3, "kg/m³": 1e-3},
    "areal mass": {"µg/cm2": 1.0, "µg/cm²": 1.0, "ug/cm2": 1.0, "ug/cm²": 1.0, "mg/cm2": 1e3, "mg/cm²": 1e3,
                   "g/m2": 100.0, "g/m²": 100.0},
    "areal amount": {"µmol/cm2": 1.0, "µmol/cm²": 1.0, "umol/cm2": 1.0, "umol/cm²": 1.0, "nmol/cm2": 1e-3,
                     "nmol/cm²": 1e-3, "mmol/m2": 0.1, "mmol/m²": 0.1},
    "areal charge": {"mAh/cm2": 1.0, "mAh/cm²": 1.0, "µAh/cm2": 1e-3, "µAh/cm²": 1e-3, "uAh/cm2": 1e-3,
                     "uAh/cm²": 1e-3, "C/cm2": 1 / 3.6, "C/cm²": 1 / 3.6},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6},
    "volume": {"L": 1.0, "l": 1.0, "m3": 1e3},
    "area": {"m2": 1.0, "m²": 1.0, "cm2": 1e-4, "cm²": 1e-4},
    "pumping speed": {"L/s": 1.0, "l/s": 1.0, "m3/h": 1 / 3.6},
    "gas flow": {"mbar L/s": 1.0, "mbar l/s": 1.0, "Pa m3/s": 10.0},
    "outgassing": {"mbar L/s/cm2": 1.0},
    "conductance": {"W/K": 1.0},
    "absolute temperature": {"K": 1.0},
    "drift": {"Hz/s": 1.0},
    "walk": {"Hz/s^0.5": 1.0},
}  # fmt: skip
_SAME_SIGNS = str.maketrans({"\u03bc": "µ", "\u212b": "Å", "\u2126": "Ω", "\u00a0": " ", "\u202f": " "})

UNITS: dict[str, dict[str, float]] = {dimension: dict(table) for dimension, table in _NUMBERS_OF.items()}
"""Dimension → spelling → factor to the canonical unit."""

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({NUMBER})\s*(.*?)\s*", re.ASCII)
_LONGEST = 60
_NUMBER_FOR_EDITORS = NUMBER.replace(r"\d", "[0-9]")  # JSON schemas know no ASCII flag


class QuantityError(ValueError):
    """Text that is not the quantity it should be: what is wrong, and what to write instead."""

    def __init__(self, what: str, write: str) -> None:
        super().__init__(what)
        self.what = what
        self.write = write


def tidy(text: str) -> str:
    """Replace look-alike characters (Greek mu, Angstrom sign, no-break space) by the ones of the table."""
    return text.translate(_SAME_SIGNS)


def dimensions_of(unit: str) -> tuple[str, ...]:
    """Return the dimensions that know this spelling of a unit; empty when nobody does."""
    return tuple(d for d, table in UNITS.items() if unit in table)


def split(text: str) -> tuple[float, str]:
    """Split "300 nm" into number and unit (empty when there is none). Raises QuantityError."""
    match = _QUANTITY.fullmatch(tidy(text)) if len(text) <= _LONGEST else None
    if match is None:
        raise QuantityError(f'"{text[:_LONGEST]}" is not a number with a unit', 'Write for example "100 nm".')
    return float(match[1]), match[2]


def convert(number: float, unit: str, dimension: str, written: str = "") -> float:
    """Return the number in the dimension's canonical unit. Raises QuantityError with a suggestion.

    ``written`` is how a person wrote it, for the sentence.
    """
    noun, canonical, example = DIMENSIONS[dimension]
    factor = UNITS[dimension].get(unit)
    if factor is not None:
        value = number * factor
        if not math.isfinite(value):
            raise QuantityError(f'"{number:g} {unit}" is not finite', f'Write for example "{example}".')
        return value
    shown = " ".join(written.split()) or f"{number:g} {unit}".strip()
    if not unit:
        raise QuantityError(
            f'"{shown}" is not a {noun}: it needs a unit', f'Write for example "{number:g} {canonical}".'
        )
    others = dimensions_of(unit)
    if others:
        other = DIMENSIONS[others[0]].noun
        raise QuantityError(
            f'"{shown}" is not a {noun}: {unit} is a unit of {other}', f'Write for example "{example}".'
        )
    near = nearest(unit, dimension)
    hint = f" (did you mean {near}?)" if near else ""
    write = f'Write for example "{number:g} {near or canonical}"{hint}.'
    raise QuantityError(f'"{shown}" is not a {noun}: unknown unit "{unit}"', write)


def nearest(unit: str, dimension: str) -> str | None:
    """Return the known spelling that is closest to a misspelt unit, or None."""
    known = UNITS[dimension]
    folded = {k.casefold(): k for k in known}
    if unit.casefold() in folded:
        return folded[unit.casefold()]
    close = get_close_matches(unit, known, n=1, cutoff=0.5)
    return close[0] if close else None


def parse(text: str, dimension: str) -> float:
    """Return the quantity in the dimension's canonical unit. Raises QuantityError."""
    number, unit = split(text)
    return convert(number, unit, dimension, text)


def _validator(dimension: str) -> Callable[[Any], float]:
    example = DIMENSIONS[dimension].example

    def read(value: Any) -> float:
        if isinstance(value, str):
            try:
                return parse(value, dimension)
            except QuantityError as error:
                raise PydanticCustomError("quantity", "{what}", {"what": error.what, "write": error.write}) from None
        noun = DIMENSIONS[dimension].noun
        if isinstance(value, int | float) and not isinstance(value, bool):
            what = f"{value} is a bare number; a {noun} needs a unit"
            write = f'Write it as text, for example "{value:g} {DIMENSIONS[dimension].canonical}".'
        else:
            what, write = f"this is not a {noun}", f'Write for example "{example}".'
        raise PydanticCustomError("quantity", "{what}", {"what": what, "write": write})

    return read


def _quantity(dimension: str) -> tuple[BeforeValidator, WithJsonSchema]:
    noun, _, example = DIMENSIONS[dimension]
    units = "|".join(re.escape(unit) for unit in UNITS[dimension])
    schema = {"type": "string", "description": f"a {noun} with its unit", "examples": [example]}
    pattern = rf"^\s*{_NUMBER_FOR_EDITORS}\s*({units})\s*$"
    return BeforeValidator(_validator(dimension)), WithJsonSchema({**schema, "pattern": pattern})


Nanometres = Annotated[float, *_quantity("length")]
NanometresPerSecond = Annotated[float, *_quantity("rate")]
Seconds = Annotated[float, *_quantity("time")]
Millibar = Annotated[float, *_quantity("pressure")]
MillibarPerSecond = Annotated[float, *_quantity("slope")]
Celsius = Annotated[float, *_quantity("temperature")]
Amperes = Annotated[float, *_quantity("current")]
AmperesPerSecond = Annotated[float, *_quantity("current slew")]
Volts = Annotated[float, *_quantity("voltage")]
Watts = Annotated[float, *_quantity("power")]
Ohms = Annotated[float, *_quantity("resistance")]
Percent = Annotated[float, *_quantity("share")]
PercentPerSecond = Annotated[float, *_quantity("slew")]
Milligrams = Annotated[float, *_quantity("mass")]
GramsPerCm3 = Annotated[float, *_quantity("density")]
Hertz = Annotated[float, *_quantity("frequency")]
Litres = Annotated[float, *_quantity("volume")]
SquareMetres = Annotated[float, *_quantity("area")]
LitresPerSecond = Annotated[float, *_quantity("pumping speed")]
MillibarLitresPerSecond = Annotated[float, *_quantity("gas flow")]
Outgassing = Annotated[float, *_quantity("outgassing")]
WattsPerKelvin = Annotated[float, *_quantity("conductance")]
Kelvin = Annotated[float, *_quantity("absolute temperature")]
HertzPerSecond = Annotated[float, *_quantity("drift")]
HertzPerRootSecond = Annotated[float, *_quantity("walk")]
