"""Components that can be broken, by the names that a person writes, and what lies behind each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pvdsim.plant.names import shutter_of, switch_prefixes
from pvdsim.plant.plant import Plant


class Place(NamedTuple):
    """A component: its name, the families of kinds it takes, its instrument, and its name or number in the plant."""

    name: str
    families: tuple[str, ...]
    instrument: str = ""
    part: str = ""
    number: int = 0


CONTACTS = {
    "water": "water",
    "air": "air",
    "door": "door closed",
    "estop": "E-stop ok",
    "over_pressure": "over-pressure ok",
    "backing_pump": "backing running",
}
"""Contacts of the outside world, by component; each has one kind, under its own family."""
_FAMILIES = {"supply": ("supply",), "gauges": ("gauges",), "gauges2": ("gauges",), "turbo": ("turbo",)}
"""What an instrument can suffer beside its link."""
VALVES = {"n2": "N2", "vent": "vent", "roughing": "roughing", "foreline": "fore-line"}


def places_of(station: Mapping[str, Any], plant: Plant, instruments: Mapping[str, str]) -> dict[str, Place]:
    """Return every component; ``instruments``: name of the instrument by role ("io", "supply.1", …)."""
    places = [
        Place(role, ("link", *_FAMILIES.get(role.partition(".")[0], ())), name, number=_number(role))
        for role, name in instruments.items()
    ]
    boats = list(plant.boats)
    parts = {"gate": "gate", "shutter.substrate": "substrate shutter"}
    parts |= {f"shutter.{n}": shutter_of(n) for n in boats} | {f"valve.{word}": name for word, name in VALVES.items()}
    places += [Place(name, ("part",), part=part) for name, part in parts.items() if part in switch_prefixes(boats)]
    places += [Place(f"boat.{beam.boat.number}", ("boat",), number=beam.boat.number) for beam in plant.beams]
    places += [Place(f"source.{beam.boat.material}", ("source",), number=beam.boat.number) for beam in plant.beams]
    places += [Place(f"crystal.{n}", ("crystal",), number=n) for n in plant.crystals]
    for role in ("gauges", "gauges2"):
        channels = station.get(role, {}) if role in instruments else {}
        heads = {head: channels[head] for head in ("full_range", "capacitance", "foreline") if head in channels}
        places += [Place(f"gauge.{head}", ("gauge",), instruments[role], number=n) for head, n in heads.items()]
    places += [Place(name, (name,), part=contact) for name, contact in CONTACTS.items()]
    places += [Place(name, (name,)) for name in ("chamber", "n2", "power")]
    return {place.name: place for place in places}


def _number(role: str) -> int:
    return int(role.partition(".")[2] or 0)
