"""Every refusal of a recipe as a person reads it, beside one another in one file that is reviewed for its wording.

Renew the file after a change that is meant: ``python tests/unit/test_refusal_wording.py``.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from pvdstation.cli.refusals import refusal_text
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.toml import load_station
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "refusals.txt"
STATIONS = HERE.parents[1] / "src" / "pvdstation" / "stations"
WIDTH = 100

FIVE = """\
name = "five mistakes"

[[steps]]
do = "deposit"
material = "Zn"
thickness = "100 nmm"
rate = "0.5 nm/s"

[[steps]]
do = "admit_gas"
gas = "N2"
pressure = "5 bar"
dwell = "3 min"
then = "stay"

[[steps]]
do = "deposit"
materiel = "Li"
thickness = "100 nm"

[[steps]]
do = "evaquate"

[[steps]]
do = "deposit"
material = "Li"
thickness = "100 nm"
rate = "5 nm/s"
"""
FILES = {
    "five.toml": FIVE,
    "parameters.toml": """\
name = "parameters"
steps = ["{li} Zn at 0.5 nm/s", "5 nm Li at {rate}", "{zn}"]
[parameters.li]
unit = "nm"
default = "10 nm"
min = "20 nm"
[parameters.rate]
unit = "nm"
default = "5 nm"
""",
    "values.toml": """\
name = "values"
steps = [
  { do = "deposit", material = "Zn", thickness = 100, rate = "0.5 nm/s" },
  { do = "deposit", material = "Zn", thickness = "5 nm", rate = "1 nm/s", time = "5 s" },
  { do = "deposit", material = "Zn", thickness = "5 nm", capture = { within = "10 %", otherwise = "wait" } },
  { do = "admit_gas", gas = "N2", pressure = "500 mbar" },
  { do = "wait_until", of = "pressure", timeout = "1 h" },
  { do = "ask", text = "Sure?", answer = "number", default = true },
  { do = "recipe", file = "../other.toml" },
  { do = "repeat", times = 0, steps = ["wait 5 s"] },
  17,
]
""",
    "broken.toml": 'name = "broken\nsteps = []\n',
    "header.toml": 'nmae = "header"\nversion = 0\nsteps = ["wait 5 s"]\n[requires]\nbase_pressure = "1 mbar"\n',
    "empty.toml": 'name = "empty"\nsteps = []\n',
}
LINES = (
    "300 Zn at 0.5 nm/s",
    "300 nmm Zn at 0.5 nm/s; 3 apples; 100 nm; hello world",
    "300 nm Zm at 0.5 nm/s",
    "300 nm Zn",
    "0,5 nm Zn at 0,5 nm/s",
    "300 nm Zn at 0.5 mbar",
    "300 nm Zn at 0.5 nm/s for 60 s",
    "-300 nm Zn at 0.5 nm/s",
    "300 nm Ag at 0.5 nm/s from boat 7",
    "300 nm Zn at 0.5 nm/s from boat 2",
    "1 mAh/cm2 Ag at 0.5 nm/s",
    "3000000 nm Zn at 0.5 nm/s",
    "90 µm Zn at 5 nm/s",
    "300 nm Zn at 0.001 nm/s",
    "300 nm Zn at 0.1 nm/s ramp at 400 nm to 0.5 nm/s over 30 s",
    "200 nm Zn at 0.4 nm/s with Zn at 0.1 nm/s",
    "200 nm Zn at 0.4 nm/s with Li",
    "N2 to 900 mbar for 3 min",
    "N2 to 1 mbar for 3 min",
    "N2 to 500 mbar",
    "O2 to 500 mbar for 3 min",
    "pump to 1 mbar",
    "pump to 1e-3 mbar, then 300 nm Zn at 0.5 nm/s",
    "evacuate to 1e-3 mbar",
    "cool to 20 °C",
    "vent with N2",
    "leak test 5 min below 1e-5 mbar",
    "leak test 5 min below 1 mbar/s",
    "wait until pressure below 1e-6 mbar",
    "wait",
    'ask "Sure?" yes/no default perhaps',
    "repeat twice (wait 5 s)",
    "repeat 3 times wait 5 s",
    "repeat 3 times (wait 5 s",
    "repeat 3 times (wait 5 s) and wait 10 s",
    'recipe "none.toml"',
    "",
)


def refusals() -> Iterator[str]:
    station = load_station((STATIONS / "sim.toml").read_bytes(), "sim.toml")
    for name, text in FILES.items():
        yield f"=== {name}\n{text}\n--- is refused with\n{refused(text.encode(), name, station)}\n"
    for line in LINES:
        yield f"=== {line!r}\n{refused(line, '', station)}\n"


def refused(source: bytes | str, file: str, station: object) -> str:
    try:
        check_recipe(load_recipe(source, file, read=nothing), station)  # type: ignore[arg-type]
    except Refused as refusal:
        return refusal_text(refusal.problems, WIDTH)
    raise AssertionError(f"{source!r} is accepted")


def nothing(name: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", name)


def problems_of(text: str) -> list[Problem]:
    station = load_station((STATIONS / "sim.toml").read_bytes(), "sim.toml")
    try:
        check_recipe(load_recipe(text.encode(), "five.toml"), station)
    except Refused as refusal:
        return list(refusal.problems)
    return []


def test_every_refusal_reads_as_it_was_reviewed() -> None:
    assert "\n".join(refusals()) == GOLDEN.read_text(encoding="utf-8")


def test_five_different_mistakes_are_told_together_each_with_its_place() -> None:
    places = [(problem.line, problem.column, problem.where) for problem in problems_of(FIVE)]
    assert places == [
        (6, 13, "step 1 (deposit), thickness"),
        (12, 12, "step 2 (admit_gas), pressure"),
        (16, 3, "step 3 (deposit), material"),
        (18, 1, "step 3 (deposit), materiel"),
        (22, 6, "step 4 (evaquate), do"),
        (28, 8, "step 5 (deposit), rate"),
    ]


def test_every_problem_says_what_to_write() -> None:
    for name, text in FILES.items():
        if name != "broken.toml":
            assert all(problem.what and problem.write for problem in problems_of(text)), name


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(refusals()), encoding="utf-8")
    sys.stdout.write(f"{GOLDEN}\n")
