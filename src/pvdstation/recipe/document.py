"""A recipe as it was written: notation or file → one model, every field with its text and place.

Problems of single steps are kept beside the steps that could be read, so that the checker can report what is wrong
with the writing, the station's limits and the order of steps in one go.
"""

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import Millibar, tidy
from pvdstation.model.sentences import place_in, sentence_of, shown
from pvdstation.model.station import Table, Text
from pvdstation.model.toml import LARGEST_BYTES, MOST_PROBLEMS, UNSEEN, Document, problems_of, read_toml
from pvdstation.recipe.notation import EXAMPLE, cut, read_phrase
from pvdstation.recipe.origin import NotationSheet, Origin, PhraseOrigin, Sheet, StringSheet, TableOrigin
from pvdstation.recipe.phrases import Phrase, Reading
from pvdstation.recipe.steps import STEP, AnyStep, MaterialName

MOST_STEPS = 1000


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("one_line", "{what}", {"what": "this text must be one line", "write": "Shorten it."})
    return text


OneLine = Annotated[Text, AfterValidator(_one_line)]


class Requires(Table):
    """What the recipe asks of the station before it starts."""

    materials: Annotated[tuple[MaterialName, ...], Field(max_length=20)] = ()
    gas: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    base_pressure: Annotated[Millibar, Field(gt=0)] | None = None


class Header(Table):
    """The file around the steps."""

    name: Annotated[OneLine, Field(min_length=1)]
    id: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")] = "recipe"
    version: Annotated[int, Field(ge=1, le=999_999)] = 1
    author: OneLine = ""
    source: OneLine = ""
    notes: Annotated[str, Field(max_length=2000)] = ""
    requires: Requires = Requires()
    parameters: dict[str, Any] | None = None
    steps: Annotated[list[Any], Field(min_length=1, max_length=MOST_STEPS)]


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step as it was asked for; ``model`` is None where it could not be read."""

    number: int  # 1-based, counts the recipe's own steps
    model: AnyStep | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe that was read, with everything that is wrong with its writing."""

    name: str
    recipe_id: str
    version: int
    author: str
    source: str
    notes: str
    requires: Requires
    steps: tuple[RecipeStep, ...]
    problems: tuple[Problem, ...]
    file: str
    sha256: str
    document: Document | None  # None: it was notation


def load_recipe(source: bytes | str, file: str = "") -> Recipe:
    """Read a file's bytes, or notation.

    Problems of steps and header are in ``problems`` and refused by the checker together with its own. Raises Refused
    where there is nothing to check: not text, not TOML, too large, empty.
    """
    return _from_notation(source) if isinstance(source, str) else _from_file(source, file)


def _from_notation(text: str) -> Recipe:
    encoded = text.encode("utf-8", errors="replace")
    if len(encoded) > LARGEST_BYTES:
        what = f"the recipe has {len(encoded)} bytes; at most {LARGEST_BYTES} (256 KiB) are read"
        raise Refused([Problem("the recipe", what, "Shorten it.")])
    sheet = NotationSheet(text)
    unseen = UNSEEN.search(text)
    if unseen:
        what = f"the control or invisible character U+{ord(unseen[0]):04X} is not allowed"
        raise Refused([sheet.problem(unseen.start(), unseen.end(), "the recipe", what, "Remove it.")])
    steps, problems = _read_phrases(sheet, tidy(text), first_number=1)
    if not steps:
        raise Refused([Problem("the recipe", "the recipe is empty", f'Write for example "{EXAMPLE}".')])
    name = " ".join(text.split())
    short = name if len(name) <= 100 else name[:99] + "…"
    digest = sha256(encoded).hexdigest()
    return Recipe(short, "notation", 1, "", "", "", Requires(), tuple(steps), tuple(problems), "", digest, None)


def _from_file(data: bytes, file: str) -> Recipe:
    document = read_toml(data, file)
    if document.values.get("steps", [] if not document.values else None) == []:
        write = f'Write name = "…" and steps = ["{EXAMPLE.split(",", maxsplit=1)[0]}"].'
        raise Refused([document.problem(("steps",), "the recipe is empty", write)])
    problems = _parameter_problems(document)
    header = _header(document, problems)
    listed = document.at(("steps",))
    steps: list[RecipeStep] = []
    for place, value in enumerate(listed[:MOST_STEPS] if isinstance(listed, list) else []):
        _read_item(document, place, value, steps, problems)
    return Recipe(
        header.name, header.id, header.version, header.author, header.source, header.notes, header.requires,
        tuple(steps), tuple(problems[:MOST_PROBLEMS]), file, sha256(data).hexdigest(), document,
    )  # fmt: skip


