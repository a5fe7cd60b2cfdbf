"""Layers beyond the paper's, by bytes: two sources at once, ramps of the rate, a pre-coat, a charge melted in."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from interlock_cases import HOST, LAYER
from run_checks import (
    invariants_were_kept,
    the_plant_is_safe,
    the_substrate_is_covered_at_once,
    what_was_foretold_came_true,
)
from station_bench import EXPOSED, QUICK, Act, Changes, Moment, Sample, StationBench, asks, during, in_state

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import planned_steps
from pvdstation.record.results import StepResult, TogetherResult

RECIPES = Path(__file__).parents[2] / "recipes"


def shipped(name: str, **shorter: str) -> bytes:
    """Return a shipped recipe with some of its quantities made smaller."""
    text = (RECIPES / f"{name}.toml").read_text("utf-8")
    for key, quantity in shorter.items():
        text, count = re.subn(rf'\b{key} = "[^"]+"', f'{key} = "{quantity}"', text)
        assert count == 1, f"{name} has no one {key}"
    return text.encode()


TOGETHER = shipped("codeposition", thickness="20 nm")
RAMPED = shipped("rate-ramp", thickness="24 nm", at="5 nm", over="30 s", pre_coat="5 s")
PRE_COATED = f"{LAYER} after 10 s pre-coat"
OWNERS = ("sim", "sim-host-loop")
TWO: Changes = {
    **QUICK,
    "source.Zn.condition": {
        "ramp1": {"power": "25.8 %", "time": "14 s"},
        "soak1": "1 s",
        "ramp2": {"power": "44 %", "time": "12 s"},
        "soak2": "32 s",
    },
    "source.Li.condition": {
        "ramp1": {"power": "16.7 %", "time": "10 s"},
        "soak1": "1 s",
        "ramp2": {"power": "28.5 %", "time": "10 s"},
        "soak2": "22 s",
    },
    "source.Li.charge": "20 mg",
    "simulation.boats.2.charge.mass": "20 mg",
    "source.Li.idle.ramp": "12 s",
    "limits.hold_cold": "60 s",
}
"""Lithium's profile is the shorter one: it stays at its last power."""
MUCH: Changes = {"source.Zn.charge": "200 mg", "simulation.boats.1.charge.mass": "200 mg"}
"""A charge that lasts for two conditionings."""
CHANGES: dict[str | bytes, Changes] = {TOGETHER: TWO, RAMPED: TWO, PRE_COATED: TWO}
SHUTTERS = ("source shutter 1", "source shutter 2")


class Ended(NamedTuple):
    """A run and what it would tell."""

    bench: StationBench
    steps: dict[str, StepResult]
    phases: list[int]  # of the SQC-310, each once

    @property
    def other(self) -> TogetherResult:
        (other,) = self.steps["deposit"].together or ()
        return other


class _Listening(StationBench):
    def listen(self) -> Ended:
        gathering = Gathering(planned_steps(self.prepared.checked.procedure), self.world.truth)
        phases: list[int] = []
        take, scanned = self.take, self._sample

        def taken(events: list[Event]) -> None:
            take(events)
            gathering.take(events)

        def sampled(outputs: object) -> None:
            scanned(outputs)  # type: ignore[arg-type]
            phase = self.instrument("sqc").sequence.phase.value
            if phases[-1:] != [phase]:
                phases.append(phase)

        self.take, self._sample = taken, sampled  # type: ignore[method-assign, assignment]
        self.run()
        return Ended(self, {step.do: step for step in gathering.steps(self.now_ns)}, phases)


@cache
def run(recipe: str | bytes, owner: str = "sim", script: tuple[tuple[Moment, Act], ...] = ()) -> Ended:
    changes = CHANGES.get(recipe, HOST if owner == "sim-host-loop" else QUICK)
    if script:
        changes = {**changes, **MUCH}
    return _Listening(recipe, changes, name=owner, script=script).listen()


def opened(bench: StationBench, part: str) -> Sample:
    return bench.first_sample(lambda s: s.positions[part] > 0)


# --- two sources at once ---


