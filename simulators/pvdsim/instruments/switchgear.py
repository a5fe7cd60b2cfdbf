"""Which simulated instrument carries the digital I/O of a station."""

from collections.abc import Mapping
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments import coupler, io_modules
from pvdsim.instruments.coupler import Coupler
from pvdsim.instruments.io_modules import IoModules


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> Coupler | IoModules:
    """Build a WAGO coupler, or the modules that ``[io] map`` names. Raises QuantityError."""
    is_coupler = station_values["io"].get("map", "wago") == "wago"
    return coupler.build(station_values, bench, seed) if is_coupler else io_modules.build(station_values, bench, seed)
