"""Texts of recipes: what they are read as, what is said about them and where, and how they are filed."""

import tomllib
from importlib.resources import files

import pytest

from pvdstation.model.station import Station
from pvdstation.recipe.document import load_recipe
from pvdstation.tui.recipe.filing import FilingError, as_file, is_as_known, path_of, read_text, write_draft, write_text
from pvdstation.tui.recipe.looking import Written, look_at
from pvdstation.tui.recipe.starting import Ready, fields_of, kept, preflight_text, start_of, wrong_station
from pvdstation.tui.recipe.steps import sums

STATION = Station.model_validate(tomllib.loads((files("pvdstation") / "stations" / "sim.toml").read_text("utf-8")))
PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
FILE = """\
name = "Li"
steps = ["{li} Li at 0.5 nm/s"]

[parameters.li]
unit = "nm"
default = "100 nm"
max = "400 nm"
"""
FILLED = {
    "operator": "Anna", "samples": "Li_17, 0042; Li_18", "h2o": "0,1", "o2": "", "lots": "Zn=lot 442, 99.99 %",
    "note": "", "speed": "60", "seed": "7",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "is_file"),
    [
        (PAPER, False),
        ('ask "is a = b?" yes/no', False),
        ("wait until pressure below 5e-7 mbar", False),
        (FILE, True),
        ("# only a remark\n", True),
        ("[requires]", True),
        ("  name =", True),
        ("", False),
    ],
)
def test_a_text_is_read_as_what_it_looks_like(text, is_file):
    assert Written(text).is_file is is_file


def test_a_good_text_is_expanded():
    seen = look_at(Written(PAPER), STATION)
    assert seen.checked is not None
    assert [step.do for step in seen.checked.procedure.steps][:3] == ["pump_down", "condition", "deposit"]
    assert any(part.startswith("Zn ") for part in sums(seen.checked))
    assert seen.bad == 0


def test_every_mistake_has_its_place():
    seen = look_at(Written("300 nmm Zn at 0.5 nm/s, then 3 apples"), STATION)
    assert seen.checked is None
    assert [(message.sign, message.line, message.column) for message in seen.messages] == [("✗", 1, 1), ("✗", 1, 30)]
    assert "did you mean nm?" in seen.messages[0].text


def test_a_file_s_mistake_stands_at_its_line():
    seen = look_at(Written(FILE.replace("{li}", "{lo}")), STATION)
    assert [message.line for message in seen.messages] == [2]
    assert seen.recipe is not None


def test_broken_toml_is_one_message():
    seen = look_at(Written('name = "x\nsteps = []'), STATION)
    assert (seen.recipe, seen.messages[0].line) == (None, 1)


def test_nothing_written_is_nothing_to_say():
    assert look_at(Written(" \n"), STATION).messages == ()


def test_a_parameter_is_set_and_its_limit_is_kept():
    assert look_at(Written(FILE, sets={"li": "200 nm"}), STATION).recipe.parameters[0].value == "200 nm"
    (message,) = look_at(Written(FILE, sets={"li": "500 nm"}), STATION).messages
    assert "above its maximum of 400 nm" in message.text
    assert message.line is None


def test_notation_becomes_a_file_of_the_same_steps():
    text = as_file('300 nm Zn at 0.5 nm/s; ask "Is it red, or not?" yes/no', "my first")
    written = load_recipe(text.encode())
    assert (written.name, written.problems) == ("my first", ())
    assert [step.model.do for step in written.steps if step.model] == ["deposit", "ask"]


def test_a_file_is_written_whole_and_known_again(tmp_path):
    path = tmp_path / "new" / "a.toml"
    assert is_as_known(path, None)
    write_text(path, "é = 1\r\n")
    assert path.read_bytes() == "é = 1\r\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["a.toml"]
    assert is_as_known(path, read_text(path))
    assert not is_as_known(path, None)
    path.write_text("changed")
    assert not is_as_known(path, "é = 1\r\n")


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(FilingError, match="cannot be written"):
        write_text(tmp_path, "x")
    with pytest.raises(FilingError, match="cannot be read"):
        read_text(tmp_path / "missing.toml")
    assert list(tmp_path.iterdir()) == []


def test_what_is_typed_is_found_in_the_folder_of_recipes(tmp_path):
    assert path_of(" zn ", tmp_path) == tmp_path / "zn.toml"
    assert path_of("/elsewhere/zn.TOML", tmp_path).as_posix() == "/elsewhere/zn.TOML"


def test_a_draft_has_the_bytes_that_were_checked(tmp_path):
    written = Written(FILE)
    path = write_draft(written, tmp_path)
    assert path.is_absolute()
    assert path.read_bytes() == written.content
    assert write_draft(written, tmp_path) == path


def ready(*, is_live: bool = False) -> Ready:
    return Ready(look_at(Written(FILE, sets={"li": "200 nm"}), STATION), "/recipes/li.toml", STATION.name, is_live)


def test_a_start_has_all_that_was_filled_in():
    start = start_of(ready(), FILLED)
    assert (start.recipe, start.sets, start.operator) == ("/recipes/li.toml", ("li=200 nm",), "Anna")
    assert start.samples == ("Li_17, 0042", "Li_18")
    assert (start.h2o_ppm, start.o2_ppm, start.lots) == (0.1, None, ("Zn=lot 442, 99.99 %",))
    assert (start.speed, start.seed, start.is_live) == (60.0, 7, False)
    assert start.sha256 == Written(FILE).sha256


def test_a_live_start_needs_the_name_of_the_station():
    live = ready(is_live=True)
    filled = {**FILLED, "station": "another"}
    assert "nothing was started" in wrong_station(live, filled)
    assert wrong_station(live, {**filled, "station": STATION.name}) == ""
    assert (start_of(live, filled).is_live, start_of(live, filled).speed) == (True, 1.0)
    assert [field.name for field in fields_of(live, {})][-1] == "station"
    assert STATION.name in preflight_text(live)


def test_the_next_start_begins_with_who_and_which_glovebox():
    given = {field.name: field.given for field in fields_of(ready(), kept(FILLED))}
    assert (given["operator"], given["h2o"], given["speed"], given["samples"]) == ("Anna", "0,1", "60", "")
