"""The SQC-310's display formula against the numbers of the physics reference (1.2, 1.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.crystal import CrystalDisplay, display_thickness_nm

ZN, LI = (7.04, 0.514), (0.53, 5.9)


@pytest.mark.parametrize(("film", "shift_hz", "shown_nm"), [(ZN, 17158.0, 297.7), (LI, 431.8, 97.4)])
def test_display_of_the_reference_layers(film, shift_hz, shown_nm):
    assert display_thickness_nm(6e6, 6e6 - shift_hz, *film, 100.0) == pytest.approx(shown_nm, abs=0.05)


def test_tooling_multiplies():
    plain = display_thickness_nm(6e6, 5.99e6, *ZN, 100.0)
    assert display_thickness_nm(6e6, 5.99e6, *ZN, 112.0) == pytest.approx(1.12 * plain, rel=1e-12)


@given(st.floats(5.0e6, 6.05e6), st.floats(5.0e6, 6.05e6), st.sampled_from([ZN, LI]))
def test_kept_zero_gives_the_same_thickness(f0_hz, f_hz, film):
    display = CrystalDisplay(*film, 114.0, f0_hz)
    assert display.thickness_nm(f_hz) == pytest.approx(display_thickness_nm(f0_hz, f_hz, *film, 114.0), abs=1e-6)


@given(st.floats(5.0e6, 6.0e6), st.sampled_from([ZN, LI]))
def test_thickness_grows_as_the_frequency_falls(f_hz, film):
    assert display_thickness_nm(6.001e6, f_hz - 1.0, *film, 100.0) > display_thickness_nm(6.001e6, f_hz, *film, 100.0)


@given(st.floats(5.01e6, 6.0e6), st.floats(-400.0, 400.0), st.sampled_from([ZN, LI]))
def test_kept_slope_is_the_slope(f_hz, away_hz, film):
    display = CrystalDisplay(*film, 100.0, 6e6)
    display.nm_per_hz(f_hz)
    near_hz = f_hz + away_hz
    true = display_thickness_nm(near_hz + 5.0, near_hz - 5.0, *film, 100.0) / 10.0
    assert display.nm_per_hz(near_hz) == pytest.approx(true, rel=1e-3)
