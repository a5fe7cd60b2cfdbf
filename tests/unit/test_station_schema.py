"""``pvd schema station``: an editor that follows it takes every packaged station, and marks what the loader refuses."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest

from pvdstation.assembly.schemas import station_schema
from pvdstation.model.quantities import UNITS

SCHEMA = station_schema()
STATIONS = sorted(item.name for item in files("pvdstation.stations").iterdir() if item.name.endswith(".toml"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def plain(name: str) -> dict[str, Any]:
    return tomllib.loads(files("pvdstation.stations").joinpath(name).read_text(encoding="utf-8"))


def faults(schema: dict[str, Any], value: Any, at: str = "") -> Iterator[str]:
    """Yield the places at which a value is not as the schema says (the keywords that pydantic writes)."""
    if "$ref" in schema:
        schema = {**SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
    if "anyOf" in schema:
        tried = [list(faults(branch, value, at)) for branch in schema["anyOf"]]
        yield from [] if [] in tried else tried[0]
        return
    kind = TYPES.get(schema.get("type", ""), object)
    if schema.get("type") == "null" or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        yield f"{at}: type"
        return
    if value not in schema.get("enum", [schema.get("const", value)]):
        yield f"{at}: enum"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: pattern"
    if isinstance(value, int | float) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and schema.get("exclusiveMinimum", value - 1) < value
    ):
        yield f"{at}: range"
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from faults(schema.get("items", {}), item, f"{at}.{place}")
    if isinstance(value, dict):
        yield from table_faults(schema, value, at)


def table_faults(schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}.{key}: missing" for key in schema.get("required", []) if key not in value)
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        known = schema.get("properties", {}).get(key)
        patterns = [s for p, s in schema.get("patternProperties", {}).items() if re.search(p, key)]
        if known is not None:
            yield from faults(known, item, f"{at}.{key}")
        elif patterns:
            yield from faults(patterns[0], item, f"{at}.{key}")
        elif isinstance(others, dict):
            yield from faults(others, item, f"{at}.{key}")
        elif others is False:
            yield f"{at}.{key}: unknown"


@pytest.mark.parametrize("name", STATIONS)
def test_every_packaged_station_is_as_the_schema_says(name):
    assert list(faults(SCHEMA, plain(name))) == []


@pytest.mark.parametrize(
    ("path", "wrong", "why"),
    [
        (("scan_period",), 0.25, ".scan_period: type"),
        (("scan_period",), "0.25", ".scan_period: pattern"),
        (("scan_period",), "0.25 mbar", ".scan_period: pattern"),
        (("sqc", "baud"), 9601, ".sqc.baud: enum"),
        (("sqc", "bauds"), 9600, ".sqc.bauds: unknown"),
        (("source", "Zn", "rate_loop"), "me", ".source.Zn.rate_loop: enum"),
        (("source", "Zn", "z"), 0, ".source.Zn.z: range"),
        (("supply", "1", "watchdog"), "never", ".supply.1.watchdog: pattern"),
        (("sensor", "1", "tooling"), "112", ".sensor.1.tooling: pattern"),
    ],
)
def test_what_the_loader_refuses_is_marked(path, wrong, why):
    values = deepcopy(plain("sim.toml"))
    table = values
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = wrong
    assert list(faults(SCHEMA, values)) == [why]


def test_a_missing_key_is_marked():
    values = plain("sim.toml")
    del values["io"]["watchdog"]
    assert list(faults(SCHEMA, values)) == [".io.watchdog: missing"]


def test_every_spelling_of_a_unit_is_taken():
    time = SCHEMA["properties"]["scan_period"]
    assert all(not list(faults(time, f"1 {unit}")) for unit in UNITS["time"])
    assert not list(faults(time, "1.5e-3 min"))


def test_a_default_is_what_a_person_could_write():
    text = json.dumps(SCHEMA, allow_nan=False)
    assert '"default": "scpi"' in text
    assert not re.search(r'"default": (\{|null|[0-9.]+e|\d+\.)', text)


def test_the_command_prints_it():
    command = [sys.executable, "-m", "pvdstation", "schema", "station"]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=60)
    assert (json.loads(ended.stdout), ended.stderr) == (SCHEMA, "")
    assert ended.stdout == subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout


def test_the_example_names_the_schema_for_editors():
    first = files("pvdstation.stations").joinpath("example.toml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "#:schema ./station.schema.json"
