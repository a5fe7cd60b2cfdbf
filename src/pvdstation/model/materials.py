"""Evaporants: density and Z-ratio as the crystal monitor uses them, and where each value comes from.

Library densities differ from bulk (Zn 7.04, bulk 7.14 g/cm3): an indicated thickness is mass per area over the
library density. Molar masses: IUPAC abridged standard atomic weights. Melting points: the values behind the vapour
pressures of Alcock, Itkin & Horrigan 1984, and CRC Handbook.
"""

from difflib import get_close_matches
from typing import NamedTuple

SOURCES = {
    "a": "INFICON STM-1 manual, p. 15",
    "b": "university evaporation recipes with INFICON library values",
    "c": "open-source crystal monitor library, rounded",
    "d": "Georgia Tech evaporation reference table",
    "R": "INFICON library value, not checked against a manual",
    "E": "estimate",
}
"""Letter → where a value comes from."""


class Material(NamedTuple):
    """An evaporant; ``z`` is 1.00 and ``z_is_known`` false where no value is published."""

    name: str
    density_g_cm3: float
    z: float
    sources: tuple[str, ...]  # letters of SOURCES
    z_is_known: bool
    molar_mass_g_mol: float | None
    melting_k: float | None
    remark: str
    electrons: int | None = None
    """Electrons that one formula unit gives up when it is stripped; None: no capacity is quoted for it."""

    @property
    def source(self) -> str:
        """Return where the values come from, in words."""
        return "; ".join(SOURCES[letter] for letter in self.sources)


# name, density g/cm3, z (None: unknown, 1.00 is used), sources, molar mass g/mol, melting point K
_ROWS: tuple[tuple[str, float, float | None, str, float | None, float | None], ...] = (
    ("Ag", 10.50, 0.529, "b", 107.87, 1234.9),
    ("Al", 2.70, 1.080, "bd", 26.982, 933.47),
    ("Al2O3", 3.97, 0.336, "b", 101.96, None),
    ("Au", 19.30, 0.381, "ab", 196.97, 1337.3),
    ("Ba", 3.50, 2.100, "a", 137.33, 1000.0),
    ("Be", 1.85, 0.543, "a", 9.0122, 1560.0),
    ("Bi", 9.80, 0.790, "a", 208.98, None),
    ("C60", 1.65, None, "RE", 720.66, None),
    ("Ca", 1.55, 2.620, "a", 40.078, 1115.0),
    ("CaF2", 3.18, 0.775, "a", 78.074, None),
    ("Cd", 8.64, 0.682, "a", 112.41, 594.2),
    ("Co", 8.71, 0.343, "a", 58.933, 1768.0),
    ("Cr", 7.20, 0.305, "ad", 51.996, 2180.0),
    ("Cu", 8.93, 0.437, "ad", 63.546, 1357.8),
    ("Er", 9.05, 0.740, "ad", 167.26, None),
    ("Fe", 7.86, 0.349, "ad", 55.845, 1811.0),
    ("Ga", 5.93, 0.593, "a", 69.723, 302.91),
    ("Ge", 5.35, 0.516, "abd", 72.630, None),
    ("In", 7.30, 0.841, "d", 114.82, 429.75),
    ("Ir", 22.40, 0.129, "a", 192.22, None),
    ("La", 6.17, 0.920, "a", 138.91, None),
    ("Li", 0.53, 5.900, "a", 6.94, 453.65),
    ("Li3N", 1.30, None, "E", 34.83, None),
    ("LiF", 2.638, 0.778, "R", 25.94, None),
    ("Mg", 1.74, 1.610, "a", 24.305, 923.0),
    ("MgF2", 3.18, 0.637, "R", 62.301, None),
    ("MgO", 3.58, 0.411, "ab", 40.304, None),
    ("Mn", 7.20, 0.377, "a", 54.938, 1519.0),
    ("Mo", 10.20, 0.257, "R", 95.95, 2896.0),
    ("Na", 0.97, 4.800, "R", 22.990, 370.94),
    ("Nb", 8.578, 0.492, "R", 92.906, 2750.0),
    ("Ni", 8.91, 0.331, "bd", 58.693, 1728.0),
    ("Pb", 11.30, 1.130, "ad", 207.2, 600.61),
    ("Pd", 12.038, 0.357, "b", 106.42, 1828.0),
    ("Pt", 21.40, 0.245, "b", 195.08, 2041.0),
    ("Sb", 6.62, 0.768, "a", 121.76, None),
    ("Se", 4.81, 0.864, "R", 78.971, None),
    ("Si", 2.32, 0.712, "b", 28.085, None),
    ("SiO", 2.13, 0.870, "b", 44.084, None),
    ("SiO2", 2.648, 1.000, "b", 60.083, None),
    ("Sn", 7.30, 0.724, "R", 118.71, 505.08),
    ("Ta", 16.60, 0.262, "R", 180.95, 3290.0),
    ("Te", 6.25, 0.900, "R", 127.60, None),
    ("Ti", 4.50, 0.628, "b", 47.867, 1941.0),
    ("V", 5.96, 0.530, "c", 50.942, 2183.0),
    ("W", 19.30, 0.163, "R", 183.84, 3695.0),
    ("Yb", 6.98, 1.130, "R", 173.05, 1097.0),
    ("Zn", 7.04, 0.514, "R", 65.38, 692.68),
)
_REMARKS = {
    "In": "Two published tables disagree: z = 0.841 (Georgia Tech) or 1.650 (INFICON STM-1); ask before trusting it.",
    "MgF2": "INFICON STM-1 lists 3.00 g/cm3 without z.",
    "LiF": "INFICON STM-1 lists 2.64 g/cm3 and z = 0.774.",
    "Mo": "The rounded library gives z = 0.26.",
    "W": "The rounded library gives z = 0.16.",
    "Zn": "The rounded library gives z = 0.51.",
}

_ELECTRONS = {"Al": 3, "Ca": 2, "Li": 1, "Mg": 2, "Na": 1, "Zn": 2}

MATERIALS: dict[str, Material] = {
    name: Material(
        name,
        density,
        1.0 if z is None else z,
        tuple(letters),
        z is not None,
        molar,
        melting,
        _REMARKS.get(name, ""),
        _ELECTRONS.get(name),
    )
    for name, density, z, letters, molar, melting in _ROWS
}
"""Name → evaporant, in alphabetical order."""

_FOLDED = {name.casefold(): name for name in MATERIALS}


def find_material(name: str) -> Material | None:
    """Return the evaporant of that name, whatever its case, or None."""
    known = _FOLDED.get(name.casefold())
    return MATERIALS[known] if known else None


def nearest_material(name: str) -> str | None:
    """Return the known name that is closest to a misspelt one, or None."""
    close = get_close_matches(name.casefold(), _FOLDED, n=1, cutoff=0.6)
    return _FOLDED[close[0]] if close else None
