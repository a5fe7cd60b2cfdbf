"""Events as JSON lines: no wall times, numbers at display precision, so that the same seed gives the same file."""

import json
from collections.abc import Iterable
from typing import TextIO

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event
from pvdstation.record.precision import rounded


def event_line(event: Event) -> str:
    """Return an event as one line of JSON without its end of line."""
    fields: dict[str, object] = {
        "number": event.number,
        "at_s": round(event.at_ns / SECOND, 3),
        "kind": event.kind.value,
        "source": event.source,
        "text": event.text,
    }
    if event.values:
        fields["values"] = {name: rounded(name, value) for name, value in event.values}
    return json.dumps(fields, ensure_ascii=False, allow_nan=False)


class EventFile:
    """Writes events into a text file that is already open."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def take(self, events: Iterable[Event]) -> None:
        """Write events, one line each. Raises OSError."""
        self._file.writelines(f"{event_line(event)}\n" for event in events)
