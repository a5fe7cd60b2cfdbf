"""How much of a layer: a thickness, or a mass, an amount or a charge per area.

All come to the thickness that the crystal monitor shows: mass per area over the density that it uses (physics 1.1).
"""

from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from pvdstation.model.materials import Material
from pvdstation.model.quantities import UNITS, QuantityError, convert, dimensions_of, split

FARADAY_C_MOL = 96485.33212
"""CODATA 2018, exact."""
_COULOMB_PER_MAH = 3.6
_KINDS = ("length", "areal mass", "areal amount", "areal charge")
_WRITE = 'Write for example "100 nm", "50 µg/cm2", "2 µmol/cm2" or "0.05 mAh/cm2".'


class Amount(NamedTuple):
    """A number in the canonical unit of its dimension: nm, µg/cm2, µmol/cm2 or mAh/cm2."""

    value: float
    dimension: str


def _read(value: Any) -> Amount:
    if isinstance(value, Amount):
        return value
    if not isinstance(value, str):
        what = (
            f"{value} is a bare number; a thickness needs a unit" if isinstance(value, int | float) else "no thickness"
        )
        raise PydanticCustomError("quantity", "{what}", {"what": what, "write": _WRITE})
    try:
        number, unit = split(value)
        dimension = next((d for d in dimensions_of(unit) if d in _KINDS), "length")
        amount = Amount(convert(number, unit, dimension, value), dimension)
    except QuantityError as error:
        raise PydanticCustomError("quantity", "{what}", {"what": error.what, "write": error.write}) from None
    if not amount.value > 0:
        what, positive = f'"{value}" is not more than 0', value.strip().lstrip("-")
        write = f'Write for example "{positive}".' if number < 0 else _WRITE
        raise PydanticCustomError("quantity", "{what}", {"what": what, "write": write})
    return amount


LayerAmount = Annotated[
    Amount,
    BeforeValidator(_read),
    WithJsonSchema(
        {
            "type": "string",
            "description": "a thickness, or a mass, an amount or a charge per area, with its unit",
            "examples": ["100 nm", "50 µg/cm2", "2 µmol/cm2", "0.05 mAh/cm2"],
        }
    ),
]
"""How much of a layer, as people write it."""


def is_amount_unit(unit: str) -> bool:
    """Return whether a unit says how much of a layer."""
    return any(unit in UNITS[kind] for kind in _KINDS)


def thickness_nm(amount: Amount, material: Material, density_g_cm3: float) -> float:
    """Return the thickness that the monitor shows at its density, nm. Raises QuantityError where nothing is known."""
    value, dimension = amount
    if dimension == "length":
        return value
    if dimension == "areal charge":
        value *= _COULOMB_PER_MAH / FARADAY_C_MOL * 1e6 / _electrons(material)
    if dimension in {"areal charge", "areal amount"}:
        value *= _molar_mass(material)
    return value / density_g_cm3 * 10


def areal_charge_mah_cm2(layer_nm: float, material: Material, density_g_cm3: float) -> float | None:
    """Return the capacity of a layer, mAh/cm2; None where the material has none."""
    if material.electrons is None or material.molar_mass_g_mol is None:
        return None
    umol_cm2 = layer_nm * density_g_cm3 / 10 / material.molar_mass_g_mol
    return umol_cm2 * 1e-6 * material.electrons * FARADAY_C_MOL / _COULOMB_PER_MAH


def _electrons(material: Material) -> int:
    if material.electrons is None:
        raise QuantityError(f"{material.name} has no capacity: nobody strips it", "Write a thickness.")
    return material.electrons


def _molar_mass(material: Material) -> float:
    if material.molar_mass_g_mol is None:
        raise QuantityError(f"the molar mass of {material.name} is not in the table", "Write a thickness.")
    return material.molar_mass_g_mol
