"""Watches a run from outside: gathers its result, samples for a plot, writes events, and passes on what people ask."""

from collections.abc import Sequence
from typing import Protocol

from pvdstation.assembly.event_lines import EventFile
from pvdstation.assembly.trace import Trace
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, Notice, Verb
from pvdstation.model.signals import Reading
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import PlannedStep

TRACE_EVERY_NS = SECOND


class Follower(Protocol):
    """A person's side of a run. All calls come from the thread of the scan."""

    def happened(self, events: Sequence[Event]) -> None:
        """Take the events of one scan."""
        ...

    def noticed(self, notice: Notice) -> None:
        """Take what a link says about itself."""
        ...

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Take the time of a scan and the step that runs."""
        ...

    def asked(self) -> Verb | None:
        """Return, once, what the person asks for."""
        ...

    def gives_up(self) -> bool:
        """Return whether the run shall end at once, with everything as it is; simulated stations only."""
        ...


class Nobody:
    """Follows nothing and asks for nothing."""

    def happened(self, events: Sequence[Event]) -> None:
        """Ignore."""

    def noticed(self, notice: Notice) -> None:
        """Ignore."""

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Ignore."""

    def asked(self) -> Verb | None:
        """Return None."""
        return None

    def gives_up(self) -> bool:
        """Return False."""
        return False


NOBODY = Nobody()


class Absent:
    """Links that are lost, and since when: nobody waits for ever for an instrument before the first step."""

    PATIENCE_NS = 10 * SECOND
    """Time for six tries (runtime/backoff)."""

    def __init__(self) -> None:
        self._since_ns: dict[str, int] = {}

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        if notice.is_lost:
            self._since_ns.setdefault(notice.link, notice.at_ns)
        else:
            self._since_ns.pop(notice.link, None)

    def is_too_long(self, now_ns: int) -> bool:
        """Return whether a link has been lost for longer than anybody waits."""
        return bool(self._since_ns) and now_ns - min(self._since_ns.values()) > self.PATIENCE_NS


class Sinks:
    """Takes the scan's events first, in one fixed order: result, file, follower."""

    def __init__(self, gathering: Gathering, follower: Follower, file: EventFile | None) -> None:
        self.absent = Absent()
        self._gathering = gathering
        self._follower = follower
        self._file = file

    def take(self, events: Sequence[Event]) -> None:
        """Take the events of one scan."""
        self._gathering.take(events)
        if self._file is not None:
            self._file.take(events)
        self._follower.happened(events)

    def notice(self, notice: Notice) -> None:
        """Take a link's notice. It is not one of the core's events and does not go into the file."""
        self.absent.notice(notice)
        self._follower.noticed(notice)


class Sampler:
    """Takes a sample for the plot once per second of plant time."""

    __slots__ = ("_next_ns", "_readings", "_trace")

    def __init__(self, trace: Trace, readings: Sequence[Reading]) -> None:
        self._trace = trace
        self._readings = readings
        self._next_ns = 0

    def take(self, now_ns: int) -> None:
        """Take a sample if it is time."""
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + TRACE_EVERY_NS
            self._trace.sample(self._readings, now_ns)
