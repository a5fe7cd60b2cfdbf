"""``pvd init``: answers from a pipe or none at all become a commented station file that loads; nothing is lost."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import chdir
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pvd_command import Ended, pvd

from pvdstation.assembly.new_station import Answers, Boat, station_text
from pvdstation.drivers.wiring import check_wiring
from pvdstation.model.materials import MATERIALS
from pvdstation.model.toml import load_station

PVD = [sys.executable, "-m", "pvdstation"]
EXAMPLE = files("pvdstation.stations").joinpath("example.toml").read_text(encoding="utf-8")
FOUR = """Our "first" station
4
Zn

host


Lii
li
gen



Mg
none

Ag


tcp://192.168.1.77:8003


adam-6060


2026-13-01
2026-05-01


"""


def init(*arguments: str, cwd: Path, answers: str = "") -> Ended:
    with chdir(cwd):
        return pvd("init", *arguments, answers=answers)


def loaded(path):
    return load_station(path.read_bytes(), str(path))


def test_all_defaults_are_the_example(tmp_path):
    ended = init("--yes", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "pvd probe --station station.toml" in ended.stdout
    written = (tmp_path / "station.toml").read_text(encoding="utf-8").splitlines()
    differing = [ours for ours, theirs in zip(written, EXAMPLE.splitlines(), strict=True) if ours != theirs]
    assert [line.split(" ")[0] for line in differing] == ["#", "name"]
    assert loaded(tmp_path / "station.toml").name == "our glovebox PVD"


def test_empty_answers_from_a_pipe_are_the_defaults(tmp_path):
    init("--yes", "-o", "asked-nobody.toml", cwd=tmp_path)
    assert init("-o", "asked.toml", answers="\n" * 20, cwd=tmp_path).returncode == 0
    assert (tmp_path / "asked.toml").read_bytes() == (tmp_path / "asked-nobody.toml").read_bytes()


def test_four_boats_of_every_kind(tmp_path):
    ended = init("-o", "four.toml", answers=FOUR, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Did you mean Li?" in ended.stderr
    assert '"2026-13-01" is no day' in ended.stderr
    station = loaded(tmp_path / "four.toml")
    assert station.name == 'Our "first" station'
    assert list(station.source) == ["Zn", "Li", "Mg", "Ag"]
    assert station.source["Zn"].rate_loop == "host"
    assert [supply.dialect for supply in station.supply.values()] == ["scpi", "gen", "none", "scpi"]
    assert station.supply[2].full_scale == 240
    assert station.ports["supply4"] == "tcp://192.168.1.77:8003"
    assert (station.io.map, station.io.units, station.sqc.channels) == ("adam-6060", 5, 4)
    assert station.source["Ag"].z == MATERIALS["Ag"].z
    assert "those of the example's zinc boat: replace" in (tmp_path / "four.toml").read_text(encoding="utf-8")
    assert check_wiring(station) == []


def test_a_file_that_exists_stays_unless_it_is_said(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("precious", encoding="utf-8")
    refused = init("--yes", "-o", "mine.toml", cwd=tmp_path)
    assert (refused.returncode, "--force" in refused.stderr) == (2, True)
    assert init("-o", "mine.toml", answers="\n", cwd=tmp_path).returncode == 3
    assert init("-o", "mine.toml", answers="no\n", cwd=tmp_path).returncode == 3
    assert file.read_text(encoding="utf-8") == "precious"
    assert init("-o", "mine.toml", answers="yes\n" + "\n" * 20, cwd=tmp_path).returncode == 0
    assert loaded(file).name == "our glovebox PVD"
    file.write_text("precious", encoding="utf-8")
    assert init("--yes", "--force", "-o", "mine.toml", cwd=tmp_path).returncode == 0
    assert loaded(file).name == "our glovebox PVD"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ("", 'the answers ended before "Name of the station"'),
        ("a name\nfive\n", '"five" is no number from 1 to 4'),
        ("a name\n1\nZn\nscpi\nsqc\nsim:supply1\n", "This file is for real ports"),
        ("a name\n2\n\n\n\n\n\nzn\n", "Zn is in another boat already"),
        ("a name\n1\n\n\n\n\nGH\n", "tells no rating"),
        ("a\x1b[31m\n", "U+001B cannot be used"),
        ("x" * 300 + "\n", "longer than 200"),
    ],
)
def test_wrong_answers_are_explained_and_nothing_is_written(tmp_path, answers, words):
    ended = init("--json", cwd=tmp_path, answers=answers)
    assert ended.returncode == 2
    assert words in " ".join(f"{ended.stderr} {ended.stdout}".split())
    assert json.loads(ended.stdout)["outcome"] == "refused"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["station.txt", "no-such-folder/a.toml", "folder.toml"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_asked(tmp_path, output):
    (tmp_path / "folder.toml").mkdir()
    ended = init("-o", output, cwd=tmp_path, answers="")
    assert ended.returncode == 2
    assert "Name a" in ended.stderr
    assert "Name of the station" not in ended.stderr


def test_the_json_names_file_and_station(tmp_path):
    told = json.loads(init("--yes", "--json", "-o", "a.toml", cwd=tmp_path).stdout)
    assert (told["outcome"], told["file"]) == ("complete", "a.toml")
    assert told["station"] == {"name": "our glovebox PVD", "sha256": loaded(tmp_path / "a.toml").sha256}


HEARS = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])"
"""Runs a command that hears SIGINT, also where the tests themselves run in the background and ignore it."""


def test_ctrl_c_at_a_question_leaves_nothing_behind(tmp_path):
    ours, theirs = pty.openpty()
    command = [*PVD, "init", "-o", "a.toml"]
    with subprocess.Popen(
        [sys.executable, "-c", HEARS, *command], stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path
    ) as process:
        os.close(theirs)
        shown = b""
        while b"]: " not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 3
    os.close(ours)
    assert b"Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


BOATS = st.builds(
    Boat,
    material=st.sampled_from(sorted(MATERIALS)),
    rate_loop=st.sampled_from(["sqc", "host"]),
    dialect=st.sampled_from(["scpi", "gen"]),
    model=st.sampled_from(["GH10-100", "G10-170"]),
) | st.builds(Boat, material=st.sampled_from(sorted(MATERIALS)), rate_loop=st.just("sqc"), dialect=st.just("none"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=60),
    boats=st.lists(BOATS, min_size=1, max_size=4, unique_by=lambda boat: boat.material),
    io_map=st.sampled_from(["wago", "adam-6050", "adam-6060"]),
)
def test_every_answer_makes_a_file_that_loads(name, boats, io_map):
    linked = [
        Boat(b.material, b.rate_loop, b.dialect, "" if b.dialect == "none" else f"tcp://10.0.0.{n}:8003", b.model)
        for n, b in enumerate(boats, start=1)
    ]
    answers = Answers(name, linked, "COM3", "tcp://10.0.1.1:502", "COM4", "COM5", io_map, "2026-05-01")
    station = load_station(station_text(answers).encode(), "new.toml")
    assert station.name == name
    assert list(station.source) == [boat.material for boat in boats]
    assert check_wiring(station) == []
    assert (station.codeposition is None) == (len(boats) == 1)


def test_the_example_comments_every_line():
    bare = [line for line in EXAMPLE.splitlines() if line.strip() and "#" not in line and not line.startswith("[")]
    assert bare == []


def test_the_example_is_live_and_names_what_is_to_be_proved():
    station = load_station(EXAMPLE.encode(), "example.toml")
    assert not station.is_simulated
    assert station.sqc.scale.proved == "not yet"
    ended = pvd("run", "10 nm Zn at 0.5 nm/s", "--station", "example")
    assert ended.returncode == 2
    assert "this station has real instruments, and nobody has said" in " ".join(ended.stderr.split())


def test_the_rows_that_the_example_cites_exist():
    checks = (Path(__file__).parents[2] / "docs" / "bench-checks.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| ([A-Z]\d+) \|", checks, re.MULTILINE))
    cited = set(re.findall(r"\b([SPDGTFM]\d+)\b", " ".join(re.findall(r"not yet: (.*)", EXAMPLE))))
    assert len(cited) > 30
    assert cited <= rows
