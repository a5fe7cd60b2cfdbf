"""Where a run's scans, events and the links' notices go."""

from collections.abc import Sequence
from typing import Protocol

from pvdstation.model.messages import Event, Notice, Scanned


class EventSink(Protocol):
    """Takes what happens, in order."""

    def take(self, events: Sequence[Event]) -> None:
        """Take the events of one scan."""
        ...

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        ...


class Journal(Protocol):
    """Takes every scan whole; how far it is durable lets intents out (design, rule 2)."""

    def record(self, scanned: Scanned) -> None:
        """Take one scan. Never waits for a disk where somebody waits for the scan."""
        ...

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        ...

    def durable(self) -> int:
        """Return the number of the last event that is durable; -1 when none is."""
        ...

    def age_s(self, now_ns: int) -> float:
        """Return for how long the oldest thing that is not durable has waited, s."""
        ...

    def segment(self) -> int:
        """Return the number of the file that is written; above 1, an earlier one has failed."""
        ...


class NoJournal:
    """Keeps nothing: between runs there is no record. What it was handed in one scan counts as durable in the next."""

    def __init__(self) -> None:
        self._last = -1

    def record(self, scanned: Scanned) -> None:
        """Note how far the events are."""
        if scanned.events:
            self._last = scanned.events[-1].number

    def notice(self, notice: Notice) -> None:
        """Ignore."""

    def durable(self) -> int:
        """Return the number of the last event; -1 when there is none."""
        return self._last

    def age_s(self, now_ns: int) -> float:
        """Return 0: nothing waits."""
        del now_ns
        return 0.0

    def segment(self) -> int:
        """Return 1."""
        return 1


class MemoryJournal:
    """Keeps events in memory; what it was handed in one scan counts as durable in the next."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.notices: list[Notice] = []

    def record(self, scanned: Scanned) -> None:
        """Keep the events of one scan."""
        self.events.extend(scanned.events)

    def notice(self, notice: Notice) -> None:
        """Keep a link's notice."""
        self.notices.append(notice)

    def durable(self) -> int:
        """Return the number of the last event taken; -1 when there is none."""
        return self.events[-1].number if self.events else -1

    def age_s(self, now_ns: int) -> float:
        """Return 0: memory is never behind."""
        del now_ns
        return 0.0

    def segment(self) -> int:
        """Return 1: memory has one piece."""
        return 1
