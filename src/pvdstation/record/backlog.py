"""What waits for the disk: scans and notices in order, bounded, with what the wall clock says about them."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import time_ns

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Notice, Scanned
from pvdstation.record.bodies import document
from pvdstation.record.keeping import Row
from pvdstation.record.schema import Entry

LIMIT = 4800
"""Scans that wait: 20 min at 4 Hz, some 20 MB. After 30 s the rules stop the run, which then has time to cool down."""

Waiting = Scanned | Notice | Row


class Backlog:
    """One thread puts in, one takes out; neither waits for the other.

    When it is full, scans in which nothing was asked, done or reported are left out, counted, and a GAP says so before
    whatever comes next. Everything else is always taken.
    """

    def __init__(self, wall: "WallWatch | None" = None, limit: int = LIMIT) -> None:
        self.waiting: deque[Waiting] = deque()
        self._wall = wall
        self._limit = limit
        self._dropped = 0
        self._dropped_ns = (0, 0)  # first, last

    def scan(self, scanned: Scanned) -> bool:
        """Take a scan; return whether it was taken."""
        at_ns = scanned.at_ns
        if len(self.waiting) >= self._limit and _is_quiet(scanned):
            self._dropped_ns = (self._dropped_ns[0] if self._dropped else at_ns, at_ns)
            self._dropped += 1
            return False
        self.close_gap(at_ns)
        if self._wall is not None and (body := self._wall.look(at_ns)) is not None:
            self.waiting.append(Row(Entry.CLOCK, at_ns, body))
        self.waiting.append(scanned)
        return True

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        self.waiting.append(notice)

    def close_gap(self, at_ns: int) -> None:
        """Say what was left out, if anything."""
        if self._dropped:
            first_ns, last_ns = self._dropped_ns
            body = document({"dropped": self._dropped, "first_ns": first_ns, "last_ns": last_ns})
            self.waiting.append(Row(Entry.GAP, at_ns, body))
            self._dropped = 0


class WallWatch:
    """Compares the run's clock with the wall clock, which people and networks set.

    ``speed``: seconds of the run per second of wall time.
    """

    STRAY_NS = SECOND

    def __init__(self, speed: float = 1.0, wall_ns: Callable[[], int] = time_ns) -> None:
        self._speed = speed
        self._wall_ns = wall_ns
        self._promised: tuple[int, int] | None = None  # time of the run and wall time of the last entry

    def look(self, at_ns: int) -> bytes | None:
        """Return the body of a CLOCK entry when the wall clock is not where the last one promised; else None."""
        wall_ns = self._wall_ns()
        if self._promised is not None:
            run_ns, then_ns = self._promised
            if abs(then_ns + round((at_ns - run_ns) / self._speed) - wall_ns) <= self.STRAY_NS:
                return None
        self._promised = (at_ns, wall_ns)
        wall = datetime.fromtimestamp(wall_ns / SECOND, UTC).isoformat(timespec="milliseconds")
        return document({"wall": wall, "wall_ns": wall_ns, "speed": self._speed})


def _is_quiet(scanned: Scanned) -> bool:
    return not (scanned.events or scanned.requests or scanned.actions or scanned.image.results)
