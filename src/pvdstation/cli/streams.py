"""The one module that owns stdout and stderr: results on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from pvdstation.cli.refusals import refusal_text
from pvdstation.model.problems import Problem

_PIPED_COLUMNS = 100


class _QuietConsole(Console):
    """A console whose reader may go away: a run goes on when ``| head`` has seen enough.

    What somebody else wrote (a record that was sent, an instrument's name) cannot steer the terminal.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is shown, control characters and invisible marks written out."""
        for segment in super().render(renderable, options):
            yield segment if segment.control or segment.text.isprintable() else segment._replace(text=_lines(segment))

    def on_broken_pipe(self) -> None:
        """Drop what is still written."""
        self.quiet = True
        _forget(self.file)


class Streams:
    """Where a command writes. With ``json``, stdout carries one JSON document and nothing else."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self._is_unbounded = not sys.stdout.isatty()
        self._out = _console(sys.stdout)
        self.err = _console(sys.stderr)

    @property
    def is_terminal(self) -> bool:
        """Return whether a person watches the results as they come."""
        return self._out.is_terminal

    @property
    def console(self) -> Console:
        """Return the console for live displays: results for a person, stderr when stdout carries JSON."""
        return self.err if self.json else self._out

    @property
    def width(self) -> int:
        """Return the columns of the results."""
        return self._out.width

    def show(self, *parts: RenderableType) -> None:
        """Write parts of a result for a person; nothing with ``json``."""
        if self.json:
            return
        if self.is_terminal:
            self._print(parts)
            return
        with self._out.capture() as captured:
            self._print(parts)
        _write(sys.stdout, "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))

    def _print(self, parts: Sequence[RenderableType]) -> None:
        for part in parts:
            soft_wrap = isinstance(part, str | Text) and self._is_unbounded
            self._out.print(part, highlight=False, markup=False, soft_wrap=soft_wrap)

    def note(self, text: str) -> None:
        """Write a sentence that is not the result."""
        self.err.print(text, highlight=False, markup=False, soft_wrap=True)

    def ask(self, text: str) -> None:
        """Write a question; the answer is typed behind it."""
        self.err.print(text, end="", highlight=False, markup=False, soft_wrap=True)
        sys.stderr.flush()

    def document(self, fields: Mapping[str, object]) -> None:
        """Write the JSON document."""
        self._write_json(fields, indent=2)

    def row(self, fields: Mapping[str, object]) -> None:
        """Write one of many JSON documents, each on a line of its own."""
        self._write_json(fields, indent=None)

    def _write_json(self, fields: Mapping[str, object], indent: int | None) -> None:
        encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
        text = json.dumps(fields, indent=indent, allow_nan=False, ensure_ascii=encoding != "utf8")
        _write(sys.stdout, text + "\n")

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Write every problem for a person, on stderr."""
        self.note(refusal_text(problems, self.err.width))

    def close(self) -> None:
        """Flush; a reader that has gone away is no error, and what cannot be written by now has been told."""
        for stream in (sys.stdout, sys.stderr):
            try:
                _write(stream, "")
            except OSError:
                _forget(stream)


def _lines(segment: Segment) -> str:
    return "\n".join(line if line.isprintable() else _visible(line) for line in segment.text.split("\n"))


def _visible(line: str) -> str:
    from pvdstation.record.report.wording import visible  # pydantic comes with it

    return visible(line)


def _console(stream: TextIO) -> Console:
    piped = None if stream.isatty() else _PIPED_COLUMNS
    return _QuietConsole(file=stream, width=piped, force_terminal=stream.isatty(), emoji=False)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _forget(stream)


def _forget(stream: object) -> None:
    """Point a broken stream at nothing, so that the interpreter's last flush is silent too."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, stream.fileno())  # type: ignore[attr-defined]
    finally:
        os.close(nothing)
