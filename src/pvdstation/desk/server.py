"""The core's side of the local socket: one thread serves every client; nothing a client does reaches the scan.

``publish`` and ``answer`` put something into a queue and wake the thread; ``asked`` empties a queue. None waits.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from pvdstation.desk.asked import Asked, Requests
from pvdstation.desk.caller import HELLO_WITHIN_S, Caller
from pvdstation.desk.door import refuse_strangers
from pvdstation.desk.entrance import AnyDoor, open_door
from pvdstation.desk.frames import FrameError
from pvdstation.desk.place import DoorError
from pvdstation.desk.reception import Reception
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Accepted, Answer, Ended, Goodbye, Refused, said, tell
from pvdstation.model.messages import Event

PATIENCE_S = 5.0
"""How long a client may leave an event or an answer lying."""
MOST_CALLERS = 64
"""When one more comes, the one that has been silent for longest goes: a STOP always finds a place."""
MOST_AT_ONCE = 8
"""Clients that are let in before those who are in are served: one that comes again and again keeps nobody waiting."""
_LOOK_S = 0.5
_BREATH_S = 0.05
_SHORT_BREATH_S = 0.001
OnError = Callable[[BaseException], None]


class Server:
    """Serves the clients of one station from ``start`` until ``close``."""

    def __init__(
        self, door: Path | AnyDoor, station: str, on_error: OnError, *, patience_s: float = PATIENCE_S
    ) -> None:
        """Open the door, unless it is an open one. ``on_error`` is told when the thread dies. Raises DoorError."""
        self._door = open_door(door) if isinstance(door, Path) else door
        self._on_error = on_error
        self._patience_s = patience_s
        self._requests = Requests()
        self.arrived = self._requests.arrived
        """Set when something has been asked for, until ``asked``."""
        self._reception = Reception(station, self._requests)
        self._snapshots: deque[Snapshot] = deque(maxlen=1)
        self._events: deque[tuple[str, tuple[Event, ...]]] = deque()
        self._ends: deque[Ended] = deque()
        self._answers: deque[tuple[int, Answer]] = deque()
        self._came = 0
        self._goodbye: str | None = None
        self._is_over = False
        self._ears, self._mouth = socket.socketpair()
        self._ears.settimeout(0)
        self._mouth.settimeout(0)
        self._selector = selectors.DefaultSelector()
        self._thread = Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def close(self, reason: str = "the core has ended") -> None:
        """Tell every client why, and end."""
        self._goodbye = reason
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        elif not self._is_over:
            self._end()

    def publish(self, snapshot: Snapshot, events: Sequence[Event] = ()) -> None:
        """Show a snapshot and tell the events of its run, without waiting for anybody."""
        if self._is_over:
            return
        if events:
            self._events.append((snapshot.run, tuple(events)))
        self._snapshots.append(snapshot)
        self._wake()

    def tell_end(self, run: str, result: dict[str, Any]) -> None:
        """Tell how a run has ended, after all its events, without waiting for anybody."""
        if not self._is_over:
            self._ends.append(Ended(run, result))
            self._wake()

    def asked(self) -> tuple[Asked, ...]:
        """Return what has been asked for since the last call, STOP and ABORT first; each is to be answered."""
        return self._requests.take()

    def answer(self, asked: Asked, refused: str = "", text: str = "") -> None:
        """Answer a request: refused with a reason, else accepted with what follows from it."""
        number = asked.ask.id
        self.reply(asked, Refused(number, refused) if refused else Accepted(number, text))

    def reply(self, asked: Asked, answer: Answer) -> None:
        """Answer a request in full."""
        if not self._is_over:
            self._answers.append((asked.number, answer))
            self._wake()

    def notes(self) -> tuple[str, ...]:
        """Return what has happened at the desk since the last call: who took charge, who was dropped and why."""
        notes = self._reception.notes
        return tuple(notes.popleft() for _ in range(len(notes)))

    @property
    def clients(self) -> int:
        """Return how many clients are connected."""
        return len(self._reception.callers)

    @property
    def in_charge(self) -> str:
        """Return the client in charge as the core calls it; empty: nobody."""
        return self._reception.in_charge

    def _wake(self) -> None:
        with suppress(OSError):  # it has been woken already, or has ended
            self._mouth.send(b".")

    def _run(self) -> None:
        try:
            self._selector.register(self._ears, selectors.EVENT_READ)
            self._selector.register(self._door, selectors.EVENT_READ)
            while self._goodbye is None:
                self._turn()
            self._hand_out(time.monotonic())
        except BaseException as error:  # noqa: BLE001 - the desk's thread: its error is the core's to judge
            self._on_error(error)
        finally:
            self._end()

    def _turn(self) -> None:
        for key, mask in self._selector.select(self._longest_s()):
            if key.fileobj is self._ears:
                with suppress(BlockingIOError):
                    self._ears.recv(4096)
            elif key.fileobj is self._door:
                self._let_in()
            elif mask & selectors.EVENT_READ:
                self._fetch(key.data)
        self._hand_out(time.monotonic())
        for caller in tuple(self._reception.callers.values()):
            self._look_after(caller, time.monotonic())

    def _longest_s(self) -> float:
        now_s = time.monotonic()
        due_s = (caller.due_s(now_s) for caller in self._reception.callers.values())
        return max(min(due_s, default=now_s + _LOOK_S) - now_s, 0.0)

    def _let_in(self) -> None:
        """Take clients that wait at the door, a few at a time."""
        for _ in range(MOST_AT_ONCE):
            try:
                connected = self._door.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no file descriptor is left
                self._reception.notes.append(f"a client could not be let in: {error.strerror}")
                self._drop_quietest()
                time.sleep(_BREATH_S)
                return
            self._seat(connected)
        time.sleep(_SHORT_BREATH_S)  # who knocks like this must not keep the interpreter from the scan

    def _seat(self, connected: socket.socket) -> None:
        reception = self._reception
        try:
            peer = refuse_strangers(connected)
        except (DoorError, OSError) as error:
            reception.notes.append(f"a client was refused: {error}")
            connected.close()
            return
        if len(reception.callers) >= MOST_CALLERS:
            self._drop_quietest()
        self._came += 1
        reception.callers[self._came] = Caller(connected, self._came, peer, time.monotonic())

    def _drop_quietest(self) -> None:
        others = [caller for caller in self._reception.callers.values() if caller is not self._reception.charge]
        if others:
            quietest = min(others, key=lambda caller: (caller.hello is not None, caller.heard_s))
            self._drop(quietest, "there are too many clients")

    def _fetch(self, caller: Caller) -> None:
        if caller.number not in self._reception.callers:  # dropped in this very turn
            return
        try:
            is_there = caller.fetch(time.monotonic())
        except FrameError as error:
            self._drop(caller, str(error))
            return
        if not is_there:
            self._drop(caller)

    def _look_after(self, caller: Caller, now_s: float) -> None:
        """Hear what may be heard now, send what is taken, and drop who does not take it."""
        try:
            stays = self._hear(caller, now_s)
        except FrameError as error:
            self._drop(caller, str(error))
            return
        if not (stays and caller.send()):
            self._drop(caller)
        elif caller.outbox.is_full or caller.outbox.waits_s(now_s) > self._patience_s:
            self._drop(caller, f"it did not take for {self._patience_s:g} s what it was told")
        elif caller.hello is None and now_s - caller.heard_s > HELLO_WITHIN_S:
            self._drop(caller, "it says nothing")
        else:
            self._watch(caller, caller.waits_for(now_s))

    def _hear(self, caller: Caller, now_s: float) -> bool:
        while (payload := caller.take(now_s)) is not None:
            if not self._reception.hear(caller, said(payload), now_s):
                return False
        return True

    def _watch(self, caller: Caller, mask: int) -> None:
        known = self._selector.get_map().get(caller.socket)
        if known is None and mask:
            self._selector.register(caller.socket, mask, caller)
        elif known is not None and not mask:
            self._selector.unregister(caller.socket)
        elif known is not None and known.events != mask:
            self._selector.modify(caller.socket, mask, caller)

    def _hand_out(self, now_s: float) -> None:
        """Put what the core has published and answered into the outboxes."""
        for _ in range(len(self._answers)):
            self._reception.answer(*self._answers.popleft(), now_s)
        for _ in range(len(self._events)):
            self._reception.tell_events(*self._events.popleft(), now_s)
        for _ in range(len(self._ends)):
            self._reception.tell_end(self._ends.popleft(), now_s)
        if self._snapshots:
            self._reception.show(self._snapshots.popleft())

    def _drop(self, caller: Caller, reason: str = "") -> None:
        """End a connection; a reason is noted, and told as far as the client still takes it."""
        reception = self._reception
        del reception.callers[caller.number]
        if caller.socket in self._selector.get_map():
            self._selector.unregister(caller.socket)
        if reason:
            reception.notes.append(f"{caller.label} was dropped: {reason}")
            caller.outbox.put(tell(Goodbye(reason)), time.monotonic())
            caller.send()
        caller.socket.close()
        if caller is reception.charge:
            reception.give_charge(None, time.monotonic())

    def _end(self) -> None:
        self._is_over = True
        self._door.close()
        for caller in tuple(self._reception.callers.values()):
            self._drop(caller, self._goodbye or "the desk has failed")
        self._selector.close()
        self._ears.close()
        self._mouth.close()
