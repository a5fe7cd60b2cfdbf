"""NeXus groups and fields with their attributes, as h5py writes them."""

import re
from array import array
from collections.abc import Sequence
from enum import IntEnum

import h5py

from pvdstation.model.signals import Quality
from pvdstation.record.export.nexus_logs import Series

Value = str | int | float | Sequence[str] | Sequence[int] | Sequence[float] | tuple[Sequence[float] | float, str]
"""What ``fill`` takes: words, a number, a column, or one of these with its unit."""

_TEXT = h5py.string_dtype("utf-8")
_COMPRESSED_FROM = 64


def group(parent: h5py.Group, name: str, nx_class: str, **attributes: object) -> h5py.Group:
    """Return a new group of a NeXus class."""
    made = parent.create_group(name)
    made.attrs.update(NX_class=nx_class, **attributes)
    return made


def fill(parent: h5py.Group, **fields: Value) -> None:
    """Write fields; one with a unit is a pair (value, unit)."""
    for name, value in fields.items():
        if isinstance(value, tuple):
            number, unit = value
            _write(parent, name, number).attrs["units"] = unit
        else:
            _write(parent, name, value)


def note(parent: h5py.Group, name: str, content: bytes, mime: str, description: str) -> h5py.Group:
    """Return an NXnote with the bytes as they are."""
    made = group(parent, name, "NXnote")
    fill(made, type=mime, description=description)
    made.create_dataset("data", data=list(content), dtype="u1")
    return made


def log(parent: h5py.Group, name: str, series: Series, unit: str, start: str) -> h5py.Group:
    """Return an NXlog: ``value`` is NaN where it is not good, then ``raw_value`` has what was read."""
    made = group(parent, name, "NXlog")
    fill(made, time=(series.at_s, "s"), value=(series.values, unit))
    made["time"].attrs["start"] = start
    if any(series.qualities):
        fill(made, raw_value=(series.read, unit))
    return made


def quality_log(parent: h5py.Group, series: Series, times: h5py.Dataset) -> None:
    """Write how far each value can be trusted, as an NXlog that shares the values' times."""
    made = group(parent, "quality_log", "NXlog")
    made["time"] = times
    fill(made, value=(series.qualities, ""))
    flags(made["value"], Quality)


def flags(field: h5py.Dataset, words: type[IntEnum]) -> None:
    """Say what the numbers of a field mean."""
    field.attrs["flag_values"] = [word.value for word in words]
    field.attrs["flag_meanings"] = " ".join(word.name.lower() for word in words)


def identifier(name: str) -> str:
    """Return a name as NeXus wants it: letters, digits and underscores."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII)


def _write(parent: h5py.Group, name: str, value: object) -> h5py.Dataset:
    if isinstance(value, str):
        return parent.create_dataset(name, data=value, dtype=_TEXT)
    if isinstance(value, list) and (not value or isinstance(value[0], str)):
        return parent.create_dataset(name, data=value, dtype=_TEXT)
    if isinstance(value, array) and len(value) >= _COMPRESSED_FROM:
        return parent.create_dataset(name, data=value, compression="gzip", shuffle=True)
    return parent.create_dataset(name, data=value)
