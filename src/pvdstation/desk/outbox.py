"""What waits for one client: events and answers in order, and of the snapshots the newest only. No socket, no clock."""

from collections import deque

MOST_BYTES = 8 * 1024 * 1024
"""Ordered frames of one client may take no more than this."""


class Outbox:
    """Frames that one client has not taken yet."""

    def __init__(self) -> None:
        self._ordered: deque[tuple[bytes, float]] = deque()
        self._ordered_bytes = 0
        self._newest = b""
        self._current = memoryview(b"")
        self._current_since_s: float | None = None

    def put(self, frame: bytes, now_s: float) -> None:
        """Add a frame that must arrive, after those before it."""
        self._ordered.append((frame, now_s))
        self._ordered_bytes += len(frame)

    def show(self, frame: bytes) -> None:
        """Put a snapshot in the place of one that has not begun to be sent."""
        self._newest = frame

    def next(self) -> memoryview:
        """Return the bytes to send next; empty when there are none. What comes first is what must arrive."""
        if not self._current:
            if self._ordered:
                frame, self._current_since_s = self._ordered.popleft()
                self._ordered_bytes -= len(frame)
            else:
                frame, self._newest, self._current_since_s = self._newest, b"", None
            self._current = memoryview(frame)
        return self._current

    def taken(self, number: int) -> None:
        """Note that the client took so many of the bytes."""
        self._current = self._current[number:]
        if not self._current:
            self._current_since_s = None

    def waits_s(self, now_s: float) -> float:
        """Return for how long the oldest frame that must arrive has been waiting; 0 when none does."""
        since_s = self._current_since_s
        if since_s is None and self._ordered:
            since_s = self._ordered[0][1]
        return 0.0 if since_s is None else now_s - since_s

    @property
    def is_full(self) -> bool:
        """Return whether more waits than is kept for one client."""
        return self._ordered_bytes > MOST_BYTES

    def __bool__(self) -> bool:
        return bool(self._current or self._ordered or self._newest)
