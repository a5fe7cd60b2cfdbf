"""Recipes as written: both forms give one model, and every mistake its place."""

from hashlib import sha256

import pytest

from pvdstation.model.problems import Problem, Refused
from pvdstation.recipe.document import Recipe, load_recipe

HEAD = b'name = "t"\n'


def models(recipe: Recipe) -> list[object]:
    assert recipe.problems == ()
    return [step.model for step in recipe.steps]


def problems(source: bytes | str) -> list[Problem]:
    try:
        return list(load_recipe(source, "r.toml").problems)
    except Refused as refused:
        return refused.problems


def test_notation_strings_and_tables_give_the_same_steps() -> None:
    tables = b"""
[[steps]]
do = "deposit"
material = "zn"
thickness = "300 nm"
rate = "5 \xc3\x85/s"
[[steps]]
do = "admit_gas"
gas = "N2"
pressure = "500 mbar"
dwell = "3 min"
"""
    layer = '{ do = "deposit", material = "Zn", thickness = "3 kÅ", rate = "0.5 nm/s" }'
    mixed = f'steps = [{layer}, "N2 to 0.5 bar for 180 s"]'.encode()
    one_line = "300 nm Zn at 0.5 nm/s, then N2 to 500 mbar for 3 min"
    in_one_string = f'steps = ["{one_line}"]'.encode()
    forms = [load_recipe(HEAD + b, "r.toml") for b in (tables, mixed, in_one_string)] + [load_recipe(one_line)]
    assert all(models(form) == models(forms[0]) for form in forms)


def test_the_header_is_kept() -> None:
    head = b'name = "Dual"\nid = "LZLN"\nversion = 3\nsource = "doi:x"\nsteps = ["cool to 60 \xc2\xb0C"]\n'
    data = head + b'[requires]\nmaterials = ["zn"]\nbase_pressure = "2e-6 mbar"\n'
    recipe = load_recipe(data, "r.toml")
    assert (recipe.name, recipe.recipe_id, recipe.version, recipe.source) == ("Dual", "LZLN", 3, "doi:x")
    assert recipe.requires.materials == ("Zn",)
    assert recipe.requires.base_pressure == 2e-6
    assert recipe.sha256 == sha256(data).hexdigest()


def test_the_hash_of_notation_is_that_of_its_text() -> None:
    text = "300 nm Zn at 5 Å/s"
    assert load_recipe(text).sha256 == sha256(text.encode()).hexdigest()


def test_all_mistakes_of_a_file_are_found_each_at_its_place() -> None:
    data = b"""\
name = "t"
versoin = 3
[[steps]]
do = "deposit"
material = "Unobtainium"
thickness = "100 nmm"
reate = "1 nm/s"
[[steps]]
do = "depsit"
[[steps]]
do = "admit_gas"
gas = "N2"
pressure = 500
capture = { within = "10 %" }
[[steps]]
do = "deposit"
material = "Zn"
thickness = "100 nm"
capture = { within = "10 %", timeout = "3 mim", otherwise = "holt" }
"""
    found = [(p.line, p.column, p.where, p.write) for p in problems(data)]
    assert found == [
        (2, 1, "versoin", 'Did you mean "version"?'),
        (5, 12, "step 1 (deposit), material", found[1][3]),
        (6, 13, "step 1 (deposit), thickness", 'Write for example "100 nm" (did you mean nm?).'),
        (7, 1, "step 1 (deposit), reate", 'Did you mean "rate"?'),
        (9, 6, "step 2 (depsit), do", 'Did you mean "deposit"?'),
        (13, 12, "step 3 (admit_gas), pressure", 'Write it as text, for example "500 mbar".'),
        (10, 3, "step 3 (admit_gas), dwell", 'Write for example dwell = "3 min".'),
        (14, 1, "step 3 (admit_gas), capture", "Known here: do, gas, pressure, dwell, keep, then, cool_down."),
        (19, 40, "step 4 (deposit), capture.timeout", 'Write for example "3 min" (did you mean min?).'),
        (19, 61, "step 4 (deposit), capture.otherwise", 'Did you mean "hold"?'),
    ]


