"""Whether the program's tables of a station file fit the plant that ``[simulation]`` describes."""

from collections.abc import Iterator, Mapping
from typing import Any

from pvdsim.plant.names import HEARTBEAT, actuators, contacts
from pvdsim.settings import Simulation
from pvdstation.model.positions import Path

Misfit = tuple[Path, str, str]


def misfits(station: Mapping[str, Any], settings: Simulation) -> Iterator[Misfit]:
    """Yield what does not fit, each as place, what is wrong, and what to write instead."""
    boats = list(settings.boats)
    yield from _unknown(station, "do", (*actuators(boats), HEARTBEAT))
    yield from _unknown(station, "di", contacts(boats))
    for number in station["supply"]:
        if int(number) not in settings.boats:
            what = f"the plant has no boat {number} for this supply"
            yield ("supply", number), what, f"Describe it in [simulation.boats.{number}]."
    materials = {boat.charge.material for boat in settings.boats.values()}
    seen = set()
    for pair in settings.crystals.ratio:
        material, sensor = pair.split(" on ")
        seen.add(sensor)
        if material not in materials:
            yield (
                ("simulation", "crystals", "ratio", pair),
                f"no boat of the plant holds {material}",
                f"Write one of {', '.join(sorted(materials))}.",
            )
    for sensor in station["sensor"]:
        if str(sensor) not in seen:
            what = f"the plant has no crystal {sensor}"
            write = f'Write which material it sees in [simulation.crystals] ratio, for example "Zn on {sensor}" = 1.1.'
            yield ("sensor", sensor), what, write
    if settings.reaction.substrate not in settings.reaction.y_sub:
        known = ", ".join(f'"{name}"' for name in settings.reaction.y_sub)
        path = ("simulation", "reaction", "substrate")
        yield path, f'"{settings.reaction.substrate}" has no entry in y_sub', f"Write one of {known}."


def _unknown(station: Mapping[str, Any], key: str, known: tuple[str, ...]) -> Iterator[Misfit]:
    for place, name in enumerate(station["io"][key]):
        if name not in known:
            yield ("io", key, place), f'the plant has no "{name}"', f"Write one of {', '.join(known)}."
