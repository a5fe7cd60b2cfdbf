"""Gas through an orifice: choked, then subsonic (physics 3.2)."""

from math import pi, sqrt
from typing import NamedTuple

from pvdsim.plant.vapour import GAS_CONSTANT
from pvdsim.settings import Orifice as OrificeSettings


class Gas(NamedTuple):
    """What the flow law and the heat balance need: heat capacity ratio, molar mass kg/mol, c_v in units of R."""

    gamma: float
    molar_kg: float
    cv_r: float


NITROGEN = Gas(1.4, 0.0280134, 2.5)
ARGON = Gas(5 / 3, 0.039948, 1.5)


class Orifice:
    """An orifice between a supply and the chamber."""

    __slots__ = ("_choked_mbar_l_s", "_critical", "_exponents", "_scale", "_supply_mbar")

    def __init__(self, settings: OrificeSettings, gas: Gas, kelvin: float) -> None:
        gamma = gas.gamma
        area_m2 = pi / 4 * (settings.diameter * 1e-9) ** 2
        speed_m_s = sqrt(GAS_CONSTANT * kelvin / gas.molar_kg)
        self._supply_mbar = settings.supply
        self._scale = settings.discharge * area_m2 * settings.supply * speed_m_s * 1e3
        self._critical: float = (2 / (gamma + 1)) ** (gamma / (gamma - 1))
        psi: float = sqrt(gamma) * (2 / (gamma + 1)) ** ((gamma + 1) / (2 * (gamma - 1)))
        self._choked_mbar_l_s = self._scale * psi
        self._exponents = (2 * gamma / (gamma - 1), 2 / gamma, (gamma + 1) / gamma)

    def flow(self, chamber_mbar: float) -> float:
        """Return the flow into the chamber, mbar L/s; nothing flows back."""
        ratio = chamber_mbar / self._supply_mbar
        if ratio < self._critical:
            return self._choked_mbar_l_s
        if ratio >= 1:
            return 0.0
        factor, low, high = self._exponents
        psi: float = sqrt(factor * (ratio**low - ratio**high))
        return self._scale * psi
