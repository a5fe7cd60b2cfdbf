"""Writes a new station file: the packaged example, every comment kept, with what a person has answered."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pvdstation.model.instrument_rules import ADAM_CHANNELS
from pvdstation.model.materials import find_material

Dialect = Literal["scpi", "gen", "none"]
IoMap = Literal["wago", "adam-6050", "adam-6060"]
MOST_BOATS = 4
_VALUE = re.compile(r"(?P<before>\s*)(?P<key>[A-Za-z_]+) = (?P<value>.*?)(?P<after>\s+# .*)?")
_HEADER = re.compile(r"\[([^\]]+)\].*")
_NUMBERED = re.compile(r"# (DO|DI) \d+:")
_BOAT_WIRE = re.compile(r'\s+"(source shutter|sh|enable) ?2\b')
_BORROWED = "# Powers, loop and resistance are those of the example's zinc boat: replace them before the first current."
_GROWTH = {"Zn": 1.72, "Li": 2.06}
_NO_WATCHDOG = '"none"'


@dataclass(frozen=True, slots=True)
class Boat:
    """A boat with its supply, as answered."""

    material: str
    rate_loop: Literal["sqc", "host"]
    dialect: Dialect
    port: str = ""
    model: str = ""
    full_scale_a: float = 100.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What differs most between stations."""

    name: str
    boats: Sequence[Boat]
    sqc_port: str
    io_port: str
    gauges_port: str
    turbo_port: str
    io_map: IoMap = "wago"
    io_proved: str = ""
    """ADAM modules: the day when pulling the cable proved their watchdog."""


def station_text(answers: Answers) -> str:
    """Return the text of the station file."""
    parts = [
        _head(answers), _sqc(answers), _example()["sqc.fingerprint"],
        *(_sensor(number) for number, _ in _boats(answers)),
        *(_source(number, boat) for number, boat in _boats(answers)),
        *([_codeposition(answers)] if len(answers.boats) > 1 else []),
        *(_supply(number, boat) for number, boat in _boats(answers)),
        _io(answers),
        _with(_example()["gauges"], port=_text(answers.gauges_port)),
        _with(_example()["turbo"], port=_text(answers.turbo_port)),
        *(_example()[name] for name in ("gas.N2", "glovebox", "limits", "defaults")),
        _estimate(answers),
    ]  # fmt: skip
    return "\n\n".join("\n".join(lines).strip("\n") for lines in parts) + "\n"


def _boats(answers: Answers) -> Iterator[tuple[int, Boat]]:
    return enumerate(answers.boats, start=1)


@cache
def _example() -> dict[str, list[str]]:
    """Return the example's tables by name; "" is what stands before the first."""
    text = files("pvdstation").joinpath("stations", "example.toml").read_text(encoding="utf-8")
    blocks: dict[str, list[str]] = {"": []}
    lines = blocks[""]
    for line in text.splitlines():
        header = _HEADER.fullmatch(line)
        if header is not None:
            lines = blocks.setdefault(header[1], [])
        lines.append(line)
    return blocks


def _with(lines: Sequence[str], **values: str) -> list[str]:
    """Return a table with other values; each key must be there."""
    missing = set(values)
    changed = []
    for line in lines:
        found = _VALUE.fullmatch(line)
        if found is not None and found["key"] in values:
            missing.discard(found["key"])
            line = f"{found['before']}{found['key']} = {values[found['key']]}{found['after'] or ''}"  # noqa: PLW2901
        changed.append(line)
    if missing:
        raise KeyError(f"the example has no {', '.join(sorted(missing))}")
    return changed


def _without(lines: Sequence[str], *keys: str) -> list[str]:
    return [line for line in lines if not ((found := _VALUE.fullmatch(line)) and found["key"] in keys)]


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- tables ---


def _head(answers: Answers) -> list[str]:
    lines = _with(_example()[""], name=_text(answers.name))
    place = next(i for i, line in enumerate(lines) if line.startswith("# A real station"))
    lines[place] = '# Written by "pvd init" from the packaged example; what was not asked stands as it does there.'
    return lines


def _sqc(answers: Answers) -> list[str]:
    channels = "2" if len(answers.boats) <= 2 else "4"
    return _with(_example()["sqc"], port=_text(answers.sqc_port), channels=channels)


def _sensor(number: int) -> list[str]:
    header, *lines = _example()["sensor.1"]
    return [header.replace("1", str(number)), *lines]


