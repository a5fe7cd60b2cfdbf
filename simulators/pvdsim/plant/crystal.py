"""A crystal in its head: what has condensed on it, and the frequency it oscillates at (physics 1.3, 1.8 to 1.10)."""

from math import exp, sqrt
from random import Random

from pvdsim.plant.boat import Boat
from pvdsim.plant.motion import Part
from pvdsim.plant.quartz import Layer, resonance, slope
from pvdsim.plant.reaction import NITRIDE_OF
from pvdsim.settings import Crystals as CrystalSettings

RESOLVE_NM = 0.5  # the local slope serves this far; then its error is below 0.001 Hz
WARM_K = 400.0
LIFE_HZ = 1e6
NITRIDE_MASS_GAIN = 34.83 / (3 * 6.94) - 1  # Li -> Li3N takes up nitrogen
REFERENCE_MBAR = 500.0
VISCOUS_HZ = -3.0
HYDROSTATIC_HZ = 2.0


class Exposure:
    """Since when a warm source looks at the crystal."""

    __slots__ = ("_boat", "_opened_ns", "_part")

    def __init__(self, part: Part, boat: Boat) -> None:
        self._part = part
        self._boat = boat
        self._opened_ns = part.left_closed_ns

    def began(self) -> int | None:
        """Return the time of a new opening with a warm boat behind it, ns, once; else None."""
        opened_ns = self._part.left_closed_ns
        if opened_ns == self._opened_ns:
            return None
        self._opened_ns = opened_ns
        return opened_ns if self._boat.boat_k > WARM_K else None


class Crystal:
    """A 6 MHz crystal. For faults: dead, stuck at a reading, further off (Hz), noisier (sigma, Hz)."""

    __slots__ = (
        "_anchor_hz", "_anchor_nm", "_bare_hz", "_drifted_hz", "_exposed_ns", "_exposures", "_films", "_hz_per_nm",
        "_read_ns", "_rng", "_settings", "_top", "_top_nm", "_walk_hz", "is_dead", "noise_hz", "offset_hz", "stuck_hz",
    )  # fmt: skip

    def __init__(self, settings: CrystalSettings, bare_hz: float, exposures: list[Exposure], rng: Random) -> None:
        self._settings = settings
        self._bare_hz = self._anchor_hz = bare_hz
        self._exposures = exposures
        self._rng = rng
        self._films: list[tuple[str, Layer]] = []
        self._top = ""
        self._top_nm = self._anchor_nm = self._hz_per_nm = 0.0
        self._exposed_ns: int | None = None
        self._read_ns = 0
        self._drifted_hz = self._walk_hz = self.offset_hz = self.noise_hz = 0.0
        self.is_dead = False
        self.stuck_hz: float | None = None

    def grow(self, boat: Boat, nm: float) -> None:
        """Let what a boat gives off condense, nm."""
        if boat.material != self._top:
            self._bury(boat)
        self._top_nm += nm

    def _bury(self, boat: Boat) -> None:
        self._settle()
        self._top = boat.material
        self._films.append((boat.material, Layer(boat.density, boat.z, 0.0)))
        self._top_nm = 0.0
        self._settle()

    def _settle(self) -> None:
        """Solve the stack for the present film; the slope serves until the film has grown by RESOLVE_NM."""
        if not self._films:
            return
        material, film = self._films[-1]
        self._films[-1] = (material, film._replace(thickness_m=self._top_nm * 1e-9))
        stack = [layer for _, layer in self._films]
        self._anchor_nm = self._top_nm
        self._anchor_hz = resonance(self._bare_hz, stack)
        self._hz_per_nm = slope(self._bare_hz, stack) * 1e-9

    def film_nm(self, material: str) -> float:
        """Return how much of a material is on the crystal, nm."""
        below = sum(layer.thickness_m * 1e9 for name, layer in self._films[:-1] if name == material)
        return below + (self._top_nm if self._top == material else 0.0)

    def true_frequency(self) -> float:
        """Return the resonance of the loaded crystal in vacuum at rest, without noise, Hz."""
        if self._top_nm - self._anchor_nm > RESOLVE_NM:
            self._settle()
        return self._anchor_hz + self._hz_per_nm * (self._top_nm - self._anchor_nm)

    def read(self, now_ns: int, chamber_mbar: float, nitride_share: float) -> float:
        """Return one reading with noise, walk, transient and gas, Hz; 0.0 from a dead crystal."""
        noise, step = self._rng.gauss(0.0, 1.0), self._rng.gauss(0.0, 1.0)
        self._walk_hz += self._settings.walk * sqrt((now_ns - self._read_ns) * 1e-9) * step
        self._read_ns = now_ns
        if self.is_dead:
            return 0.0
        if self.stuck_hz is not None:
            return self.stuck_hz
        loaded = self.true_frequency()
        used = (self._bare_hz - loaded) / LIFE_HZ
        sigma = self._settings.noise * (1 + 10 * used**4) + self.noise_hz
        return (
            loaded
            + sigma * noise
            + self._walk_hz
            + self._warming(now_ns)
            + self._in_gas(chamber_mbar)
            + self._nitride(nitride_share)
            + self.offset_hz
        )

    def _warming(self, now_ns: int) -> float:
        law = self._settings.opening_transient
        for exposure in self._exposures:
            opened_ns = exposure.began()
            if opened_ns is not None:
                if self._exposed_ns is not None:
                    self._drifted_hz += law.drift * min((opened_ns - self._exposed_ns) * 1e-9, law.drift_time)
                self._exposed_ns = opened_ns
        if self._exposed_ns is None:
            return 0.0
        since_s = (now_ns - self._exposed_ns) * 1e-9
        bump = law.height * (1 - exp(-since_s / law.rise)) * exp(-since_s / law.decay)
        return self._drifted_hz + bump + law.drift * min(since_s, law.drift_time)

    def _in_gas(self, chamber_mbar: float) -> float:
        share = chamber_mbar / REFERENCE_MBAR
        return VISCOUS_HZ * sqrt(share) + HYDROSTATIC_HZ * share

    def _nitride(self, share: float) -> float:
        if share == 0.0 or self._top != NITRIDE_OF:
            return 0.0
        return share * NITRIDE_MASS_GAIN * self._hz_per_nm * self._top_nm
