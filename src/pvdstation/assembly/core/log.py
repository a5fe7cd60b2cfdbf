"""What happens at the core outside of runs, for people who look for a cause: ``core.log`` in the data folder."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pvdstation.model.messages import Event, EventKind, Notice

NAME = "core.log"
_LARGEST_BYTES = 2_000_000
_TOLD = frozenset({EventKind.RUN, EventKind.ALARM, EventKind.TRIP, EventKind.REQUEST})


class Log:
    """Appends lines with their time; a full disk stops nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def line(self, text: str) -> None:
        """Append a line."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            if self._path.exists() and self._path.stat().st_size > _LARGEST_BYTES:
                self._path.replace(self._path.with_suffix(".1.log"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{at} {text}\n")
        except OSError:
            return

    def take(self, events: Sequence[Event]) -> None:
        """Append what concerns people among events that no record keeps."""
        for event in events:
            if event.kind in _TOLD:
                self.line(f"{event.source}: {event.text}")

    def notice(self, notice: Notice) -> None:
        """Append what a link says about itself."""
        self.line(f"{notice.link}: {notice.text}")
