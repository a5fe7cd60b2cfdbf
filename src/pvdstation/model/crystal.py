"""The SQC-310's display formula: how a crystal's frequency becomes the thickness that the unit shows (physics 1.2).

It treats the electrodes as film, so it is some per cent low for light films; the tooling factor contains that.
"""

from math import atan, pi, tan

IMPEDANCE_Q = 8.765e6
"""Acoustic impedance of quartz in the formula, kg/(m² s) (SQC-310 manual)."""
FREQUENCY_Q_HZ = 6.045e6
"""Frequency of the blank without electrodes in the formula (SQC-310 manual)."""

_STEP_HZ = 500.0
"""The slope is kept while the frequency stays within this; it changes by less than 3e-4 of itself over it."""


def _term(f_hz: float, z: float) -> float:
    return atan(z * tan(pi * f_hz / FREQUENCY_Q_HZ)) / f_hz


def _factor(density_g_cm3: float, z: float, tooling_pct: float) -> float:
    return IMPEDANCE_Q / (2 * pi * z * density_g_cm3 * 1e3) * 1e9 * tooling_pct / 100


def display_thickness_nm(f0_hz: float, f_hz: float, density_g_cm3: float, z: float, tooling_pct: float) -> float:
    """Return the thickness the unit shows between two frequencies of one crystal, nm; both above 3.1 MHz."""
    return _factor(density_g_cm3, z, tooling_pct) * (_term(f0_hz, z) - _term(f_hz, z))


class CrystalDisplay:
    """The same for one film on one crystal, with the zero and the local slope kept."""

    __slots__ = ("_factor", "_slope", "_slope_at_hz", "_z", "_zero")

    def __init__(self, density_g_cm3: float, z: float, tooling_pct: float, f0_hz: float) -> None:
        self._factor = _factor(density_g_cm3, z, tooling_pct)
        self._z = z
        self._slope = 0.0
        self._slope_at_hz = 0.0
        self.zero(f0_hz)

    def zero(self, f0_hz: float) -> None:
        """Count thickness from this frequency, Hz."""
        self._zero = _term(f0_hz, self._z)

    def thickness_nm(self, f_hz: float) -> float:
        """Return the thickness since zero, nm."""
        return self._factor * (self._zero - _term(f_hz, self._z))

    def nm_per_hz(self, f_hz: float) -> float:
        """Return how much thickness one hertz downwards is, nm; with it a frequency slope becomes a rate."""
        if abs(f_hz - self._slope_at_hz) > _STEP_HZ:
            self._slope_at_hz = f_hz
            self._slope = self._factor * (_term(f_hz + 1.0, self._z) - _term(f_hz - 1.0, self._z)) / 2.0
        return self._slope
