"""One sensor of a simulated SQC-310: frequency to filtered rate and thickness, once per measuring period."""

from pvdstation.model.crystal import CrystalDisplay

ABOVE_RANGE_HZ = 5_000.0
"""Assumed: how far a fresh crystal may read above the upper limit; a mode hop is 10 kHz and more (physics 1.11)."""


class Crystal:
    """A sensor's readings in the unit's display units."""

    __slots__ = ("_alpha", "_display", "_period_s", "_zero_hz", "frequency_hz", "rate_a_s")

    def __init__(self, alpha: float, period_s: float) -> None:
        self._alpha = alpha
        self._period_s = period_s
        self._display = CrystalDisplay(1.0, 1.0, 100.0, 6e6)
        self._zero_hz = 0.0
        self.frequency_hz = 0.0
        self.rate_a_s = 0.0

    def show(self, density_g_cm3: float, z: float, tooling_pct: float) -> None:
        """Convert as this film from now on; what has been counted is converted anew."""
        self._display = CrystalDisplay(density_g_cm3, z, tooling_pct, self._zero_hz or 6e6)

    def measure(self, frequency_hz: float) -> None:
        """Take one reading, Hz; 0 is a missing crystal and reads 0 everywhere."""
        last_hz, self.frequency_hz = self.frequency_hz, frequency_hz
        if frequency_hz <= 0.0 or last_hz <= 0.0:
            self.rate_a_s = 0.0
            if frequency_hz > 0.0 and not self._zero_hz:
                self.zero()
            return
        rate = (last_hz - frequency_hz) * self._display.nm_per_hz(frequency_hz) * 10.0 / self._period_s
        self.rate_a_s += self._alpha * (rate - self.rate_a_s)

    def zero(self) -> None:
        """Count thickness from here."""
        if self.frequency_hz > 0.0:
            self._zero_hz = self.frequency_hz
            self._display.zero(self.frequency_hz)

    @property
    def thickness_ka(self) -> float:
        """Return the thickness since zero, kÅ; 0 without a crystal."""
        return self._display.thickness_nm(self.frequency_hz) * 0.01 if self.frequency_hz > 0.0 else 0.0

    def is_within(self, f_min_hz: float, f_max_hz: float) -> bool:
        """Return whether the crystal can be used."""
        return f_min_hz <= self.frequency_hz <= f_max_hz + ABOVE_RANGE_HZ
