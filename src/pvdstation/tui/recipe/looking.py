"""Looks at a recipe's text: reads it as what it is, checks it against the station, and says all that it found."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import LARGEST_BYTES
from pvdstation.recipe.check import Checked, check_recipe
from pvdstation.recipe.document import Recipe, load_recipe

_KEY_OR_TABLE = re.compile(r"""^\s*(\[|#:schema|["'A-Za-z_][\w"'.-]*\s*=)""", re.MULTILINE)
_ONLY_REMARKS = re.compile(r"\A(\s*#[^\n]*\n?)+\s*\Z")


class Written(NamedTuple):
    """A recipe's text as it stands in the editor."""

    text: str
    path: Path | None = None  # where it came from
    sets: Mapping[str, str] = {}
    """Values of parameters that are not the default."""

    @property
    def is_file(self) -> bool:
        """Return whether it is the text of a recipe file; else it is the notation."""
        return _KEY_OR_TABLE.search(self.text) is not None or _ONLY_REMARKS.match(self.text) is not None

    @property
    def content(self) -> bytes:
        """Return its bytes."""
        return self.text.encode("utf-8", errors="replace")

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of its bytes, by which a start knows it again."""
        return sha256(self.content).hexdigest()


class Message(NamedTuple):
    """One thing to say about a text."""

    sign: str  # "✗" refuses it, "!" warns, "·" remarks
    place: str  # "line 3, column 8"
    text: str
    line: int | None  # from 1
    column: int | None
    span: int

    @property
    def is_bad(self) -> bool:
        """Return whether it refuses the recipe."""
        return self.sign == BAD


BAD, WARNING, NOTE = "✗", "!", "·"


class Seen(NamedTuple):
    """What was found in a text."""

    written: Written
    recipe: Recipe | None = None  # None: it cannot be read at all
    checked: Checked | None = None  # None: it is refused
    messages: tuple[Message, ...] = ()

    @property
    def bad(self) -> int:
        """Return how many problems there are."""
        return sum(message.is_bad for message in self.messages)


def look_at(written: Written, station: Station) -> Seen:
    """Read and check a text. Takes some 10 to 100 ms: not for the thread of the screen."""
    if not written.text.strip():
        return Seen(written)
    recipe = None
    try:
        recipe = _load(written)
        checked = check_recipe(recipe, station)
    except Refused as refusal:
        return Seen(written, recipe, None, messages_of(refusal.problems))
    remarks = (*messages_of(checked.warnings, WARNING), *messages_of(checked.notes, NOTE))
    return Seen(written, recipe, checked, remarks)


def messages_of(problems: list[Problem] | tuple[Problem, ...], sign: str = BAD) -> tuple[Message, ...]:
    """Return problems as messages. In a text of one line a place has only a column."""
    return tuple(_message(problem, sign) for problem in problems)


def _load(written: Written) -> Recipe:
    if not written.is_file:
        return load_recipe(written.text, values=written.sets)
    folder = written.path.parent if written.path else None

    def read(name: str) -> bytes:
        if folder is None:
            raise FileNotFoundError(2, "this text has not been saved yet")
        with (folder / name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1)

    return load_recipe(written.content, written.path.name if written.path else "", read=read, values=written.sets)


def _message(problem: Problem, sign: str) -> Message:
    line = problem.line if problem.line is not None else 1 if problem.column is not None else None
    parts = [f"line {line}" if line else "", f"column {problem.column}" if problem.column else "", problem.where]
    text = " ".join(_sentence(part) for part in (problem.what, problem.write) if part)
    place = ", ".join(part for part in parts if part and part != "the recipe")
    return Message(sign, place, text, line, problem.column, problem.span)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…", ":")) else f"{text}."
