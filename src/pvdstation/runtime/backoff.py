"""When a lost link is tried again: soon at first, then ever less often, never in step with others."""

from random import Random

from pvdstation.model.clock import MILLISECOND, SECOND


class BackOff:
    """Waits that double from 0.25 s to 5 s, ± 20 %, seeded by the link's name (safety reference D.13)."""

    FIRST_NS = 250 * MILLISECOND
    MOST_NS = 5 * SECOND

    def __init__(self, name: str) -> None:
        self.retry_ns = 0
        """Not to be tried before, ns."""
        self._random = Random(f"{name}/reconnect")
        self._wait_ns = self.FIRST_NS

    def put_off(self, now_ns: int) -> int:
        """Return when to try again, ns; the next wait is longer."""
        self.retry_ns = now_ns + round(self._wait_ns * self._random.uniform(0.8, 1.2))
        self._wait_ns = min(2 * self._wait_ns, self.MOST_NS)
        return self.retry_ns

    def forgive(self) -> None:
        """Begin with the shortest wait again: the link has answered."""
        self._wait_ns = self.FIRST_NS
