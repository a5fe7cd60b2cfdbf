"""The shipped recipe with every kind of step, by bytes, with either owner of the rate loop, and its replay."""

from pathlib import Path
from typing import Any

import pytest
from pvd_command import pvd

from pvdstation import dry_run, open_run
from pvdstation.recipe.procedure import KINDS
from pvdstation.record.results import RunResult

RECIPE = Path(__file__).parents[2] / "recipes" / "every-step.toml"
COMMANDS = {"tune", "by_hand"}
"""Kinds that a command makes and no recipe can contain."""


@pytest.fixture(scope="module", params=["sim", "sim-host-loop"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, str]:
    data = str(tmp_path_factory.mktemp("every"))
    return dry_run(str(RECIPE), station=request.param, answers={"colour": "no"}, data=data), data


def test_every_kind_of_step_is_run_to_its_end(run: tuple[RunResult, str]) -> None:
    result, _ = run
    assert (result.outcome, result.safe, result.alarms) == ("complete", True, ())
    assert {step.do for step in result.steps} == set(KINDS.values()) - COMMANDS
    assert {step.state for step in result.steps} == {"complete"}


def test_each_says_what_it_reached(run: tuple[RunResult, str]) -> None:
    steps: dict[str, Any] = {step.do: step.as_json() for step in run[0].steps}
    assert steps["leak_test"]["limit_mbar_s"] == 1e-4
    assert 0 < steps["leak_test"]["rise_mbar_s"] < 1e-4
    assert steps["leak_test"]["leak_mbar_l_s"] == pytest.approx(80 * steps["leak_test"]["rise_mbar_s"], rel=1e-3)
    assert steps["wait"]["waited_s"] == pytest.approx(5, abs=0.3)
    assert (steps["ask"]["question"], steps["ask"]["answer"]) == ("colour", 0.0)
    assert steps["vent"]["reached_mbar"] == pytest.approx(1003, abs=5)
    assert steps["deposit"]["true_nm"] == pytest.approx(10, abs=0.3)


def test_its_record_decides_the_same_again(run: tuple[RunResult, str]) -> None:
    result, data = run
    assert result.run is not None
    assert open_run(result.run, data) is not None
    ended = pvd("runs", "verify", result.run, "--replay", "--data", data)
    assert ended.returncode == 0, ended.stdout + ended.stderr
