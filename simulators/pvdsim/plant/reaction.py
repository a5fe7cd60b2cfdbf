"""Lithium and nitrogen: an ESTIMATE for display (± 30 %, ± a factor 2 on LiZn); nothing may hang on it (physics 4.4).

The surface counts as clean: the station's argon is dry, and oxygen dose before the nitrogen is not modelled.
"""

from math import exp, sqrt

from pvdsim.settings import Reaction as ReactionSettings

NITRIDE_OF = "Li"
REFERENCE_MBAR = 500.0
STARTS_MBAR = 1.0


class Reaction:
    """Conversion of evaporated lithium, by reduced exposure."""

    __slots__ = ("_share", "_tau_s", "_yield")

    def __init__(self, settings: ReactionSettings) -> None:
        self._tau_s = settings.tau
        self._yield = settings.y_sub[settings.substrate]
        self._share = 0.0

    @property
    def share(self) -> float:
        """Return the converted share of the lithium, 0 to 1."""
        return self._share

    def nitride_nm(self, lithium_nm: float) -> float:
        """Return the estimated thickness of Li3N from so much evaporated lithium, nm."""
        return self._yield * self._share * lithium_nm

    def expose(self, nitrogen_mbar: float, step_s: float) -> None:
        """Let nitrogen act for one step."""
        if nitrogen_mbar > STARTS_MBAR:
            self._share = 1 - (1 - self._share) * exp(-sqrt(nitrogen_mbar / REFERENCE_MBAR) * step_s / self._tau_s)

    def dilute(self, before_nm: float, after_nm: float) -> None:
        """Take fresh lithium on top into account."""
        self._share *= before_nm / after_nm
