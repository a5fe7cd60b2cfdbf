"""NamedTuples to JSON and back, by their annotations: what is read is what was declared, or refused.

A number that is not finite is ``null`` in JSON and NaN when it is read. Keys that are not declared are ignored.
"""

import math
from collections.abc import Callable
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pvdstation.desk.frames import FrameError

T = TypeVar("T")
Read = Callable[[object], Any]
_MISSING = object()


def as_json(value: Any) -> Any:
    """Return a value as JSON has it: a NamedTuple as object, another tuple as list, NaN and infinity as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        if names is not None:
            return {name: as_json(item) for name, item in zip(names, value, strict=True)}
        return [as_json(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def of_json(kind: type[T], document: object) -> T:
    """Return a NamedTuple read from JSON. Raises FrameError, which names the field that does not fit."""
    return cast(T, _reader(cast(Any, kind))(document))


@cache
def _reader(kind: Any) -> Read:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _any_of(get_args(kind))
    if origin is tuple:
        return _tuple_of(get_args(kind))
    if hasattr(kind, "_fields"):
        return _object_of(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _word_of(kind)
    return _PLAIN[origin or kind]


def _object_of(kind: Any) -> Read:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}

    def read(document: object) -> Any:
        given = _fits(document, dict, "an object")
        values = {}
        for name, reader in readers.items():
            value = given.get(name, _MISSING)
            if value is _MISSING:
                if name not in kind._field_defaults:
                    raise FrameError(f"{name} is missing")
                continue
            try:
                values[name] = reader(value)
            except FrameError as error:
                raise FrameError(f"{name}: {error}") from None
        return kind(**values)

    return read


def _tuple_of(kinds: tuple[Any, ...]) -> Read:
    if kinds[-1] is Ellipsis:
        each = _reader(kinds[0])
        return lambda document: tuple(each(item) for item in _fits(document, list, "a list"))
    readers = tuple(_reader(kind) for kind in kinds)

    def read(document: object) -> Any:
        items = _fits(document, list, "a list")
        if len(items) != len(readers):
            raise FrameError(f"not a list of {len(readers)}")
        return tuple(reader(item) for reader, item in zip(readers, items, strict=True))

    return read


def _any_of(kinds: tuple[Any, ...]) -> Read:
    readers = tuple(_reader(kind) for kind in kinds if kind is not NoneType)
    may_be_none = NoneType in kinds

    def read(document: object) -> Any:
        if document is None and may_be_none:
            return None
        for reader in readers[:-1]:
            try:
                return reader(document)
            except FrameError:
                continue
        return readers[-1](document)

    return read


def _word_of(kind: type[Enum]) -> Read:
    def read(document: object) -> Any:
        try:
            return kind(document)
        except ValueError:
            raise FrameError("not one of the words or numbers that are known") from None

    return read


def _fits(document: object, kind: type[T], noun: str) -> T:
    if not isinstance(document, kind) or (kind is int and isinstance(document, bool)):
        raise FrameError(f"not {noun}")
    return document


def _number(document: object) -> float:
    if document is None:
        return math.nan
    if isinstance(document, bool) or not isinstance(document, int | float):
        raise FrameError("not a number")
    return float(document)


_PLAIN: dict[Any, Read] = {
    str: lambda document: _fits(document, str, "text"),
    int: lambda document: _fits(document, int, "a whole number"),
    bool: lambda document: _fits(document, bool, "true or false"),
    dict: lambda document: _fits(document, dict, "an object"),
    float: _number,
}
