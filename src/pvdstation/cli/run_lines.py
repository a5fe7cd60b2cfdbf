"""What is printed while a run is followed: a line per thing that happens, and on a terminal a live line below them."""

import time
from collections.abc import Iterable
from typing import Self

from rich.status import Status
from rich.text import Text

from pvdstation.cli.result_text import clock
from pvdstation.cli.streams import Streams
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind

_SHOW_EVERY_S = 0.2
_FOLLOWED = frozenset(
    {
        *(EventKind.RUN, EventKind.STEP, EventKind.STAGE, EventKind.ALARM, EventKind.TRIP),
        *(EventKind.REQUEST, EventKind.NOTE),
    }
)
_ABNORMAL = frozenset({EventKind.ALARM, EventKind.TRIP})


class RunLines:
    """Lines on stdout; on stderr where stdout carries JSON."""

    def __init__(self, streams: Streams, *, is_live: bool = True) -> None:
        """With ``is_live`` false there is no live line, on a terminal neither."""
        self._streams = streams
        self._next_show_s = 0.0
        self._is_asking = False
        self._status: Status | None = None
        if is_live and streams.console.is_terminal:
            self._status = streams.console.status("starting", spinner="line")

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def events(self, events: Iterable[Event]) -> None:
        """Print one line per event that a person follows."""
        for event in events:
            if event.kind in _FOLLOWED:
                style = "bold red" if event.kind in _ABNORMAL else ""
                self._timed(event.at_ns, f"{event.source}: {_words(event)}", style)

    def questions(self, events: Iterable[Event]) -> None:
        """Print how a question is answered by whoever does not sit at the run's own terminal."""
        for event in events:
            if event.kind is EventKind.QUESTION:
                values = dict(event.values)
                self.say(f'{event.text} [{values["answer"]}]: "pvd answer {values["id"]} VALUE"')

    def changed(self, at_ns: int, text: str) -> None:
        """Print what is not one of the core's events: of a link, of who is in charge."""
        self._timed(at_ns, text, "dim")

    def say(self, text: str) -> None:
        """Print a sentence to the person at the terminal."""
        self._line(Text(f">> {text}", style="bold yellow"))

    def ask(self, text: str) -> None:
        """Print a question; the live line would overwrite what is typed below it, until ``answered``."""
        if self._status is not None:
            self._status.stop()
        self._is_asking = True
        self.say(text)

    def answered(self) -> None:
        """Let the live line come back."""
        self._is_asking = False

    def live(self, now_ns: int, where: str) -> None:
        """Keep the live line up to date, at most five times a second."""
        if self._status is None or self._is_asking or time.monotonic() < self._next_show_s:
            return
        self._next_show_s = time.monotonic() + _SHOW_EVERY_S
        self._status.start()
        self._status.update(Text(f"{clock(now_ns / SECOND)}  {where}"))

    def _timed(self, at_ns: int, text: str, style: str) -> None:
        self._line(Text(f"{clock(at_ns / SECOND)}  {text}", style=style))

    def _line(self, line: Text) -> None:
        if self._streams.json:
            self._streams.err.print(line, soft_wrap=True)
        else:
            self._streams.show(line)


def _words(event: Event) -> str:
    values = dict(event.values)
    if event.kind is EventKind.STEP:
        because = values.get("ended_because") or values.get("text") or ""
        return f"{event.text}, {because}" if because else event.text
    if event.kind is EventKind.RUN and event.text != "complete" and values.get("reason"):
        return f"{event.text}, {values['reason']}"
    return event.text
