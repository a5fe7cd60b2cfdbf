"""The ``[simulation.boats.N]`` tables: strip, charge and place of each boat (physics reference 2.5).

Canonical units inside (nm, s, mg, K, W/K, Ω, g/cm3, %); other units stand in the key.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pvdstation.model.quantities import (
    GramsPerCm3,
    Kelvin,
    Milligrams,
    Nanometres,
    Ohms,
    Percent,
    Seconds,
    SquareMetres,
    WattsPerKelvin,
)


class Table(BaseModel):
    """A table of the file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Positive = Field(gt=0)
NotNegative = Field(ge=0)
Word = Annotated[str, Field(min_length=1, max_length=60)]


class Flicker(Table):
    """Ornstein-Uhlenbeck noise of the evaporation rate."""

    sigma: Annotated[Percent, Field(ge=0, le=20)]
    correlation: Annotated[Seconds, Positive]


class Cubic(Table):
    """t0 + t1 T + t2 T² + t3 T³, T in K."""

    t0: float
    t1: float
    t2: float
    t3: float


class Conductivity(Table):
    """t0 + inverse/T + t1 T, W/mK, T in K."""

    t0: float
    inverse: float
    t1: float


class Strip(Table):
    """The boat as a metal strip between two clamps: the lumped model of physics 2.5 and its fitted numbers."""

    length: Annotated[Nanometres, Positive]
    width: Annotated[Nanometres, Positive]
    thickness: Annotated[Nanometres, Positive]
    resistivity_uohm_cm: Cubic
    conductivity_w_m_k: Conductivity
    surface_factor: Annotated[float, Positive]
    a0: Annotated[float, Positive]
    a1: float
    a2: float
    k_a: Annotated[float, Positive]
    gamma: Annotated[float, Positive]
    kappa: Annotated[float, Positive]
    heat_capacity_j_k: Annotated[float, Field(ge=0.1)]
    heat_spreading: Annotated[Seconds, Field(ge=0.05)]
    clamp_heat_capacity_j_k: Annotated[float, Field(ge=1)]
    clamp_conductance: Annotated[WattsPerKelvin, Positive]


class Vapour(Table):
    """log10(p/atm) = a + b/T (Alcock, Itkin & Horrigan)."""

    a: float
    b: Annotated[float, Field(lt=0)]


class Charge(Table):
    """What lies in the boat."""

    material: Annotated[str, Field(pattern=r"^\S+$", max_length=20)]
    mass: Annotated[Milligrams, NotNegative]
    density: Annotated[GramsPerCm3, Positive]
    z: Annotated[float, Positive]
    conductance: Annotated[WattsPerKelvin, Field(gt=0, le=2)]
    emitting_area: Annotated[SquareMetres, Positive]
    evaporation_coefficient: Annotated[float, Field(gt=0, le=1)]
    specific_heat_j_kg_k: Annotated[float, Positive]
    emissivity: Annotated[float, Field(ge=0, le=1)]
    molar_mass_g_mol: Annotated[float, Positive]
    vaporisation_kj_mol: Annotated[float, Positive]
    fusion_kj_kg: Annotated[float, Positive]
    melting_point: Annotated[Kelvin, Field(ge=310, le=2500)]
    solid_vapour: Vapour
    liquid_vapour: Vapour


class Boat(Table):
    """A boat with its leads, its charge and where it stands."""

    lead_resistance: Annotated[Ohms, NotNegative]
    supply_lag: Annotated[Seconds, Positive]
    flicker: Flicker
    throw: Annotated[Nanometres, Positive]
    cosine_exponent: Annotated[float, NotNegative]
    strip: Strip
    charge: Charge
