"""What a new run does of an interrupted one, step kind by step kind."""

from dataclasses import replace
from importlib.resources import files

import pytest

from pvdstation.assembly.continuing import continuation
from pvdstation.assembly.known import Film, Gas, Known
from pvdstation.assembly.tuning import Asked, prepare_tuning
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station
from pvdstation.recipe.by_hand import by_hand_procedure
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe


def station_of(name: str):
    return load_station(files("pvdstation.stations").joinpath(f"{name}.toml").read_bytes(), f"{name}.toml")


SIM, HOST = station_of("sim"), station_of("sim-host-loop")
PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"


def known(recipe: str, do: str, which: int = 0, station=SIM, **more) -> Known:
    """Return a run that was interrupted in a step, by its kind and place among its kind."""
    procedure = check_recipe(load_recipe(recipe), station).procedure
    place = [place for place, step in enumerate(procedure.steps) if step.do == do][which]
    facts = {"state": "running", "is_begun": True, "stage": "", **more}
    return Known(
        "20260314-091500-a3f2", "", recipe, "", 0.0, "", facts.pop("state"), place, facts.pop("is_begun"),
        facts.pop("stage"), procedure, **facts,
    )  # fmt: skip


TUNING = prepare_tuning(Asked("Zn"), None).prepared.checked.procedure


def film(at_nm: float, target_nm: float = 100.0, others=()) -> Film:
    return Film(2, "Li", target_nm, at_nm, at_nm + 3, 5.0, was_open=True, crystals=(), others=others)


def kinds(going_on) -> list[str]:
    return [step.do for step in going_on.procedure.steps]


GAS_AND_END = ["cool", "isolate", "admit_gas", "evacuate", "finish"]


@pytest.mark.parametrize(
    ("do", "which", "expected"),
    [
        ("pump_down", 0, ["pump_down", *["condition", "deposit"] * 2, *GAS_AND_END]),
        ("condition", 1, ["pump_down", "condition", "deposit", *GAS_AND_END]),
        ("cool", 0, ["pump_down", *GAS_AND_END]),
        ("isolate", 0, ["pump_down", *GAS_AND_END]),
        ("admit_gas", 0, ["pump_down", *GAS_AND_END]),
        ("evacuate", 0, ["evacuate", "finish"]),
    ],
)
def test_the_interrupted_step_begins_again_behind_what_it_needs(do, which, expected) -> None:
    going_on = continuation(known(PAPER, do, which), SIM)
    assert kinds(going_on) == expected
    assert [step.index for step in going_on.procedure.steps] == list(range(1, len(expected) + 1))


def test_a_layer_goes_on_with_what_is_missing_and_is_called_so() -> None:
    going_on = continuation(known(PAPER, "deposit", 1, film=film(61.4)), SIM)
    assert kinds(going_on) == ["pump_down", "condition", "deposit", *GAS_AND_END]
    _, condition, deposit, *_ = going_on.procedure.steps
    assert deposit.text == "continue layer 2 at 61.4 nm: 38.6 of 100 nm Li at 0.5 nm/s"
    assert (deposit.work.thickness_nm, deposit.work.on_film_nm) == (100, (61.4,))
    assert condition.work.thickness_nm == pytest.approx(38.6)
    assert condition.unit == deposit.unit
    assert "conditioned from 0" in going_on.told[0]


@pytest.mark.parametrize(("at_nm", "said"), [(98.5, "layer 2 is finished: 98.5 of 100"), (104.0, "too thick: 104.0")])
def test_a_layer_that_lacks_nothing_worth_heating_is_left_as_it_is(at_nm, said) -> None:
    going_on = continuation(known(PAPER, "deposit", 1, film=film(at_nm)), SIM)
    assert "deposit" not in kinds(going_on)
    assert said in going_on.told[0]


def test_a_thin_layer_outside_its_tolerance_is_deposited_however_little_is_missing() -> None:
    recipe = "20 nm Li at 0.5 nm/s"
    going_on = continuation(known(recipe, "deposit", film=film(18.5, 20.0)), SIM)
    assert kinds(going_on) == ["pump_down", "condition", "deposit", "finish"]


def test_a_layer_with_rate_ramps_goes_on_at_the_rate_that_it_had() -> None:
    recipe = "100 nm Li at 0.5 nm/s ramp at 50 nm to 1 nm/s over 30 s"
    going_on = continuation(known(recipe, "deposit", 0, HOST, film=film(60.0)), HOST)
    work = next(step.work for step in going_on.procedure.steps if step.do == "deposit")
    assert (work.rate_nm_s, work.ramps) == (1.0, ())


def test_the_other_films_of_a_codeposition_are_counted_in_proportion() -> None:
    recipe = "100 nm Zn at 0.4 nm/s with Li at 0.1 nm/s"
    going_on = continuation(known(recipe, "deposit", 0, HOST, film=film(40.0, others=(("Li", 10.0),))), HOST)
    work = next(step.work for step in going_on.procedure.steps if step.do == "deposit")
    assert work.on_film_nm == (40.0, 10.0)


def test_a_dwell_is_not_replayed_and_its_gas_goes_first() -> None:
    gas = Gas("N2", is_dwell=True, in_gas_s=186.0, dwell_s=95.0, asked_s=180.0, pressure_mbar=498.0)
    going_on = continuation(known(PAPER, "admit_gas", gas=gas), SIM)
    assert kinds(going_on) == ["evacuate", "finish"]
    assert "1 min 35 s of 3 min are in the record" in going_on.told[0]


@pytest.mark.parametrize(
    ("interrupted", "why"),
    [
        (known(PAPER, "deposit", state="aborting", film=film(10)), "it was aborting when it was interrupted"),
        (known(PAPER, "finish"), "nothing of it is left to do"),
        (known("vent with Ar", "vent"), "a vent is not continued"),
        (replace(known(PAPER, "pump_down"), procedure=by_hand_procedure(SIM)), "work by hand is not continued"),
        (replace(known(PAPER, "pump_down"), procedure=TUNING), "a tuning is not continued"),
        (known(PAPER, "cool", doubt="its record has a gap"), "its record has a gap"),
    ],
)
def test_what_may_not_go_on_says_why_and_what_to_do(interrupted, why) -> None:
    with pytest.raises(Refused) as refused:
        continuation(interrupted, SIM)
    (problem,) = refused.value.problems
    assert why in problem.what
    assert 'start anew: "pvd clear 20260314-091500-a3f2 --by NAME"' in problem.write
