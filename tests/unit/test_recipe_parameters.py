"""Parameters, rounds and other files: what is filled in, taken apart, and refused with its place."""

from pathlib import Path

import pytest

from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.public import check
from pvdstation.model.problems import Problem, Refused
from pvdstation.recipe.document import Recipe, load_recipe
from pvdstation.recipe.steps import AdmitGasStep, DepositStep
from pvdstation.record.results import RunResult

HEAD = b'name = "t"\n'
LI = b"""
[parameters.li]
unit = "nm"
default = "100 nm"
min = "20 nm"
max = "400 nm"
help = "Lithium."
"""
SERIES = HEAD + b'steps = ["300 nm Zn at 0.5 nm/s", "{li} Li"]' + LI
TABLE = HEAD + b'steps = [{ do = "deposit", material = "Li", thickness = "{li}", rate = "0.5 nm/s" }]' + LI
FILES = {
    "layer.toml": HEAD + b'steps = ["{li} Li at 0.5 nm/s"]\n[requires]\nbase_pressure = "1e-6 mbar"' + LI,
    "loop.toml": HEAD + b'steps = [{ do = "recipe", file = "loop.toml" }]',
    "bad.toml": HEAD + b'steps = ["300 nmm Zn at 0.5 nm/s"]',
}


def read(name: str) -> bytes:
    try:
        return FILES[name]
    except KeyError:
        raise FileNotFoundError(2, "No such file or directory", name) from None


def load(source: bytes | str, **values: str) -> Recipe:
    return load_recipe(source, "r.toml" if isinstance(source, bytes) else "", read=read, values=values)


def problems(source: bytes | str, **values: str) -> list[Problem]:
    try:
        return list(load(source, **values).problems)
    except Refused as refused:
        return refused.problems


def thicknesses(recipe: Recipe) -> list[float]:
    assert recipe.problems == ()
    layers = [step.model for step in recipe.steps]
    assert all(isinstance(layer, DepositStep) for layer in layers)
    return [layer.thickness.value for layer in layers if isinstance(layer, DepositStep) and layer.thickness]


@pytest.mark.parametrize(
    ("source", "values", "found"),
    [
        (SERIES, {}, [300.0, 100.0]), (SERIES, {"li": "0.2 µm"}, [300.0, 200.0]), (TABLE, {"li": "400 nm"}, [400.0]),
    ],
)  # fmt: skip
def test_a_parameter_is_filled_into_its_field(source: bytes, values: dict[str, str], found: list[float]) -> None:
    assert thicknesses(load(source, **values)) == found


def test_the_recipe_keeps_what_its_parameters_were() -> None:
    (parameter,) = load(SERIES, li="200 nm").parameters
    assert (parameter.name, parameter.value, parameter.default, parameter.is_changed) == (
        "li",
        "200 nm",
        "100 nm",
        True,
    )


