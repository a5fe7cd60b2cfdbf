"""The steps that a recipe can contain: a closed union on ``do``, the same for notation and file.

Plain floats in canonical units inside (nm, nm/s, mbar, s, °C); None: the recipe is silent and the station's default is
used. Bounds here hold for every station; the limits of one station are the checker's. ``repeat`` and ``recipe`` are
taken apart where they are read, so the checker only sees what is done.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictInt, TypeAdapter, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from pvdstation.model.materials import MATERIALS, find_material, nearest_material
from pvdstation.model.quantities import (
    Celsius,
    Millibar,
    MillibarPerSecond,
    Nanometres,
    NanometresPerSecond,
    Percent,
    Seconds,
)
from pvdstation.model.station import Ramp, Table, Text
from pvdstation.recipe.amounts import LayerAmount


def _known_material(name: str) -> str:
    material = find_material(name)
    if material is not None:
        return material.name
    near = nearest_material(name)
    write = f'Did you mean "{near}"?' if near else f"Known are {', '.join(MATERIALS)}."
    what = f'"{name[:40]}" is not a material of the table'
    raise PydanticCustomError("material", "{what}", {"what": what, "write": write})


MaterialName = Annotated[
    Text,
    AfterValidator(_known_material),
    WithJsonSchema({"type": "string", "maxLength": 200, "examples": ["Zn", "Li"]}),
]
"""Name of an evaporant in the spelling of the table; case does not matter."""


def _wrong(what: str, write: str) -> PydanticCustomError:
    return PydanticCustomError("contradiction", "{what}", {"what": what, "write": write})


class CaptureWish(Table):
    """When the rate counts as reached; what is silent comes from the station."""

    within: Annotated[Percent, Field(gt=0, le=20)] | None = None
    hold: Annotated[Seconds, Field(ge=1, le=60)] | None = Field(default=None, alias="for")
    timeout: Annotated[Seconds, Field(ge=10, le=180)] | None = None
    otherwise: Literal["hold", "stop", "abort"] | None = None


class RateRamp(Table):
    """Another rate from a thickness on, reached in a time."""

    at: Annotated[Nanometres, Field(gt=0, le=1e5)]
    to: Annotated[NanometresPerSecond, Field(gt=0)]
    over: Annotated[Seconds, Field(ge=1, le=3600)]


class WithSource(Table):
    """A material that is evaporated together with the layer's first one, which alone ends it."""

    material: MaterialName
    rate: Annotated[NanometresPerSecond, Field(gt=0)]


class DepositStep(Table):
    """A layer, by any two of thickness, rate and time; the rate may come from the layer before it."""

    do: Literal["deposit"]
    material: MaterialName
    thickness: LayerAmount | None = None
    rate: Annotated[NanometresPerSecond, Field(gt=0)] | None = None
    time: Annotated[Seconds, Field(ge=5, le=86400)] | None = None
    boat: Annotated[StrictInt, Field(ge=1, le=4)] | None = None
    capture: CaptureWish | None = None
    ramps: Annotated[tuple[RateRamp, ...], Field(max_length=10)] = ()
    together: Annotated[tuple[WithSource, ...], Field(max_length=3)] = Field(default=(), alias="with")
    pre_coat: Annotated[Seconds, Field(ge=5, le=1800)] | None = None
    """Time at the captured rate before the substrate shutter opens."""

    @model_validator(mode="after")
    def _is_one_layer(self) -> Self:
        if self.thickness is None and self.time is None:
            raise _wrong("the layer does not say how much", 'Write for example thickness = "100 nm".')
        if self.thickness is not None and self.time is not None and self.rate is not None:
            what = "any two of thickness, rate and time give the third, and all three are written"
            raise _wrong(what, "Leave one of them out.")
        if self.time is not None and self.ramps:
            raise _wrong("a layer with rate ramps ends by its thickness", "Write the thickness instead of the time.")
        return self


class ConditionStep(Table):
    """Melt a charge in: ramp, soak, ramp, soak behind closed shutters, then off. What is silent is the station's."""

    do: Literal["condition"]
    material: MaterialName
    ramp1: Ramp | None = None
    soak1: Annotated[Seconds, Field(ge=1, le=3600)] | None = None
    ramp2: Ramp | None = None
    soak2: Annotated[Seconds, Field(ge=15, le=3600)] | None = None


class AdmitGasStep(Table):
    """Gas up to an absolute pressure, held for a time from then on, then pumped out unless it is to stay."""

    do: Literal["admit_gas"]
    gas: Text
    pressure: Annotated[Millibar, Field(gt=0)]
    dwell: Annotated[Seconds, Field(ge=5, le=86400)]
    keep: Literal["top_up", "settle"] = "top_up"
    then: Literal["evacuate", "stay"] = "evacuate"
    cool_down: Annotated[Seconds, Field(gt=0, le=86400)] | None = None


