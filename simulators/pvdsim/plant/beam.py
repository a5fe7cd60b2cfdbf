"""Vapour on its way: through the source shutter to the crystals, through the substrate shutter to the film."""

from math import exp

from pvdsim.plant.boat import Boat
from pvdsim.plant.crystal import Crystal
from pvdsim.plant.motion import Part
from pvdsim.settings import HotBoatGas

DEGASSES_ABOVE_K = 400.0
FRESH_BELOW_K = 360.0


class Beam:
    """What one boat sends to the substrate and to the crystals that see it (share = crystal/substrate)."""

    __slots__ = ("_crystals", "_substrate", "boat", "film_nm", "shutter")

    def __init__(self, boat: Boat, shutter: Part, substrate: Part, crystals: list[tuple[Crystal, float]]) -> None:
        self.boat = boat
        self.shutter = shutter
        self._substrate = substrate
        self._crystals = crystals
        self.film_nm = 0.0
        """True film on the substrate, nm."""

    def step(self, step_s: float) -> float:
        """Let one step's vapour condense; return what reached the substrate, nm."""
        passed = self.boat.rate_nm_s * step_s * self.shutter.mean
        if passed <= 0.0:
            return 0.0
        for crystal, share in self._crystals:
            crystal.grow(self.boat, passed * share)
        arrived = passed * self._substrate.mean
        self.film_nm += arrived
        return arrived

    def spit(self, film_nm: float, crystal_nm: float) -> None:
        """Throw droplets: so much on the substrate and on its crystals, where no shutter is in the way, nm."""
        passed = self.shutter.mean
        for crystal, share in self._crystals:
            crystal.grow(self.boat, crystal_nm * passed * share)
        self.film_nm += film_nm * passed * self._substrate.mean


class Degassing:
    """Gas that a charge gives off once each time it becomes warm, decaying."""

    __slots__ = ("_boat", "_flow", "_full", "_is_fresh", "_keep")

    def __init__(self, boat: Boat, settings: HotBoatGas, step_s: float) -> None:
        self._boat = boat
        self._full = settings.flow
        self._keep = exp(-step_s / settings.decay)
        self._flow = 0.0
        self._is_fresh = True

    def step(self) -> float:
        """Return the flow of this step, mbar L/s."""
        kelvin = self._boat.boat_k
        if self._is_fresh:
            if kelvin > DEGASSES_ABOVE_K:
                self._is_fresh = False
                self._flow = self._full
        elif kelvin < FRESH_BELOW_K:
            self._is_fresh = True
        self._flow *= self._keep
        return self._flow
