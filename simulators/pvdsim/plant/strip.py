"""The metal of a boat: resistivity, emissivity and radiation of the strip over temperature (physics 2.5)."""

from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from pvdsim.boat_settings import Strip
from pvdsim.plant.vapour import STEFAN_BOLTZMANN

COLDEST_K = 250
HOTTEST_K = 2600


class Section(NamedTuple):
    """The strip's shape: resistance per resistivity (1/m), conductance per conductivity (m), radiating area (m2)."""

    length_per_area: float
    both_ends_m: float
    surface_m2: float


def section(strip: Strip) -> Section:
    """Return the shape of a strip that is clamped at both ends and heated along its length."""
    length, width, thickness = strip.length * 1e-9, strip.width * 1e-9, strip.thickness * 1e-9
    area = width * thickness
    return Section(length / area, 8 * area / length, 2 * (width + thickness) * length)


def resistivity(strip: Strip, kelvin: float) -> float:
    """Return the resistivity, Ω m."""
    law = strip.resistivity_uohm_cm
    return 1e-8 * (law.t0 + kelvin * (law.t1 + kelvin * (law.t2 + kelvin * law.t3)))


def emissivity(strip: Strip, kelvin: float) -> float:
    """Return the total hemispherical emissivity (Parker & Abbott) times the surface factor, at most 1."""
    x = resistivity(strip, kelvin) * 100 * kelvin
    clean = 0.766 * sqrt(x) - (0.309 - 0.0889 * log(x)) * x - 0.0175 * x * sqrt(x)
    return min(1.0, strip.surface_factor * clean)


def radiation(strip: Strip, kelvin: float, wall_kelvin: float) -> float:
    """Return what the strip radiates when its centre is at this temperature, W."""
    black = STEFAN_BOLTZMANN * (kelvin**4 - wall_kelvin**4)
    return strip.k_a * section(strip).surface_m2 * emissivity(strip, kelvin) * black


StripRow = tuple[float, float, float, float, float, float]
"""At one kelvin: resistance without charge (Ω), resistance per share of heat drawn by the charge (Ω), radiation (W);
each followed by its growth over the next kelvin."""


def strip_table(strip: Strip, wall_kelvin: float) -> list[StripRow]:
    """Return the strip's rows, 1 K apart, from the coldest to the hottest temperature."""
    shape = section(strip).length_per_area
    rows = []
    for kelvin in range(COLDEST_K, HOTTEST_K + 2):
        bare = resistivity(strip, kelvin) * shape
        plain = (strip.a0 + strip.a2 * (kelvin - 700) / 100) * bare
        rows.append((plain, strip.a1 * bare, radiation(strip, kelvin, wall_kelvin)))
    return [(r[0], n[0] - r[0], r[1], n[1] - r[1], r[2], n[2] - r[2]) for r, n in pairwise(rows)]
