"""One loader for recipe and station files: bytes → plain values, and for every problem its place.

Size and depth are checked first, so a hostile file is refused before anything walks it (safety reference F.4).
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from pvdstation.model.positions import Path, Positions, Spot
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.sentences import place_in, sentence_of
from pvdstation.model.station import Station
from pvdstation.model.station_rules import contradictions

LARGEST_BYTES = 256 * 1024
DEEPEST = 16
MOST_PROBLEMS = 100

# Control characters, and marks that hide or turn text; they would act on a terminal or deceive a reader.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_NOT_FOR_A_LINE = re.compile(rf"{UNSEEN.pattern}|[\n\r\t]")
_LONGEST_KEY_SHOWN = 60
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\n]*|[\[\]{}.=,\n]', re.DOTALL
)
_AT = re.compile(r"\s*\(at line (\d+), column (\d+)\)")


class Document:
    """Values of one file, and where they stand (found only when asked for)."""

    def __init__(self, text: str, file: str, values: dict[str, Any]) -> None:
        self.text = text
        self.file = file
        self.values = values

    @cached_property
    def positions(self) -> Positions:
        """Return the places of all keys and values."""
        return Positions(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines of the text."""
        return self.text.split("\n")

    def at(self, path: Path) -> object:
        """Return the value at a path; None when there is none."""
        here: Any = self.values
        for part in path:
            if isinstance(here, Mapping):
                here = here.get(part)
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                here = here[part]
            else:
                return None
        return here

    def spot(self, path: Path, *, key: bool = False) -> Spot | None:
        """Return where a value (or its key) stands; what has no place of its own points at its table."""
        tables = (self.positions.keys, self.positions.values)
        for table in tables if key else tables[::-1]:
            if path in table:
                return table[path]
        return self.spot(path[:-1], key=True) if path else None

    def where(self, path: Path) -> str:
        """Return a path in words: "step 2 (deposit), thickness" or "gas.N2.max"."""
        head, rest = "", path
        if len(path) > 1 and path[0] == "steps":
            kind = self.at((*path[:2], "do"))
            head = f"step {int(path[1]) + 1}" + (f" ({kind})" if isinstance(kind, str) and kind.isidentifier() else "")
            rest = path[2:]
        tail = ".".join(_NOT_FOR_A_LINE.sub("?", str(part))[:_LONGEST_KEY_SHOWN] for part in rest)
        return ", ".join(part for part in (head, tail) if part) or "the file"

    def problem(self, path: Path, what: str, write: str = "", *, key: bool = False) -> Problem:
        """Return a problem with its place in this file."""
        spot = self.spot(path, key=key)
        return self.problem_at(spot, self.where(path), what, write)

    def problem_at(self, spot: Spot | None, where: str, what: str, write: str = "") -> Problem:
        """Return a problem at a place; without one it concerns the whole file."""
        if spot is None:
            return Problem(where, what, write, self.file)
        line = self.lines[spot.line - 1].rstrip("\r") if spot.line <= len(self.lines) else ""
        return Problem(where, what, write, self.file, spot.line, spot.column, line, spot.span)


def read_toml(data: bytes, file: str) -> Document:
    """Read a file into plain values. Raises Refused with the place of what is wrong."""
    text = _text_of(data, file)
    _refuse_deep(text, file)
    try:
        document = Document(text, file, tomllib.loads(text))
    except ValueError as error:  # TOMLDecodeError is one; an integer of thousands of digits is a bare one
        raise Refused(_syntax_problems(Document(text, file, {}), str(error))) from None
    problems = [document.problem(path, what, write) for path, what, write in _unfit_values(document.values)]
    if problems:
        raise Refused(problems[:MOST_PROBLEMS])
    return document


def problems_of(error: ValidationError, document: Document, prefix: Path = (), model: Any = None) -> list[Problem]:
    """Return what pydantic found, in order, each with its place; ``model`` makes "did you mean" possible."""
    found = []
    for entry in error.errors(include_url=False)[:MOST_PROBLEMS]:
        path, inner, tags = _walk(document, prefix, entry["loc"])
        place = place_in(model, inner, tags)
        key = str(path[-1]) if path else ""
        sentence = sentence_of(entry, key, document.at(path), place.field, place.known)
        where = (*path, "do") if entry["type"] == "union_tag_invalid" else path
        found.append(document.problem(where, *sentence, key=entry["type"] == "extra_forbidden"))
    return found


