"""The steps that a recipe can contain: a closed union on ``do``, the same for notation and file.

Plain floats in canonical units inside (nm, nm/s, mbar, s, °C); None: the recipe is silent and the station's default is
used. Bounds here hold for every station; the limits of one station are the checker's.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictInt, TypeAdapter
from pydantic_core import PydanticCustomError

from pvdstation.model.materials import MATERIALS, find_material, nearest_material
from pvdstation.model.quantities import Celsius, Millibar, Nanometres, NanometresPerSecond, Percent, Seconds
from pvdstation.model.station import Table, Text


def _known_material(name: str) -> str:
    material = find_material(name)
    if material is not None:
        return material.name
    near = nearest_material(name)
    write = f'Did you mean "{near}"?' if near else f"Known are {', '.join(MATERIALS)}."
    what = f'"{name[:40]}" is not a material of the table'
    raise PydanticCustomError("material", "{what}", {"what": what, "write": write})


MaterialName = Annotated[Text, AfterValidator(_known_material)]
"""Name of an evaporant in the spelling of the table; case does not matter."""


class CaptureWish(Table):
    """When the rate counts as reached; what is silent comes from the station."""

    within: Annotated[Percent, Field(gt=0, le=20)] | None = None
    hold: Annotated[Seconds, Field(ge=1, le=60)] | None = Field(default=None, alias="for")
    timeout: Annotated[Seconds, Field(ge=10, le=180)] | None = None
    otherwise: Literal["hold", "stop", "abort"] | None = None


class DepositStep(Table):
    """A layer: thickness and rate at the substrate."""

    do: Literal["deposit"]
    material: MaterialName
    thickness: Annotated[Nanometres, Field(gt=0, le=1e5)]
    rate: Annotated[NanometresPerSecond, Field(gt=0)] | None = None
    boat: Annotated[StrictInt, Field(ge=1, le=4)] | None = None
    capture: CaptureWish | None = None


class AdmitGasStep(Table):
    """Gas up to an absolute pressure, held for a time, then pumped out unless it is to stay."""

    do: Literal["admit_gas"]
    gas: Text
    pressure: Annotated[Millibar, Field(gt=0)]
    dwell: Annotated[Seconds, Field(ge=5, le=86400)]
    then: Literal["evacuate", "stay"] = "evacuate"
    cool_down: Annotated[Seconds, Field(gt=0, le=86400)] | None = None


class PumpDownStep(Table):
    """Pump until the pressure has held."""

    do: Literal["pump_down"]
    pressure: Annotated[Millibar, Field(gt=0)]
    timeout: Annotated[Seconds, Field(ge=60, le=86400)] | None = None


class CoolStep(Table):
    """Wait until every source is cold."""

    do: Literal["cool"]
    temperature: Annotated[Celsius, Field(gt=0, le=2000)]


class EvacuateStep(Table):
    """Pump out a gas that was to stay."""

    do: Literal["evacuate"]
    pressure: Annotated[Millibar, Field(gt=0)] | None = None
    timeout: Annotated[Seconds, Field(ge=60, le=3600)] | None = None


AnyStep = Annotated[
    DepositStep | AdmitGasStep | PumpDownStep | CoolStep | EvacuateStep,
    Field(discriminator="do"),
]

STEP: TypeAdapter[Any] = TypeAdapter(AnyStep)
"""Validates one step."""
