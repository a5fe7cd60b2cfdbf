"""Expected power of a recipe: by the station file, by the last recorded run, and within limits where nobody knows."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from pvdstation.model.toml import load_station
from pvdstation.recipe.check import Checked, check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.power import Power, Seen, most_at_once
from pvdstation.record.ledgers import RunLedger, ledgers
from pvdstation.record.plan import planned_steps
from pvdstation.record.results import StepResult
from pvdstation.record.run_entry import Charge
from pvdstation.record.usage import source_uses

SIM = files("pvdstation").joinpath("stations", "sim.toml").read_bytes()
STATION = load_station(SIM, "sim.toml")
PAPER = "300 nm Zn at 0.5 nm/s, then 100 nm Li"
GOLDEN = Path(__file__).parents[1] / "run" / "golden" / "dual-layer-sqc-seed-1.jsonl"


def checked(text: str, station=STATION, **seen: list[Seen]) -> Checked:
    return check_recipe(load_recipe(text, "mine.toml"), station, seen=seen)


def powers(text: str, station=STATION, **seen: list[Seen]) -> dict[str, Power]:
    """Return the power of conditioning and of the layer of the first source."""
    found = checked(text, station, **seen)
    steps = zip(found.procedure.steps, found.powers, strict=True)
    return {step.do: power[0] for step, power in reversed(list(steps)) if power}


def test_the_station_file_foretells_what_the_dry_run_measures() -> None:
    events = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    measured = [e["values"]["peak_power_w"] for e in events if "peak_power_w" in e.get("values", {})]
    found = [step[0] for step in checked(PAPER).powers if step]
    assert {power.basis for power in found} == {"station file"}
    zn, zn_layer, li, li_layer = (
        power.expected_w / watts - 1 for power, watts in zip(found, measured, strict=True) if power.expected_w
    )
    assert abs(zn) < 0.03
    assert abs(li) < 0.03
    assert -0.12 < zn_layer < 0  # a layer begins at ramp 2, and its loop asks for more
    assert -0.12 < li_layer < 0


def test_the_last_run_at_the_rate_comes_before_the_station_file() -> None:
    runs = [Seen("a", 7.0, 0.5, 14.5), Seen("b", 8.0, 0.2, 11.0), Seen("c")]
    found = powers("300 nm Zn at 0.5 nm/s", Zn=runs)
    assert found["condition"] == Power("Zn", pytest.approx(41.7**2 * 8e-3), None, 30.0, "run b")
    assert found["deposit"] == Power("Zn", 14.5, None, 30.0, "run a")
    other = powers("300 nm Zn at 0.3 nm/s", Zn=runs)["deposit"]
    assert (other.expected_w, other.basis) == (pytest.approx(41.7**2 * 8e-3), "run b")


def test_without_growth_there_are_only_bounds() -> None:
    silent = load_station(SIM.replace(b"resistance_growth = { Zn = 1.72,", b"resistance_growth = {"), "s.toml")
    found = powers("300 nm Zn at 0.5 nm/s", silent)
    assert found["condition"] == Power("Zn", None, pytest.approx(41.7**2 * 4.6e-3), 30.0, "limits")
    assert found["deposit"] == Power("Zn", None, None, 30.0, "limits")
    assert most_at_once(checked(PAPER, silent).powers) == (None, 30.0)


def test_no_more_is_expected_than_the_supply_allows() -> None:
    found = powers("300 nm Zn at 0.5 nm/s", Zn=[Seen("a", 100.0, 0.5, 99.0)])
    assert [found[do].expected_w for do in ("condition", "deposit")] == [30.0, 30.0]


def test_sources_that_are_heated_together_add_up() -> None:
    together = checked("200 nm Zn at 0.4 nm/s with Li at 0.1 nm/s").powers
    assert most_at_once(together) == (pytest.approx(13.76 + 12.71, abs=0.01), 60.0)
    assert most_at_once(checked("wait 10 s").powers) == (0.0, 0.0)


def test_a_melt_in_takes_what_its_own_ramp_asks_for() -> None:
    step = '{ do = "condition", material = "Zn", ramp2 = { power = "50 %", time = "60 s" } }'
    found = powers(f'name = "m"\nsteps = [{step}]'.encode())
    assert found["condition"].expected_w == pytest.approx(50.0**2 * 4.6e-3 * 1.72)


def test_a_run_books_the_hot_resistance_and_the_peak_and_the_ledger_gives_them_back() -> None:
    plan = planned_steps(checked("condition Zn; 300 nm Zn at 0.5 nm/s").procedure)
    peaks = {"deposit": 15.5}
    steps = [
        StepResult(
            p.index, p.implied, p.do, p.text, "complete", "", 1.0, indicated_nm=300.0, power_median_w=14.9,
            peak_power_w=peaks.get(p.do, 13.4 if "rate_nm_s" in p.asked else 20.0),
        )
        for p in plan
    ]  # fmt: skip
    (use,) = source_uses(STATION, plan, steps)
    assert use.hot_mohm == pytest.approx(13.4 / 41.7**2 * 1000)  # not that of the melt-in before
    charge = Charge(use.source, **use.as_json())
    run = RunLedger("r1", "2026-03-01T09:00", (), (charge,), {})
    assert ledgers("s", [run], []).seen() == {"Zn": [Seen("r1", pytest.approx(7.706, abs=1e-3), 0.5, 15.5)]}
