"""``--fault`` on the command line: refusals like any other, and a run that is broken as it says."""

import json
from pathlib import Path

import pytest
from pvd_command import pvd
from station_bench import QUICK, station_with

import pvdstation
from pvdstation.model.problems import Refused

RECIPE = "5 nm Zn at 0.5 nm/s"


@pytest.mark.parametrize("command", [("dry-run",), ("run", "--speed", "1000")])
def test_every_problem_of_every_fault_is_refused_at_once(command: tuple[str, ...], tmp_path: Path) -> None:
    result = pvd(*command, RECIPE, "--json", "--fault", "t=60 crystal.1 fial", "--fault", "t=5s sqk lost")
    document = json.loads(result.stdout)
    assert (result.returncode, document["outcome"]) == (2, "refused")
    assert [(error["what"], error["write"]) for error in document["errors"]] == [
        ('"60" is not a time: it needs a unit', 'Write for example "60 s".'),
        ('crystal.1 has no fault "fial"', "Did you mean fail?"),
        ('the station has no component "sqk"', "Did you mean sqc?"),
    ]


def test_problems_of_faults_stand_beside_those_of_other_options() -> None:
    result = pvd("dry-run", RECIPE, "--plot", "a.txt", "--fault", "t=5s sqc")
    assert result.returncode == 2
    assert "--plot" in result.stderr
    assert "what is wrong with sqc is missing" in result.stderr


def test_a_refused_fault_writes_no_events(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    assert pvd("dry-run", RECIPE, "--events", str(events), "--fault", "t=5s sqc").returncode == 2
    assert not events.exists()


def test_a_dry_run_is_broken_as_the_option_says(tmp_path: Path) -> None:
    station = tmp_path / "quick.toml"
    station.write_bytes(station_with(QUICK))
    faults = ("--fault", "t=25s door open", "--fault", "t=60s sqc silent")
    result = pvd("dry-run", RECIPE, "--json", "--station", str(station), *faults)
    document = json.loads(result.stdout)
    assert (result.returncode, document["outcome"], document["safe"]) == (4, "aborted", True)
    assert document["reason"].startswith("door closed: lost")
    assert document["plant_s"] == pytest.approx(28, abs=3)


def test_a_notebook_breaks_a_dry_run_too() -> None:
    result = pvdstation.dry_run(RECIPE, faults=["t=100s estop pressed"])
    assert (result.outcome, result.safe) == ("aborted", True)
    with pytest.raises(Refused):
        pvdstation.dry_run(RECIPE, faults=["t=100s estop"])