class PumpDownStep(Table):
    """Pump until the pressure has held."""

    do: Literal["pump_down"]
    pressure: Annotated[Millibar, Field(gt=0)]
    timeout: Annotated[Seconds, Field(ge=60, le=86400)] | None = None


class LeakTestStep(Table):
    """Close the pump off, fit the rise of the pressure, and refuse to go on above a slope."""

    do: Literal["leak_test"]
    time: Annotated[Seconds, Field(ge=30, le=3600)]
    below: Annotated[MillibarPerSecond, Field(gt=0)]


class CoolStep(Table):
    """Wait until every source is cold."""

    do: Literal["cool"]
    temperature: Annotated[Celsius, Field(gt=0, le=2000)]


class EvacuateStep(Table):
    """Pump out a gas that was to stay."""

    do: Literal["evacuate"]
    pressure: Annotated[Millibar, Field(gt=0)] | None = None
    timeout: Annotated[Seconds, Field(ge=60, le=3600)] | None = None


class VentStep(Table):
    """Fill with dry gas up to the pressure of the glovebox."""

    do: Literal["vent"]
    gas: Text


class WaitStep(Table):
    """Let time pass."""

    do: Literal["wait"]
    time: Annotated[Seconds, Field(ge=1, le=86400)]


class WaitUntilStep(Table):
    """Wait until a pressure is in a band and has stayed there."""

    do: Literal["wait_until"]
    of: Literal["pressure", "foreline"]
    below: Annotated[Millibar, Field(gt=0)] | None = None
    above: Annotated[Millibar, Field(gt=0)] | None = None
    hold: Annotated[Seconds, Field(ge=0, le=3600)] = Field(default=0.0, alias="for")
    timeout: Annotated[Seconds, Field(ge=1, le=86400)]
    otherwise: Literal["hold", "abort", "continue", "ask"] = "hold"

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        if self.below is None and self.above is None:
            raise _wrong("the step does not say what to wait for", 'Write for example below = "5e-7 mbar".')
        if self.below is not None and self.above is not None and not self.above < self.below:
            raise _wrong("no pressure is above the one and below the other", "Exchange the two.")
        return self


class AskStep(Table):
    """Ask the operator: yes or no, or a number within limits. In a dry run the default answers."""

    do: Literal["ask"]
    text: Annotated[Text, Field(min_length=1)]
    id: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] | None = None
    answer: Literal["yes/no", "number"] = "yes/no"
    unit: Annotated[str, Field(max_length=20)] = ""
    min: float | None = None
    max: float | None = None
    default: bool | float | None = None

    @model_validator(mode="after")
    def _default_is_an_answer(self) -> Self:
        if self.answer == "yes/no" and not (self.default is None or isinstance(self.default, bool)):
            raise _wrong("the default of a yes/no question is true or false", "Write default = true.")
        if self.answer == "yes/no" and (self.unit or self.min is not None or self.max is not None):
            raise _wrong("a yes/no question has neither unit nor limits", 'Write answer = "number", or leave them out.')
        if self.answer == "number" and isinstance(self.default, bool):
            raise _wrong(
                "this question asks for a number, and its default is yes or no", "Write for example default = 1.5."
            )
        least = -math.inf if self.min is None else self.min
        most = math.inf if self.max is None else self.max
        if least > most:
            raise _wrong(f"no number is between {least:g} and {most:g}", "Write the smaller limit first.")
        if self.answer == "number" and self.default is not None and not least <= self.default <= most:
            raise _wrong(f"the default {self.default:g} is not within its limits", "Write a default within them.")
        return self


class NoteStep(Table):
    """Put a sentence into the record."""

    do: Literal["note"]
    text: Annotated[Text, Field(min_length=1)]


class RepeatStep(Table):
    """Do steps several times, one round after the other."""

    do: Literal["repeat"]
    times: Annotated[StrictInt, Field(ge=1, le=500)]
    steps: Annotated[list[Any], Field(min_length=1, max_length=200)]


class IncludeStep(Table):
    """Do the steps of another file, with its parameters set."""

    do: Literal["recipe"]
    file: Annotated[Text, Field(min_length=1)]
    set: dict[str, Text] = Field(default_factory=dict)


Doing = (
    DepositStep
    | ConditionStep
    | AdmitGasStep
    | PumpDownStep
    | LeakTestStep
    | CoolStep
    | EvacuateStep
    | VentStep
    | WaitStep
    | WaitUntilStep
    | AskStep
    | NoteStep
)
"""What is left when ``repeat`` and ``recipe`` have been taken apart."""

AnyStep = Annotated[Doing | RepeatStep | IncludeStep, Field(discriminator="do")]

STEP: TypeAdapter[Any] = TypeAdapter(AnyStep)
"""Validates one step."""
