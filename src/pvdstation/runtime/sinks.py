"""Where a run's events and the links' notices go."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pvdstation.model.messages import Event


class Notice(NamedTuple):
    """What a link has to say about itself: lost, and why, or answering again. Not one of the core's events."""

    at_ns: int
    link: str
    text: str
    is_lost: bool = False


class EventSink(Protocol):
    """Takes what happens, in order."""

    def take(self, events: Sequence[Event]) -> None:
        """Take the events of one scan."""
        ...

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        ...


class Journal(EventSink, Protocol):
    """The sink whose durability lets intents out (design, rule 2)."""

    def durable(self) -> int:
        """Return the number of the last event that is durable; -1 when none is."""
        ...

    def age_s(self, now_ns: int) -> float:
        """Return for how long events have waited to become durable, s."""
        ...


class MemoryJournal:
    """Keeps events in memory; what it was handed in one scan counts as durable in the next."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.notices: list[Notice] = []

    def take(self, events: Sequence[Event]) -> None:
        """Keep the events of one scan."""
        self.events.extend(events)

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
