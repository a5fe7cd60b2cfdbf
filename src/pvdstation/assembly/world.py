"""Finds the simulated station by its entry point; pvdstation never imports a simulator."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import cast

from pvdstation.model.simulation import OpenWorld, World

_GROUP = "pvdstation.simulators"


class NoSimulator(Exception):
    """No simulator is installed; the text is one sentence for a person."""


def open_world(station: Mapping[str, object], seed: int, name: str = "sim") -> World:
    """Build the simulated station, seeded. Raises NoSimulator, and Refused by its ``[simulation]`` table."""
    for entry_point in entry_points(group=_GROUP, name=name):
        return cast("OpenWorld", entry_point.load())(station, seed)
    raise NoSimulator("the simulated station (package pvdsim) is not installed: python3 -m pip install pvdstation")
