"""Results, plan and ledgers of layers with several sources, ramps of the rate, and of a melt-in."""

import json
from dataclasses import replace

import pytest
from control_bench import STATION

from pvdstation.model.messages import Event, EventKind
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.procedure import Deposit, MeltIn, Procedure
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import plan_document, planned_steps, procedure_of
from pvdstation.record.report.together import others_of, seen_from, with_truth
from pvdstation.record.results import StepResult
from pvdstation.record.usage import source_uses

TOGETHER = "condition Zn, then 200 nm Zn at 0.4 nm/s with Li at 0.1 nm/s"
ENDED: tuple[tuple[str, float | str], ...] = (
    ("state", "complete"), ("ended_because", "thickness reached"), ("indicated_nm", 200.1), ("power_median_w", 14.0),
    ("together.Li.material", "Li"), ("together.Li.target_nm_s", 0.1), ("together.Li.indicated_nm", 50.1),
    ("together.Li.power_median_w", float("nan")),
    ("rates.0.set_nm_s", 0.2), ("rates.0.mean_nm_s", 0.2012), ("rates.0.sd_nm_s", float("nan")),
)  # fmt: skip


def procedure(recipe: str) -> Procedure:
    return check_recipe(load_recipe(recipe), STATION).procedure


def gathered(recipe: str) -> tuple[StepResult, ...]:
    """Return the results of a run in which every step was complete and zinc and lithium grew."""
    films = {"film.Zn": 1.0, "film.Li": 2.0}
    steps = planned_steps(procedure(recipe))
    gathering = Gathering(steps, lambda: films)
    for step in steps:
        source, is_layer = f"step {step.index}", step.do == "deposit"
        gathering.take([Event(1, 0, EventKind.STEP, source, "running")])
        if is_layer:
            films.update({"film.Zn": 201.0, "film.Li": 52.2})
        values = ENDED if is_layer else (("state", "complete"),)
        gathering.take([Event(2, 1, EventKind.STEP, source, "complete", values)])
    return gathering.steps(2)


def test_the_other_source_has_its_own_result_with_its_true_film() -> None:
    layer = next(step for step in gathered(TOGETHER) if step.do == "deposit")
    shown = layer.as_json()
    assert shown["true_nm"] == 200.0
    assert shown["together"] == [{"material": "Li", "target_nm_s": 0.1, "indicated_nm": 50.1, "true_nm": 50.2}]
    assert shown["rates"] == [{"set_nm_s": 0.2, "mean_nm_s": 0.2012}]
    assert json.loads(json.dumps(shown)) == shown


def test_the_report_tells_each_source_as_a_layer_of_its_own() -> None:
    steps = planned_steps(procedure(TOGETHER))
    layer = next(step for step in steps if step.do == "deposit")
    (other,) = others_of(layer)
    assert dict(other.asked) == {"source": "Li", "material": "Li", "rate_nm_s": 0.1, "target_nm": 50.0}
    result = next(step for step in gathered(TOGETHER) if step.do == "deposit")
    seen = seen_from("Li", with_truth(replace(result, true_nm=None), json.loads(json.dumps(result.as_json()))))
    assert (seen.indicated_nm, seen.true_nm, seen.power_median_w) == (50.1, 50.2, None)
    assert seen_from("Mg", result) == result


def test_a_layer_of_one_source_says_nothing_of_others() -> None:
    plain = next(step for step in planned_steps(procedure("30 nm Zn at 0.5 nm/s")) if step.do == "deposit")
    assert set(plain.asked) == {"source", "material", "target_nm", "rate_nm_s"}


@pytest.mark.parametrize("recipe", [TOGETHER, "30 nm Zn at 0.5 nm/s after 60 s pre-coat"])
def test_the_plan_gives_the_procedure_back(recipe: str) -> None:
    made = procedure(recipe)
    assert procedure_of(json.loads(json.dumps(plan_document(made)))) == made
    assert {type(step.work) for step in made.steps} & {Deposit, MeltIn}


def test_charge_is_booked_for_each_source_and_for_the_melt_in() -> None:
    steps = gathered(TOGETHER)
    zinc, lithium = source_uses(STATION, planned_steps(procedure(TOGETHER)), steps)
    assert (zinc.source, zinc.film_nm, zinc.rate_nm_s, zinc.power_w) == ("Zn", 200.1, 0.4, 14.0)
    assert (lithium.source, lithium.film_nm) == ("Li", 50.1)
    without = "200 nm Zn at 0.4 nm/s with Li at 0.1 nm/s"
    bare, _ = source_uses(STATION, planned_steps(procedure(without)), gathered(without))
    assert zinc.used_mg > bare.used_mg > 0
    assert lithium.used_mg > 0
