"""One exchange at a time over one wire: overall dead-line, frame by content, dirty after a time-out.

Safety reference D: the late answer to one question must never become the answer to the next. So after any miss the
link is dirty until it has been drained and a distinctive question has been answered.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pvdstation.model.clock import Clock
from pvdstation.wires.base import Wire


class Framer(Protocol):
    """Collects bytes and returns whole frames. Never waits, never reads a clock."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they come and return the frames that are complete."""
        ...

    def clear(self) -> bool:
        """Forget an unfinished frame; return whether there was one."""
        ...


class Ask(NamedTuple):
    """One question: bytes, the dead-line of the whole exchange, and how its answer is recognised."""

    data: bytes
    deadline_ns: int  # from the start of the exchange; 0 = no answer comes
    answers: Callable[[bytes], bool] | None = None  # None: the first frame is the answer


class Pause(NamedTuple):
    """Nothing is sent for a while; other routines of the link may run."""

    duration_ns: int


class Reply(NamedTuple):
    """One answer with the time its last byte arrived, or None with what went wrong."""

    frame: bytes | None
    at_ns: int
    fault: str = ""


class LinkStatistics:
    """Counters of one link."""

    __slots__ = ("exchanges", "last_round_trip_ns", "lost", "misses", "surplus")

    def __init__(self) -> None:
        self.exchanges = 0
        self.misses = 0  # no answer before the dead-line
        self.surplus = 0  # frames or bytes nobody had asked for
        self.lost = 0  # times the wire was lost
        self.last_round_trip_ns = 0


class Link:
    """One wire, one framer, one exchange in flight."""

    QUIET_NS = 50_000_000
    """How long the line must be silent before a dirty link counts as drained."""

    def __init__(self, wire: Wire, framer: Framer, clock: Clock) -> None:
        self._wire = wire
        self._framer = framer
        self._clock = clock
        self.is_open = False
        self.is_dirty = False
        self.statistics = LinkStatistics()

    def open(self) -> None:
        """Open the wire; the link is dirty until the instrument has been identified. Raises WireLost."""
        self._wire.open()
        self._framer.clear()
        self.is_open = True
        self.is_dirty = True

    def close(self) -> None:
        """Close the wire."""
        self._wire.close()
        self.is_open = False

    def now_ns(self) -> int:
        """Return the link's time, ns."""
        return self._clock.now_ns()

    def wait_until(self, moment_ns: int) -> int:
        """Let the link's time pass until the moment and return the time then, ns."""
        return self._clock.wait_until(moment_ns)

    def exchange(self, ask: Ask) -> Reply:
        """Send, and wait for the answer until the dead-line; a miss leaves the link dirty. Raises WireLost."""
        start_ns = self._clock.now_ns()
        self._discard_waiting(start_ns)
        deadline_ns = start_ns + ask.deadline_ns
        self.statistics.exchanges += 1
        self._wire.write(ask.data, deadline_ns if ask.deadline_ns else start_ns + self.QUIET_NS)
        if not ask.deadline_ns:
            return Reply(b"", start_ns)
        while chunk := self._wire.read(deadline_ns):
            frames = self._framer.feed(chunk)
            for place, frame in enumerate(frames):
                if ask.answers is None or ask.answers(frame):
                    return self._answered(frame, start_ns, left_over=len(frames) - place - 1)
                self.statistics.surplus += 1
            if self._clock.now_ns() >= deadline_ns:  # bytes may trickle for ever
                break
        self.is_dirty = True
        self.statistics.misses += 1
        return Reply(None, self._clock.now_ns(), "no answer before the dead-line")

    def _answered(self, frame: bytes, start_ns: int, left_over: int) -> Reply:
        now_ns = self._clock.now_ns()
        self.statistics.last_round_trip_ns = now_ns - start_ns
        if left_over:
            self.statistics.surplus += left_over
            self.is_dirty = True
            return Reply(None, now_ns, "more than one answer")
        return Reply(frame, now_ns)

    def _discard_waiting(self, now_ns: int) -> None:
        while self._wire.read(now_ns):
            # Nobody had asked: a late answer, a restart banner or noise. What was read before is in doubt.
            self.statistics.surplus += 1
            self.is_dirty = True
            if self._clock.now_ns() > now_ns + self.QUIET_NS:
                break
        if self._framer.clear():
            self.statistics.surplus += 1
            self.is_dirty = True

    def drain(self, longest_ns: int = 1_000_000_000) -> None:
        """Read and drop until the line has been quiet, at most for the longest time. Raises WireLost."""
        end_ns = self._clock.now_ns() + longest_ns
        while self._clock.now_ns() < end_ns and self._wire.read(self._clock.now_ns() + self.QUIET_NS):
            self.statistics.surplus += 1
        self._framer.clear()
