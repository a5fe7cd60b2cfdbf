"""One client at the desk, seen from the core: its socket, how fast it is listened to, and what waits for it."""

import selectors
import socket
from collections import deque

from pvdstation.desk.door import Peer
from pvdstation.desk.frames import IN_BYTES, Deframer
from pvdstation.desk.outbox import Outbox
from pvdstation.desk.talk import VERSION, Hello

REQUESTS_PER_S = 20
"""Requests that are read from one client in any second; the others wait in its socket."""
READS_PER_S = 200
"""How often bytes are fetched from one client in any second, however few they are."""
MOST_UNANSWERED = 20
HELLO_WITHIN_S = 5.0
_READ_BYTES = 65536
_SEND_BYTES = 65536  # a client that has stopped is noticed after so much


class Allowance:
    """So many times in any second."""

    def __init__(self, times: int) -> None:
        self._times: deque[float] = deque([float("-inf")] * times, maxlen=times)

    def is_left(self, now_s: float) -> bool:
        """Return whether one more is allowed now."""
        return now_s - self._times[0] >= 1.0

    def use(self, now_s: float) -> None:
        """Count one."""
        self._times.append(now_s)

    @property
    def next_s(self) -> float:
        """Return when the next one is allowed."""
        return self._times[0] + 1.0


class Caller:
    """One connected client. Only the desk's thread touches it."""

    def __init__(self, connected: socket.socket, number: int, peer: Peer | None, now_s: float) -> None:
        connected.settimeout(0)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        self.socket = connected
        self.number = number
        self.heard_s = now_s
        self.came_s = now_s
        self.unanswered = 0
        self.hello: Hello | None = None
        self.outbox = Outbox()
        self._pid = peer.pid if peer else 0
        self._held = Deframer(IN_BYTES)
        self._requests = Allowance(REQUESTS_PER_S)
        self._reads = Allowance(READS_PER_S)
        self._has_whole = False  # as far as is known: there may be one
        self._is_stuck = False  # takes no more bytes now

    @property
    def label(self) -> str:
        """Return how the core calls it: "ui 4711"."""
        name = self.hello.client[:40] if self.hello else "client"
        return f"{name} {self._pid or (self.hello.pid if self.hello else 0) or self.number}"

    @property
    def is_known(self) -> bool:
        """Return whether it has said hello in our version."""
        return self.hello is not None and self.hello.version == VERSION

    @property
    def is_watching(self) -> bool:
        """Return whether it wants to see what happens."""
        return self.hello is not None and self.is_known and self.hello.watch

    def fetch(self, now_s: float) -> bool:
        """Take bytes that have come; return whether the client is still there. Raises FrameError."""
        self._reads.use(now_s)
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._held.feed(data)
        self._has_whole = True
        return bool(data)

    def take(self, now_s: float) -> bytes | None:
        """Return the next message that may be read now, or None. Raises FrameError."""
        if not self._has_whole or not self._requests.is_left(now_s) or self.unanswered >= MOST_UNANSWERED:
            return None
        payload = self._held.take()
        self._has_whole = payload is not None
        if payload is not None:
            self._requests.use(now_s)
            self.heard_s = now_s
        return payload

    def send(self) -> bool:
        """Send what it takes now; return whether the client is still there."""
        self._is_stuck = False
        try:
            while part := self.outbox.next():
                self.outbox.taken(self.socket.send(part))
        except BlockingIOError:
            self._is_stuck = True
        except OSError:
            return False
        return True

    def waits_for(self, now_s: float) -> int:
        """Return what its socket is to be watched for. Not reading is how a client is slowed down."""
        mask = selectors.EVENT_WRITE if self.outbox else 0
        if not self._has_whole and self._reads.is_left(now_s):
            mask |= selectors.EVENT_READ
        return mask

    def due_s(self, now_s: float) -> float:
        """Return when it is to be looked at again without anything having come."""
        if self.outbox and not self._is_stuck:
            return now_s
        if self._has_whole and self.unanswered < MOST_UNANSWERED:
            return self._requests.next_s
        return now_s + 1.0 if self._reads.is_left(now_s) else self._reads.next_s
