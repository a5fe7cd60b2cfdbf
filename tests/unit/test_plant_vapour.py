"""Physics reference 0, 2.1 and 2.3."""

import pytest
from plant_bench import simulation

from pvdsim.plant.strip import emissivity, resistivity, section
from pvdsim.plant.vapour import mass_loss, vapour_pressure


@pytest.mark.parametrize(("number", "kelvin", "pascal", "mg_s"), [(1, 659, 6.7, 0.691), (2, 810, 1.43, 0.052)])
def test_vapour_pressure_and_mass_loss_at_the_operating_point(number, kelvin, pascal, mg_s) -> None:
    charge = simulation().boats[number].charge
    assert vapour_pressure(charge, kelvin) == pytest.approx(pascal, rel=0.01)
    assert mass_loss(charge, kelvin) * 1e6 == pytest.approx(mg_s, rel=0.01)


@pytest.mark.parametrize("number", [1, 2])
def test_solid_and_liquid_meet_at_the_melting_point(number) -> None:
    charge = simulation().boats[number].charge
    below = vapour_pressure(charge, charge.melting_point - 1e-6)
    assert vapour_pressure(charge, charge.melting_point) == pytest.approx(below, rel=0.07)  # 0.03 decade


def test_a_cold_charge_gives_nothing_off() -> None:
    assert mass_loss(simulation().boats[1].charge, 300.0) < 1e-18


def test_the_strips_have_the_published_cold_resistance() -> None:
    for number, milliohms in ((1, 2.7), (2, 6.7)):
        strip = simulation().boats[number].strip
        bare = resistivity(strip, 300.0) * section(strip).length_per_area
        assert bare * 1e3 == pytest.approx(milliohms, rel=0.02)


def test_emissivity_rises_with_temperature_and_never_exceeds_1() -> None:
    strip = simulation().boats[1].strip
    values = [emissivity(strip, kelvin) for kelvin in (300, 700, 1500, 2500)]
    assert values == sorted(values)
    assert 0.03 < values[0] < values[-1] <= 1.0
