"""Bad input of every kind ends with exit code 2 and a sentence: where, what, why, what to write instead."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from pvd_command import pvd

NAMED = "name = 'x'\n"
GAS = '{ do = "admit_gas", gas = "N2", pressure = "500 mbar", dwell = "3 min"'
NOTATION = {
    "300 nmm Zn": ["column 1", "300 nmm Zn", "^^^^^^^", 'unknown unit "nmm"', 'Write for example "300 nm"'],
    "300 nm Unobtainium": ["column 8", "^^^^^^^^^^^", '"Unobtainium" is not a material'],
    "300 Zn": ["column 1", "^^^ a thickness needs a unit", 'Write for example "300 nm Zn'],
    "N2 to 5 bar for 3 min": ["column 7", "^^^^^", "5000 mbar", "800 mbar", "gas.N2.max", "at most 800 mbar"],
    "-300 nm Zn at 0.5 nm/s": ["column 1", "^^^^^^^", '"-300 nm"', 'Write for example "300 nm"'],
    "": ["the recipe is empty", "Write for example"],
    "no such file.toml": ['there is no file "no such file.toml"'],
}
FILES = {
    "unknown key": (
        NAMED + 'colour = "red"\nsteps = ["300 nm Zn at 0.5 nm/s"]\n',
        ["line 2, column 1, colour", 'unknown key "colour"', "Known here"],
    ),
    "empty": ("", ["the recipe is empty", "steps ="]),
    "10 MB": (NAMED + "#" + 10_000_000 * "x", ["larger than 256 KiB"]),
    "cool-down below the station's": (
        NAMED + f'steps = ["100 nm Li at 0.5 nm/s", {GAS}, cool_down = "1 min" }}]\n',
        ["line 2", "step 2 (admit_gas), cool_down", '"1 min" is too short', "10 min", 'Write at least "10 min"'],
    ),
    "layer into gas": (
        NAMED + f'steps = [{GAS}, then = "stay" }}, "100 nm Li at 0.5 nm/s"]\n',
        ["line 2", "step 2 (deposit)", "would be evaporated into 500 mbar N2", "Remove it", '"pump to 2e-6 mbar"'],
    ),
    "not TOML": ("name = \n", ["line 1", "not valid TOML"]),
}


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("recipe", NOTATION)
def test_a_bad_line_is_refused_with_its_place_and_what_to_write(recipe):
    ended = pvd("dry-run", recipe)
    assert (ended.returncode, ended.stdout) == (2, "")
    for part in NOTATION[recipe]:
        assert part in one_line(ended.stderr)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_its_place_and_what_to_write(name, tmp_path):
    text, parts = FILES[name]
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    ended = pvd("check", str(file))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert one_line(ended.stderr).startswith(f"{file}: 1 problem, nothing was started")
    for part in parts:
        assert part in one_line(ended.stderr)
    assert "Traceback" not in ended.stderr


def test_several_problems_are_reported_together(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(NAMED + f'colour = 1\nsteps = ["300 Zn at 5 nm", {GAS}, rate = "1 nm/s" }}]\n', encoding="utf-8")
    ended = pvd("dry-run", str(file))
    assert ended.returncode == 2
    assert "4 problems, nothing was started" in ended.stderr


def test_recipe_station_and_options_are_judged_in_one_go(tmp_path):
    ended = pvd("dry-run", "300 Zn", "--station", "smi", "--plot", str(tmp_path / "none" / "x.txt"))
    assert ended.returncode == 2
    for part in ('no packaged station "smi"', 'did you mean "sim"?', "a thickness needs a unit", "no folder", ".svg"):
        assert part in one_line(ended.stderr)


def test_a_missing_file_is_told_its_neighbour(tmp_path):
    (tmp_path / "lzln.toml").write_text(NAMED, encoding="utf-8")
    assert f'Did you mean "{tmp_path / "lzln.toml"}"?' in one_line(pvd("check", str(tmp_path / "lznl.toml")).stderr)


@pytest.mark.parametrize("command", ["check", "dry-run", "run"])
def test_refusals_as_json_carry_every_problem(command):
    ended = pvd(command, "--json", "-300 nm Zn at 0.5 nm/s, then 100 nmm Li")
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["outcome"], document["safe"]) == (2, "refused", None)
    assert [error["column"] for error in document["errors"]] == [1, 30]
    for error in document["errors"]:
        assert set(error) == {"file", "line", "column", "where", "what", "write"}
        assert error["what"]
        assert error["write"]


def test_a_bad_command_line_as_json_is_a_refusal_too():
    ended = pvd("dry-run", "--json", "--sed", "3", "300 nm Zn")
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["outcome"]) == (2, "refused")
    assert "--seed" in document["errors"][0]["what"]


def test_a_recipe_without_quotes_is_told_so():
    ended = pvd("dry-run", "300", "nm", "Zn")
    assert ended.returncode == 2
    assert "Put the recipe in quotes" in ended.stderr


def test_a_word_too_many_is_no_recipe_where_none_is_wanted():
    ended = pvd("runs", "list", "extra")
    assert ended.returncode == 2
    assert "recipe" not in ended.stderr
    assert 'See "pvd runs list --help"' in ended.stderr


@pytest.fixture
def live_station(tmp_path) -> Path:
    packaged = files("pvdstation").joinpath("stations", "sim.toml").read_text(encoding="utf-8")
    text = packaged.split("\n[simulation", maxsplit=1)[0]
    file = tmp_path / "live.toml"
    file.write_text(re.sub(r'"sim:(\w+)"', r'"socket://\1.lab:4001"', text), encoding="utf-8")
    return file


@pytest.mark.parametrize("options", [(), ("--speed", "20")])
def test_real_instruments_are_asked_for_explicitly(live_station, options):
    ended = pvd("run", "30 nm Zn at 0.5 nm/s", "--station", str(live_station), *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "this station has real instruments, and nobody has said that they are to be driven" in one_line(ended.stderr)


def test_a_live_station_can_be_checked_but_not_dry_run(live_station):
    checked = pvd("check", "30 nm Zn at 0.5 nm/s", "--station", str(live_station))
    assert (checked.returncode, "(LIVE)" in checked.stdout) == (0, True)
    ended = pvd("dry-run", "30 nm Zn at 0.5 nm/s", "--station", str(live_station))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "needs simulated instruments" in ended.stderr


def test_live_is_not_asked_for_where_nothing_is_real():
    ended = pvd("run", "30 nm Zn at 0.5 nm/s", "--live")
    assert ended.returncode == 2
    assert "every port of this station is simulated" in one_line(ended.stderr)
