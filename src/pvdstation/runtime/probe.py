"""One link on its own: greeted by its driver and read a few times. Nothing but greetings and polls is ever begun."""

from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from pvdstation.drivers.base import Driver, Routine
from pvdstation.model.clock import MILLISECOND
from pvdstation.model.problems import Refused
from pvdstation.wires.base import WireLost
from pvdstation.wires.link import Link, Pause, Reply

LATE = "it was still busy when the time for all instruments was over"


class Probed(NamedTuple):
    """What a link told."""

    identity: str
    """In the instrument's own words; empty when nobody, or somebody else, answers."""
    fault: str
    """Why it is not reachable; empty when it is."""
    write: str
    """What to do about it."""
    round_trip_ms: float | None
    """Median over the answered questions; None without one."""
    exchanges: int
    misses: int


class Silence(NamedTuple):
    """What to say when nobody answers, when only nonsense comes, and what to check then."""

    nothing: str
    nonsense: str
    write: str


class _Over(Exception):
    """The time for all instruments is over."""


class LinkProbe:
    """Drives one link through greeting and polls, at most until a dead-line.

    Levels and actions of the driver are never looked at: no output can be written from here.
    """

    GREETINGS = 3
    ROUNDS = 5

    def __init__(self, link: Link, driver: Driver, silence: Silence, also: Callable[[], Routine] | None = None) -> None:
        """``also``: what is read once, after the polls."""
        self._link = link
        self._driver = driver
        self._silence = silence
        self._also = also
        self._deadline_ns = 0
        self._round_trips: list[int] = []

    def run(self, deadline_ns: int) -> Probed:
        """Open, greet, read and close; whatever goes wrong is in the result."""
        self._deadline_ns = deadline_ns
        try:
            self._link.open()
            fault, write = ("", "") if self._greet() else self._why_not()
            if not fault:
                self._read()
                if self._also is not None:
                    self._run(self._also())
        except WireLost as lost:
            fault, write = str(lost), ""
        except Refused as refused:
            fault, write = refused.problems[0].what, refused.problems[0].write
        except ValueError as malformed:
            fault, write = f"malformed answer: {malformed}", self._silence.write
        except _Over:
            fault, write = ("", "") if self._driver.identity else (LATE, self._silence.write)
        finally:
            self._link.close()
        return self._told(fault, write)

    def _why_not(self) -> tuple[str, str]:
        silence = self._silence
        return silence.nonsense if self._link.statistics.surplus else silence.nothing, silence.write

    def _told(self, fault: str, write: str) -> Probed:
        told = self._link.statistics
        trips = self._round_trips
        shown_ms = median(trips) / MILLISECOND if trips else None
        identity = "" if fault else self._driver.identity
        return Probed(identity, fault, write, shown_ms, told.exchanges, told.misses)

    def _greet(self) -> bool:
        """Drain and greet until a greeting was answered without a miss; return whether one was."""
        for _ in range(self.GREETINGS):
            self._link.drain()
            if self._run(self._driver.greet()) and self._driver.identity:
                self._link.is_dirty = False
                return True
        return False

    def _read(self) -> None:
        """Do every poll a few times; a driver that will not ask, so as to keep nothing alive, is not made to."""
        driver, link = self._driver, self._link
        for _ in range(self.ROUNDS):
            for row in driver.rows:
                row.due_ns = 0
            moment_ns = driver.quiet_until_ns(link.now_ns())
            if moment_ns >= self._deadline_ns:
                return
            link.wait_until(moment_ns)
            while (poll := driver.next_poll(link.now_ns())) is not None:
                if not self._run(poll) and not self._greet():
                    return

    def _run(self, routine: Routine) -> bool:
        """Run a routine to its end, or to its first question without an answer; return whether it came to its end."""
        link = self._link
        try:
            wish = next(routine)
            while True:
                if link.now_ns() >= self._deadline_ns:
                    raise _Over
                if isinstance(wish, Pause):
                    wish = routine.send(Reply(b"", link.wait_until(link.now_ns() + wish.duration_ns)))
                    continue
                reply = link.exchange(wish)
                if reply.frame is None:
                    return False
                if reply.frame:
                    self._round_trips.append(link.statistics.last_round_trip_ns)
                wish = routine.send(reply)
        except StopIteration:
            return True
        finally:
            routine.close()
