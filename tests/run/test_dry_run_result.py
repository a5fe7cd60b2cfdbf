"""What a dry run prints and writes: design, section 9."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from pvdstation import check, dry_run
from pvdstation.model.problems import Refused

PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"
SHORT = "10 nm Zn at 0.5 nm/s"
TOP = ["outcome", "reason", "mode", "safe", "run", "recipe", "station", "seed", "plant_s", "wall_s", "steps", "alarms"]
STEP = ["index", "implied", "do", "text", "state", "ended_because", "duration_s"]
LAYER = [
    *("material", "target_nm", "indicated_nm", "true_nm", "rate_mean_nm_s", "rate_sd_nm_s", "time_to_rate_s"),
    *("peak_power_w", "pressure_max_mbar"),
]
TEN = [
    "pump_down",
    "condition",
    "deposit",
    "condition",
    "deposit",
    "cool",
    "isolate",
    "admit_gas",
    "evacuate",
    "finish",
]


def pvd(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pvdstation", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=110)


@pytest.fixture(scope="module", params=["sim", "sim-host-loop"])
def paper(request):
    ended = pvd("dry-run", PAPER, "--json", "--station", request.param)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_papers_sentence_completes_in_ten_steps(paper):
    assert (paper["outcome"], paper["safe"], paper["mode"], paper["run"]) == ("complete", True, "simulated", None)
    assert [step["do"] for step in paper["steps"]] == TEN
    assert [step["index"] for step in paper["steps"]] == list(range(1, 11))
    assert {step["state"] for step in paper["steps"]} == {"complete"}
    assert [step["index"] for step in paper["steps"] if not step["implied"]] == [3, 5, 8]


def test_both_layers_have_their_true_thickness(paper):
    for layer in (paper["steps"][2], paper["steps"][4]):
        assert layer["true_nm"] == pytest.approx(layer["target_nm"], rel=0.01)
        assert layer["indicated_nm"] == pytest.approx(layer["target_nm"], rel=0.01)
        assert layer["rate_mean_nm_s"] == pytest.approx(0.5, rel=0.05)


def test_the_gas_reaches_its_pressure_and_is_held(paper):
    gas = paper["steps"][7]
    assert gas["reached_mbar"] == pytest.approx(500, rel=0.02)
    assert gas["held_s"] == pytest.approx(180, abs=1)
    assert paper["steps"][8]["reached_mbar"] <= 1e-3


def test_the_fields_stand_in_the_order_of_the_design(paper):
    assert list(paper) == [*TOP, "errors"]
    for step in paper["steps"]:
        assert list(step)[: len(STEP)] == STEP
    assert list(paper["steps"][2]) == [*STEP, *LAYER]
    assert list(paper["steps"][7])[len(STEP) :][:4] == ["gas", "target_mbar", "reached_mbar", "held_s"]
    assert (paper["alarms"], paper["errors"]) == ([], [])


def test_the_table_says_what_was_asked_reached_and_how_long_it_took():
    ended = pvd("dry-run", SHORT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    for part in ("asked", "reached", "took", "deposit 10 nm Zn", "10.0 nm", "COMPLETE", "safe state confirmed"):
        assert part in ended.stdout
    assert "SIMULATED" in ended.stdout.splitlines()[-1]
    assert "times real time" in ended.stdout


def test_the_same_seed_gives_the_same_events_and_another_seed_does_not(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert pvd("dry-run", SHORT, "--seed", seed, "--events", str(tmp_path / name)).returncode == 0
    first, again, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_events_are_lines_of_json_without_gaps(tmp_path):
    file = tmp_path / "events.jsonl"
    pvd("dry-run", SHORT, "--events", str(file))
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert all(a["at_s"] <= b["at_s"] for a, b in pairwise(events))
    assert events[-1]["text"] == "complete"
    assert all(set(event) <= {"number", "at_s", "kind", "source", "text", "values"} for event in events)


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_plot_is_drawn_in_the_format_of_its_name(tmp_path, ending, magic):
    file = tmp_path / f"run.{ending}"
    assert pvd("dry-run", SHORT, "--plot", str(file)).returncode == 0
    assert file.read_bytes().startswith(magic)
    assert file.stat().st_size > 10_000


def test_notebooks_get_the_same_as_plain_objects():
    result = dry_run(SHORT, seed=3)
    assert (result.outcome, result.safe, result.seed) == ("complete", True, 3)
    assert result.steps[2].true_nm == pytest.approx(10, rel=0.02)
    assert check(SHORT).as_json()["outcome"] == "accepted"


def test_notebooks_get_refusals_as_an_exception_with_every_problem():
    with pytest.raises(Refused) as refusal:
        dry_run("300 nmm Zn at 0.5 nm/s, then 100 nmm Li")
    assert len(refusal.value.problems) == 2
