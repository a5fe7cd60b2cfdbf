"""Prints what one 25 ms step of the plant costs: python tests/bench/plant_speed.py."""

import sys
from collections.abc import Callable
from importlib.resources import files
from time import perf_counter
from tomllib import loads

from pvdsim.plant.plant import STEP_NS, Plant
from pvdsim.world import open_world, read_simulation

STEPS = 40_000
WARM_UP_STEPS = 12_000


def microseconds_per_step(advance_to: Callable[[int], None], from_ns: int) -> float:
    """Return the cost of a step, µs, over many."""
    start = perf_counter()
    advance_to(from_ns + STEPS * STEP_NS)
    return (perf_counter() - start) / STEPS * 1e6


def report(what: str, cost_us: float) -> None:
    """Write one line."""
    sys.stdout.write(f"{what:<42}{cost_us:6.2f} µs per step  {STEP_NS / 1e3 / cost_us:8.0f} × real time\n")


def main() -> None:
    """Measure the plant cold, with a warm boat, with a depositing one, and the world with idle instruments."""
    station = loads((files("pvdstation") / "stations" / "sim.toml").read_text("utf-8"))
    settings = read_simulation(station)
    cold = Plant(settings, 1)
    report("cold", microseconds_per_step(cold.advance_to, 0))

    cold.command("gate", on=True, at_ns=cold.now_ns)
    for number, what in ((1, "one boat at 0.5 nm/s"), (2, "both boats")):
        cold.boats[number].limit_v = 1.0
        cold.boats[number].demand_a = 43.0 if number == 1 else 27.9
        cold.advance_to(cold.now_ns + WARM_UP_STEPS * STEP_NS)
        report(what, microseconds_per_step(cold.advance_to, cold.now_ns))
    for shutter in ("source shutter 1", "source shutter 2", "substrate shutter"):
        cold.command(shutter, on=True, at_ns=cold.now_ns)
    report("both boats, all shutters open", microseconds_per_step(cold.advance_to, cold.now_ns))

    report("world, instruments idle", microseconds_per_step(open_world(station, 1).advance_to, 0))


if __name__ == "__main__":
    main()
