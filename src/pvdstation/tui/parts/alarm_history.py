"""What alarms of this run have done, newest first: a bounded number of lines."""

from collections import deque

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot
from pvdstation.model.messages import Event, EventKind
from pvdstation.tui.figures import time_of_day
from pvdstation.tui.parts.rows import Row
from pvdstation.tui.parts.words import BAD, QUIET, cell, wall_of

MOST = 500
"""Lines that are kept."""
_KINDS = (EventKind.ALARM, EventKind.TRIP)


class History:
    """Gathers alarms and trips of one run."""

    def __init__(self) -> None:
        self.rows: deque[Row] = deque(maxlen=MOST)
        self._run = ""

    def take(self, run: str, events: tuple[Event, ...], snapshot: Snapshot | None) -> bool:
        """Add what has happened to alarms, the newest on top; return whether there was any."""
        if run != self._run:
            self._run = run
            self.rows.clear()
        told = [event for event in events if event.kind in _KINDS]
        for event in told:
            self.rows.appendleft(Row(f"{run} {event.number}", _line(event, snapshot)))
        return bool(told)


def _line(event: Event, snapshot: Snapshot | None) -> Content:
    at = time_of_day(wall_of(snapshot, event.at_ns)) if snapshot is not None else ""
    is_trip = event.kind is EventKind.TRIP
    return Content.assemble(
        cell(at, 9, QUIET),
        cell("TRIP" if is_trip else "", 5, BAD),
        (event.source, "bold" if is_trip else ""),
        f"  {event.text}",
    )
