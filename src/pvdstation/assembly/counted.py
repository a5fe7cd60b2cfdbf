"""What the ledgers say for the checker: life of the crystals and charge of the boats that are left, their power."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.folders import DATABASE, RUNS
from pvdstation.model.problems import Refused
from pvdstation.model.station import Station
from pvdstation.recipe.power import Seen
from pvdstation.record.station_database import StationDatabase


class Counted(NamedTuple):
    """Life left, % by sensor, charge left, mg by source, where somebody has kept count; what runs have measured."""

    life_pct: Mapping[int, float] = {}
    charge_mg: Mapping[str, float] = {}
    seen: Mapping[str, Sequence[Seen]] = {}


NOTHING = Counted()


def counted(station: Station, data: Path | None) -> Counted:
    """Return what the ledgers of a data folder say of a station.

    Nothing without a folder, and where the database cannot be read: the checker then takes the station file, and says
    so. A plant that begins anew with every run (``sim:``) uses nothing up, but its boats take the same power.
    """
    if data is None or not (data / DATABASE).is_file():
        return NOTHING
    try:
        with StationDatabase.looked_at(data / DATABASE, data / RUNS) as database:
            ledgers = database.ledgers(station.name)
    except Refused:
        return NOTHING
    seen = {name: rows for name, rows in ledgers.seen().items() if rows and name in station.source}
    if station.is_simulated:
        return Counted(seen=seen)
    life = {sensor: left for sensor, left in ledgers.life_pct().items() if sensor in station.sensor}
    charge = {name: left for name, left in ledgers.charge_mg().items() if name in station.source}
    return Counted(life, charge, seen)
