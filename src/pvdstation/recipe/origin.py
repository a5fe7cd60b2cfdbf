"""Where a step was written, so that whoever finds a problem later can point at the very characters."""

from typing import Protocol

from pvdstation.model.positions import Path, Spot
from pvdstation.model.problems import Problem
from pvdstation.model.toml import Document
from pvdstation.recipe.phrases import Phrase, Reading


class Origin(Protocol):
    """What a step can say about its writing."""

    @property
    def place(self) -> tuple[int, int]:
        """Return line and column, for sorting."""
        ...

    def written(self, field: str) -> str:
        """Return the text of a field as it was written; empty when the recipe is silent."""
        ...

    def problem(self, field: str, what: str, write: str = "") -> Problem:
        """Return a problem that points at a field; an empty one, or one that is not written, means the whole step."""
        ...


class Sheet(Protocol):
    """A text with notation on it."""

    def problem(self, start: int, end: int, where: str, what: str, write: str) -> Problem:
        """Return a problem that points at characters of the text."""
        ...


class NotationSheet:
    """Notation from a command line; a text of one line has no line number."""

    def __init__(self, text: str) -> None:
        self._text = text

    def problem(self, start: int, end: int, where: str, what: str, write: str) -> Problem:
        """Return a problem that points at characters of the text."""
        begin = self._text.rfind("\n", 0, start) + 1
        stop = self._text.find("\n", start)
        line_text = self._text[begin : stop if stop >= 0 else len(self._text)].rstrip("\r")
        line = self._text.count("\n", 0, start) + 1 if "\n" in self._text else None
        span = max(1, min(end, begin + len(line_text)) - start)
        return Problem(where, what, write, "", line, start - begin + 1, line_text, span)


class StringSheet:
    """Notation inside a string of a file; only a plain one-line string can be pointed into."""

    def __init__(self, document: Document, path: Path, text: str) -> None:
        self._document = document
        self._path = path
        self._text = text

    def problem(self, start: int, end: int, where: str, what: str, write: str) -> Problem:
        """Return a problem that points at characters of the string."""
        spot = self._document.spot(self._path)
        if spot is not None and spot.span == len(self._text) + 2 and "\n" not in self._text:
            spot = Spot(spot.line, spot.column + 1 + start, max(1, end - start))
        return self._document.problem_at(spot, where, what, write)


class PhraseOrigin:
    """A step that was written as a phrase of notation."""

    def __init__(self, sheet: Sheet, number: int, phrase: Phrase, reading: Reading) -> None:
        self._sheet = sheet
        self._number = number
        self._phrase = phrase
        self._reading = reading

    @property
    def place(self) -> tuple[int, int]:
        """Return line and column, for sorting."""
        problem = self.problem("", "")
        return problem.line or 1, problem.column or 1

    def written(self, field: str) -> str:
        """Return the text of a field as it was written; empty when the recipe is silent."""
        return str(self._reading.fields.get(field, ""))

    def problem(self, field: str, what: str, write: str = "") -> Problem:
        """Return a problem that points at a field, or at the whole phrase."""
        start, end = self._reading.spans.get(field) or (self._phrase.start, self._phrase.start + len(self._phrase.text))
        return self.problem_at(start, end, field, what, write)

    def problem_at(self, start: int, end: int, field: str, what: str, write: str = "") -> Problem:
        """Return a problem that points at characters of the whole text."""
        kind = self._reading.fields.get("do")
        step = f"step {self._number}" + (f" ({kind})" if kind else "")
        return self._sheet.problem(start, end, f"{step}, {field}" if field else step, what, write)


class TableOrigin:
    """A step that was written as a table of a file."""

    def __init__(self, document: Document, path: Path) -> None:
        self._document = document
        self._path = path

    @property
    def place(self) -> tuple[int, int]:
        """Return line and column, for sorting."""
        spot = self._document.spot(self._path)
        return (spot.line, spot.column) if spot else (0, 0)

    def written(self, field: str) -> str:
        """Return the text of a field as it was written; empty when the recipe is silent."""
        value = self._document.at((*self._path, *_parts(field)))
        return "" if value is None else str(value)

    def problem(self, field: str, what: str, write: str = "") -> Problem:
        """Return a problem that points at a field, or at the whole table."""
        path = (*self._path, *_parts(field)) if field and self.written(field) else self._path
        return self._document.problem(path, what, write)


def _parts(field: str) -> list[str | int]:
    """Return a field as the way through tables and lists: "ramps.0.at"."""
    return [int(part) if part.isdigit() else part for part in field.split(".")]
