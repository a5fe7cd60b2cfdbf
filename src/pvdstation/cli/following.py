"""Follows a run through the desk: its lines, its questions, Ctrl+C, a connection that breaks, and how it ended."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from pvdstation.assembly.answering import OPTION
from pvdstation.cli.changes import link_changes
from pvdstation.cli.interrupts import Interrupts, Wanted
from pvdstation.cli.prompt import Prompt
from pvdstation.cli.run_lines import RunLines
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client, News
from pvdstation.desk.frames import FrameError
from pvdstation.desk.line import DeskError, Gone
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer, Ended, Events, InCharge, Refused
from pvdstation.model.messages import Event, Verb
from pvdstation.recipe.procedure import Procedure
from pvdstation.record.read_back import result_of
from pvdstation.record.results import RunResult

_LOOK_S = 0.1


def where_in(snapshot: Snapshot) -> str:
    """Return where a run is, for its live line."""
    step = snapshot.step
    return f"{step.number}/{step.of} {step.text}" if step is not None else "between steps"


class Lost(Exception):
    """The core has ended, or knows nothing of the run any more; the sentence says which."""


class Following:
    """One run of a core, from now to its end.

    With ``procedure`` a person sits here whose run it is: questions are asked, Ctrl+C is a stop, a second one within
    10 s an abort. Without it Ctrl+C ends the following, and the run goes on.
    """

    def __init__(
        self,
        client: Client,
        run: str,
        streams: Streams,
        interrupts: Interrupts,
        procedure: Procedure | None = None,
        *,
        given: Mapping[str, float] | None = None,
        told: Iterable[News] = (),
        after: int = 0,
    ) -> None:
        """Follow ``run``; ``told`` is news that has been taken already, events up to ``after`` are not printed.

        ``given`` are answers which the core itself gives.
        """
        self._client = client
        self._run = run
        self._interrupts = interrupts
        self._lines = RunLines(streams)
        self._wanted = Wanted(interrupts)
        self._to_ask: Verb | None = None
        self._prompt = Prompt(procedure, self._lines.ask, given=given) if procedure is not None else None
        self._told = deque(told)
        self._last = after
        self._shown: Snapshot | None = None
        self._has_come_again = False

    def to_the_end(self) -> RunResult | None:
        """Print what happens; return how the run ended, or None when the person has left it. Raises Lost."""
        with self._lines:
            while True:
                if self._prompt is None and self._interrupts.stop:
                    return None
                self._ask_to_end()
                self._answer()
                news = self._news()
                if isinstance(news, Ended) and news.run == self._run:
                    return result_of(news.result)
                self._take(news)

    def _news(self) -> News | None:
        if self._told:
            return self._told.popleft()
        try:
            return self._client.news(_LOOK_S)
        except Gone as gone:
            self._connect_again(gone)
        except FrameError:  # a snapshot of another kind; events and ends are still understood
            pass
        return None

    def _connect_again(self, gone: Gone) -> None:
        """A core drops who does not listen, as after Ctrl+Z; one that has ended is not met again."""
        try:
            self._client.reconnect()
        except DeskError as error:
            raise Lost(f"{gone}; {error}") from None
        self._has_come_again = True
        self._lines.say(f"connected again: {gone}")

    def _take(self, news: News | None) -> None:
        match news:
            case Events(run=self._run):
                self._happened(news.events)
            case Snapshot(run=self._run):
                self._show(news)
            case Snapshot() if self._has_come_again:
                raise Lost(f"the core that was met again does not know run {self._run}")
            case InCharge() if self._prompt is not None and news.client not in ("", self._client.label):
                self._lines.say(f"{news.client} is in charge now")

    def _happened(self, events: Sequence[Event]) -> None:
        new = [event for event in events if event.number > self._last]
        if not new:
            return
        if (self._last or self._prompt is not None) and new[0].number > self._last + 1:
            self._lines.say(f"{new[0].number - self._last - 1} events were not heard; the record has them")
        self._last = new[-1].number
        self._lines.events(new)
        if self._prompt is not None:
            self._prompt.take(new)
        else:
            self._lines.questions(new)

    def _show(self, snapshot: Snapshot) -> None:
        for text in link_changes(self._shown, snapshot):
            self._lines.changed(snapshot.now_ns, text)
        self._shown = snapshot
        if self._prompt is None or not self._prompt.is_open:
            self._lines.answered()
        self._lines.live(snapshot.now_ns, where_in(snapshot))

    def _ask_to_end(self) -> None:
        """Ask for what Ctrl+C asks for, again and again until the core has answered."""
        if self._prompt is None:
            return
        self._to_ask = self._wanted.next() or self._to_ask
        if self._to_ask is None:
            return
        answer = self._asked(self._to_ask)
        if answer is not None:
            self._to_ask = None

    def _answer(self) -> None:
        request = self._prompt.due() if self._prompt is not None else None
        if request is not None and request.client != OPTION:
            self._asked(request.verb, request.about, request.value)

    def _asked(self, verb: Verb, about: str = "", value: float | str | None = None) -> Answer | None:
        """Ask the core and tell a refusal; None: it has not answered."""
        try:
            answer = self._client.ask(verb, about, value)
        except DeskError as error:
            self._lines.say(f"{verb}: {error}")
            return None
        if isinstance(answer, Refused):
            self._lines.say(f"{verb} was refused: {answer.text}")
        return answer