def load_station(data: bytes, file: str) -> Station:
    """Read and check a station file. Raises Refused with every problem in it."""
    document = read_toml(data, file)
    try:
        station = Station.model_validate(document.values)
    except ValidationError as error:
        raise Refused(problems_of(error, document, model=Station)) from None
    problems = [document.problem(path, what, write) for path, what, write in contradictions(station)]
    if problems:
        raise Refused(problems)
    return station.came_from(file, sha256(data).hexdigest())


def _text_of(data: bytes, file: str) -> str:
    if len(data) > LARGEST_BYTES:
        size = f"the file has {len(data)} bytes; at most {LARGEST_BYTES} (256 KiB) are read"
        raise Refused([Problem("the file", size, "Shorten it.", file)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start + 1} is not UTF-8 text"
        raise Refused([Problem("the file", what, "Save the file as UTF-8.", file, line)]) from None
    unseen = UNSEEN.search(text)
    if unseen:
        raise Refused([_unseen_problem(text, unseen.start(), file)])
    return text


def _unseen_problem(text: str, place: int, file: str) -> Problem:
    before = text[:place]
    column = place - (before.rfind("\n") + 1) + 1
    what = f"the control or invisible character U+{ord(text[place]):04X} is not allowed"
    return Problem("the file", what, "Remove it.", file, before.count("\n") + 1, column)


def _refuse_deep(text: str, file: str) -> None:
    depth = dots = line = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "]}":
            depth -= 1
        elif mark in "[{":
            depth, dots = depth + 1, 0
        elif mark == ".":
            dots += 1
        elif mark in "=,\n":
            dots = 0
        if depth > DEEPEST or dots >= DEEPEST:
            line = text.count("\n", 0, token.start()) + 1
            what = f"nested deeper than {DEEPEST} levels"
            raise Refused([Problem("the file", what, "Write fewer brackets inside each other.", file, line)])


def _syntax_problems(document: Document, message: str) -> list[Problem]:
    if "overwrite" in message or "twice" in message or "Duplicate" in message:
        twice = [_twice_problem(document, *found) for found in document.positions.twice]
        if twice:
            return twice[:MOST_PROBLEMS]
    match = _AT.search(message)
    what = _AT.sub("", message).replace(" (at end of document)", ": the file ends too early")
    spot = Spot(int(match[1]), int(match[2]), 1) if match else Spot(len(document.lines), 1, 1)
    return [document.problem_at(spot, "the file", f"not valid TOML: {what}", "Correct this line.")]


def _twice_problem(document: Document, path: Path, first: Spot, second: Spot) -> Problem:
    what = f'"{path[-1]}" stands twice: first in line {first.line}, again in line {second.line}'
    return document.problem_at(second, document.where(path), what, "Keep one of them.")


def _unfit_values(values: dict[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Walk without recursion and report depth, numbers that are not finite, and unseen characters."""
    waiting: list[tuple[Path, object]] = [((), values)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEEPEST:
            yield path, f"nested deeper than {DEEPEST} levels", "Write fewer tables inside each other."
        elif isinstance(value, dict):
            for key in (key for key in value if UNSEEN.search(key)):
                yield (*path, key), "the key has a control or invisible character", "Remove it."
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, place), item) for place, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield path, f"{value} is not a finite number", "Write a finite number."
        elif isinstance(value, str) and (unseen := UNSEEN.search(value)):
            yield path, f"the text has the control or invisible character U+{ord(unseen[0]):04X}", "Remove it."


def _walk(document: Document, prefix: Path, loc: tuple[int | str, ...]) -> tuple[Path, Path, list[str]]:
    """Walk a pydantic location along the data; what is not in the data is a discriminator's tag, or a missing key."""
    path: Path = prefix
    inner: Path = ()
    tags: list[str] = []
    last = len(loc) - 1
    for place, part in enumerate(loc):
        is_tag = part == document.at((*path, "do"))
        if document.at((*path, part)) is not None or (place == last and not is_tag and part != "[key]"):
            path, inner = (*path, part), (*inner, part)
        else:
            tags.append(str(part))
    return path, inner, tags
