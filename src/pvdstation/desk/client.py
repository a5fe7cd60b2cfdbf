"""A client's side of the desk: any thread asks, one thread takes the news, and STOP has a connection of its own."""

import os
import time
from collections import deque
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

from pvdstation.desk.frames import FrameError
from pvdstation.desk.line import DeskError, Gone, Line, NoAnswer, OtherVersion
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import (
    VERSION,
    Accepted,
    Answer,
    Ask,
    Ended,
    Events,
    Goodbye,
    Hello,
    InCharge,
    Refused,
    TakeCharge,
    Told,
    Welcome,
)
from pvdstation.model.messages import Verb

TIMEOUT_S = 5.0
MOST_NEWS = 1000
"""News that may lie unread; then the client reads no more, and the core drops it after its patience."""
News = Snapshot | Events | Ended | InCharge


def ask_urgently(
    address: Path, verb: Verb, name: str, *, person: str = "", reason: str = "", timeout_s: float = TIMEOUT_S
) -> Answer:
    """Ask for STOP or ABORT over a connection of its own, whatever the core's version. Raises DeskError."""
    line = Line(address, timeout_s)
    try:
        line.send(Hello(VERSION, name, os.getpid(), watch=False))
        line.send(Ask(1, verb.value, person=person, reason=reason))
        return _answer_on(line, time.monotonic() + timeout_s)
    except TimeoutError:
        raise NoAnswer(_no_answer(verb.value, timeout_s)) from None
    finally:
        line.close()


