"""What the ledgers say is left: life of the crystals and charge of the boats, for the checker."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.folders import DATABASE, RUNS
from pvdstation.model.problems import Refused
from pvdstation.model.station import Station
from pvdstation.record.station_database import StationDatabase


class Counted(NamedTuple):
    """Life left, % by sensor, and charge left, mg by source, where somebody has kept count."""

    life_pct: Mapping[int, float] = {}
    charge_mg: Mapping[str, float] = {}


NOTHING = Counted()


def counted(station: Station, data: Path | None) -> Counted:
    """Return what the ledgers of a data folder say of a station.

    Nothing without a folder, for a station whose plant begins anew with every run (``sim:``), and where the database
    cannot be read: the checker then takes the station file, and says so.
    """
    if data is None or station.is_simulated or not (data / DATABASE).is_file():
        return NOTHING
    try:
        with StationDatabase.looked_at(data / DATABASE, data / RUNS) as database:
            ledgers = database.ledgers(station.name)
    except Refused:
        return NOTHING
    life = {sensor: left for sensor, left in ledgers.life_pct().items() if sensor in station.sensor}
    return Counted(life, {name: left for name, left in ledgers.charge_mg().items() if name in station.source})
