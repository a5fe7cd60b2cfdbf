"""What pydantic found wrong, said to a person: what it is, and what to write instead."""

import types
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pvdstation.model.quantities import UNITS, QuantityError, dimensions_of, split

_LONGEST_SHOWN = 60


class Sentence(NamedTuple):
    """What is wrong, and what to write instead."""

    what: str
    write: str


def sentence_of(error: ErrorDetails, key: str, raw: object, field: FieldInfo | None, known: Sequence[str]) -> Sentence:
    """Return the sentence for one error.

    ``raw`` is what stands in the file; ``field`` is what should stand there and ``known`` the keys of its table,
    where a model was at hand.
    """
    context = error.get("ctx", {})
    kind = error["type"]
    if "what" in context:
        found = Sentence(str(context["what"]), str(context.get("write", "")))
    elif kind == "missing":
        found = Sentence(f'"{key}" is missing', _example(key, field))
    elif kind == "extra_forbidden":
        found = Sentence(f'unknown key "{_clip(key)}"', suggest(key, known, "Known here"))
    elif kind == "literal_error":
        found = _not_among(raw, str(context["expected"]))
    elif kind == "union_tag_invalid":
        found = _not_a_kind(str(context["tag"]), str(context["expected_tags"]))
    elif kind == "union_tag_not_found":
        found = Sentence('the step does not say what to do: "do" is missing', 'Write for example do = "deposit".')
    elif kind in _BOUNDS:
        found = _out_of_bounds(kind, context, raw, error["input"])
    else:
        wrong = f'the key "{_clip(key)}"' if error["loc"][-1:] == ("[key]",) else shown(raw)
        found = Sentence(f"{wrong} does not fit: {_plain(error['msg'])}", _example(key, field))
    return found


def suggest(word: str, known: Sequence[str], heading: str) -> str:
    """Return "Did you mean …?", or the list of what is known."""
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word[:_LONGEST_SHOWN].casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{folded[close[0]]}"?'
    return f"{heading}: {', '.join(known)}." if known else ""


def shown(value: object) -> str:
    """Return a value as it would stand in the file, cut when it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return f'"{_clip(value)}"' if isinstance(value, str) else _clip(str(value))


def _clip(text: str) -> str:
    text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _example(key: str, field: FieldInfo | None) -> str:
    for entry in field.metadata if field else ():
        if isinstance(entry, WithJsonSchema) and entry.json_schema and "examples" in entry.json_schema:
            return f'Write for example {key} = "{entry.json_schema["examples"][0]}".'
    if field is not None and get_origin(field.annotation) is Literal:
        return f'Write for example {key} = "{get_args(field.annotation)[0]}".'
    return f'Add {key} = "…".' if field is not None and field.is_required() else ""


def _words_in(quoted: str) -> list[str]:
    return [part.strip().strip("'") for part in quoted.replace(" or ", ", ").split(",")]


def _not_among(raw: object, expected: str) -> Sentence:
    words = _words_in(expected)
    return Sentence(f"{shown(raw)} is not one of {', '.join(words)}", suggest(str(raw), words, "Possible"))


def _not_a_kind(tag: str, expected: str) -> Sentence:
    return Sentence(f'"{_clip(tag)}" is not a kind of step', suggest(tag, _words_in(expected), "Kinds of step"))


_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _out_of_bounds(kind: str, context: Mapping[str, Any], raw: object, value: object) -> Sentence:
    name, words = _BOUNDS[kind]
    if kind == "greater_than" and context[name] == 0:
        positive = raw.lstrip("-") if isinstance(raw, str) else ""
        write = f'Write for example "{positive}".' if positive != raw and positive else "Write more than 0."
        return Sentence(f"{shown(raw)} is not more than 0", write)
    bound = _in_unit_of(raw, value, float(context[name]))
    return Sentence(f"{shown(raw)} is outside its bounds: it must be {words} {bound}", f"Write {words} {bound}.")


def _in_unit_of(raw: object, value: object, bound: float) -> str:
    """Return a bound in the unit that the person used."""
    try:
        number, unit = split(raw) if isinstance(raw, str) else (0.0, "")
    except QuantityError:
        return f"{bound:g}"
    known = dimensions_of(unit)
    factor = value / number if isinstance(value, float) and number else UNITS[known[0]][unit] if known else 1.0
    return f"{bound / factor:.6g} {unit}".strip()


def _plain(message: str) -> str:
    message = message.removeprefix("Input should be ").removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


class Place(NamedTuple):
    """What a model expects somewhere: the field itself, and the keys of the table it belongs to."""

    field: FieldInfo | None
    known: list[str]


def place_in(model: Any, path: Sequence[str | int], tags: Sequence[str]) -> Place:
    """Return what a model expects at a path; ``tags`` are the discriminators met on the way, in order."""
    chosen = list(tags)
    field: FieldInfo | None = None
    known: list[str] = []
    here: Any = model
    for part in path:
        here = _resolve(here, chosen)
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {f.alias or name: f for name, f in here.model_fields.items()}
            known, field = list(fields), fields.get(str(part))
            here = field.annotation if field is not None else None
        else:
            known, field, here = [], None, _item_of(here)
    return Place(field, known)


def _resolve(annotation: Any, tags: list[str]) -> Any:
    """Take off Annotated and optional, and choose the member of a tagged union."""
    if get_origin(annotation) is Annotated:
        return _resolve(get_args(annotation)[0], tags)
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [m for m in get_args(annotation) if m is not type(None)]
        if len(members) == 1:
            return _resolve(members[0], tags)
        tag = tags.pop(0) if tags else None
        return next((m for m in members if tag is not None and tag in _tags_of(m)), None)
    return annotation


def _tags_of(member: Any) -> tuple[Any, ...]:
    fields = getattr(member, "model_fields", {})
    return get_args(fields["do"].annotation) if "do" in fields else ()


def _item_of(annotation: Any) -> Any:
    arguments = get_args(annotation)
    return arguments[-1] if arguments else None
