"""Units: every factor against pint, and what is not a quantity is refused at once."""

import contextlib
import math
import time

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pvdstation.model.quantities import DIMENSIONS, UNITS, Millibar, QuantityError, convert, nearest, parse, split

PINT_NAMES = {
    "A": "angstrom", "Å": "angstrom", "kÅ": "kiloangstrom", "kA": "kiloangstrom", "µm": "micrometer",
    "um": "micrometer", "Torr": "torr", "mTorr": "millitorr", "°C": "kelvin", "degC": "kelvin", "%": "percent",
    "Ω": "ohm", "mΩ": "milliohm", "mohm": "milliohm", "l": "liter", "L": "liter", "h": "hour", "sec": "second",
    "µg": "microgram", "ug": "microgram", "µmol": "micromole", "umol": "micromole", "mAh": "milliampere*hour",
    "µAh": "microampere*hour", "uAh": "microampere*hour", "C": "coulomb", "Hz": "1/second", "Hz^0.5": "1/second**0.5",
}  # fmt: skip
POWERS = {"cm2": "cm**2", "cm²": "cm**2", "cm3": "cm**3", "cm³": "cm**3", "m2": "m**2", "m²": "m**2",
          "m3": "m**3", "m³": "m**3", "s^0.5": "s**0.5"}  # fmt: skip
ELECTRIC = {"current": {"A": "ampere", "mA": "milliampere"}, "current slew": {"A": "ampere"}}
PAIRS = [(dimension, unit) for dimension, table in UNITS.items() for unit in table]
REGISTRY = pint.UnitRegistry()


def in_pint(dimension: str, unit: str) -> pint.Quantity:
    """Spell a unit of the table as pint does."""
    words = ELECTRIC.get(dimension, {}) | POWERS
    parts = []
    for factor in unit.split("/"):
        names = [words.get(name, PINT_NAMES.get(name, name)) for name in factor.split()]
        parts.append("(" + " * ".join(names) + ")")
    return REGISTRY.Quantity(1.0, REGISTRY.parse_units(" / ".join(parts)))


@pytest.mark.parametrize(("dimension", "unit"), PAIRS)
def test_every_factor_is_pints(dimension: str, unit: str) -> None:
    canonical = in_pint(dimension, DIMENSIONS[dimension].canonical).units
    assert math.isclose(in_pint(dimension, unit).to(canonical).magnitude, UNITS[dimension][unit], rel_tol=1e-12)


@pytest.mark.parametrize("dimension", UNITS)
def test_every_dimension_has_its_canonical_unit_with_factor_one(dimension: str) -> None:
    assert UNITS[dimension][DIMENSIONS[dimension].canonical] == 1.0


@pytest.mark.parametrize("dimension", UNITS)
def test_every_example_can_be_read(dimension: str) -> None:
    assert parse(DIMENSIONS[dimension].example, dimension) > 0


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("500 mbar", "pressure", 500.0), ("375 Torr", "pressure", 499.958882), ("50 kPa", "pressure", 500.0),
        ("3 kÅ", "length", 300.0), ("3000 A", "length", 300.0), ("5 Å/s", "rate", 0.5), ("5A/s", "rate", 0.5),
        ("30 nm/min", "rate", 0.5), ("2e-6 mbar", "pressure", 2e-6), (".5 nm/s", "rate", 0.5), ("3min", "time", 180.0),
        ("15 m3/h", "pumping speed", 4.16667),
    ],
)  # fmt: skip
def test_known_quantities(text: str, dimension: str, value: float) -> None:
    assert parse(text, dimension) == pytest.approx(value, rel=1e-6)


@given(
    st.sampled_from(PAIRS),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200),
    st.sampled_from(["", " ", "  ", "\u00a0"]),
)
def test_number_and_unit_come_back(pair: tuple[str, str], number: float, gap: str) -> None:
    dimension, unit = pair
    assert parse(f"{number!r}{gap}{unit}", dimension) == number * UNITS[dimension][unit]


@given(st.text(max_size=80))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    with contextlib.suppress(QuantityError):
        assert math.isfinite(parse(text, "length"))


@pytest.mark.parametrize(
    "text",
    ["nan mbar", "inf mbar", "-inf mbar", "Infinity mbar", "1e999 mbar", "-1e999 mbar", "1_000 mbar", "0x10 mbar",
     "５00 mbar", "٣ mbar", "", "mbar", "1,5 mbar", "1 mbar + 1 mbar", "500", "__import__('os') mbar", "5 mbаr"],
)  # fmt: skip
def test_what_is_not_one_plain_number_with_a_known_unit_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse(text, "pressure")


def test_arithmetic_is_never_evaluated() -> None:
    start = time.perf_counter()
    with pytest.raises(QuantityError, match="unknown unit"):
        parse("9**9**9**9 nm", "length")
    with pytest.raises(QuantityError):
        parse("9" * 10_000_000 + " nm", "length")
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(("alike", "plain"), [("3 \u03bcm", "3 µm"), ("5 \u212b", "5 Å"), ("5\u00a0Å", "5 Å")])
def test_characters_that_look_alike_mean_the_same(alike: str, plain: str) -> None:
    assert parse(alike, "length") == parse(plain, "length")


@pytest.mark.parametrize(
    ("text", "dimension", "what", "write"),
    [
        ("100 nmm", "length", 'unknown unit "nmm"', "did you mean nm?"),
        ("500 mBar", "pressure", 'unknown unit "mBar"', "did you mean mbar?"),
        ("0.5 mbar", "rate", "mbar is a unit of pressure", "0.5 nm/s"),
        ("300", "length", "needs a unit", '"300 nm"'),
    ],
)
def test_refusals_say_what_to_write(text: str, dimension: str, what: str, write: str) -> None:
    with pytest.raises(QuantityError) as refused:
        parse(text, dimension)
    assert what in refused.value.what
    assert write in refused.value.write


@pytest.mark.parametrize("value", [500, 0.5, True, None, ["5 mbar"], {"value": 5}])
def test_a_field_takes_only_text(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Millibar).validate_python(value)


def test_a_number_beyond_the_floats_is_refused_after_conversion_too() -> None:
    with pytest.raises(QuantityError, match="not finite"):
        convert(1e307, "kg", "mass")


def test_split_and_nearest() -> None:
    assert split(" 300  nm ") == (300.0, "nm")
    assert nearest("torr", "pressure") == "Torr"
    assert nearest("apples", "length") is None
