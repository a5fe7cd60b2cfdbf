"""What happened in one scan, as numbered events."""

from collections.abc import Sequence

from pvdstation.control.view import Frame
from pvdstation.model.messages import Event, EventKind, Outputs

_SINGLE = ("substrate_shutter", "n2", "vent", "roughing", "gate", "foreline", "backing_stop", "turbo")


class Chronicle:
    """Collects the events of one scan; numbers go on from the last scan's, without a gap."""

    def __init__(self, number: int, now_ns: int) -> None:
        self.number = number
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
        self.say(kind, name, text, ("state", "came"), ("class", f"C{response}"), *seen)

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
