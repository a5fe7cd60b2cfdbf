"""What clients have asked for and the core has not taken yet: STOP and ABORT first, the rest in the order it came."""

from collections import deque
from threading import Event
from typing import NamedTuple

from pvdstation.desk.talk import Ask

MOST_WAITING = 256
MOST_URGENT = 64


class Asked(NamedTuple):
    """One request with the client that asks, by number and by what the core calls it."""

    number: int
    client: str
    ask: Ask


class Requests:
    """Filled by the desk's thread, emptied by the core's. Neither ever waits for the other."""

    def __init__(self) -> None:
        self._urgent: deque[Asked] = deque()
        self._others: deque[Asked] = deque()
        self.arrived = Event()
        """Set when there is something; the core may wait for it, and ``take`` clears it."""

    def put(self, asked: Asked) -> str:
        """Add a request; return why it is not taken, empty when it is."""
        if asked.ask.is_urgent:
            is_there = any(waiting.ask.verb == asked.ask.verb for waiting in tuple(self._urgent))
            if is_there and len(self._urgent) >= MOST_URGENT:
                return f"{asked.ask.verb} has been asked for {MOST_URGENT} times already; the core is about to take it"
            self._urgent.append(asked)
        elif len(self._others) >= MOST_WAITING:
            return f"{MOST_WAITING} requests wait already"
        else:
            self._others.append(asked)
        self.arrived.set()
        return ""

    def take(self) -> tuple[Asked, ...]:
        """Return all that wait, the urgent ones first."""
        self.arrived.clear()
        return (*_emptied(self._urgent), *_emptied(self._others))


def _emptied(waiting: deque[Asked]) -> list[Asked]:
    return [waiting.popleft() for _ in range(len(waiting))]
