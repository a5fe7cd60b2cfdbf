"""Faults that a person asks for, handed to the simulated station; what they mean is the simulator's affair."""

from collections.abc import Sequence

from pvdstation.assembly.building import Plant, close_station
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.served import Served
from pvdstation.assembly.world import NoSimulator, open_world
from pvdstation.model.problems import Problem, Refused
from pvdstation.wires.base import WireLost

_REAL = Problem(
    "--fault",
    "faults are for simulated stations, and this station has real ports",
    "Leave --fault out, or name a simulated station.",
)


def fault_problems(prepared: Prepared, faults: Sequence[str]) -> list[Problem]:
    """Return what is wrong with faults, before anything is started; a served simulator says it when it gets them."""
    if not faults or isinstance(prepared.simulator, Served):
        return []
    if prepared.mode == "live":
        return [_REAL]
    try:
        open_world(prepared.plain_station, 0).add_faults(*faults)
    except Refused as refusal:
        return refusal.problems
    except NoSimulator:
        return []  # said when it is opened for the run
    return []


def break_world(world: Plant, faults: Sequence[str]) -> None:
    """Hand faults to a plant that has just been opened. Raises Refused and NoSimulator; then the plant is closed."""
    if not faults:
        return
    try:
        world.add_faults(*faults)
    except WireLost as lost:
        close_station(world)
        raise NoSimulator(str(lost)) from None
    except Refused:
        close_station(world)
        raise
