"""What a dry run prints and writes: design, section 9. The document's fields: ``test_paper_recipe``."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest
from pvd_command import pvd
from station_bench import QUICK, station_with

from pvdstation import check, dry_run
from pvdstation.model.problems import Refused

SHORT = "10 nm Zn at 0.5 nm/s"
ENDINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """Return the file of a station on which a layer takes a minute."""
    file = tmp_path_factory.mktemp("station") / "quick.toml"
    file.write_bytes(station_with(QUICK))
    return str(file)


@pytest.fixture(scope="module")
def written(tmp_path_factory, station):
    """Return the folder of what runs of the same seed have written, by the ending of their plot."""
    folder = tmp_path_factory.mktemp("written")
    for ending in ENDINGS:
        files = ("--events", str(folder / f"{ending}.jsonl"), "--plot", str(folder / f"run.{ending}"))
        assert pvd("dry-run", SHORT, "--station", station, *files).returncode == 0
    return folder


def test_a_process_prints_the_document_and_nothing_else(station):
    command = [sys.executable, "-m", "pvdstation", "dry-run", SHORT, "--json", "--station", station, "--no-record"]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=110)
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    assert (document["outcome"], document["safe"], document["mode"]) == ("complete", True, "simulated")
    assert document["steps"][2]["true_nm"] == pytest.approx(10, rel=0.02)


def test_the_table_says_what_was_asked_reached_and_how_long_it_took(station):
    ended = pvd("dry-run", SHORT, "--station", station, "--no-record")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    for part in ("asked", "reached", "took", "deposit 10 nm Zn", "10.0 nm", "COMPLETE", "safe state confirmed"):
        assert part in ended.stdout
    assert "SIMULATED" in ended.stdout.splitlines()[-1]
    assert "times real time" in ended.stdout


def test_the_same_seed_gives_the_same_events_and_another_seed_does_not(tmp_path, station, written):
    other = tmp_path / "other.jsonl"
    assert pvd("dry-run", SHORT, "--station", station, "--seed", "2", "--events", str(other)).returncode == 0
    first, again, _ = ((written / f"{ending}.jsonl").read_bytes() for ending in ENDINGS)
    assert first == again
    assert first != other.read_bytes()


def test_events_are_lines_of_json_without_gaps(written):
    events = [json.loads(line) for line in (written / "png.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert all(a["at_s"] <= b["at_s"] for a, b in pairwise(events))
    assert events[-1]["text"] == "complete"
    assert all(set(event) <= {"number", "at_s", "kind", "source", "text", "values"} for event in events)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_plot_is_drawn_in_the_format_of_its_name(written, ending):
    file = written / f"run.{ending}"
    assert file.read_bytes().startswith(ENDINGS[ending])
    assert file.stat().st_size > 10_000


def test_notebooks_get_the_same_as_plain_objects(station):
    result = dry_run(SHORT, station=station, seed=3)
    assert (result.outcome, result.safe, result.seed) == ("complete", True, 3)
    assert result.steps[2].true_nm == pytest.approx(10, rel=0.02)
    assert check(SHORT).as_json()["outcome"] == "accepted"


def test_notebooks_get_refusals_as_an_exception_with_every_problem():
    with pytest.raises(Refused) as refusal:
        dry_run("300 nmm Zn at 0.5 nm/s, then 100 nmm Li")
    assert len(refusal.value.problems) == 2
