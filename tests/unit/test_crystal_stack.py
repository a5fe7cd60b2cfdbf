"""Composite Z: the published table of lithium over zinc, z = 5.9 and z = 0.514."""

import pytest

from pvdstation.recipe.crystal_stack import FRESH_HZ, Film, mean_z, period_frequency_hz, shown_nm, stack_frequency_hz

LITHIUM = Film(0.53, 5.9, 100.0)
TABLE = [
    (300, 1.7, 429.3, 95.8), (1000, 5.7, 423.4, 90.6), (1800, 10.1, 416.5, 83.0), (3000, 16.7, 405.8, 70.6),
    (5000, 27.2, 387.8, 52.5), (8000, 42.2, 360.7, 35.0),
]  # fmt: skip


def zinc(nm: float) -> Film:
    return Film(7.04, 0.514, nm)


@pytest.mark.parametrize(("zinc_nm", "life_used_pct", "shift_hz", "reading_nm"), TABLE)
def test_lithium_over_zinc(zinc_nm: float, life_used_pct: float, shift_hz: float, reading_nm: float) -> None:
    below = [zinc(zinc_nm)]
    shift = stack_frequency_hz(below) - stack_frequency_hz([*below, LITHIUM])
    assert shift == pytest.approx(shift_hz, abs=0.06)
    assert shown_nm(below, LITHIUM) == pytest.approx(reading_nm, abs=0.06)
    assert (FRESH_HZ - period_frequency_hz(below)) / 1e4 == pytest.approx(life_used_pct, rel=0.015)


def test_single_layers_on_a_fresh_crystal() -> None:
    assert FRESH_HZ - stack_frequency_hz([zinc(300)]) == pytest.approx(17158, abs=1)
    assert FRESH_HZ - stack_frequency_hz([LITHIUM]) == pytest.approx(431.8, abs=0.1)


def test_the_mean_is_weighted_by_mass() -> None:
    assert mean_z([zinc(300)]) == pytest.approx(0.514)
    assert mean_z([Film(1.0, 1.0, 10.0), Film(3.0, 2.0, 10.0)]) == pytest.approx(1.75)
