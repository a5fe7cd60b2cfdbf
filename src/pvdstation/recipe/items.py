"""Reads the steps of a recipe one after the other: phrases, tables, rounds of a repeat, steps of other files.

What is wrong with a step is kept, so that everything wrong can be told at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from pvdstation.model.positions import Path
from pvdstation.model.problems import Problem
from pvdstation.model.quantities import tidy
from pvdstation.model.sentences import place_in, sentence_of, shown
from pvdstation.model.toml import MOST_PROBLEMS, Document, problems_of
from pvdstation.recipe.notation import cut, read_phrase
from pvdstation.recipe.origin import NotationSheet, Origin, PhraseOrigin, Sheet, StringSheet, TableOrigin
from pvdstation.recipe.parameters import Parameter, fill
from pvdstation.recipe.phrases import Phrase, Reading
from pvdstation.recipe.steps import STEP, AnyStep, Doing, IncludeStep, RepeatStep

MOST_STEPS = 1000
_EXAMPLE = 'Write for example "300 nm Zn at 0.5 nm/s".'


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step as it was asked for; ``model`` is None where it could not be read."""

    number: int  # 1-based, counts the recipe's own steps
    model: Doing | None
    origin: Origin
    round: str = ""  # "round 2 of 3"


Include = Callable[[IncludeStep, Origin, int], tuple[Sequence[RecipeStep], Sequence[Problem]]]
"""Reads the steps of another file, with everything that is wrong with them."""


@dataclass(slots=True)
class Items:
    """Steps and problems, as they are read."""

    parameters: Mapping[str, Parameter]
    include: Include
    steps: list[RecipeStep] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read_text(self, sheet: Sheet, text: str, first_number: int) -> bool:
        """Read notation; return whether there was any. In a file all phrases of one string carry its number."""
        return self._phrases(sheet, tidy(text), cut(tidy(text)), first_number)

    def read_item(self, document: Document, path: Path, value: object, number: int) -> None:
        """Read one item of a list of steps: notation or a table."""
        if isinstance(value, str):
            if not self.read_text(StringSheet(document, path, value), value, number):
                self.problems.append(document.problem(path, "the step is empty", _EXAMPLE))
        elif isinstance(value, dict):
            self._table(document, path, value, number)
        else:
            write = 'Write a text such as "300 nm Zn at 0.5 nm/s", or a table with do = "deposit".'
            self.problems.append(document.problem(path, f"{shown(value)} is not a step", write))

    # --- notation ---

    def _phrases(self, sheet: Sheet, text: str, phrases: list[Phrase], first_number: int) -> bool:
        wrong: list[list[Problem]] = []
        for place, phrase in enumerate(phrases[: MOST_STEPS + 1]):
            number = first_number + place if isinstance(sheet, NotationSheet) else first_number
            wrong.append(self._phrase(sheet, text, phrase, number))
        _explain_decimal_commas(sheet, text, phrases, wrong)
        self.problems += [problem for problems in wrong for problem in problems][:MOST_PROBLEMS]
        return bool(phrases)

    def _phrase(self, sheet: Sheet, text: str, phrase: Phrase, number: int) -> list[Problem]:
        reading = read_phrase(phrase)
        origin = PhraseOrigin(sheet, number, phrase, reading)
        problems = [origin.problem_at(w.start, w.end, w.field, w.what, w.write) for w in reading.wrong]

        def complain(key: str, what: str, write: str) -> None:
            problems.append(origin.problem(key, what, write))

        filled = fill(reading.fields, self.parameters, complain)
        said = len(problems)
        reading.fields.update(filled)
        model, found = _validated(reading, origin) if reading.fields and said == len(reading.wrong) else (None, [])
        if isinstance(model, RepeatStep):
            self._rounds(model.times, lambda: self._round(sheet, text, reading.inner, number))
        elif isinstance(model, IncludeStep):
            problems += self._included(model, origin, number)
        else:
            self.steps.append(RecipeStep(number, None if problems else model, origin))
        return problems + found

    def _round(self, sheet: Sheet, text: str, inner: list[Phrase], number: int) -> None:
        wrong = [self._phrase(sheet, text, phrase, number) for phrase in inner]
        _explain_decimal_commas(sheet, text, inner, wrong)
        self.problems += [problem for problems in wrong for problem in problems]

    # --- tables ---

    def _table(self, document: Document, path: Path, value: dict[str, Any], number: int) -> None:
        origin = TableOrigin(document, path)
        wrong: list[Problem] = []

        def complain(key: str, what: str, write: str) -> None:
            wrong.append(origin.problem(key, what, write))

        inner = value.get("steps")
        outer = {key: entry for key, entry in value.items() if key != "steps"}
        filled = fill(outer, self.parameters, complain) | ({} if inner is None else {"steps": inner})
        model, found = _validated_table(document, path, filled)
        places = {(problem.line, problem.column) for problem in wrong}
        self.problems += wrong + [problem for problem in found if (problem.line, problem.column) not in places]
        if wrong:
            self.steps.append(RecipeStep(number, None, origin))
        elif isinstance(model, RepeatStep):
            self._rounds(model.times, lambda: self._inner_items(document, path, model.steps, number))
        elif isinstance(model, IncludeStep):
            self.problems += self._included(model, origin, number)
        else:
            self.steps.append(RecipeStep(number, model, origin))

    def _inner_items(self, document: Document, path: Path, items: list[Any], number: int) -> None:
        for place, item in enumerate(items):
            self.read_item(document, (*path, "steps", place), item, number)

    # --- rounds, and other files ---

    def _included(self, model: IncludeStep, origin: Origin, number: int) -> Sequence[Problem]:
        steps, problems = self.include(model, origin, number)
        self.steps += steps
        return problems

    def _rounds(self, times: int, read: Callable[[], None]) -> None:
        """Read once, and take the steps as often as they are wanted; more than the most is left to the checker."""
        first = len(self.steps)
        read()
        once = self.steps[first:]
        del self.steps[first:]
        for turn in range(1, times + 1):
            self.steps += [replace(step, round=_in_words(step.round, turn, times)) for step in once]
            if len(self.steps) > MOST_STEPS:
                return