@pytest.mark.parametrize(
    ("source", "values", "where", "what"),
    [
        (SERIES, {"li": "10 nm"}, "--set li", "below its minimum of 20 nm"),
        (SERIES, {"li": "500 nm"}, "--set li", "above its maximum of 400 nm"),
        (SERIES, {"li": "100"}, "--set li", "needs a unit"),
        (SERIES, {"li": "5 mbar"}, "--set li", "mbar is a unit of pressure"),
        (SERIES, {"lii": "100 nm"}, "--set lii", 'no parameter "lii"'),
        ("5 nm Zn at 1 nm/s", {"li": "100 nm"}, "--set li", 'no parameter "li"'),
        (HEAD + b'steps = ["{l} Li at 1 nm/s"]' + LI, {}, "step 1 (deposit), thickness", 'no parameter "l"'),
        (HEAD + b'steps = ["5 nm Li at {li}"]' + LI, {}, "step 1 (deposit), rate", "nm is a unit of thickness"),
        (HEAD + b'steps = ["wait 5 s"]' + LI.replace(b"nm", b"xy"), {}, "parameters.li.unit", '"xy" is not a unit'),
        (HEAD + b'steps = ["wait 5 s"]' + LI.replace(b'"100 nm"', b'"10 nm"'), {}, "parameters.li.default", "below"),
        (HEAD + b'steps = ["wait 5 s"]' + LI.replace(b'"100 nm"', b"100"), {}, "parameters.li.default", "bare number"),
        (
            HEAD + b'steps = [{ do = "deposit", material = "Li", thickness = "{li} nm", rate = "1 nm/s" }]' + LI, {},
            "step 1 (deposit), thickness", "stands alone",
        ),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_with_their_place(
    source: bytes | str, values: dict[str, str], where: str, what: str
) -> None:
    (problem,) = problems(source, **values)
    assert (problem.where, what in problem.what, bool(problem.write)) == (where, True, True)


def test_a_parameter_in_a_string_points_at_its_characters() -> None:
    (problem,) = problems(HEAD + b'steps = ["5 nm Zn at 1 nm/s; {l} Li"]' + LI)
    assert (problem.line, problem.column, problem.span) == (2, 30, 3)


@pytest.mark.parametrize(
    "source",
    [
        "repeat 2 times (20 nm Zn at 0.5 nm/s, then 10 nm Li)",
        HEAD + b'steps = ["repeat 2 times (20 nm Zn at 0.5 nm/s, then 10 nm Li)"]',
        HEAD + b'[[steps]]\ndo = "repeat"\ntimes = 2\nsteps = ["20 nm Zn at 0.5 nm/s", "10 nm Li"]',
        HEAD + b'steps = ["repeat {n} times (20 nm Zn at 0.5 nm/s, 10 nm Li)"]\n[parameters.n]\ndefault = 2',
    ],
)
def test_rounds_are_taken_apart(source: bytes | str) -> None:
    recipe = load(source)
    assert thicknesses(recipe) == [20.0, 10.0, 20.0, 10.0]
    assert [step.round for step in recipe.steps] == ["round 1 of 2"] * 2 + ["round 2 of 2"] * 2


def test_rounds_in_rounds_and_their_mistakes_are_told_once() -> None:
    recipe = load("repeat 2 times (repeat 2 times (5 nm Zn at 1 nm/s))")
    assert [step.round for step in recipe.steps][1:3] == ["round 1 of 2, round 2 of 2", "round 2 of 2, round 1 of 2"]
    (problem,) = problems("repeat 3 times (5 nmm Zn at 1 nm/s)")
    assert (problem.column, problem.span) == (17, 5)


def test_another_file_is_done_with_its_parameters() -> None:
    recipe = load(HEAD + b'[[steps]]\ndo = "recipe"\nfile = "layer.toml"\nset = { li = "50 nm" }')
    assert thicknesses(recipe) == [50.0]
    assert recipe.base_pressure == 1e-6
    assert [part.file for part in recipe.included] == ["layer.toml"]
    assert thicknesses(load('5 nm Zn at 1 nm/s; recipe "layer.toml"')) == [5.0, 100.0]


@pytest.mark.parametrize(
    ("source", "file", "what"),
    [
        ('recipe "../layer.toml"', "", "not a recipe beside this one"),
        ('recipe "/etc/passwd"', "", "not a recipe beside this one"),
        ('recipe "none.toml"', "", "cannot be read"),
        ('recipe "loop.toml"', "loop.toml", "names itself"),
        ('recipe "bad.toml"', "bad.toml", "nmm"),
        (HEAD + b'[[steps]]\ndo = "recipe"\nfile = "layer.toml"\nset = { li = "9 nm" }', "r.toml", "below its minimum"),
        (HEAD + b'[[steps]]\ndo = "recipe"\nfile = "layer.toml"\nset = { lu = "9 nm" }', "r.toml", 'no parameter "lu"'),
    ],
)
def test_other_files_are_refused_plainly(source: bytes | str, file: str, what: str) -> None:
    found = problems(source)[0]
    assert (found.file, what in found.what) == (file, True)


def test_sets_of_the_command_line_reach_the_layer(tmp_path: Path) -> None:
    (tmp_path / "series.toml").write_bytes(SERIES)
    (tmp_path / "all.toml").write_bytes(
        HEAD + b'[[steps]]\ndo = "recipe"\nfile = "series.toml"\nset = { li = "40 nm" }'
    )
    result = check(str(tmp_path / "series.toml"), parameters={"li": "200 nm"}).as_json()
    assert result["parameters"] == {"li": "200 nm"}
    assert "deposit 200 nm Li at 0.5 nm/s" in [row["text"] for row in result["steps"]]  # type: ignore[attr-defined]
    assert "deposit 40 nm Li at 0.5 nm/s" in [s.text for s in check(str(tmp_path / "all.toml")).checked.procedure.steps]


@pytest.mark.parametrize("sets", [["li"], ["=5 nm"], ["li="], ["li=5 nm", "li=6 nm"]])
def test_sets_that_set_nothing_are_refused(sets: list[str]) -> None:
    refused = prepare("5 nm Zn at 1 nm/s", None, sets=sets)
    assert isinstance(refused, RunResult)
    assert refused.errors[-1].where.startswith("--set")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ('thickness = "5 nm", time = "9 s", rate = "1 nm/s"', "any two"),
        ('rate = "1 nm/s"', "does not say how much"),
        ('time = "60 s", rate = "1 nm/s", ramps = [{ at = "5 nm", to = "2 nm/s", over = "9 s" }]', "by its thickness"),
        ('thickness = "5 mbar", rate = "1 nm/s"', "pressure"),
        ("thickness = 5", "bare number"),
    ],
)
def test_layers_that_say_too_much_or_too_little(fields: str, what: str) -> None:
    (problem,) = problems(HEAD + f'steps = [{{ do = "deposit", material = "Zn", {fields} }}]'.encode())
    assert what in problem.what
    assert problem.write


def test_a_gas_that_settles_is_read() -> None:
    step = b'{ do = "admit_gas", gas = "N2", pressure = "5 mbar", dwell = "9 s", keep = "settle" }'
    (model,) = [step.model for step in load(HEAD + b"steps = [" + step + b"]").steps]
    assert isinstance(model, AdmitGasStep)
    assert model.keep == "settle"
