"""The table of evaporants."""

import pytest

from pvdstation.model.materials import MATERIALS, SOURCES, find_material, nearest_material


def test_there_are_at_least_thirty_evaporants_each_with_its_source() -> None:
    assert len(MATERIALS) >= 30
    for material in MATERIALS.values():
        assert material.sources
        assert set(material.sources) <= set(SOURCES)
        assert 0 < material.density_g_cm3 < 25
        assert 0.1 < material.z < 10


@pytest.mark.parametrize(
    ("name", "density", "z"),
    [("Zn", 7.04, 0.514), ("Li", 0.53, 5.900), ("Al", 2.70, 1.080), ("Au", 19.30, 0.381), ("Cu", 8.93, 0.437)],
)
def test_published_values(name: str, density: float, z: float) -> None:
    assert (MATERIALS[name].density_g_cm3, MATERIALS[name].z) == (density, z)


@pytest.mark.parametrize("name", ["Li3N", "C60"])
def test_an_unknown_z_is_one_and_says_so(name: str) -> None:
    assert MATERIALS[name].z == 1.0
    assert not MATERIALS[name].z_is_known


def test_a_known_z_of_one_is_not_an_unknown_one() -> None:
    assert MATERIALS["SiO2"].z_is_known


def test_the_conflict_about_indium_is_kept() -> None:
    assert "0.841" in MATERIALS["In"].remark
    assert "1.650" in MATERIALS["In"].remark


@pytest.mark.parametrize(("written", "name"), [("zn", "Zn"), ("ZN", "Zn"), ("sio2", "SiO2"), ("Li", "Li")])
def test_case_does_not_matter(written: str, name: str) -> None:
    found = find_material(written)
    assert found is not None
    assert found.name == name


def test_a_misspelt_name_is_recognised_and_a_foreign_one_is_not() -> None:
    assert find_material("Unobtainium") is None
    assert nearest_material("Unobtainium") is None
    assert nearest_material("Znn") == "Zn"


def test_molar_masses_and_melting_points_of_the_papers_metals() -> None:
    zinc, lithium = MATERIALS["Zn"], MATERIALS["Li"]
    assert (zinc.molar_mass_g_mol, zinc.melting_k) == (65.38, 692.68)
    assert (lithium.molar_mass_g_mol, lithium.melting_k) == (6.94, 453.65)
