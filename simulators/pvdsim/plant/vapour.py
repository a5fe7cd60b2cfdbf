"""Vapour pressure and free evaporation (physics 2.1 and 2.3)."""

from math import pi, sqrt

from pvdsim.boat_settings import Charge

GAS_CONSTANT = 8.314462618  # J/mol/K
STEFAN_BOLTZMANN = 5.670374419e-8  # W/m2/K4
ATMOSPHERE_PA = 101_325.0


def vapour_pressure(charge: Charge, kelvin: float) -> float:
    """Return the vapour pressure over the charge, Pa: the solid's law below the melting point, the liquid's above."""
    law = charge.solid_vapour if kelvin < charge.melting_point else charge.liquid_vapour
    decades = min(max(law.a + law.b / kelvin, -20.0), 2.0)
    return ATMOSPHERE_PA * float(10.0**decades)


def mass_loss(charge: Charge, kelvin: float) -> float:
    """Return what the full emitting area gives off into vacuum, kg/s (Hertz-Knudsen)."""
    molar_kg = charge.molar_mass_g_mol * 1e-3
    flux = vapour_pressure(charge, kelvin) * sqrt(molar_kg / (2 * pi * GAS_CONSTANT * kelvin))
    return charge.evaporation_coefficient * charge.emitting_area * flux


def heat_loss(charge: Charge, kelvin: float, wall_kelvin: float) -> float:
    """Return what evaporation and radiation take from the full emitting area, W."""
    latent_j_kg = charge.vaporisation_kj_mol * 1e6 / charge.molar_mass_g_mol
    radiated = charge.emissivity * charge.emitting_area * STEFAN_BOLTZMANN * (kelvin**4 - wall_kelvin**4)
    return mass_loss(charge, kelvin) * latent_j_kg + radiated


def rate_per_mass_loss(charge: Charge, throw_m: float, cosine_exponent: float) -> float:
    """Return film growth on axis per mass loss, (nm/s)/(kg/s): a cosine source seen from the throw (physics 2.4)."""
    density = charge.density * 1e3
    return 1e9 * (cosine_exponent + 1) / (2 * pi * density * throw_m**2)
