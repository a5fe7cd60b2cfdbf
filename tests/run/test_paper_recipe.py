"""The paper's dual layer from one line of text, by bytes, with either owner of the rate loop.

Everything about these two runs is in this file: they are the longest of the suite, and a file runs in one process.
"""

import json
from typing import Any

import pytest
from interlock_cases import HOST
from paper_runs import GOLDEN, PaperRun, paper_run
from station_bench import QUICK, Changes, StationBench

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
FIELDS = [
    *("outcome", "reason", "mode", "safe", "run", "recipe", "station", "seed", "plant_s", "wall_s"),
    *("steps", "alarms", "errors"),
]
STEP_FIELDS = ["index", "implied", "do", "text", "state", "ended_because", "duration_s"]
LAYER_FIELDS = [
    *("material", "target_nm", "indicated_nm", "true_nm", "rate_mean_nm_s", "rate_sd_nm_s", "time_to_rate_s"),
    *("peak_power_w", "pressure_max_mbar"),
]
GAS_FIELDS = ["gas", "target_mbar", "reached_mbar", "held_s"]
LAYER = "5 nm Zn at 0.5 nm/s"


@pytest.fixture(scope="module", params=[("sim", 1), ("sim-host-loop", 2)], ids=lambda p: f"{p[0]}-{p[1]}")
def run(request: pytest.FixtureRequest) -> PaperRun:
    return paper_run(*request.param)


@pytest.fixture
def paper(run: PaperRun) -> dict[str, Any]:
    return run.document


def test_it_completes_and_ends_safe(paper: dict[str, Any]) -> None:
    assert (paper["outcome"], paper["safe"], paper["mode"]) == ("complete", True, "simulated")
    assert (paper["alarms"], paper["errors"]) == ([], [])


def test_it_does_exactly_the_ten_steps_in_order(paper: dict[str, Any]) -> None:
    assert [step["do"] for step in paper["steps"]] == TEN
    assert [step["index"] for step in paper["steps"]] == list(range(1, 11))
    assert {step["state"] for step in paper["steps"]} == {"complete"}
    assert [step["index"] for step in paper["steps"] if not step["implied"]] == [3, 5, 8]


def test_both_layers_are_as_thick_as_asked_within_one_per_cent(paper: dict[str, Any]) -> None:
    layers = [step for step in paper["steps"] if step["do"] == "deposit"]
    assert [(layer["material"], layer["target_nm"]) for layer in layers] == [("Zn", 300.0), ("Li", 100.0)]
    for layer in layers:
        assert layer["true_nm"] == pytest.approx(layer["target_nm"], rel=0.01)
        assert layer["indicated_nm"] == pytest.approx(layer["true_nm"], rel=0.01)
        assert layer["indicated_nm"] == pytest.approx(layer["target_nm"], rel=0.01)
        assert layer["rate_mean_nm_s"] == pytest.approx(0.5, rel=0.02)


def test_nitrogen_reaches_its_pressure_and_stays_for_three_minutes(paper: dict[str, Any]) -> None:
    gas = next(step for step in paper["steps"] if step["do"] == "admit_gas")
    assert gas["reached_mbar"] == pytest.approx(500, rel=0.02)
    assert gas["held_s"] == pytest.approx(180, abs=1)


def test_then_it_is_pumped_out(paper: dict[str, Any]) -> None:
    evacuate = next(step for step in paper["steps"] if step["do"] == "evacuate")
    assert evacuate["reached_mbar"] <= 1e-3


def test_it_takes_about_as_long_as_planned(paper: dict[str, Any]) -> None:
    assert 55 * 60 <= paper["plant_s"] <= 62 * 60


def test_the_fields_of_the_document_stand_in_the_order_of_the_design(paper: dict[str, Any]) -> None:
    """There may be more, between them."""
    assert [field for field in paper if field in FIELDS] == FIELDS
    for step in paper["steps"]:
        assert list(step)[: len(STEP_FIELDS)] == STEP_FIELDS
    assert [field for field in paper["steps"][2] if field in LAYER_FIELDS] == LAYER_FIELDS
    assert [field for field in paper["steps"][7] if field in GAS_FIELDS] == GAS_FIELDS
    assert paper["run"] is None


def test_it_does_what_its_golden_log_says() -> None:
    """Line by line, floats at display precision; a change that was meant: ``python tests/run/paper_runs.py``."""
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    lines = paper_run("sim", 1).lines
    for number, (was, now) in enumerate(zip(golden, lines, strict=False), start=1):
        assert json.loads(now) == json.loads(was), f"line {number} of {GOLDEN.name}"
    assert len(lines) == len(golden)


def test_the_golden_log_is_gap_free_and_has_no_wall_time() -> None:
    events = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert [event["at_s"] for event in events] == sorted(event["at_s"] for event in events)
    assert {key for event in events for key in event} == {"number", "at_s", "kind", "source", "text", "values"}
    assert events[-1]["values"]["safe"] == 1.0


@pytest.mark.parametrize(
    ("station", "recipe", "changes"),
    [("sim", f"{LAYER}, then N2 to 40 mbar for 20 s", QUICK), ("sim-host-loop", LAYER, HOST)],
    ids=["sim", "sim-host-loop"],
)
def test_the_same_seed_twice_is_the_same_run_to_the_last_digit_and_another_is_not(
    station: str, recipe: str, changes: Changes
) -> None:
    first, again, other = (StationBench(recipe, changes, name=station, seed=seed).run() for seed in (7, 7, 8))
    assert repr(first.events) == repr(again.events)  # NaN differs from itself, its text does not
    assert repr(first.events) != repr(other.events)
