"""What happened in one scan, as numbered events."""

from collections.abc import Sequence

from pvdstation.control import alarms
from pvdstation.control.alarms import EMPTY_BOOK, Alarm, AlarmBook
from pvdstation.control.rules import INTERLOCKS
from pvdstation.control.step_words import words_of
from pvdstation.control.view import Frame
from pvdstation.model.messages import ActionClass, Event, EventKind, Outputs

_SINGLE = ("substrate_shutter", "n2", "vent", "roughing", "gate", "foreline", "backing_stop", "turbo")
_LATCHED = {rule.name: rule.is_latched for rule in INTERLOCKS}


class Chronicle:
    """Collects the events of one scan and keeps its alarms; numbers go on from the last scan's, without a gap."""

    def __init__(self, number: int, now_ns: int, book: AlarmBook = EMPTY_BOOK) -> None:
        self.number = number
        self.book = book
        self.events: list[Event] = []
        self._now_ns = now_ns

    def say(self, kind: EventKind, source: str, text: str, *values: tuple[str, float | str]) -> int:
        """Add an event and return its number."""
        self.number += 1
        self.events.append(Event(self.number, self._now_ns, kind, source, text, values))
        return self.number

    def alarm(
        self, kind: EventKind, name: str, text: str, response: int, seen: Sequence[tuple[str, float | str]] = ()
    ) -> None:
        """Add an alarm that came, or the trip that it is, and the signal that it was ``seen`` by."""
        priority, was_flood = words_of(name, response).priority, self.book.is_flood
        self.say(kind, name, text, ("state", "came"), ("class", f"C{response}"), ("priority", priority), *seen)
        is_latched = _LATCHED.get(name, response > ActionClass.ALARM)
        self.book = alarms.came(self.book, Alarm(name, text, priority, self._now_ns, is_latched=is_latched))
        if self.book.is_flood and not was_flood:
            text = f"{len(self.book.came_ns)} alarms within 10 min; longest standing: {self.book.alarms[0].name}"
            self.say(EventKind.NOTE, "alarms", text)

    def gone(self, name: str, text: str) -> None:
        """Add an alarm that went."""
        self.say(EventKind.ALARM, name, f"gone: {text}", ("state", "gone"))
        self.book = alarms.gone(self.book, name)

    def tell_outputs(self, frame: Frame, before: Outputs, after: Outputs) -> None:
        """Add an event for each output that changed its level."""
        if after._replace(until_ns=before.until_ns) == before:
            return  # so it is in most scans
        for name in _SINGLE:
            self._told(name, getattr(before, name), getattr(after, name))
        for w, was, level in zip(frame.sources, before.source_shutter, after.source_shutter, strict=True):
            self._told(f"source_shutter.{w.name}", was, level)
        for number, was, level in zip(frame.station.supply, before.enable, after.enable, strict=True):
            self._told(f"enable.{number}", was, level)
        for number, then, now in zip(frame.station.supply, before.supply, after.supply, strict=True):
            self._told(f"supply.{number}", then.on, now.on)
            self._told(f"supply.{number}.foldback", then.foldback, now.foldback)

    def _told(self, name: str, was: bool | None, level: bool | None) -> None:  # noqa: FBT001 - two levels
        if was != level:
            self.say(EventKind.OUTPUT, name, "on" if level else "off")
