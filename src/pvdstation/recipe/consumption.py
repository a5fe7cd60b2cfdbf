"""What layers take: charge from the boats, life from the crystals."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from pvdstation.model.station import Source, Station
from pvdstation.recipe.crystal_stack import FRESH_HZ, Film, mean_z, period_frequency_hz, shown_nm

_NM_PER_CM = 1e7
_UNSEEN_USE_PCT = 1.0
"""Below this much life used, another Z below the film does not show (physics 1.5)."""


class ChargeUse(NamedTuple):
    """What a recipe takes from one boat, and what is in it, mg."""

    source: str
    needed_mg: float
    available_mg: float


class CrystalUse(NamedTuple):
    """Life of one crystal before and after, %."""

    sensor: int
    before_pct: float
    after_pct: float


class Misreading(NamedTuple):
    """A crystal that would show a layer wrongly, because of what lies below it."""

    sensor: int
    material: str
    film_z: float
    below: str
    below_nm: float
    below_z: float
    true_nm: float
    shown_nm: float


def areal_mass_ug_cm2(thickness_nm: float, density_g_cm3: float) -> float:
    """Return the mass per area of a layer, µg/cm2."""
    return thickness_nm * density_g_cm3 / 10


class Ledger:
    """Charge and crystals over one recipe; crystals start as the caller says, else fresh."""

    def __init__(
        self,
        station: Station,
        life_pct: Mapping[int, float] | None = None,
        charge_mg: Mapping[str, float] | None = None,
    ) -> None:
        self._station = station
        self._before = dict.fromkeys(station.sensor, 100.0) | dict(life_pct or {})
        self._counted_mg = dict(charge_mg or {})
        self._taken_mg: dict[str, float] = {}
        self._films: dict[int, dict[str, Film]] = {}  # by sensor, then source; innermost first

    def take(self, name: str, source: Source, thickness_nm: float, rate_nm_s: float) -> Misreading | None:
        """Book one layer with its conditioning; return what the crystal would show wrongly, if it would."""
        film_nm = thickness_nm + self._station.estimate.source_warm_up_as_layer * rate_nm_s
        self._taken_mg[name] = self._taken_mg.get(name, 0.0) + self._mass_mg(film_nm, source.density)
        films = self._films.setdefault(source.sensor, {})
        found = self._misreading(name, source, films, thickness_nm)
        tooling = self._station.sensor[source.sensor].tooling / 100
        before = films.get(name)
        total_nm = film_nm / tooling + (before.thickness_nm if before else 0.0)
        films[name] = Film(source.density, source.z, total_nm)
        return found

    def taken_mg(self, name: str) -> float:
        """Return what has been taken from a boat, mg."""
        return self._taken_mg.get(name, 0.0)

    def holds_mg(self, name: str) -> float:
        """Return what a boat holds before the recipe, mg."""
        return self._counted_mg.get(name, self._station.source[name].charge)

    def is_counted(self, name: str) -> bool:
        """Return whether somebody has kept count of a boat; else the station file's charge is taken."""
        return name in self._counted_mg

    def life_pct(self, sensor: int) -> float:
        """Return the life left on a crystal, %; below 0 when it would not last."""
        low, high = self._station.sqc.f_min, self._station.sqc.f_max
        shift = FRESH_HZ - period_frequency_hz(list(self._films.get(sensor, {}).values()))
        return self._before[sensor] - 100 * shift / (high - low)

    def charges(self) -> tuple[ChargeUse, ...]:
        """Return the use of every boat that was used, in the station's order."""
        return tuple(
            ChargeUse(name, self._taken_mg[name], self.holds_mg(name))
            for name in self._station.source
            if name in self._taken_mg
        )

    def crystals(self) -> tuple[CrystalUse, ...]:
        """Return the use of every crystal that was used, by number."""
        return tuple(CrystalUse(n, self._before[n], self.life_pct(n)) for n in sorted(self._films))

    def _mass_mg(self, film_nm: float, density_g_cm3: float) -> float:
        """Return what leaves a cosine source for a film on axis, mg (physics 2.4, n = 1: over π h²)."""
        throw_cm = self._station.estimate.throw / _NM_PER_CM
        return areal_mass_ug_cm2(film_nm, density_g_cm3) * 1e-3 * math.pi * throw_cm**2

    def _misreading(self, name: str, source: Source, films: dict[str, Film], thickness_nm: float) -> Misreading | None:
        below = list(films.values())
        others = {other: film for other, film in films.items() if other != name}
        used_pct = self._before[source.sensor] - self.life_pct(source.sensor)
        if not others or used_pct <= _UNSEEN_USE_PCT or math.isclose(mean_z(below), source.z, rel_tol=0.01):
            return None
        shown = shown_nm(below, Film(source.density, source.z, thickness_nm))
        largest = max(others, key=lambda other: others[other].mass_kg_m2)
        return Misreading(
            source.sensor, name, source.z, largest, others[largest].thickness_nm, mean_z(below), thickness_nm, shown
        )