@pytest.mark.parametrize("owner", OWNERS)
def test_both_films_are_as_thick_as_asked_and_as_told(owner: str) -> None:
    ended = run(TOGETHER, owner)
    zinc, lithium = ended.steps["deposit"], ended.other
    assert ended.bench.state == "complete"
    assert zinc.indicated_nm == pytest.approx(20, rel=0.01)
    assert zinc.true_nm == pytest.approx(20, rel=0.01)
    assert lithium.true_nm == pytest.approx(lithium.indicated_nm, rel=0.01)
    assert lithium.true_nm == pytest.approx(8, rel=0.05), "its rate over the time that the zinc takes"
    assert (lithium.material, lithium.target_nm_s) == ("Li", 0.2)
    assert lithium.rate_mean_nm_s == pytest.approx(0.2, rel=0.03)
    assert lithium.peak_power_w
    assert lithium.peak_power_w > 10
    invariants_were_kept(ended.bench)
    the_plant_is_safe(ended.bench)


@pytest.mark.parametrize("owner", OWNERS)
def test_both_shutters_open_before_the_longer_profile_ends_and_the_substrates_after_both_rates(owner: str) -> None:
    bench = run(TOGETHER, owner).bench
    both = [opened(bench, part).now_ns for part in SHUTTERS]
    assert both[0] == both[1]
    began = next(e.at_ns for e in bench.of_kind(EventKind.STAGE) if e.text in ("ramps and soaks", "ramp 1"))
    assert (both[0] - began) / SECOND == pytest.approx(59 - 4, abs=1.0)
    substrate = opened(bench, "substrate shutter")
    assert substrate.now_ns > both[0] + 5 * SECOND
    assert min(substrate.currents) > 20


def test_the_sqc_310_shows_one_phase_for_all_ramps_and_soaks_and_is_ended_by_the_first_thickness() -> None:
    ended = run(TOGETHER)
    assert ended.phases == [0, 1, 2, 6, 12, 13, 22, 0]
    asked = [e.text.partition(":")[0] for e in ended.bench.of_kind(EventKind.ACTION, EventKind.INTENT)]
    assert [text for text in asked if text == "supply_arm"] == ["supply_arm"] * 4, "asked and done, of each supply"
    assert asked.index("sqc_start") > len(asked) - 1 - asked[::-1].index("supply_arm")
    memory = ended.bench.instrument("sqc").memory.tables["D"]
    # rate; 20 nm and 8 nm, with 60 s and the longest hold of 10 s behind them
    assert [(memory[layer][1], memory[layer][2]) for layer in (3, 4)] == [(500, 550), (200, 220)]


def test_a_hold_of_the_sqc_310s_two_loops_is_cold_and_what_is_missing_is_added() -> None:
    ended = run(TOGETHER, "sim", ((EXPOSED, asks(Verb.HOLD)), (in_state("held", 2.0), asks(Verb.RESUME))))
    held = next(e for e in ended.bench.of_kind(EventKind.RUN) if e.text == "holding")
    levels = ended.bench.first_sample(lambda s: s.now_ns >= held.at_ns).outputs
    assert not any(level.on for level in levels.supply)
    what_was_foretold_came_true(ended.bench)
    assert ended.bench.state == "complete"
    assert ended.steps["deposit"].true_nm == pytest.approx(20, rel=0.01)
    assert ended.other.true_nm == pytest.approx(ended.other.indicated_nm, rel=0.02)


def test_a_hold_of_our_own_two_loops_freezes_both_powers() -> None:
    ended = run(TOGETHER, "sim-host-loop", ((EXPOSED, asks(Verb.HOLD)), (in_state("held", 2.0), asks(Verb.RESUME))))
    held = next(e for e in ended.bench.of_kind(EventKind.RUN) if e.text == "held")
    levels = ended.bench.first_sample(lambda s: s.now_ns >= held.at_ns).outputs
    assert all(level.on for level in levels.supply)
    what_was_foretold_came_true(ended.bench)
    assert ended.bench.state == "complete"
    assert ended.steps["deposit"].true_nm == pytest.approx(20, rel=0.01)
    assert ended.other.true_nm == pytest.approx(ended.other.indicated_nm, rel=0.01)


@pytest.mark.parametrize("owner", OWNERS)
def test_the_second_sources_crystal_counts_as_much_as_the_firsts(owner: str) -> None:
    def dies(bench: StationBench) -> None:
        bench.plant.crystals[2].is_dead = True

    bench = run(TOGETHER, owner, ((EXPOSED, dies),)).bench
    trip = bench.first(EventKind.TRIP)
    assert (trip.source, dict(trip.values)["signal"]) == ("crystal", "sensor.2.status")
    assert "crystal 2 failed: shutters closed, Li off" in trip.text
    the_substrate_is_covered_at_once(bench, trip)
    the_plant_is_safe(bench)
    assert bench.state == "stopped"


