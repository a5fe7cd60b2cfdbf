"""``pvd tooling``: a station with a wrong factor comes out right; what nobody can judge is refused with a sentence."""

import json
from dataclasses import replace

import pytest
from pvd_command import pvd
from station_bench import QUICK, station_with

from pvdstation.assembly.preparation import prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way, Wishes, execute
from pvdstation.assembly.tooling import work_out
from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import StepResult
from pvdstation.record.tooling import Film, Measured, find_film, new_factor, read_measured

WRONG = {**QUICK, "sensor.1.tooling": "100 %"}
SIM = load_station(station_with({}), "sim.toml")
RIGHT_PCT = 112.0
"""The packaged factor: what the simulated geometry and the unit's formula need."""


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A paced run on a station whose first sensor has a wrong factor: its folder, id and layer."""
    folder = tmp_path_factory.mktemp("tooling")
    station = folder / "wrong.toml"
    station.write_bytes(station_with(WRONG))
    ready = prepare("20 nm Zn at 0.5 nm/s", str(station))
    result = execute(ready, 1, Way(speed=10000.0), Wishes(recording=Recording(folder))).result
    layer = next(step for step in result.steps if step.do == "deposit")
    return str(folder), result.run, layer


def test_a_wrong_factor_comes_out_right(wrong):
    folder, run, layer = wrong
    assert layer.true_nm == pytest.approx(1.12 * layer.indicated_nm, rel=0.01), "the film is not what was indicated"
    (factor,) = work_out(run, folder, [f"Zn={layer.true_nm} nm ± 1 %"], None).factors
    assert (factor.sensor, factor.old_pct) == (1, 100.0)
    assert factor.factor_pct == pytest.approx(RIGHT_PCT, rel=0.01)
    assert factor.uncertainty_pct == pytest.approx(0.01 * factor.factor_pct)
    assert factor.lines == f'[sensor.1]\ntooling = "{factor.factor_pct:.1f} %"'


def test_what_is_accepted_stands_in_the_history_and_the_station_file_stays(wrong):
    folder, run, layer = wrong
    said = pvd("tooling", run, "--measured", f"Zn={layer.true_nm} nm", "--accept", "--by", "Mia",
               "--from", "2031-02-03", "--note", "three scratches", "--data", folder)  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "uncertainty unknown" in said.stdout
    assert "from 2031-02-03 on" in said.stdout
    (ledgers,) = json.loads(pvd("ledger", "show", "--data", folder, "--json").stdout)["stations"]
    rows = ledgers["tooling"]["1"]
    assert [row["factor_pct"] for row in rows] == [100.0, pytest.approx(RIGHT_PCT, rel=0.01)]
    assert (rows[1]["at"], rows[1]["who"]) == ("2031-02-03", "Mia")
    assert run in rows[1]["note"]
    assert "three scratches" in rows[1]["note"]
    again = work_out(run, folder, ["Zn=20 nm"], None)
    assert any("the history ends with" in text for text in again.remarks)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "nothing was measured"),
        (("--measured", "Zn=NaN nm"), "is not a number with a unit"),
        (("--measured", "Zn=inf nm"), "is not a number with a unit"),
        (("--measured", "Zn=305"), "it needs a unit"),
        (("--measured", "Zn=305 nm/s"), "nm/s is a unit of rate"),
        (("--measured", "Zn=-3 nm"), "more than 0"),
        (("--measured", "Zn=20 nm ± 0 nm"), "more than 0"),
        (("--measured", "Zn"), "is not a material with its thickness"),
        (("--measured", "Li=20 nm"), "the run has no layer of Li"),
        (("--measured", "Zn=20 nm", "--layer", "2"), "the run has no layer 2"),
        (("--measured", "Zn=20 mm"), "makes a factor of"),
        (("--measured", "Zn=20 nm", "--by", "Mia"), "they belong to a factor that is accepted"),
        (("--measured", "Zn=20 nm", "--accept", "--by", " "), "nobody accepts the factor"),
        (("--measured", "Zn=20 nm", "--accept", "--by", "Mia", "--from", "monday"), '"monday" is no date'),
    ],
)
def test_what_cannot_be_judged_is_refused_with_a_sentence(wrong, options, words):
    folder, run, _layer = wrong
    said = pvd("tooling", run, *options, "--data", folder, "--json")
    assert said.returncode == 2
    assert words in json.loads(said.stdout)["reason"]


# --- one layer of several ---


def rows(*layers):
    """Return plan, works and results of a run with these layers: material and state of each."""
    plan, works, steps = [], [], []
    for index, (material, state) in enumerate(layers, start=1):
        asked = {"source": material, "material": material, "target_nm": 100.0, "rate_nm_s": 0.5}
        plan.append(PlannedStep(index, False, "deposit", f"100 nm {material}", "recipe", 1.0, asked))
        works.append({"kind": "Deposit", "others": []})
        steps.append(StepResult(index, False, "deposit", f"100 nm {material}", state, "by Mia", 1.0, material,
                                indicated_nm=50.0 + index))  # fmt: skip
    return plan, works, steps


def test_a_layer_of_several_is_named_by_its_number():
    run = rows(("Zn", "complete"), ("Li", "complete"), ("Zn", "complete"))
    assert find_film(*run, "zn", 3) == Film(3, "Zn", "Zn", 53.0)
    assert find_film(*run, "Li", None).layer == 2


@pytest.mark.parametrize(
    ("layers", "material", "layer", "words"),
    [
        ((("Zn", "complete"), ("Zn", "complete")), "Zn", None, "the run has 2 layers of Zn"),
        ((("Zn", "complete"), ("Li", "complete")), "Zn", 2, "layer 2 is Li, not Zn"),
        ((("Zn", "stopped"),), "Zn", None, "is not complete, it is stopped: by Mia"),
        ((("Zn", "not started"),), "Zn", None, "is not complete, it is not started"),
        ((), "Zn", None, "the run has no layer of Zn"),
    ],
)
def test_a_layer_that_is_not_the_one_is_refused(layers, material, layer, words):
    with pytest.raises(Refused, match=words):
        find_film(*rows(*layers), material, layer)


def test_a_film_of_two_materials_says_nothing_of_either():
    plan, works, steps = rows(("Zn", "complete"))
    works[0]["others"] = [{"source": "Li", "rate_nm_s": 0.1}]
    with pytest.raises(Refused, match="two materials"):
        find_film(plan, works, steps, "Zn", None)


def test_a_layer_without_a_thickness_is_refused():
    plan, works, steps = rows(("Zn", "complete"))
    with pytest.raises(Refused, match="no indicated thickness"):
        find_film(plan, works, [replace(steps[0], indicated_nm=None)], "Zn", None)


# --- the uncertainty ---


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("Zn=305 nm", Measured("Zn", 305.0)),
        ("Zn = 298 nm ± 3 nm", Measured("Zn", 298.0, 3.0)),
        ("Zn=298 ± 3 nm", Measured("Zn", 298.0, 3.0)),
        ("Zn=298 nm +/- 3", Measured("Zn", 298.0, 3.0)),
        ("Zn=0.3 µm ± 1 %", Measured("Zn", 300.0, 3.0)),
        ("Zn=3 kÅ +- 20 Å", Measured("Zn", 300.0, 2.0)),
    ],
)
def test_measurements_are_written_as_people_write_them(text, measured):
    found = read_measured(text)
    assert found.material == measured.material
    assert found.nm == pytest.approx(measured.nm)
    assert found.error_nm == (None if measured.error_nm is None else pytest.approx(measured.error_nm))


@pytest.mark.parametrize(
    ("measured", "uncertainty_pct", "because"),
    [
        ([(100, None)], None, "one measurement without a stated error: its uncertainty is unknown"),
        ([(100, 2)], 2.0, "the stated error"),
        ([(99, None), (101, None)], 1.84, "spread of 2 measurements"),
        ([(100, 2), (100, 2)], 2.0, "spread of 2 measurements and the stated error"),
        ([(99, 2), (101, None)], 2.72, "spread of 2 measurements and the stated error"),
    ],
)
def test_the_uncertainty_is_of_the_spread_and_of_stated_errors(measured, uncertainty_pct, because):
    film = Film(1, "Zn", "Zn", 112.0)
    factor = new_factor(SIM, film, [Measured("Zn", float(nm), error) for nm, error in measured])
    assert factor.factor_pct == pytest.approx(100.0)
    assert factor.uncertainty_pct == (None if uncertainty_pct is None else pytest.approx(uncertainty_pct, abs=0.01))
    assert factor.because == because
