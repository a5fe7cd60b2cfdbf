"""Flicker of an evaporation rate: an Ornstein-Uhlenbeck process around 1 (physics 2.7)."""

from math import exp, sqrt
from random import Random


class Flicker:
    """Factor on the rate; sigma as a share, correlation time and step in s."""

    __slots__ = ("_gauss", "_keep", "_kick", "_value")

    def __init__(self, sigma: float, correlation_s: float, step_s: float, rng: Random) -> None:
        self._keep = exp(-step_s / correlation_s)
        self._kick = sigma * sqrt(1 - self._keep**2)
        self._value = sigma * rng.gauss(0.0, 1.0)
        self._gauss = rng.gauss

    def next(self) -> float:
        """Return the factor of the next step."""
        self._value = value = self._value * self._keep + self._kick * self._gauss(0.0, 1.0)
        return 1.0 + value
