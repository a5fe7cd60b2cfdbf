"""The alarms of a run and what became of each, in the words of ISA-18.2. Pure; no alarm state clears an interlock."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from pvdstation.model.clock import SECOND

FLOOD = 10
FLOOD_NS = 600 * SECOND
"""More alarms than this within this time are a flood; it is over when there are half as many (ISA-18.2)."""


class AlarmState(StrEnum):
    """Where an alarm stands."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"  # its cause is there, and nobody has said that he knows
    ACKNOWLEDGED = "acknowledged"  # its cause is there, and somebody has
    RETURNED = "returned"  # its cause is gone, and nobody has said that he knows
    LATCHED = "latched"  # its cause is gone, and what it did stays until the run is resumed or cleared
    SHELVED = "shelved"  # put aside by a person, for a time and a reason
    SUPPRESSED = "suppressed"  # a more severe one says the same, or its rule is overridden


class Alarm(NamedTuple):
    """One alarm since it came."""

    name: str
    text: str
    priority: str
    came_ns: int
    is_active: bool = True
    is_latched: bool = False
    acknowledged_ns: int | None = None
    acknowledged_by: str = ""
    shelved_until_ns: int | None = None
    shelved_by: str = ""
    shelved_because: str = ""
    is_suppressed: bool = False

    @property
    def state(self) -> AlarmState:
        """Return where it stands."""
        if self.is_suppressed:
            return AlarmState.SUPPRESSED
        if self.shelved_until_ns is not None:
            return AlarmState.SHELVED
        if self.is_latched and not self.is_active:
            return AlarmState.LATCHED
        if self.acknowledged_ns is None:
            return AlarmState.UNACKNOWLEDGED if self.is_active else AlarmState.RETURNED
        return AlarmState.ACKNOWLEDGED if self.is_active else AlarmState.NORMAL


class AlarmBook(NamedTuple):
    """Every alarm that is not normal, in the order they came, and when the last ones came."""

    alarms: tuple[Alarm, ...] = ()
    came_ns: tuple[int, ...] = ()
    is_flood: bool = False

    def find(self, name: str) -> Alarm | None:
        """Return an alarm by name."""
        return next((alarm for alarm in self.alarms if alarm.name == name), None)


EMPTY_BOOK = AlarmBook()


def came(book: AlarmBook, alarm: Alarm) -> AlarmBook:
    """Return the book with an alarm that came, or came again: then it is not acknowledged; shelved it stays."""
    before = book.find(alarm.name)
    if before is not None:
        alarm = alarm._replace(
            shelved_until_ns=before.shelved_until_ns,
            shelved_by=before.shelved_by,
            shelved_because=before.shelved_because,
            is_latched=alarm.is_latched or before.is_latched,
        )
    kept = tuple(other for other in book.alarms if other.name != alarm.name)
    times = tuple(at_ns for at_ns in book.came_ns if alarm.came_ns - at_ns < FLOOD_NS)[-FLOOD:]
    times = (*times, alarm.came_ns)
    is_flood = len(times) > FLOOD or (book.is_flood and len(times) > FLOOD // 2)
    return AlarmBook((*kept, alarm), times, is_flood)


def gone(book: AlarmBook, name: str) -> AlarmBook:
    """Return the book without an alarm's cause."""
    return _changed(book, name, lambda alarm: alarm._replace(is_active=False))


def acknowledged(book: AlarmBook, name: str, client: str, now_ns: int) -> AlarmBook:
    """Return the book with an alarm that somebody knows of; its interlock is none the wiser."""
    return _changed(book, name, lambda a: a._replace(acknowledged_ns=now_ns, acknowledged_by=client))


def shelved(book: AlarmBook, name: str, until_ns: int, person: str, reason: str) -> AlarmBook:
    """Return the book with an alarm put aside."""
    return _changed(
        book,
        name,
        lambda a: a._replace(shelved_until_ns=until_ns, shelved_by=person, shelved_because=reason),
    )


def unshelved(book: AlarmBook, name: str, now_ns: int) -> AlarmBook:
    """Return the book with an alarm brought back: what still stands is to be acknowledged anew."""

    def back(a: Alarm) -> Alarm:
        seen_ns = None if a.is_active else now_ns
        seen_by = "" if a.is_active else a.shelved_by
        return a._replace(shelved_until_ns=None, acknowledged_ns=seen_ns, acknowledged_by=seen_by)

    return _changed(book, name, back)


def reset(book: AlarmBook) -> AlarmBook:
    """Return the book after a resume or a clear: nothing is latched; what is still lost comes again."""
    released = (a._replace(is_latched=False, is_active=False) if a.is_latched else a for a in book.alarms)
    return _kept(book, tuple(released))


def settled(
    book: AlarmBook, is_there: Callable[[Alarm], bool], under: Callable[[Alarm, frozenset[str]], bool]
) -> AlarmBook:
    """Return the book with latched alarms whose cause is gone, and with those suppressed that others speak for."""
    if not book.alarms:
        return book
    active = frozenset(alarm.name for alarm in book.alarms if alarm.is_active)
    alarms = tuple(
        alarm._replace(
            is_active=alarm.is_active and (not alarm.is_latched or is_there(alarm)),
            is_suppressed=under(alarm, active),
        )
        for alarm in book.alarms
    )
    return book if alarms == book.alarms else _kept(book, alarms)


def due(book: AlarmBook, now_ns: int) -> tuple[str, ...]:
    """Return the alarms whose shelving is over."""
    return tuple(a.name for a in book.alarms if a.shelved_until_ns is not None and now_ns >= a.shelved_until_ns)


def _changed(book: AlarmBook, name: str, change: Callable[[Alarm], Alarm]) -> AlarmBook:
    return _kept(book, tuple(change(alarm) if alarm.name == name else alarm for alarm in book.alarms))


def _kept(book: AlarmBook, alarms: tuple[Alarm, ...]) -> AlarmBook:
    """Return the book without what is normal again."""
    return book._replace(
        alarms=tuple(a for a in alarms if a.is_active or a.is_latched or a.state is not AlarmState.NORMAL)
    )
