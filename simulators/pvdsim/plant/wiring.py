"""Builds the plant's pieces from the ``[simulation]`` tables, each with its own random numbers."""

from random import Random
from typing import NamedTuple

from pvdsim.plant.beam import Beam, Degassing
from pvdsim.plant.boat import Boat
from pvdsim.plant.crystal import Crystal, Exposure
from pvdsim.plant.motion import Part, Stroke
from pvdsim.plant.names import shutter_of
from pvdsim.plant.vacuum import Vacuum, Valves
from pvdsim.settings import Simulation


class Pieces(NamedTuple):
    """Everything that moves, by name of ``[io] do``, and everything that is stepped."""

    parts: dict[str, Part]
    vacuum: Vacuum
    beams: list[Beam]
    degassings: list[Degassing]
    crystals: dict[int, Crystal]


def build_pieces(settings: Simulation, seed: int, step_s: float) -> Pieces:
    """Build all pieces in their start state."""
    parts = _parts(settings, seed)
    valves = Valves(
        gate=parts["gate"],
        roughing=parts["roughing"],
        foreline=parts["fore-line"],
        n2=parts["N2"],
        vent=parts["vent"],
    )
    wall_k = settings.chamber.wall
    boats = {n: Boat(n, b, wall_k, step_s, Random(f"{seed}/boat {n}")) for n, b in settings.boats.items()}
    sensors = sorted({int(pair.split(" on ")[1]) for pair in settings.crystals.ratio})
    crystals = {n: _crystal(settings, n, boats, parts, seed) for n in sensors}
    beams = []
    for number, boat in boats.items():
        seen = [(crystals[n], 1 / ratio) for n in sensors if (ratio := _ratio(settings, boat, n)) > 0]
        beams.append(Beam(boat, parts[shutter_of(number)], parts["substrate shutter"], seen))
    degassings = [Degassing(boat, settings.chamber.hot_boat_gas, step_s) for boat in boats.values()]
    return Pieces(parts, Vacuum(settings, valves, step_s), beams, degassings, crystals)


def _ratio(settings: Simulation, boat: Boat, sensor: int) -> float:
    return settings.crystals.ratio.get(f"{boat.material} on {sensor}", 0.0)


def _crystal(settings: Simulation, number: int, boats: dict[int, Boat], parts: dict[str, Part], seed: int) -> Crystal:
    exposures = [
        Exposure(parts[shutter_of(boat.number)], boat) for boat in boats.values() if _ratio(settings, boat, number) > 0
    ]
    rng = Random(f"{seed}/crystal {number}")
    return Crystal(settings.crystals, settings.start.crystals.frequency, exposures, rng)


def _parts(settings: Simulation, seed: int) -> dict[str, Part]:
    motion, start = settings.motion, settings.start
    shutter = motion.shutter
    latency = settings.n2.valve_latency

    def shuts(name: str) -> Part:
        rng = Random(f"{seed}/{name}")
        sigma = shutter.travel_sigma / 100
        return Part(Stroke(rng, shutter.travel, sigma, shutter.latency, shutter.latency_sigma))

    def passes(name: str, travel_s: float, *, is_open: bool = False) -> Part:
        return Part(Stroke(Random(f"{seed}/{name}"), travel_s), is_open=is_open)

    names = [shutter_of(n) for n in settings.boats] + ["substrate shutter"]
    return {name: shuts(name) for name in names} | {
        "N2": Part(Stroke(Random(f"{seed}/N2"), motion.valve, 0.0, latency.mean, latency.sigma)),
        "vent": passes("vent", motion.valve),
        "roughing": passes("roughing", motion.valve),
        "gate": passes("gate", motion.gate, is_open=start.gate == "open"),
        "fore-line": passes("fore-line", motion.valve, is_open=start.fore_line.valve == "open"),
    }
