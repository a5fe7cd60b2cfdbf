"""The ``[simulation]`` tables of a station file: what the plant is, in truth. Strict, and opaque to pvdstation.

Canonical units inside (nm, s, mbar, L, L/s, mbar L/s, K, W/K, Hz, %). Values: physics reference 2.5 and 3.
"""

from typing import Annotated, Literal

from pydantic import Field

from pvdsim.boat_settings import Boat, NotNegative, Positive, Table, Word
from pvdstation.model.quantities import (
    Hertz,
    HertzPerRootSecond,
    HertzPerSecond,
    Kelvin,
    Litres,
    LitresPerSecond,
    Millibar,
    MillibarLitresPerSecond,
    Nanometres,
    Outgassing,
    Percent,
    Seconds,
    SquareMetres,
    WattsPerKelvin,
)
from pvdstation.model.vacuum_tables import GaugeModel


class StartGas(Table):
    """What is in the chamber at the start."""

    pressure: Annotated[Millibar, Field(gt=0, le=1100)]
    gas: Literal["Ar", "N2"]


class StartForeLine(Table):
    """The fore-line at the start."""

    valve: Literal["open", "closed"]
    pressure: Annotated[Millibar, Field(gt=0, le=1100)]


class StartSources(Table):
    """The boats at the start."""

    temperature: Literal["cold"]
    history: Literal["known"]


class StartCrystals(Table):
    """The crystals at the start."""

    frequency: Annotated[Hertz, Field(ge=5e6, le=6.1e6)]
    film: Literal["bare"]


class Start(Table):
    """The plant at time 0."""

    chamber: StartGas
    turbo: Literal["at speed", "standing"]
    backing_pump: Literal["on", "off"]
    fore_line: StartForeLine
    gate: Literal["closed", "open"]
    shutters: Literal["closed"]
    sources: StartSources
    contacts: Literal["all healthy"]
    crystals: StartCrystals


class HotBoatGas(Table):
    """Gas that a charge gives off when it becomes warm."""

    flow: Annotated[MillibarLitresPerSecond, NotNegative]
    decay: Annotated[Seconds, Positive]


class Chamber(Table):
    """Volume, walls and what comes off them."""

    volume: Annotated[Litres, Positive]
    surface: Annotated[SquareMetres, Positive]
    outgassing_1h: Annotated[Outgassing, NotNegative]
    leak: Annotated[MillibarLitresPerSecond, NotNegative]
    hot_boat_gas: HotBoatGas
    wall: Annotated[Kelvin, Field(ge=260, le=330)]
    gas_temperature: Annotated[Kelvin, Field(ge=260, le=330)]
    wall_exchange: Annotated[WattsPerKelvin, Positive]


class Roughing(Table):
    """The backing pump, which also roughs."""

    speed: Annotated[LitresPerSecond, Positive]
    ultimate: Annotated[Millibar, Positive]


class TurboSpeed(Table):
    """Rotation at full speed, and effective pumping speed at the chamber, halved at a pressure."""

    nominal: Annotated[Hertz, Positive]
    speed: Annotated[LitresPerSecond, Positive]
    half_speed_at: Annotated[Millibar, Positive]


class Pumps(Table):
    """Backing pump, turbo and the volume between them."""

    roughing: Roughing
    turbo: TurboSpeed
    run_up: Annotated[Seconds, Positive]
    coast: Annotated[Seconds, Positive]
    fore_line_volume: Annotated[Litres, Positive]
    fore_line_gas: Annotated[MillibarLitresPerSecond, NotNegative]
    drive: Literal["TC 110", "TC 400"] | None = None
    """Which turbo drive is played; without it the one that [turbo] names, else a TC 110."""


class Orifice(Table):
    """A throat with its discharge coefficient and the absolute pressure before it."""

    diameter: Annotated[Nanometres, Positive]
    discharge: Annotated[float, Field(gt=0, le=1)]
    supply: Annotated[Millibar, Field(gt=0, le=10_000)]


class Latency(Table):
    """Time from a command to the first movement, with its scatter."""

    mean: Annotated[Seconds, NotNegative]
    sigma: Annotated[Seconds, NotNegative]


class NitrogenInlet(Table):
    """The N2 valve behind its orifice."""

    orifice: Orifice
    valve_latency: Latency


class ArgonVent(Table):
    """The vent valve behind its needle valve, and the switch that watches over-pressure."""

    orifice: Orifice
    over_pressure_switch: Annotated[Millibar, Positive]


class ShutterMotion(Table):
    """Latency and travel time of a shutter, each drawn anew for every movement."""

    latency: Annotated[Seconds, NotNegative]
    latency_sigma: Annotated[Seconds, NotNegative]
    travel: Annotated[Seconds, Positive]
    travel_sigma: Annotated[Percent, NotNegative]


class Motion(Table):
    """Moving parts."""

    shutter: ShutterMotion
    valve: Annotated[Seconds, Positive]
    gate: Annotated[Seconds, Positive]


class Gauges(Table):
    """Errors of the gauges; read by the simulated gauge controller."""

    full_range_noise: Annotated[Percent, NotNegative]
    capacitance_zero: Millibar
    capacitance_noise: Annotated[Millibar, NotNegative]
    model: GaugeModel | None = None
    """Which controller is played; without it the one that [gauges] names, else a TPG 366."""
    second_model: GaugeModel | None = None
    """The same for [gauges2]."""


class OpeningTransient(Table):
    """What a crystal does when its warm source is uncovered (physics 1.9)."""

    height: Hertz
    rise: Annotated[Seconds, Positive]
    decay: Annotated[Seconds, Positive]
    drift: HertzPerSecond
    drift_time: Annotated[Seconds, NotNegative]


class Crystals(Table):
    """Noise of the crystals, and the true ratio substrate/crystal by "material on sensor"; 0 = baffled."""

    noise: Annotated[Hertz, NotNegative]
    walk: Annotated[HertzPerRootSecond, NotNegative]
    opening_transient: OpeningTransient
    ratio: dict[Annotated[str, Field(pattern=r"^\S+ on [1-9]$")], Annotated[float, NotNegative]]
    filter_alpha: Annotated[float, Field(gt=0, le=1)]


class Links(Table):
    """Latency of each instrument; read by the simulated instruments."""

    sqc: Annotated[Seconds, NotNegative]
    supply: Annotated[Seconds, NotNegative]
    io: Annotated[Seconds, NotNegative]
    gauges: Annotated[Seconds, NotNegative]
    turbo: Annotated[Seconds, NotNegative]


class SqcUnit(Table):
    """What the simulated SQC-310 is like where units differ or the manual is silent; read by the simulated unit."""

    firmware: Annotated[str, Field(pattern=r"^[0-9]{1,2}\.[0-9]{2}$")] = "6.65"
    manual_start: bool = False
    stop_without_capture: bool = False
    power_when_stopped: bool = False


class Reaction(Table):
    """Li + N2 → Li3N: an estimate (physics 4.4). Thickness of nitride per thickness of lithium, by what lies below."""

    tau: Annotated[Seconds, Positive]
    substrate: Word
    y_sub: dict[Word, Annotated[float, Positive]]


class Simulation(Table):
    """All of ``[simulation]``."""

    start: Start
    chamber: Chamber
    pumps: Pumps
    n2: NitrogenInlet
    vent: ArgonVent
    motion: Motion
    gauges: Gauges
    crystals: Crystals
    boats: dict[Annotated[int, Field(ge=1, le=9)], Boat]
    links: Links
    sqc: SqcUnit = SqcUnit()
    reaction: Reaction