# --- ramps of the rate ---


def test_a_rate_is_ramped_and_kept_and_the_end_is_met() -> None:
    ended = run(RAMPED, "sim-host-loop")
    layer = ended.steps["deposit"]
    assert ended.bench.state == "complete"
    assert layer.true_nm == pytest.approx(24, rel=0.01)
    assert [rate.set_nm_s for rate in layer.rates or ()] == [0.2, 0.5]
    for rate in layer.rates or ():
        assert rate.mean_nm_s == pytest.approx(rate.set_nm_s, rel=0.06)
    told = {e.source for e in ended.bench.of_kind(EventKind.ALARM)}
    assert told <= {"rate_attention"}, "guards compare with the set-point on its way, and medians begin again"


def test_a_ramp_that_is_held_stands_and_goes_on() -> None:
    midway = during("deposit", "thickness", 35.0)  # 5 nm at 0.2 nm/s, and ten seconds of the ramp
    ended = run(RAMPED, "sim-host-loop", ((midway, asks(Verb.HOLD)), (in_state("held", 3.0), asks(Verb.RESUME))))
    layer = ended.steps["deposit"]
    assert (ended.bench.state, layer.openings) == ("complete", 2)
    assert layer.true_nm == pytest.approx(24, rel=0.01)
    assert [rate.set_nm_s for rate in layer.rates or ()] == [0.2, 0.5]
    assert len([e for e in ended.bench.of_kind(EventKind.STAGE) if e.text.startswith("pre-coat")]) == 1


# --- pre-coat ---


@pytest.mark.parametrize("owner", OWNERS)
def test_the_closed_shutter_is_coated_at_the_captured_rate_and_nothing_of_it_is_film(owner: str) -> None:
    ended = run(PRE_COATED, owner)
    stages = {e.text: e.at_ns for e in ended.bench.of_kind(EventKind.STAGE)}
    assert (stages["substrate shutter open"] - stages["pre-coat for 10 s"]) / SECOND == pytest.approx(10, abs=0.3)
    assert opened(ended.bench, "substrate shutter").now_ns > stages["pre-coat for 10 s"] + 10 * SECOND
    assert ended.steps["deposit"].true_nm == pytest.approx(10, rel=0.01)


def test_the_sqc_310_has_room_for_what_the_pre_coat_adds_to_its_thickness() -> None:
    # 10 nm, and 0.5 nm/s over 60 s, the longest hold of 10 s and the pre-coat of 10 s
    assert run(PRE_COATED).bench.instrument("sqc").memory.tables["D"][1][2] == 500


# --- melting in ---


@pytest.mark.parametrize("owner", OWNERS)
def test_a_charge_is_melted_in_behind_closed_shutters_and_switched_off(owner: str) -> None:
    ended = run("condition Zn", owner)
    assert ended.steps["condition"].ended_because == "melted in"
    assert max(s.currents[0] for s in ended.bench.samples) > 40
    assert all(s.positions[part] == 0 for s in ended.bench.samples for part in (*SHUTTERS, "substrate shutter"))
    assert set(ended.phases) & {12, 13, 14} == set()
    invariants_were_kept(ended.bench)
    the_plant_is_safe(ended.bench)


def test_the_sqc_310_gets_its_own_ramps_and_soaks_back() -> None:
    ended = run("condition Zn")
    table = ended.bench.instrument("sqc").memory.film("A3", 1)
    assert [table[place] for place in range(1, 7)] == [258, 6, 1, 500, 6, 16]
    asked = [e.text for e in ended.bench.of_kind(EventKind.ACTION) if e.text.startswith("sqc_prepare")]
    assert asked == ["sqc_prepare: asked", "sqc_prepare: done"] * 2


def test_a_melt_in_that_is_held_goes_cold_is_restored_and_begins_again() -> None:
    ended = run("condition Zn", "sim", ((during("condition", "ramp 2", 2.0), asks(Verb.HOLD)),
                                        (in_state("held", 1.0), asks(Verb.RESUME))))  # fmt: skip
    assert ended.bench.state == "complete"
    assert ended.phases == [0, 1, 2, 7, 8, 9, 0, 1, 2, 7, 8, 9, 10, 0]
    asked = [e.text for e in ended.bench.of_kind(EventKind.ACTION) if e.text == "sqc_prepare: done"]
    assert len(asked) == 4
    what_was_foretold_came_true(ended.bench)
