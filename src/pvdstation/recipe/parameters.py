"""Parameters of a recipe: declared with unit, default and limits, set from outside, filled into fields.

A parameter stands alone in a field, ``"{li_thickness}"``; what is filled in is a field of the step that was read, never
a piece of text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StrictInt

from pvdstation.model.problems import Problem
from pvdstation.model.quantities import QuantityError, convert, dimensions_of, split
from pvdstation.model.station import Table, Text
from pvdstation.model.toml import Document

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_ALONE = re.compile(r"\{\s*([^{}]*?)\s*\}")
_TEXTS = frozenset({"text", "file"})
"""Fields in which braces are only characters."""


class Declaration(Table):
    """How a file declares one parameter; without a unit it is a whole number."""

    unit: Annotated[str, Field(max_length=20)] = ""
    default: Text | StrictInt
    min: Text | StrictInt | None = None
    max: Text | StrictInt | None = None
    help: Text = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter with its value, both as text with the unit (or a whole number)."""

    name: str
    value: str | int
    default: str | int
    unit: str
    help: str

    @property
    def is_changed(self) -> bool:
        """Return whether it was set to something else than its default."""
        return self.value != self.default


class Values(NamedTuple):
    """Values that were set from outside, and how a problem with one of them (name, what, write) is told."""

    by_name: Mapping[str, str]
    problem: Callable[[str, str, str], Problem]


Complain = Callable[[str, str, str], None]
"""Takes the key of the declaration ("" for the whole), what is wrong and what to write."""


def read_parameters(
    document: Document, declared: Mapping[str, Declaration], values: Values, problems: list[Problem]
) -> dict[str, Parameter]:
    """Return every parameter with its value. Problems are appended."""
    found = {}
    for name, declaration in declared.items():
        if not NAME.fullmatch(name):
            what = f'"{name[:40]}" is not a name: letters, digits and _, at most 40'
            problems.append(document.problem(("parameters", name), what, "Rename it.", key=True))
        parameter = _read_one(document, name, declaration, values, problems)
        if parameter is not None:
            found[name] = parameter
    problems += [_unknown(name, list(declared), values) for name in values.by_name if name not in declared]
    return found


def refuse_values(values: Values) -> list[Problem]:
    """Return what to say to values for a recipe that declares nothing."""
    return [_unknown(name, [], values) for name in values.by_name]


def fill(fields: Any, parameters: Mapping[str, Parameter], wrong: Callable[[str, str, str], None]) -> Any:
    """Return fields with every parameter replaced by its value; ``wrong`` takes the field, what and what to write."""
    return _fill(fields, "", parameters, wrong)


def _fill(value: Any, field: str, parameters: Mapping[str, Parameter], wrong: Callable[[str, str, str], None]) -> Any:
    if isinstance(value, dict):
        return {
            key: _fill(inner, f"{field}.{key}".lstrip("."), parameters, wrong) if key not in _TEXTS else inner
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_fill(inner, f"{field}.{place}", parameters, wrong) for place, inner in enumerate(value)]
    if not isinstance(value, str) or "{" not in value:
        return value
    alone = _ALONE.fullmatch(value)
    if alone is None:
        wrong(field, f'"{value[:60]}": a parameter stands alone, with nothing beside it', 'Write for example "{name}".')
        return value
    parameter = parameters.get(alone[1])
    if parameter is None:
        wrong(field, f'there is no parameter "{alone[1][:40]}"', _known(alone[1], list(parameters)))
        return value
    return parameter.value


def _read_one(
    document: Document, name: str, declaration: Declaration, values: Values, problems: list[Problem]
) -> Parameter | None:
    bad = len(problems)

    def complain(key: str, what: str, write: str) -> None:
        problems.append(document.problem(("parameters", name, *([key] if key else [])), what, write))

    if declaration.unit and not dimensions_of(declaration.unit):
        complain("unit", f'"{declaration.unit}" is not a unit', 'Write for example unit = "nm".')
        return None
    keys = ("default", "min", "max")
    numbers = {key: _number(getattr(declaration, key), declaration.unit, key, complain) for key in keys}
    if len(problems) > bad:
        return None
    _judge(declaration, declaration.default, numbers["default"], numbers, "default", complain)
    value = declaration.default
    if name in values.by_name:

        def object_to(_key: str, what: str, write: str) -> None:
            problems.append(values.problem(name, what, write))

        value, number = _given(name, values.by_name[name], declaration, object_to)
        _judge(declaration, value, number, numbers, "", object_to)
    return Parameter(name, value, declaration.default, declaration.unit, declaration.help)


def _number(value: str | int | None, unit: str, key: str, complain: Complain) -> float | None:
    if value is None:
        return None
    example = f'Write for example {key} = "100 {unit}".' if unit else f"Write for example {key} = 3."
    if not unit:
        if isinstance(value, int):
            return float(value)
        complain(key, f'"{value[:40]}" is not a whole number, and this parameter has no unit', example)
        return None
    if isinstance(value, int):
        complain(key, f"{value} is a bare number; it needs a unit", example)
        return None
    try:
        number, written = split(value)
        return convert(number, written, dimensions_of(unit)[0])
    except QuantityError as error:
        complain(key, error.what, example)
        return None


def _judge(
    declaration: Declaration,
    value: str | int,
    number: float | None,
    bounds: Mapping[str, float | None],
    key: str,
    complain: Complain,
) -> None:
    least, most = bounds["min"], bounds["max"]
    if number is None:
        return
    if least is not None and number < least:
        complain(key, f"{value} is below its minimum of {declaration.min}", f'Write at least "{declaration.min}".')
    if most is not None and number > most:
        complain(key, f"{value} is above its maximum of {declaration.max}", f'Write at most "{declaration.max}".')


def _given(name: str, text: str, declaration: Declaration, complain: Complain) -> tuple[str | int, float | None]:
    """Return a value that was set, as the fields take it and as a number to judge."""
    example = declaration.default if not declaration.unit else f'"{declaration.default}"'
    write = f"Write for example {name}={example}."
    if not declaration.unit:
        if not text.strip().isdigit():
            complain("", f'"{text[:40]}" is not a whole number', write)
            return declaration.default, None
        return int(text), float(text)
    try:
        number, unit = split(text)
        return text.strip(), convert(number, unit, dimensions_of(declaration.unit)[0])
    except QuantityError as error:
        complain("", error.what, write)
        return declaration.default, None


def _unknown(name: str, known: list[str], values: Values) -> Problem:
    return values.problem(name, f'this recipe has no parameter "{name[:40]}"', _known(name, known))


def _known(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"It has {', '.join(known)}." if known else "Declare it under [parameters], or write the value itself."
