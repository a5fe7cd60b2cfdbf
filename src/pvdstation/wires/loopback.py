"""Loop-back wires: a port whose other end is a simulated instrument in this process.

An instrument says when its bytes arrive, so wire time, latency, late, split and unasked replies need nothing else.
"""

from collections import deque
from collections.abc import Iterable
from threading import Lock

from pvdstation.model.clock import MILLISECOND, Clock
from pvdstation.model.simulation import Replies, World
from pvdstation.wires.base import WireLost


class SharedWorld:
    """A world that several threads use on the real clock: one lock, and plant time is the clock's time."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.names = world.names
        self._world = world
        self._clock = clock
        self._lock = Lock()

    def receive(self, name: str, data: bytes) -> Replies:
        """Hand bytes to an instrument now and return its replies, unasked ones first."""
        with self._lock:
            # The time is read inside the lock: a thread that waited for it must not bring an older one.
            now_ns = self._clock.now_ns()
            self._world.advance_to(now_ns)
            return [*self._world.collect(name), *self._world.receive(name, data, now_ns)]

    def collect(self, name: str) -> Replies:
        """Return, once, what the instrument has sent unasked until now."""
        with self._lock:
            self._world.advance_to(self._clock.now_ns())
            return self._world.collect(name)


class _Arrivals:
    """Bytes on their way, in the order of their arrival; also late ones, which stay until somebody reads them."""

    __slots__ = ("queue",)

    def __init__(self) -> None:
        self.queue: deque[tuple[int, bytes]] = deque()

    def add(self, replies: Iterable[tuple[int, bytes]]) -> None:
        """Put bytes by their time of arrival; equal times keep their order."""
        queue = self.queue
        for reply in replies:
            if queue and queue[-1][0] > reply[0]:
                waiting = [*queue, reply]
                waiting.sort(key=_arrival)
                queue.clear()
                queue.extend(waiting)
            else:
                queue.append(reply)

    def forget_until(self, now_ns: int) -> None:
        """Drop what arrived while nobody had the port open."""
        while self.queue and self.queue[0][0] <= now_ns:
            self.queue.popleft()


class LoopbackWire:
    """A wire on stepped time. Whoever drives the world's time brings it to the link's time before each write."""

    __slots__ = ("_add", "_arrivals", "_clock", "_is_open", "_name", "_queue", "_world")

    def __init__(self, world: World, name: str, clock: Clock) -> None:
        self._world = world
        self._name = name
        self._clock = clock
        self._is_open = False
        self._arrivals = _Arrivals()
        self._queue = self._arrivals.queue
        self._add = self._arrivals.add

    def open(self) -> None:
        """Take the port. Raises WireLost."""
        _require_name(self._name, self._world.names)
        self._add(self._world.collect(self._name))
        self._arrivals.forget_until(self._clock.now_ns())
        self._is_open = True

    def close(self) -> None:
        """Give the port back."""
        self._is_open = False

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Hand the bytes to the instrument now; its replies carry their own times. Raises WireLost."""
        del deadline_ns
        if not self._is_open:
            raise WireLost(f"the port of {self._name} is closed")
        replies = self._world.receive(self._name, data, self._clock.now_ns())
        if replies:
            self._add(replies)

    def read(self, deadline_ns: int) -> bytes:
        """Move to the next arrival and return its bytes, or to the dead-line and return nothing. Raises WireLost."""
        if not self._is_open:
            raise WireLost(f"the port of {self._name} is closed")
        unasked = self._world.collect(self._name)
        if unasked:
            self._add(unasked)
        queue = self._queue
        if queue and queue[0][0] <= deadline_ns:
            ready_ns, data = queue.popleft()
            self._clock.wait_until(ready_ns)
            return data
        self._clock.wait_until(deadline_ns)
        return b""


class LiveLoopbackWire:
    """A wire on the real clock, one thread per link: waits until the bytes have arrived."""

    LOOK_NS = 20 * MILLISECOND
    """How often a waiting reader looks for bytes that nobody asked for."""

    def __init__(self, world: SharedWorld, name: str, clock: Clock) -> None:
        self._world = world
        self._name = name
        self._clock = clock
        self._is_open = False
        self._arrivals = _Arrivals()

    def open(self) -> None:
        """Take the port. Raises WireLost."""
        _require_name(self._name, self._world.names)
        self._arrivals.add(self._world.collect(self._name))
        self._arrivals.forget_until(self._clock.now_ns())
        self._is_open = True

    def close(self) -> None:
        """Give the port back."""
        self._is_open = False

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Hand the bytes to the instrument now. Raises WireLost."""
        del deadline_ns
        if not self._is_open:
            raise WireLost(f"the port of {self._name} is closed")
        self._arrivals.add(self._world.receive(self._name, data))

    def read(self, deadline_ns: int) -> bytes:
        """Wait for the next arrival and return its bytes, or nothing at the dead-line. Raises WireLost."""
        if not self._is_open:
            raise WireLost(f"the port of {self._name} is closed")
        queue = self._arrivals.queue
        while True:
            self._arrivals.add(self._world.collect(self._name))
            now_ns = self._clock.now_ns()
            if queue and queue[0][0] <= now_ns:
                return queue.popleft()[1]
            if now_ns >= deadline_ns:
                return b""
            arrival_ns = queue[0][0] if queue else deadline_ns
            self._clock.wait_until(min(arrival_ns, deadline_ns, now_ns + self.LOOK_NS))


def _arrival(reply: tuple[int, bytes]) -> int:
    return reply[0]


def _require_name(name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise WireLost(f"the simulated station has no instrument {name}; it has {', '.join(names)}")
