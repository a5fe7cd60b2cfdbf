"""Time: integer nanoseconds on a clock that never steps back, handed in wherever a decision needs it."""

from typing import Protocol

MILLISECOND = 1_000_000
SECOND = 1_000_000_000


def to_ns(seconds: float) -> int:
    """Convert seconds to whole nanoseconds."""
    return round(seconds * SECOND)


class Clock(Protocol):
    """Tells the time; the real one lives in the runtime."""

    def now_ns(self) -> int:
        """Return the time, ns."""
        ...

    def wait_until(self, moment_ns: int) -> int:
        """Wait until the moment and return the time then, ns."""
        ...


class SteppedClock:
    """Time that moves only when someone waits for it."""

    __slots__ = ("_now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """Return the time, ns."""
        return self._now_ns

    def wait_until(self, moment_ns: int) -> int:
        """Move to the moment, never back, and return it, ns."""
        if moment_ns <= self._now_ns:
            return self._now_ns
        self._now_ns = moment_ns
        return moment_ns
