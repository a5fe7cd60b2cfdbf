"""The station of ``pvd-sim serve``: read by name or file, and written with the ports that it got."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import LARGEST_BYTES, load_station, read_toml


class Source(NamedTuple):
    """A simulated station, checked, and as plain values."""

    station: Station
    values: dict[str, Any]


def read_source(name: str) -> Source:
    """Read a packaged station by its name, else a file. Raises Refused with every problem, also by a real port."""
    content, file = _bytes_of(name)
    station = load_station(content, file)
    if not station.is_simulated:
        what = "this station has real ports, and only a simulated one can be served"
        raise Refused([Problem("--station", what, 'Name a station whose ports all begin with "sim:".', file)])
    return Source(station, read_toml(content, file).values)


def served_text(source: Source, urls: Mapping[str, str], control: str) -> str:
    """Return the station file of the served station: real ports by link, its simulator, and no plant."""
    values = {"simulator": control, **deepcopy(source.values)}
    values.pop("simulation", None)
    for link, url in urls.items():
        number = link.removeprefix("supply")
        table = values[link] if number == link else values["supply"][number]
        table["port"] = url
    head = f"# Written by pvd-sim serve: {source.station.file} on the ports of a simulator that is running."
    return "\n".join([head, *_table(values, ())]) + "\n"


def _bytes_of(name: str) -> tuple[bytes, str]:
    packaged = {Path(item.name).stem: item for item in files("pvdstation").joinpath("stations").iterdir()}
    if name in packaged:
        return packaged[name].read_bytes(), f"{name}.toml"
    if not name.lower().endswith(".toml"):
        known = ", ".join(sorted(packaged))
        what = f'there is no packaged station "{name}"'
        raise Refused([Problem("--station", what, f"Write one of {known}, or the path of a .toml file.")])
    try:
        with Path(name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1), name
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refused([Problem("--station", f'"{name}" cannot be read: {reason}', "Check the path.")]) from None


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table: its own values first, then the tables in it."""
    if path:
        yield ""
        yield f"[{'.'.join(_key(part) for part in path)}]"
    for key, value in values.items():
        if not isinstance(value, Mapping):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
