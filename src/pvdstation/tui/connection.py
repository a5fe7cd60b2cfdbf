"""The screen's connection to the core: threads that meet it, listen and ask; the screen itself never waits."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

from textual.message import Message

from pvdstation.desk.client import Client, News, ask_urgently
from pvdstation.desk.frames import FrameError
from pvdstation.desk.line import DeskError, Gone, NobodyThere
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import URGENT, Answer, Ended, Events, Refused
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Refused as RefusedInput

NAME = "screen"
SHOWN_EVERY_S = 0.2
MOST_AT_ONCE = 500
"""News in one batch."""
MOST_ASKED = 16
"""Requests under way."""
START_WITHIN_S = 60.0
"""A start is checked and prepared before it is answered."""
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_LISTEN_S = 0.5

Meet = Callable[[], Client]
Post = Callable[[Message], object]


class Batch(NamedTuple):
    """What has come since the last batch."""

    snapshot: Snapshot | None
    events: tuple[Events, ...]
    ended: Ended | None


class Met(Message):
    """The core has been met; ``label`` is what it calls this screen."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label


class Lost(Message):
    """There is no core: why, and every problem that keeps it from being started."""

    def __init__(self, text: str, problems: tuple[str, ...] = (), *, is_absent: bool) -> None:
        super().__init__()
        self.text = text
        self.problems = problems
        self.is_absent = is_absent
        """Nobody runs the station; a core can be started."""


class Heard(Message):
    """News lie ready; the next ones are gathered once ``take`` has been called."""


class Answered(Message):
    """The core has answered, or cannot."""

    def __init__(self, answer: Answer, answered: Callable[[Answer], None]) -> None:
        super().__init__()
        self.answer = answer
        self.answered = answered


class Connection:
    """Meets the core of a station and meets it again when it has gone. What it finds out is posted."""

    def __init__(self, address: Path, meet: Meet, post: Post) -> None:
        self._address = address
        self._meet = meet
        self._post_message = post
        self._client: Client | None = None
        self._batch: Batch | None = None
        self._taken = Event()
        self._again = Event()
        self._is_over = False
        self._asked = 0
        self._counting = Lock()
        self._thread = Thread(target=self._run, name="screen's news", daemon=True)

    def start(self) -> None:
        """Meet the core, and tell what it tells."""
        self._thread.start()

    def close(self) -> None:
        """Leave the core; it goes on."""
        self._is_over = True
        self._again.set()
        self._taken.set()
        if self._client is not None:
            self._client.close()

    def meet_again(self) -> None:
        """Connect at once, and start a core if there is none."""
        self._again.set()

    def take(self) -> Batch | None:
        """Return what lies ready, and have more gathered."""
        batch, self._batch = self._batch, None
        self._taken.set()
        return batch

    def ask(
        self,
        verb: str,
        about: str,
        value: float | str | None,
        person: str,
        reason: str,
        form: dict[str, Any] | None,
        answered: Callable[[Answer], None],
    ) -> None:
        """Ask the core without waiting; ``answered`` is posted with its answer. STOP and ABORT wait for nothing."""
        client = self._client
        if verb in URGENT:
            address = self._address if client is None else client.address  # a core may come back at another place
            self._begin(lambda: ask_urgently(address, Verb(verb), NAME, person=person, reason=reason), answered)
        elif client is not None:
            within_s = START_WITHIN_S if verb == Verb.START else None
            self._count_in(
                lambda: client.ask(verb, about, value, person=person, reason=reason, form=form, timeout_s=within_s),
                answered,
            )
        else:
            self._post(Answered(Refused(0, "the core is not connected"), answered))

    def take_charge(self, answered: Callable[[Answer], None]) -> None:
        """Become the client whose requests are taken."""
        client = self._client
        if client is None:
            self._post(Answered(Refused(0, "the core is not connected"), answered))
        else:
            self._count_in(client.take_charge, answered)

    def _count_in(self, ask: Callable[[], Answer], answered: Callable[[Answer], None]) -> None:
        with self._counting:
            if self._asked >= MOST_ASKED:
                refused = Refused(0, f"{MOST_ASKED} requests wait for the core already")
                self._post(Answered(refused, answered))
                return
            self._asked += 1
        self._begin(ask, answered, is_counted=True)

    def _begin(
        self, ask: Callable[[], Answer], answered: Callable[[Answer], None], *, is_counted: bool = False
    ) -> None:
        def work() -> None:
            try:
                answer = ask()
            except (DeskError, FrameError) as error:
                answer = Refused(0, str(error))
            finally:
                if is_counted:
                    with self._counting:
                        self._asked -= 1
            self._post(Answered(answer, answered))

        Thread(target=work, name="screen asks", daemon=True).start()

    def _post(self, message: Message) -> None:
        if not self._is_over:
            try:
                self._post_message(message)
            except RuntimeError:  # the screen has ended in this very moment
                self._is_over = True

    def _run(self) -> None:
        while not self._is_over:
            client = self._found()
            if client is None:
                return
            self._client = client
            self._post(Met(client.label))
            self._listen(client)

    def _found(self) -> Client | None:
        """Return a connected client; None when the screen has ended."""
        tries = 0
        is_asked = self._client is None
        while not self._is_over:
            self._again.clear()
            try:
                return self._meet() if is_asked else self._back(self._client)
            except NobodyThere as error:
                self._post(Lost(str(error), is_absent=True))
            except DeskError as error:
                self._post(Lost(str(error), is_absent=False))
            except RefusedInput as error:
                problems = tuple(f"{p.where}: {p.what}. {p.write}".strip() for p in error.problems)
                self._post(Lost("the core of this station cannot be started", problems, is_absent=True))
            is_first = self._client is None
            wait_s = None if is_first else BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
            tries += 1
            is_asked = self._again.wait(wait_s)
        return None

    def _back(self, client: Client | None) -> Client:
        assert client is not None  # noqa: S101 - met before
        client.reconnect()
        return client

    def _listen(self, client: Client) -> None:
        try:
            while not self._is_over:
                began_s = time.monotonic()
                batch = _gather(client)
                if batch is not None:
                    self._hand_over(batch)
                    time.sleep(max(began_s + SHOWN_EVERY_S - time.monotonic(), 0.0))
        except (DeskError, FrameError) as error:
            self._post(Lost(str(error), is_absent=False))

    def _hand_over(self, batch: Batch) -> None:
        """Lay a batch ready and wait until it is taken: a screen that stands still gathers nothing."""
        self._taken.clear()
        self._batch = batch
        self._post(Heard())
        while not (self._taken.wait(_LISTEN_S) or self._is_over):
            continue


def _gather(client: Client) -> Batch | None:
    """Return all news up to the next snapshot; None when there is nothing new."""
    events: list[Events] = []
    ended = None
    news = client.news(_LISTEN_S)
    for _ in range(MOST_AT_ONCE):
        if isinstance(news, Snapshot):
            return Batch(news, tuple(events), ended)
        if news is None:
            break
        if isinstance(news, Events):
            events.append(news)
        elif isinstance(news, Ended):
            ended = news
        news = _next(client)
    return Batch(None, tuple(events), ended) if events or ended else None


def _next(client: Client) -> News | None:
    """Return what lies there already; the end of the connection is told once the rest has been handed over."""
    try:
        return client.news(0.0)
    except Gone:
        return None
