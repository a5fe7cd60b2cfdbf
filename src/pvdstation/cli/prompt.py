"""Asks the person at the terminal while the run goes on: a thread reads the lines, and no scan ever waits for it."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from pvdstation.assembly.answering import OPTION
from pvdstation.model.messages import Event, EventKind, Notice, Request, Verb
from pvdstation.recipe.procedure import Procedure, Question
from pvdstation.recipe.questions import answer_text, kind_text, questions_of, read_answer

CLIENT = "operator"
_MOST = 4096


class Lines:
    """Lines of stdin, where somebody sits at it. Not through ``sys.stdin``: its lock would be held at the exit."""

    def __init__(self) -> None:
        self.is_attended = sys.stdin is not None and sys.stdin.isatty()
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to read; what was typed before anybody had asked is dropped."""
        _flush_typed(sys.stdin.fileno())
        while self.next() is not None:
            pass
        if self._thread is None:
            self._thread = Thread(target=self._read, name="answers", daemon=True)
            self._thread.start()

    def next(self) -> str | None:
        """Return a line that has been typed, empty at the end of the file; None when there is none yet."""
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def _read(self) -> None:
        number = sys.stdin.fileno()
        while True:
            data = os.read(number, _MOST)
            self.is_attended = bool(data)
            self._queue.put(data.decode(sys.stdin.encoding or "utf-8", errors="replace"))
            if not data:
                return


def _flush_typed(number: int) -> None:
    """Drop what the terminal keeps of what was typed; a platform without this keeps it."""
    try:
        import termios
    except ImportError:
        return
    termios.tcflush(number, termios.TCIFLUSH)


class Prompt:
    """Answers from the terminal, but for what was given before; where no terminal is, nobody can, and says so."""

    def __init__(
        self,
        procedure: Procedure,
        say: Callable[[str], None],
        lines: Lines | None = None,
        given: Mapping[str, float] | None = None,
    ) -> None:
        """``given`` are answers by the id of their question."""
        self._questions: Mapping[str, Question] = questions_of(procedure)
        self._given = given or {}
        self._say = say
        self._lines = lines or Lines()
        self._open: Question | None = None
        self._step = ""

    @property
    def is_open(self) -> bool:
        """Return whether somebody is being asked."""
        return self._open is not None

    def take(self, events: Sequence[Event]) -> None:
        """Ask, or note that the step which asked is over."""
        for event in events:
            if event.kind is EventKind.QUESTION:
                self._open, self._step = self._questions[str(dict(event.values)["id"])], event.source
                if self._open.id in self._given:
                    continue
                if self._lines.is_attended:
                    self._lines.start()
                self._ask(self._open)
            elif event.kind is EventKind.STEP and event.source == self._step and event.text != "running":
                self._open = None

    def notice(self, notice: Notice) -> None:
        """Ignore."""

    def due(self) -> Request | None:
        """Return, once, what has been answered."""
        question = self._open
        if question is None:
            return None
        if question.id in self._given:
            return self._answer(question, self._given[question.id], OPTION)
        line = self._lines.next() if self._lines.is_attended else ""
        if line is None:
            return None
        if not line:  # end of file
            self._open = None
            self._say(f'nobody can answer "{question.text}": the run is stopped')
            return Request(Verb.ANSWER, CLIENT if self._lines.is_attended else "no terminal", question.id, None)
        return self._understood(question, line.strip())

    def _understood(self, question: Question, line: str) -> Request | None:
        if not line and question.default is not None:
            return self._answer(question, question.default)
        try:
            return self._answer(question, read_answer(question, line))
        except ValueError as wrong:
            self._say(f"{wrong}.")
            return None

    def _answer(self, question: Question, value: float, who: str = CLIENT) -> Request:
        self._open = None
        return Request(Verb.ANSWER, who, question.id, value)

    def _ask(self, question: Question) -> None:
        default = "" if question.default is None else f", return for {answer_text(question, question.default)}"
        self._say(f"{question.text} [{kind_text(question)}{default}]")
