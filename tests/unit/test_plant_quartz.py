"""Published numbers: physics reference 1.4 and 1.5."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdsim.plant.quartz import Layer, resonance, slope

BARE_HZ = 6.0e6


def zinc(nm: float) -> Layer:
    return Layer(7040.0, 0.514, nm * 1e-9)


def lithium(nm: float) -> Layer:
    return Layer(530.0, 5.9, nm * 1e-9)


@pytest.mark.parametrize(("film", "shift_hz", "within"), [(zinc(300), -17_158, 0.5), (lithium(100), -431.8, 0.05)])
def test_one_film_shifts_a_fresh_crystal_as_published(film: Layer, shift_hz: float, within: float) -> None:
    assert resonance(BARE_HZ, [film]) - BARE_HZ == pytest.approx(shift_hz, abs=within)


@pytest.mark.parametrize(
    ("zinc_um", "shift_hz"), [(0.3, 429.3), (1.0, 423.4), (1.8, 416.5), (3.0, 405.8), (5.0, 387.8), (8.0, 360.7)]
)
def test_lithium_on_zinc_shifts_less_as_published(zinc_um: float, shift_hz: float) -> None:
    below = zinc(zinc_um * 1000)
    shift = resonance(BARE_HZ, [below]) - resonance(BARE_HZ, [below, lithium(100)])
    assert shift == pytest.approx(shift_hz, abs=0.06)


@pytest.mark.parametrize(("film", "hz_per_nm"), [(zinc(0), 57.4), (lithium(0), 4.32)])
def test_a_fresh_crystal_is_as_sensitive_as_published(film: Layer, hz_per_nm: float) -> None:
    assert -slope(BARE_HZ, [film]) * 1e-9 == pytest.approx(hz_per_nm, rel=0.002)


def test_a_bare_crystal_and_an_empty_film_leave_the_frequency_alone() -> None:
    assert resonance(BARE_HZ, []) == BARE_HZ
    assert resonance(BARE_HZ, [zinc(0)]) == BARE_HZ


@given(st.lists(st.sampled_from([zinc(40), lithium(40)]), max_size=12))
def test_every_film_lowers_the_frequency(stack: list[Layer]) -> None:
    frequencies = [resonance(BARE_HZ, stack[:count]) for count in range(len(stack) + 1)]
    assert all(before > after for before, after in pairwise(frequencies))


@given(st.floats(0, 2000), st.floats(1, 2000))
def test_two_films_of_one_material_are_one_film(first_nm: float, second_nm: float) -> None:
    one = resonance(BARE_HZ, [zinc(first_nm + second_nm)])
    assert resonance(BARE_HZ, [zinc(first_nm), zinc(second_nm)]) == pytest.approx(one, abs=1e-5)
