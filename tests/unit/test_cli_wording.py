"""Durations and pressures as people read them."""

import pytest

from pvdstation.cli.wording import brief, duration, pressure


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (12.4, "12 s"),
        (59.6, "1 min 00 s"),
        (666.0, "11 min 06 s"),
        (3599.7, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(12.0, "12 s"), (205.0, "3.5 min"), (360.0, "6 min"), (785.0, "13 min"), (7200.0, "2 h 00 min")],
)
def test_estimates(seconds, text):
    assert brief(seconds) == text


@pytest.mark.parametrize(("mbar", "text"), [(500.26, "500.3 mbar"), (1.94e-6, "1.9e-6 mbar"), (0.05, "5.0e-2 mbar")])
def test_pressures(mbar, text):
    assert pressure(mbar) == text
