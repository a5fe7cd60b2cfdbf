"""Every shipped recipe, dry-run to its end on the packaged stations, as ``pvd dry-run`` does it.

The dual layer is ``test_paper_recipe.py``'s, and the one with every kind of step ``test_every_step.py``'s.
"""

from pathlib import Path

import pytest

from pvdstation import check, dry_run
from pvdstation.model.problems import Refused
from pvdstation.recipe.document import load_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
ELSEWHERE = {"lzln", "every-step", "colour-check"}
HOST_ONLY = "rate-ramp"
STATIONS = ("sim", "sim-host-loop")
RUNS = [
    ("lizn", "sim", None),
    ("lizn", "sim-host-loop", None),
    ("ln", "sim", None),
    ("ln", "sim-host-loop", None),
    ("li-thickness-series", "sim", "100 nm"),
    ("li-thickness-series", "sim", "400 nm"),
    ("li-thickness-series", "sim-host-loop", "100 nm"),
    ("li-thickness-series", "sim-host-loop", "400 nm"),
    ("codeposition", "sim", None),
    ("codeposition", "sim-host-loop", None),
    (HOST_ONLY, "sim-host-loop", None),
]


@pytest.mark.long
@pytest.mark.parametrize(("name", "station", "thickness"), RUNS, ids=str)
def test_it_runs_to_its_end(name: str, station: str, thickness: str | None) -> None:
    parameters = {} if thickness is None else {"li_thickness": thickness}
    result = dry_run(str(RECIPES / f"{name}.toml"), station=station, parameters=parameters, record=False)
    assert (result.outcome, result.reason, result.safe) == ("complete", "every step complete", True)
    assert {alarm.source for alarm in result.alarms} <= {"rate_attention"}, "noise of a slow rate, or a ramp's end"
    layers = [step for step in result.steps if step.do == "deposit"]
    assert layers
    for layer in layers:
        assert layer.true_nm == pytest.approx(layer.target_nm, rel=0.01)
    if thickness is not None:
        assert f"{layers[-1].target_nm:g} nm" == thickness


@pytest.mark.parametrize("station", STATIONS)
@pytest.mark.parametrize("li", ["100 nm", "200 nm", "300 nm", "400 nm"])
def test_the_whole_lithium_series_is_accepted(li: str, station: str) -> None:
    result = check(str(RECIPES / "li-thickness-series.toml"), station, {"li_thickness": li})
    assert f"deposit {li} Li at 0.5 nm/s" in [step.text for step in result.checked.procedure.steps]


def test_a_rate_ramp_on_the_sqc_310_is_refused_with_one_sentence() -> None:
    with pytest.raises(Refused) as refused:
        check(str(RECIPES / f"{HOST_ONLY}.toml"))
    (problem,) = refused.value.problems
    assert "its rate ramp has no documented parameter" in problem.what
    assert 'rate_loop = "host"' in problem.write


def test_no_shipped_recipe_is_left_out() -> None:
    assert {path.stem for path in RECIPES.glob("*.toml")} == {name for name, _, _ in RUNS} | ELSEWHERE
    assert all(load_recipe(path.read_bytes(), path.name).name for path in RECIPES.glob("*.toml"))
