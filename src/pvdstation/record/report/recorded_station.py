"""The station of a record, also when a newer program asks more of a station file than the one that wrote it."""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station

_NEEDED: dict[str, tuple[str, ...]] = {
    "glovebox": ("gas",),
    "limits": ("rate_attention", "film_pressure"),
    "sqc": ("f_min", "f_max"),
    "estimate": ("throw", "source_warm_up_as_layer"),
}
_NEEDED_OF_EACH: dict[str, tuple[str, ...]] = {
    "source": ("boat", "boat_material", "charge", "purity", "rate_loop", "sqc", "density", "z"),
    "sensor": ("tooling",),
    "gas": ("purity",),
}
_M = TypeVar("_M", bound=BaseModel)


def recorded_station(data: bytes) -> Station:
    """Read a recorded station file; one of another version as far as a report needs it. Raises Refused."""
    try:
        return load_station(data, "the recorded station file")
    except Refused as refusal:
        try:
            station = _as_it_stands(Station, tomllib.loads(data.decode()))
        except ValueError:
            raise refusal from None
        if missing := _missing(station):
            what = f"the recorded station file is of another version and has no {', '.join(missing)}"
            write = "Use the version of pvdstation that recorded the run."
            raise Refused([Problem("the record", what, write)]) from None
        return station


def _missing(station: Station) -> list[str]:
    missing = [table for table in (*_NEEDED, *_NEEDED_OF_EACH) if not hasattr(station, table)]
    if missing:
        return missing
    tables = [(name, getattr(station, name), keys) for name, keys in _NEEDED.items()]
    tables += [
        (f"{name}.{number}", table, keys)
        for name, keys in _NEEDED_OF_EACH.items()
        for number, table in getattr(station, name).items()
    ]
    return [f"{name}.{key}" for name, table, keys in tables for key in keys if not hasattr(table, key)]


def _as_it_stands(model: type[_M], values: Mapping[str, Any]) -> _M:
    """Return a table with every value that today's model understands; the others are not there."""
    found = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in values:
            try:
                found[name] = _value(field, values[key])
            except ValidationError:
                continue
    return model.model_construct(**found)


def _value(field: FieldInfo, value: Any) -> Any:
    annotation = field.annotation
    if isinstance(value, dict):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return _as_it_stands(annotation, value)
        if get_origin(annotation) is dict:
            key_type, inner = get_args(annotation)
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                keys = TypeAdapter(key_type)
                return {keys.validate_python(key): _as_it_stands(inner, item) for key, item in value.items()}
    whole: Any = Annotated[(annotation, *field.metadata)] if field.metadata else annotation
    return TypeAdapter(whole).validate_python(value)