def _in_words(inner: str, turn: int, times: int) -> str:
    words = f"round {turn} of {times}"
    return f"{words}, {inner}" if inner else words


def _validated(reading: Reading, origin: PhraseOrigin) -> tuple[AnyStep | None, list[Problem]]:
    try:
        return STEP.validate_python(reading.fields), []
    except ValidationError as error:
        problems = []
        for entry in error.errors(include_url=False):
            path = tuple(entry["loc"][1:])
            if entry["type"] == "missing" and reading.wrong:
                continue  # said already, in the words of the notation
            raw: Any = reading.fields
            for part in path if entry["type"] != "missing" else ():
                raw = raw.get(part) if isinstance(raw, dict) else raw[int(part)] if isinstance(raw, list) else None
            expected = place_in(AnyStep, path, [reading.fields["do"]])
            sentence = sentence_of(entry, str(path[-1]) if path else "", raw, expected.field, expected.known)
            problems.append(origin.problem(".".join(str(part) for part in path), *sentence))
        return None, problems


def _validated_table(document: Document, path: Path, fields: dict[str, Any]) -> tuple[AnyStep | None, list[Problem]]:
    try:
        return STEP.validate_python(fields), []
    except ValidationError as error:
        return None, problems_of(error, document, path, AnyStep)


def _explain_decimal_commas(sheet: Sheet, text: str, phrases: list[Phrase], wrong: list[list[Problem]]) -> None:
    """Say "decimal comma" once where a comma between two digits has torn a number apart."""
    for place, (before, after) in enumerate(pairwise(phrases[: len(wrong)])):
        comma = before.start + len(before.text)
        torn = after.start == comma + 1 and text[comma] == "," and text[comma - 1].isdigit() and after.text[0].isdigit()
        if torn and (wrong[place] or wrong[place + 1]):
            start = comma - (len(before.text) - len(before.text.rstrip("0123456789")))
            end = after.start + (len(after.text) - len(after.text.lstrip("0123456789")))
            number = text[start:end]
            what = f'"{number}" has a decimal comma; a comma separates steps'
            write = f'Write "{number.replace(",", ".")}".'
            wrong[place][:] = [sheet.problem(start, end, f"step {place + 1}", what, write)]
            wrong[place + 1][:] = []
