"""The packaged station's plant for the tests: its settings, and an operator with no drivers between."""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from pvdsim.plant.plant import STEP_NS, Plant
from pvdsim.settings import Simulation

SECOND_NS = 10**9


def station_values(name: str = "sim.toml") -> dict[str, Any]:
    """Return a packaged station file as plain values, fresh."""
    return tomllib.loads((files("pvdstation") / "stations" / name).read_text("utf-8"))


@cache
def simulation() -> Simulation:
    """Return the packaged ``[simulation]`` tables."""
    return Simulation.model_validate(station_values()["simulation"])


class Operator:
    """Moves a plant and throws its switches at once."""

    def __init__(self, seed: int = 1) -> None:
        self.plant = Plant(simulation(), seed)

    @property
    def now_s(self) -> float:
        """Return the plant's time, s."""
        return self.plant.now_ns / SECOND_NS

    def switch(self, actuator: str, *, on: bool) -> None:
        """Command an actuator now."""
        self.plant.command(actuator, on=on, at_ns=self.plant.now_ns)

    def move(self, actuator: str, *, on: bool) -> None:
        """Command an actuator and wait for its switch."""
        self.switch(actuator, on=on)
        part = self.plant.parts[actuator]
        self.until(part.stands_open if on else part.stands_closed, within_s=5)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.plant.advance_to(self.plant.now_ns + round(seconds * SECOND_NS) // STEP_NS * STEP_NS)

    def until(self, reached: Callable[[], bool], within_s: float) -> float:
        """Let time pass until something is reached; return how long it took, s."""
        start_ns = self.plant.now_ns
        while not reached():
            assert self.plant.now_ns - start_ns < within_s * SECOND_NS, "not reached in time"
            self.plant.advance_to(self.plant.now_ns + STEP_NS)
        return (self.plant.now_ns - start_ns) / SECOND_NS

    def until_below(self, mbar: float, within_s: float) -> float:
        """Let time pass until the chamber is at or below a pressure; return how long it took, s."""
        return self.until(lambda: self.plant.chamber_mbar <= mbar, within_s)

    def rough(self, within_s: float = 300) -> None:
        """Rough the chamber to crossover."""
        self.move("fore-line", on=False)
        self.switch("roughing", on=True)
        self.until_below(5e-2, within_s)

    def cross_over(self) -> None:
        """Go from the roughing pump to the turbo."""
        self.move("roughing", on=False)
        self.move("fore-line", on=True)
        self.until(lambda: self.plant.foreline_mbar < 1, within_s=10)
        self.switch("gate", on=True)

    def pump_down(self) -> None:
        """Pump to 2e-6 mbar."""
        self.rough()
        self.cross_over()
        self.until_below(2e-6, within_s=900)

    def isolate(self) -> None:
        """Close the gate."""
        self.move("gate", on=False)

    def drive(self, boat: int, amps: float) -> None:
        """Set the current of a boat's supply."""
        self.plant.boats[boat].limit_v = 1.0
        self.plant.boats[boat].demand_a = amps

    def condition(self, boat: int, first_a: float, second_a: float, soak_s: float) -> None:
        """Ramp 1, soak 1, ramp 2, soak 2."""
        for step in range(240):
            self.drive(boat, first_a * step / 240)
            self.wait(0.25)
        self.drive(boat, first_a)
        self.wait(60)
        for step in range(240):
            self.drive(boat, first_a + (second_a - first_a) * step / 240)
            self.wait(0.25)
        self.drive(boat, second_a)
        self.wait(soak_s)
