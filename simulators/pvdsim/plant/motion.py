"""Moving parts: shutters, valves, the gate. Latency, travel, limit switches, and the open fraction within a step."""

from collections import deque
from random import Random

LONG_AGO_NS = -(10**18)
ROUNDING_NS = 1e-3
MOST_SIGMAS = 2.5  # a latency of 50 ms with a sigma of 20 ms never becomes negative


class Stroke:
    """How a part moves: latency and travel (s), each with a sigma, drawn anew for every movement."""

    __slots__ = ("_latency_s", "_latency_sigma_s", "_rng", "_travel_s", "_travel_sigma")

    def __init__(
        self,
        rng: Random,
        travel_s: float,
        travel_sigma: float = 0.0,
        latency_s: float = 0.0,
        latency_sigma_s: float = 0.0,
    ) -> None:
        self._rng = rng
        self._travel_s = travel_s
        self._travel_sigma = travel_sigma
        self._latency_s = latency_s
        self._latency_sigma_s = latency_sigma_s

    def _scatter(self) -> float:
        return min(max(self._rng.gauss(0.0, 1.0), -MOST_SIGMAS), MOST_SIGMAS)

    def draw(self) -> tuple[int, float]:
        """Return the latency and the time of a full travel of one movement, ns."""
        latency_s = max(0.0, self._latency_s + self._latency_sigma_s * self._scatter())
        return round(latency_s * 1e9), self._travel_s * (1 + self._travel_sigma * self._scatter()) * 1e9


class Part:
    """A part that is driven open or falls closed. 0 = closed, 1 = open; between them both switches are off."""

    __slots__ = (
        "_coming",
        "_stroke",
        "_target",
        "_travel_ns",
        "is_driven",
        "is_stuck",
        "left_closed_ns",
        "mean",
        "position",
        "slowest_ns",
    )

    def __init__(self, stroke: Stroke, *, is_open: bool = False) -> None:
        self._stroke = stroke
        self._coming: deque[tuple[int, float, float]] = deque()
        self._target = self.position = self.mean = 1.0 if is_open else 0.0
        self._travel_ns = 1.0
        self.is_driven = is_open
        self.is_stuck = False
        self.slowest_ns = 0.0
        """A fault may make every travel take at least so long."""
        self.left_closed_ns = LONG_AGO_NS

    def drive(self, *, on: bool, at_ns: int) -> bool:
        """Energise or release the drive at an exact time; return whether that changes anything."""
        if on == self.is_driven:
            return False
        self.is_driven = on
        latency_ns, travel_ns = self._stroke.draw()
        self._follow(at_ns + latency_ns, travel_ns)
        return True

    def free(self, at_ns: int) -> None:
        """Let a part that was stuck move again, to where it is driven."""
        self.is_stuck = False
        self._follow(at_ns, self._stroke.draw()[1])

    def _follow(self, starts_ns: int, travel_ns: float) -> None:
        if self._coming:
            starts_ns = max(starts_ns, self._coming[-1][0])
        self._coming.append((starts_ns, 1.0 if self.is_driven else 0.0, max(travel_ns, self.slowest_ns)))

    def push(self, position: float) -> None:
        """Put the part somewhere by hand, whatever its drive wants; it stays there until it is driven anew."""
        self._coming.clear()
        self._target = self.position = self.mean = position

    def stands_closed(self) -> bool:
        """Return whether the closed switch is made."""
        return self.position == 0.0

    def stands_open(self) -> bool:
        """Return whether the open switch is made."""
        return self.position == 1.0

    def advance(self, start_ns: int, end_ns: int) -> bool:
        """Move over one step, set position and mean open fraction; return whether the part may still move."""
        if self.is_stuck:
            self._coming.clear()
            self._target = self.mean = self.position
            return False
        if not self._coming and self.position == self._target:
            self.mean = self.position
            return False
        at: float = start_ns
        swept = 0.0
        while at < end_ns:
            if self._coming and self._coming[0][0] <= at:
                _, self._target, self._travel_ns = self._coming.popleft()
            until = min(end_ns, self._coming[0][0]) if self._coming else end_ns
            swept += self._travel(at, until)
            at = until
        self.mean = swept / (end_ns - start_ns)
        return True

    def _travel(self, at: float, until: float) -> float:
        before, target = self.position, self._target
        span = until - at
        if before == target or span <= 0:
            return before * span
        if before == 0.0:
            self.left_closed_ns = round(at)
        needed = abs(target - before) * self._travel_ns
        if needed <= span + ROUNDING_NS:
            self.position = target
            return (before + target) / 2 * needed + target * (span - needed)
        self.position = before + (span if target > before else -span) / self._travel_ns
        return (before + self.position) / 2 * span
