"""The recipe file's schema, judged by somebody else's checker (taplo), on every shipped recipe."""

import json
import subprocess
from pathlib import Path

import pytest

from pvdstation.assembly.schemas import recipe_schema

RECIPES = Path(__file__).parents[2] / "recipes"
SHIPPED = RECIPES / "recipe.schema.json"
EVERY_KIND = """\
name = "every kind of step"
[parameters.li]
unit = "nm"
default = "100 nm"
[[steps]]
do = "deposit"
material = "Li"
thickness = "{li}"
ramps = [{ at = "50 nm", to = "0.5 nm/s", over = "30 s" }]
with = [{ material = "Zn", rate = "0.1 nm/s" }]
capture = { within = "10 %", for = "5 s" }
[[steps]]
do = "wait_until"
of = "pressure"
below = "5e-7 mbar"
for = "60 s"
timeout = "1 h"
[[steps]]
do = "repeat"
times = 3
steps = ["20 nm Zn at 0.5 nm/s", { do = "wait", time = "5 s" }]
"""


def taplo(text: str, folder: Path) -> str:
    file, schema = folder / "mine.toml", folder / "schema.json"
    file.write_text(text, encoding="utf-8")
    schema.write_text(json.dumps(recipe_schema()), encoding="utf-8")
    done = subprocess.run(
        ["taplo", "check", "--schema", schema.as_uri(), file], capture_output=True, text=True, check=False, cwd=folder
    )
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.toml")), ids=lambda file: file.stem)
def test_shipped_recipes_carry_the_schema_and_fit_it(file: Path, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("#:schema ./recipe.schema.json\n")
    assert taplo(text, tmp_path) == ""


def test_tables_of_many_kinds_fit_the_schema(tmp_path: Path) -> None:
    assert taplo(EVERY_KIND, tmp_path) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('thickness = "{li}"', "thicknes = 3"),
        ('below = "5e-7 mbar"', 'below = "5e-7 mbars"'),
        ("times = 3", "times = 0"),
    ],
)
def test_mistakes_do_not_fit_the_schema(right: str, wrong: str, tmp_path: Path) -> None:
    assert "error" in taplo(EVERY_KIND.replace(right, wrong), tmp_path)


def test_the_shipped_schema_is_the_one_that_the_command_prints() -> None:
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == recipe_schema()