class Client:
    """A connection to the core of one station."""

    def __init__(self, address: Path, name: str, *, watch: bool = True, timeout_s: float = TIMEOUT_S) -> None:
        """Connect and say hello. Raises NobodyThere, OtherVersion, DeskError."""
        self._address = address
        self._name = name
        self._watch = watch
        self._timeout_s = timeout_s
        self._numbers = count(1)
        self._changed = Condition()
        self._ordered: deque[Events | Ended | InCharge] = deque()
        self._newest: dict[str, Any] | None = None
        self._answers: dict[int, SimpleQueue[Answer | None]] = {}
        self._ended = ""
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def station(self) -> str:
        """Return the station's name."""
        return self._welcome.station

    @property
    def label(self) -> str:
        """Return how the core calls this client."""
        return self._welcome.client

    @property
    def address(self) -> Path:
        """Return where its core is met."""
        return self._address

    @property
    def in_charge(self) -> str:
        """Return the client in charge as the core calls it; empty: nobody."""
        return self._in_charge

    @property
    def is_in_charge(self) -> bool:
        """Return whether this client is."""
        return self._in_charge == self.label

    def ask(
        self,
        verb: str,
        about: str = "",
        value: float | str | None = None,
        *,
        person: str = "",
        reason: str = "",
        form: dict[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Ask for something and return the answer. Raises Gone, NoAnswer; FrameError when it is too long.

        STOP and ABORT go over a connection of their own: nothing that was asked before is in their way.
        """
        patience_s = self._timeout_s if timeout_s is None else timeout_s
        if verb in (Verb.STOP, Verb.ABORT):
            return ask_urgently(
                self._address, Verb(verb), self._name, person=person, reason=reason, timeout_s=patience_s
            )
        return self._exchange(Ask(next(self._numbers), str(verb), about, value, person, reason, form), patience_s)

    def take_charge(self, person: str = "") -> Answer:
        """Become the client whose requests are taken. Raises Gone, NoAnswer."""
        return self._exchange(TakeCharge(next(self._numbers), person), self._timeout_s)

    def news(self, timeout_s: float | None = None) -> News | None:
        """Return events, ends and changes of charge in order, else a snapshot newer than the last; None: time is over.

        Raises Gone when the connection has ended and nothing is left; FrameError for a snapshot of another kind.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ordered or self._newest is not None or self._ended, timeout_s)
            if self._ordered:
                self._changed.notify_all()
                return self._ordered.popleft()
            document = self._newest
            self._newest = None
            if document is None and self._ended:
                raise Gone(self._ended)
        return None if document is None else Snapshot.of_json(document)

    def reconnect(self) -> None:
        """Connect again after the end of a connection. Raises NobodyThere, OtherVersion, DeskError."""
        self.close()
        self._connect()

    def close(self) -> None:
        """End the connection."""
        self._end("this client has ended the connection")
        self._line.hang_up()
        self._thread.join()

    def _connect(self) -> None:
        line = Line(self._address, self._timeout_s)
        try:
            line.send(Hello(VERSION, self._name, os.getpid(), self._watch))
            self._welcome = _welcome_on(line)
        except BaseException:
            line.close()
            raise
        self._line = line
        self._in_charge = self._welcome.in_charge
        self._ended = ""
        self._ordered.clear()
        self._newest = None
        self._thread = Thread(target=self._read, args=(line,), name="desk client", daemon=True)
        self._thread.start()

    def _exchange(self, message: Ask | TakeCharge, patience_s: float) -> Answer:
        answers: SimpleQueue[Answer | None] = SimpleQueue()
        with self._changed:
            if self._ended:
                raise Gone(self._ended)
            self._answers[message.id] = answers
        try:
            self._line.send(message)
            answer = answers.get(timeout=patience_s)
        except Empty:
            words = message.verb if isinstance(message, Ask) else "take charge"
            raise NoAnswer(_no_answer(words, patience_s)) from None
        finally:
            self._answers.pop(message.id, None)
        if answer is None:
            raise Gone(self._ended)
        return answer

    def _read(self, line: Line) -> None:
        try:
            while not self._ended:
                try:
                    self._take(line.receive())
                except TimeoutError:
                    continue
        except Gone as error:
            self._end(str(error))
        except FrameError as error:
            self._end(f"the core said what this client does not understand: {error}")
        finally:
            line.close()

    def _take(self, message: Told | dict[str, Any]) -> None:
        match message:
            case Accepted() | Refused():
                waiting = self._answers.get(message.id)
                if waiting is not None:
                    waiting.put(message)
            case Goodbye():
                self._end(message.text or "the core has ended the connection")
            case dict() | Events() | Ended() | InCharge():
                self._keep(message)
            case Welcome():
                return

    def _keep(self, news: dict[str, Any] | Events | Ended | InCharge) -> None:
        with self._changed:
            if isinstance(news, dict):
                self._newest = news
            else:
                self._changed.wait_for(lambda: len(self._ordered) < MOST_NEWS or self._ended)
                self._ordered.append(news)
            if isinstance(news, InCharge):
                self._in_charge = news.client
            self._changed.notify_all()

    def _end(self, reason: str) -> None:
        with self._changed:
            self._ended = self._ended or reason
            for waiting in self._answers.values():
                waiting.put(None)
            self._changed.notify_all()


def _welcome_on(line: Line) -> Welcome:
    """Return the core's answer to our hello. Raises OtherVersion, DeskError."""
    try:
        message = line.receive()
    except (TimeoutError, FrameError):
        raise DeskError("the core of this station does not answer") from None
    if isinstance(message, Goodbye):
        raise Gone(message.text)
    if not isinstance(message, Welcome):
        raise DeskError("the core of this station does not say hello")
    if message.version != VERSION:
        raise OtherVersion(
            f"the core of this station speaks version {message.version}, this program {VERSION}: "
            f"it takes only stop and abort from here; use the program that started it"
        )
    return message


def _answer_on(line: Line, deadline_s: float) -> Answer:
    """Return the answer among whatever else the core says. Raises Gone, TimeoutError."""
    while time.monotonic() < deadline_s:
        try:
            message = line.receive()
        except FrameError:  # another version's
            continue
        if isinstance(message, Accepted | Refused):
            return message
        if isinstance(message, Goodbye):
            raise Gone(message.text)
    raise TimeoutError


def _no_answer(verb: str, patience_s: float) -> str:
    return f"the core has not answered to {verb} within {patience_s:g} s; it may still take it"