def _header(document: Document, problems: list[Problem]) -> Header:
    try:
        return Header.model_validate(document.values)
    except ValidationError as error:
        problems += problems_of(error, document, model=Header)
        return Header(name="?", steps=["?"])


def _parameter_problems(document: Document) -> list[Problem]:
    found = []
    if document.at(("parameters",)) is not None:
        what = "this version cannot use parameters yet"
        found.append(document.problem(("parameters",), what, "Remove the table; write the values into the steps."))
    return found


def _read_item(document: Document, place: int, value: object, steps: list[RecipeStep], problems: list[Problem]) -> None:
    path = ("steps", place)
    if isinstance(value, str):
        found, wrong = _read_phrases(StringSheet(document, path, value), tidy(value), first_number=place + 1)
        if not found:
            problems.append(document.problem(path, "the step is empty", 'Write for example "300 nm Zn at 0.5 nm/s".'))
        steps += found
        problems += wrong
        return
    if not isinstance(value, dict):
        write = 'Write a text such as "300 nm Zn at 0.5 nm/s", or a table with do = "deposit".'
        problems.append(document.problem(path, f"{shown(value)} is not a step", write))
        return
    model, wrong = _read_table(document, place, value)
    steps.append(RecipeStep(place + 1, model, TableOrigin(document, path)))
    problems += wrong


def _read_table(document: Document, place: int, value: dict[str, Any]) -> tuple[AnyStep | None, list[Problem]]:
    path = ("steps", place)
    open_braces = [
        document.problem((*path, key), f"this version cannot fill in {text[:40]} yet", "Write the value itself.")
        for key, text in value.items()
        if isinstance(text, str) and "{" in text
    ]
    try:
        model: AnyStep = STEP.validate_python(value)
    except ValidationError as error:
        found = problems_of(error, document, path, AnyStep)
        places = {(p.line, p.column) for p in open_braces}
        return None, open_braces + [p for p in found if (p.line, p.column) not in places]
    return (None if open_braces else model), open_braces


def _read_phrases(sheet: Sheet, text: str, first_number: int) -> tuple[list[RecipeStep], list[Problem]]:
    """Read the phrases of one text; in a file all phrases of one string carry the number of that string."""
    phrases = cut(text)[: MOST_STEPS + 1]
    steps, wrong = [], []
    for place, phrase in enumerate(phrases):
        number = first_number + place if isinstance(sheet, NotationSheet) else first_number
        step, problems = _read_one(sheet, phrase, number)
        steps.append(step)
        wrong.append(problems)
    _explain_decimal_commas(sheet, text, phrases, wrong)
    return steps, [problem for problems in wrong for problem in problems][:MOST_PROBLEMS]


def _read_one(sheet: Sheet, phrase: Phrase, number: int) -> tuple[RecipeStep, list[Problem]]:
    reading = read_phrase(phrase)
    origin = PhraseOrigin(sheet, number, phrase, reading)
    problems = [origin.problem_at(w.start, w.end, w.field, w.what, w.write) for w in reading.wrong]
    model, found = _validated(reading, origin) if reading.fields else (None, [])
    return RecipeStep(number, None if problems else model, origin), problems + found


def _validated(reading: Reading, origin: PhraseOrigin) -> tuple[AnyStep | None, list[Problem]]:
    try:
        return STEP.validate_python(reading.fields), []
    except ValidationError as error:
        problems = []
        for entry in error.errors(include_url=False):
            field = str(entry["loc"][-1])
            if entry["type"] == "missing" and reading.wrong:
                continue  # said already, in the words of the notation
            expected = place_in(AnyStep, (field,), [reading.fields["do"]])
            sentence = sentence_of(entry, field, reading.fields.get(field), expected.field, expected.known)
            problems.append(origin.problem(field, *sentence))
        return None, problems


def _explain_decimal_commas(sheet: Sheet, text: str, phrases: list[Phrase], wrong: list[list[Problem]]) -> None:
    """Say "decimal comma" once where a comma between two digits has torn a number apart."""
    for place, (before, after) in enumerate(pairwise(phrases)):
        comma = before.start + len(before.text)
        torn = after.start == comma + 1 and text[comma] == "," and text[comma - 1].isdigit() and after.text[0].isdigit()
        if torn and (wrong[place] or wrong[place + 1]):
            start = comma - (len(before.text) - len(before.text.rstrip("0123456789")))
            end = after.start + (len(after.text) - len(after.text.lstrip("0123456789")))
            number = text[start:end]
            what = f'"{number}" has a decimal comma; a comma separates steps'
            wrong[place][:] = [
                sheet.problem(start, end, f"step {place + 1}", what, f'Write "{number.replace(",", ".")}".')
            ]
            wrong[place + 1][:] = []