def test_mistakes_inside_a_string_have_their_column_in_the_file() -> None:
    (problem,) = problems(HEAD + b'steps = ["cool to 60 \xc2\xb0C", "300 nmm Zn at 1 nm/s"]')
    assert (problem.line, problem.column, problem.span) == (2, 28, 7)
    assert problem.source_line[problem.column - 1 :].startswith("300 nmm")
    assert problem.where == "step 2 (deposit), thickness"


def test_mistakes_in_notation_have_their_column_in_the_whole_text() -> None:
    found = problems("300 nmm Zn at 0.5 nm/s,\n then 3 apples; 10 nm Unobtainium")
    assert [(p.line, p.column, p.where) for p in found] == [
        (1, 1, "step 1 (deposit), thickness"),
        (2, 7, "step 2 (deposit)"),
        (2, 23, "step 3 (deposit), material"),
    ]
    assert [p.source_line for p in found[:2]] == ["300 nmm Zn at 0.5 nm/s,", " then 3 apples; 10 nm Unobtainium"]


def test_two_mistakes_in_one_phrase_are_both_reported() -> None:
    assert {p.where for p in problems("300 nmm Znn")} == {"step 1 (deposit), thickness", "step 1 (deposit), material"}


def test_notation_of_one_line_has_no_line_number() -> None:
    (problem,) = problems("300 Zn at 0.5 nm/s")
    assert (problem.file, problem.line, problem.column, problem.span) == ("", None, 1, 3)
    assert problem.what == "a thickness needs a unit"
    assert problem.write == 'Write for example "300 nm Zn at 0.5 nm/s".'


def test_a_negative_thickness() -> None:
    (problem,) = problems("-300 nm Zn at 0.5 nm/s")
    assert problem.what == '"-300 nm" is not more than 0'
    assert problem.write == 'Write for example "300 nm".'


def test_a_decimal_comma_is_named() -> None:
    (problem,) = problems("300 nm Zn at 0,5 nm/s; 10 nm Li")
    assert problem.what.startswith('"0,5" has a decimal comma')
    assert problem.write == 'Write "0.5".'


def test_a_comma_between_numbers_is_no_mistake_where_both_phrases_are_right() -> None:
    assert len(models(load_recipe("300 nm Zn at 1 nm/s from boat 1,100 nm Li"))) == 2


@pytest.mark.parametrize(
    "source", ["", "  \n ", ",;,", "then", b"", b"steps = []", b"# nothing\n", b'name="x"\nsteps=[]']
)
def test_an_empty_recipe_is_refused(source: bytes | str) -> None:
    (problem,) = problems(source)
    assert problem.what == "the recipe is empty"
    assert "300 nm Zn" in problem.write


@pytest.mark.parametrize(
    "source", ["300 nm Zn, " * 1_000_000, b"x" * 10_000_000, "300 nm \u202eZn", "300 nm Zn\x1b[2J"]
)
def test_what_cannot_be_a_recipe_is_refused_as_a_whole(source: bytes | str) -> None:
    with pytest.raises(Refused) as refused:
        load_recipe(source, "r.toml")
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (b'name = "a\\nb"', "name"),
        (b'id = "../../x"', "id"),
        (b'id = "/etc"', "id"),
        (b"version = 0", "version"),
        (b'[requires]\nbase_presure = "1 mbar"', "requires.base_presure"),
        (b'[parameters.li]\nunit = "nm"', "parameters.li.default"),
    ],
)
def test_wrong_headers_are_refused(line: bytes, where: str) -> None:
    head = b"" if line.startswith(b"name") else HEAD
    assert where in [p.where for p in problems(head + b'steps = ["cool to 60 \xc2\xb0C"]\n' + line)]


@pytest.mark.parametrize("step", [b"3", b"[]", b"true", b"1979-05-27"])
def test_what_is_no_step_is_refused(step: bytes) -> None:
    (problem,) = problems(HEAD + b"steps = [" + step + b"]")
    assert "is not a step" in problem.what


def test_a_step_without_do() -> None:
    (problem,) = problems(HEAD + b'[[steps]]\nmaterial = "Zn"')
    assert '"do" is missing' in problem.what
    assert problem.line == 2


@pytest.mark.parametrize("text", ["NaN nm Zn at 1 nm/s", "1e999 nm Zn at 1 nm/s", "inf nm Zn at 1 nm/s", "9**9 nm Zn"])
def test_numbers_that_are_not_finite_or_not_numbers_are_refused(text: str) -> None:
    assert problems(text)
