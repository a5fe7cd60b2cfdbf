"""The real clock: monotonic nanoseconds since it was made."""

import time

from pvdstation.model.clock import SECOND, Clock

SLOWEST, FASTEST = 0.01, 10_000.0
"""Times wall time. Slower, whoever asks for an end would wait for the next scan for minutes."""


class RealClock:
    """Monotonic time that starts at 0; plant time of a live run."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Return the time, ns."""
        return time.monotonic_ns() - self._start_ns

    def wait_until(self, moment_ns: int) -> int:
        """Sleep until the moment and return the time then, ns."""
        while (left_ns := moment_ns - self.now_ns()) > 0:
            time.sleep(left_ns / SECOND)
        return self.now_ns()


class Pacer:
    """Keeps plant time at ``speed`` times wall time, as well as the computer can."""

    FORGIVE_NS = SECOND
    """Lag of wall time that is not made up for: no burst after the computer was stopped."""

    def __init__(self, speed: float, wall: Clock | None = None) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"the speed {speed:g} is not a number from {SLOWEST:g} to {FASTEST:g}")
        self._speed = speed
        self._wall = wall or RealClock()
        self._origin_ns = self._wall.now_ns()

    def go_at(self, speed: float) -> None:
        """Keep another pace from now on. Raises ValueError for a speed that cannot be kept."""
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"the speed {speed:g} is not a number from {SLOWEST:g} to {FASTEST:g}")
        now_ns = self._wall.now_ns()
        plant_ns = (now_ns - self._origin_ns) * self._speed
        self._speed, self._origin_ns = speed, now_ns - round(plant_ns / speed)

    def wait(self, plant_ns: int) -> None:
        """Wait until wall time has come to plant time."""
        due_ns = self._origin_ns + round(plant_ns / self._speed)
        lag_ns = self._wall.wait_until(due_ns) - due_ns
        if lag_ns > self.FORGIVE_NS:
            self._origin_ns += lag_ns
