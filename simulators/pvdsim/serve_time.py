"""Who moves the time of a served plant: nobody yet, the wall clock, or a driver.

A plant stands at time 0 until its first client, so a driven run equals the run in one process. When the driver goes,
time goes on at the last pace by the wall clock: ending the core does not stop a hot boat.
"""

import time
from collections.abc import Callable
from enum import StrEnum

from pvdsim.plant.plant import STEP_NS
from pvdsim.world import World
from pvdstation.model.clock import MILLISECOND, SECOND

SLICE_NS = 250 * MILLISECOND
"""Plant time that is computed before the wall clock is looked at again."""
BUDGET_S = 0.05
"""Wall time that is computed before clients are looked at again."""
FORGIVEN_S = 1.0
"""Lag of wall time that is not made up for: a plant that cannot keep its pace is slower, and answers."""
LEAST_PACE = 1e-3
Wall = Callable[[], float]


class Mover(StrEnum):
    """Who moves the plant's time."""

    NOBODY = "standing"
    WALL = "free"
    DRIVER = "driven"


class PlantTime:
    """The plant's time; ``pace`` is plant time per wall time."""

    def __init__(self, world: World, pace: float, wall: Wall = time.monotonic) -> None:
        self.now_ns = 0
        self.pace = pace
        self.mover = Mover.NOBODY
        self._world = world
        self._wall = wall
        self._origin_s = 0.0
        self._origin_ns = 0

    def start(self) -> None:
        """Let time go on by the wall clock if nothing moves it yet."""
        if self.mover is Mover.NOBODY:
            self._run_freely()

    def set_pace(self, pace: float) -> None:
        """Change the pace of the wall clock."""
        self.pace = pace
        if self.mover is Mover.WALL:
            self._run_freely()

    def drive(self, pace: float | None) -> int:
        """Hand time to a driver, on the plant's grid; return it, ns. Without a pace the mean of its drive counts."""
        self._declared = pace
        self.mover = Mover.DRIVER
        self.advance_to(-(-self.now_ns // STEP_NS) * STEP_NS)
        self._origin_s, self._origin_ns = self._wall(), self.now_ns
        return self.now_ns

    def release(self) -> None:
        """Let time go on by the wall clock at the pace of the driver, who has gone."""
        passed_s = self._wall() - self._origin_s
        mean = (self.now_ns - self._origin_ns) / SECOND / passed_s if passed_s > 0 else self.pace
        self.pace = max(self._declared if self._declared is not None else mean, LEAST_PACE)
        self._run_freely()

    def advance_to(self, now_ns: int) -> None:
        """Move the plant."""
        self._world.advance_to(now_ns)
        self.now_ns = now_ns

    def catch_up(self) -> None:
        """Move the plant to where the wall clock is, in free time; for a bounded time of computing."""
        if self.mover is not Mover.WALL:
            return
        due_s = self._wall() + BUDGET_S
        target_ns = self._target_ns()
        while self.now_ns < target_ns and self._wall() < due_s:
            self.advance_to(min(target_ns, self.now_ns + SLICE_NS))
        lag_s = (self._target_ns() - self.now_ns) / SECOND / self.pace
        if lag_s > FORGIVEN_S:
            self._run_freely()

    def wall_until_s(self, moment_ns: int) -> float:
        """Return the wall time until a moment of free time, s; never below 0."""
        return max((moment_ns - self._target_ns()) / SECOND / self.pace, 0.0)

    def _target_ns(self) -> int:
        return self._origin_ns + round((self._wall() - self._origin_s) * self.pace * SECOND)

    def _run_freely(self) -> None:
        self.mover = Mover.WALL
        self._origin_s, self._origin_ns = self._wall(), self.now_ns
