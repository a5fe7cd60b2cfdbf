"""What a crystal with several materials on it would show: the composite-Z trap (physics 1.3, 1.5)."""

from math import atan, pi, tan
from typing import NamedTuple

from pvdstation.model.crystal import display_thickness_nm

FREQUENCY_CONSTANT = 1668.0
"""Of AT-cut quartz, Hz m."""
DENSITY_Q = 2649.0
"""Of quartz, kg/m3."""
IMPEDANCE_Q = 2 * FREQUENCY_CONSTANT * DENSITY_Q
FRESH_HZ = 6.0e6
_NEWEST_FIRST = -1


class Film(NamedTuple):
    """One material on a crystal."""

    density_g_cm3: float
    z: float
    thickness_nm: float

    @property
    def mass_kg_m2(self) -> float:
        """Return the mass per area, kg/m2."""
        return self.density_g_cm3 * self.thickness_nm * 1e-6


def period_frequency_hz(films: list[Film]) -> float:
    """Return the frequency by the period form: mass only, good to 1e-3 of the shift, Hz."""
    mass = sum(film.mass_kg_m2 for film in films)
    return FRESH_HZ / (1 + mass * FRESH_HZ / (FREQUENCY_CONSTANT * DENSITY_Q))


def stack_frequency_hz(films: list[Film]) -> float:
    """Return the frequency of a crystal with films, innermost first, by the lossless stack equation, Hz."""
    guess = period_frequency_hz(films)
    shift = max(1.0, (FRESH_HZ - guess) * 0.2)
    low, high = guess - shift, min(guess + shift, FRESH_HZ)
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if _stack_reactance(films, middle) < 0 else (low, middle)
    return (low + high) / 2


def _stack_reactance(films: list[Film], f_hz: float) -> float:
    load = 0.0
    for film in films[::_NEWEST_FIRST]:
        impedance = IMPEDANCE_Q / film.z
        load = impedance * tan(2 * pi * f_hz * film.mass_kg_m2 / impedance + atan(load / impedance))
    return IMPEDANCE_Q * tan(pi * f_hz / FRESH_HZ) + load


def shown_nm(below: list[Film], film: Film) -> float:
    """Return the thickness an SQC-310 shows for a film on top of others when it uses the film's own Z, nm."""
    before, after = stack_frequency_hz(below), stack_frequency_hz([*below, film])
    return display_thickness_nm(before, after, film.density_g_cm3, film.z, 100.0)


def mean_z(films: list[Film]) -> float:
    """Return the mass-weighted Z-ratio."""
    mass = sum(film.mass_kg_m2 for film in films)
    return sum(film.z * film.mass_kg_m2 for film in films) / mass
