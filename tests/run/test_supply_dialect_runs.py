"""Whole runs on stations whose supply is not a GENESYS+: the second dialect, and a supply that nobody can ask."""

import tomllib
from importlib.resources import files

import pytest
from run_checks import invariants_were_kept, the_plant_is_safe
from station_bench import OFF_A, QUICK, StationBench

from pvdstation.model.messages import EventKind
from pvdstation.protocol import supply_gen

RECIPE = "20 nm Zn at 0.5 nm/s, then N2 to 50 mbar for 10 s"
DONE = ["pump_down", "condition", "deposit", "cool", "isolate", "admit_gas", "evacuate", "finish"]
GENESYS_PLUS = tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8"))["supply"]["1"]
ORDINARY = {key: value for key, value in GENESYS_PLUS.items() if key not in ("foldback", "port", "model")}
LEGACY = ORDINARY | {
    "dialect": "gen", "port": "sim:supply1", "model": "GEN10-100", "address": 6, "baud": 19200, "watchdog": "none",
}  # fmt: skip
UNLINKED = ORDINARY | {"dialect": "none", "watchdog": "none"}


class Overheard(StationBench):
    """A station bench that hears what a supply is told."""

    def __init__(self, supply):
        super().__init__(RECIPE, {**QUICK, "supply.1": supply})
        self.told = b""
        receive = self.world.receive

        def hear(name, data, now_ns):
            if name == "supply1":
                self.told += data
            return receive(name, data, now_ns)

        self.world.receive = hear


@pytest.fixture(scope="module")
def legacy():
    return Overheard(LEGACY).run()


@pytest.fixture(scope="module")
def unlinked():
    return Overheard(UNLINKED).run()


@pytest.fixture(params=["legacy", "unlinked"])
def bench(request):
    return request.getfixturevalue(request.param)


def ended(bench, do):
    """Return what was measured in the one step of a kind."""
    source = next(name for name, kind in bench._do_of.items() if kind == do)
    return dict(next(e for e in bench.of_kind(EventKind.STEP) if e.source == source and e.text == "complete").values)


def test_layer_and_gas_are_complete_and_right(bench):
    assert (bench.state, bench.done, bench.verdict["safe"]) == ("complete", DONE, 1.0)
    assert bench.of_kind(EventKind.ALARM, EventKind.TRIP) == []
    assert bench.world.truth()["film.Zn"] == pytest.approx(20.0, rel=0.01)
    assert ended(bench, "admit_gas")["reached_mbar"] == pytest.approx(50.0, rel=0.02)
    invariants_were_kept(bench)
    the_plant_is_safe(bench)


def test_a_supply_that_answers_is_measured_and_switched_off_by_its_own_words(legacy):
    assert 10.0 < ended(legacy, "deposit")["peak_power_w"] < 30.0
    assert "not_measured" not in legacy.verdict
    assert legacy.told.startswith(supply_gen.line("ADR 06"))
    assert supply_gen.line("OUT 1") in legacy.told
    assert legacy.told.rindex(supply_gen.line("OUT 0")) > legacy.told.rindex(supply_gen.line("OUT 1"))


def test_a_supply_without_a_link_is_off_by_its_contact_and_said_to_be_not_measured(unlinked):
    assert unlinked.told == b""
    assert unlinked.verdict["not_measured"] == "supply 1 not measured, enable contact open"
    peak_w = ended(unlinked, "deposit").get("peak_power_w", float("nan"))
    assert peak_w != peak_w  # nobody has measured it
    enabled = [sample.now_ns for sample in unlinked.samples if sample.outputs.enable[0]]
    flowing = [sample.now_ns for sample in unlinked.samples if sample.currents[0] > OFF_A]
    assert enabled[0] < flowing[0] < flowing[-1] <= enabled[-1]
    cooling = next(e for e in unlinked.of_kind(EventKind.STEP) if ("do", "cool") in e.values)
    assert enabled[-1] < cooling.at_ns  # its contact is open before the layer counts as over