def _source(number: int, boat: Boat) -> list[str]:
    known = _example().get(f"source.{boat.material}")
    _, *lines = known or _example()["source.Zn"]
    place = f"{{ output = {number}, sensors = [{number}], film = {number}, material = {number}, process = {number} }}"
    lines = _with(lines, boat=str(number), rate_loop=_text(boat.rate_loop), sqc=place)
    header = [f"[source.{boat.material}] # boat {number}"]
    if known is None:
        found = find_material(boat.material)
        if found is None:
            raise ValueError(f"{boat.material} is no known evaporant")
        density, z = f'"{found.density_g_cm3:g} g/cm3"', f"{found.z:g}"
        lines = _with(lines, density=density, z=z, charge='"1000 mg"', purity='"99.9 %"')
        header.append(_BORROWED)
    return [*header, *lines]


def _codeposition(answers: Answers) -> list[str]:
    after = len(answers.boats) + 1
    return _with(_example()["codeposition"], process=str(after), layers=f"[{after}, {after + 1}]")


def _supply(number: int, boat: Boat) -> list[str]:
    header, *lines = _example()["supply.1"]
    header = header.replace("boat 1", f"boat {number}").replace("[supply.1]", f"[supply.{number}]")
    source = _text("analogue" if boat.rate_loop == "sqc" else "digital")
    lines = _with(lines, dialect=_text(boat.dialect), current_source=source, full_scale=f'"{boat.full_scale_a:g} A"')
    if boat.dialect != "scpi":
        header = header.replace("GENESYS+", "legacy Genesys" if boat.dialect == "gen" else "no host link")
        lines = _without(_with(lines, watchdog=_NO_WATCHDOG), "foldback")
    if boat.dialect == "none":
        return [header, *_without(lines, "port", "model")]
    lines = _with(lines, port=_text(boat.port), model=_text(boat.model))
    if boat.dialect == "gen":
        after = next(place for place, line in enumerate(lines) if line.startswith("model = ")) + 1
        lines[after:after] = [
            "address = 6                 # on its serial line; 0 to 30; its panel; not yet: P13",
            "baud = 9600                 # of the line; 1200 to 19200; its panel; not yet: P13",
        ]
    return [header, *lines]


def _io(answers: Answers) -> list[str]:
    lines = list(_renumbered(_wires(answers)))
    lines = _with(lines, port=_text(answers.io_port), map=_text(answers.io_map))
    if answers.io_map == "wago":
        return lines
    per_unit = ADAM_CHANNELS[answers.io_map]
    names = [sum(mark in line for line in lines) for mark in ("# DI ", "# DO ")]
    units = max(-(-count // room) for count, room in zip(names, per_unit, strict=True))
    after = next(place for place, line in enumerate(lines) if line.startswith("unit = ")) + 1
    proof = f'{{ what = "host watchdog, set with the maker\'s tool", proved = {_text(answers.io_proved)} }}'
    lines[after:after] = [
        f"units = {units}                   # modules with the numbers that follow; 1 to 8; wiring; not yet: D20",
        f"external_watchdog = {proof} # what drops the outputs without us, and the day of the proof; D13",
    ]
    lines[0] = f"[io] # {answers.io_map.upper()}; the names are words of the program, their order is the wiring"
    return lines


def _wires(answers: Answers) -> Iterator[str]:
    """Yield the lines of ``[io]`` with the wires of every boat: the example's second one stands for all after it."""
    waiting: list[str] = []
    for line in _example()["io"]:
        if _BOAT_WIRE.match(line):
            waiting.append(line)
            continue
        for number in range(2, len(answers.boats) + 1) if waiting else ():
            yield from (_of_boat(wire, number) for wire in waiting)
        waiting.clear()
        yield line


def _of_boat(line: str, number: int) -> str:
    renamed = re.sub(r'"(source shutter |sh|enable )2\b', rf'"\g<1>{number}', line)
    return renamed.replace("boat 2", f"boat {number}")


def _renumbered(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines with outputs and inputs counted from 0."""
    counts = {"DO": 0, "DI": 0}
    for line in lines:
        found = _NUMBERED.search(line)
        if found is None:
            yield line
            continue
        yield _NUMBERED.sub(f"# {found[1]} {counts[found[1]]}:", line)
        counts[found[1]] += 1


def _estimate(answers: Answers) -> list[str]:
    known = {"Zn": 33, "Li": 25}
    times = ", ".join(f'{boat.material} = "{known.get(boat.material, 30)} s"' for boat in answers.boats)
    growths = ", ".join(
        f"{boat.material} = {_GROWTH[boat.material]}" for boat in answers.boats if boat.material in _GROWTH
    )
    return _with(_example()["estimate"], time_to_rate=f"{{ {times} }}", resistance_growth=f"{{ {growths} }}")
