"""How much of a layer: published capacities against the thickness that the monitor shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.materials import MATERIALS
from pvdstation.model.quantities import QuantityError
from pvdstation.recipe.amounts import Amount, areal_charge_mah_cm2, thickness_nm


@pytest.mark.parametrize(
    ("material", "amount", "density", "nm"),
    [
        ("Li", Amount(1.0, "areal charge"), 0.534, 4850),  # 2062 mAh/cm3: 4.85 µm per mAh/cm2
        ("Li", Amount(0.05, "areal charge"), 0.53, 244.3),
        ("Zn", Amount(1.0, "areal charge"), 7.14, 1708),  # 5854 mAh/cm3
        ("Li", Amount(10.0, "areal amount"), 0.53, 1309.4),
        ("Zn", Amount(211.2, "areal mass"), 7.04, 300.0),
        ("Ag", Amount(25.0, "length"), 10.5, 25.0),
    ],
)
def test_known_layers(material: str, amount: Amount, density: float, nm: float) -> None:
    assert thickness_nm(amount, MATERIALS[material], density) == pytest.approx(nm, rel=1e-3)


def test_what_has_no_capacity_or_molar_mass_is_refused() -> None:
    with pytest.raises(QuantityError, match="no capacity"):
        thickness_nm(Amount(1.0, "areal charge"), MATERIALS["Ag"], 10.5)
    assert areal_charge_mah_cm2(100.0, MATERIALS["Ag"], 10.5) is None


@given(st.sampled_from(["Li", "Zn", "Mg", "Na", "Al", "Ca"]), st.floats(1e-3, 1e5), st.floats(0.1, 20))
def test_charge_and_thickness_are_each_others_inverse(material: str, nm: float, density: float) -> None:
    charge = areal_charge_mah_cm2(nm, MATERIALS[material], density)
    assert charge is not None
    assert thickness_nm(Amount(charge, "areal charge"), MATERIALS[material], density) == pytest.approx(nm)
