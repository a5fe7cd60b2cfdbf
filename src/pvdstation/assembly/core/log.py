"""What happens at the core outside of runs, for people who look for a cause: ``core.log`` in the data folder."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from pvdstation.model.messages import Event, EventKind, Notice

NAME = "core.log"
MOST_WAITING = 1000
"""Lines that are kept for a disk that does not answer; then the oldest go."""
_LARGEST_BYTES = 2_000_000
_LAST_S = 5.0
_TOLD = frozenset({EventKind.RUN, EventKind.ALARM, EventKind.TRIP, EventKind.REQUEST})


class Log:
    """Appends lines with their time; a full disk stops nothing, and ``beside`` a scan nobody waits for it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._arrived = Flag()
        self._is_beside = False

    def line(self, text: str) -> None:
        """Append a line."""
        self._waiting.append(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}\n")
        if self._is_beside:
            self._arrived.set()
        else:
            self._write()

    def lines(self, texts: Sequence[str]) -> None:
        """Append lines; what is said many times stands there once."""
        for text, alike in groupby(texts):
            times = sum(1 for _ in alike)
            self.line(text if times == 1 else f"{text} ({times} times)")

    def take(self, events: Sequence[Event]) -> None:
        """Append what concerns people among events that no record keeps."""
        for event in events:
            if event.kind in _TOLD:
                self.line(f"{event.source}: {event.text}")

    def notice(self, notice: Notice) -> None:
        """Append what a link says about itself."""
        self.line(f"{notice.link}: {notice.text}")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Write in a thread of its own as long as the block lasts."""
        thread = Thread(target=self._keep_writing, name="log", daemon=True)
        self._is_beside = True
        thread.start()
        try:
            yield
        finally:
            self._is_beside = False
            self._arrived.set()
            thread.join(_LAST_S)
            if not thread.is_alive():
                self._write()

    def _keep_writing(self) -> None:
        while self._is_beside:
            self._arrived.wait()
            self._arrived.clear()
            self._write()

    def _write(self) -> None:
        """Append what waits; what cannot be written is lost."""
        text = "".join(self._waiting.popleft() for _ in range(len(self._waiting)))
        if not text:
            return
        with suppress(OSError):
            if self._path.exists() and self._path.stat().st_size > _LARGEST_BYTES:
                self._path.replace(self._path.with_suffix(".1.log"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(text)
