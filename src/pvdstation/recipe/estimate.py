"""How long steps take, by simple rules with the station's numbers: for people to plan with, not for control.

Rules: physics 3.1 (roughing (V/S) ln(p1/p2), outgassing q ∝ 1/t), 3.2 (fill), and the station's own times.
"""

import math

from pvdstation.model.station import Estimate, Source, Station

CONFIRM_S = 3.0
"""Shutters or valves move and their switches are read back."""
ISOLATE_S = 12.0
"""Gate 2 s, then 10 s in which the chamber must hold."""
FINISH_S = 5.0
HOT_GAS = 0.978
"""Share of the target that cold gas has at the end of a fill: the gas is still warm then (489 of 500 mbar)."""
USUAL_TIME_TO_RATE_S = 30.0
_HOUR_S = 3600.0
_CM2_PER_M2 = 1e4


def roughing_s(plant: Estimate, from_mbar: float, to_mbar: float) -> float:
    """Return how long the backing pump takes down to a pressure above its ultimate one, s."""
    if from_mbar <= to_mbar:
        return 0.0
    least = plant.roughing_ultimate
    return plant.volume / plant.roughing_speed * math.log((from_mbar - least) / (to_mbar - least))


def outgassing_s(plant: Estimate, to_mbar: float) -> float:
    """Return how long after the start of pumping the walls allow a pressure, s; infinite when the leak does not."""
    flow = plant.turbo_speed * to_mbar - plant.leak
    if flow <= 0:
        return math.inf
    return _HOUR_S * plant.outgassing_1h * plant.surface * _CM2_PER_M2 / flow


def to_vacuum_s(station: Station, from_mbar: float, to_mbar: float, pumped_for_s: float) -> float:
    """Return how long pumping takes from a pressure to another, s; ``pumped_for_s`` counts since the last gas."""
    plant, crossover = station.estimate, station.limits.crossover
    rough = roughing_s(plant, from_mbar, crossover) + plant.crossover if from_mbar > crossover else 0.0
    return max(rough, outgassing_s(plant, to_mbar) - pumped_for_s)


def pump_down_s(station: Station, from_mbar: float, to_mbar: float, pumped_for_s: float, hold_s: float) -> float:
    """Return how long a pump-down takes with the time for which the pressure must hold, s."""
    return to_vacuum_s(station, from_mbar, to_mbar, pumped_for_s) + hold_s + CONFIRM_S


def time_to_rate_s(station: Station, source_name: str) -> float:
    """Return the time from the end of soak 2 until the substrate shutter opens, s."""
    return station.estimate.time_to_rate.get(source_name, USUAL_TIME_TO_RATE_S)


def deposit_s(station: Station, source_name: str, source: Source, open_s: float) -> float:
    """Return how long a layer takes from the end of soak 2 until its source is off, s."""
    return time_to_rate_s(station, source_name) + open_s + source.idle.ramp + CONFIRM_S


def vent_s(station: Station, from_mbar: float, to_mbar: float) -> float:
    """Return how long a vent takes, s: as fast as the slowest gas line of the station, where it has one."""
    slope = min((gas.expected_slope for gas in station.gas.values()), default=5.0)
    return max(0.0, to_mbar - from_mbar) / slope


def fill_s(slope_mbar_s: float, pressure_mbar: float) -> float:
    """Return how long gas takes to its target, s: linear, because the orifice is choked."""
    return HOT_GAS * pressure_mbar / slope_mbar_s
