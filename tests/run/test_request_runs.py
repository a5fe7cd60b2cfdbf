"""What people ask for in each kind of step: every run ends in a safe state that is confirmed (sequence page, 5)."""

from functools import cache
from typing import NamedTuple

import pytest
from interlock_cases import COOLING, FILLING, GAS, HOST, LAYER, LONG_PUMPING, PUMPING, ROUGH, ROUGHING
from run_checks import (
    everything_is_off_at_once,
    invariants_were_kept,
    the_plant_is_safe,
    what_was_foretold_came_true,
)
from station_bench import EXPOSED, QUICK, Changes, Moment, StationBench, asks, during, in_state

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Verb

PASTIMES = "leak test 30 s below 1e-3 mbar/s, then wait 30 s, then wait until pressure above 1 mbar within 1 h"
LONG_HOLD: Changes = {**QUICK, "limits.hold": "60 s", "limits.hold_cold": "60 s"}


class Place(NamedTuple):
    """Somewhere in the paper's recipe, shortened."""

    when: Moment
    recipe: str
    changes: Changes = QUICK
    name: str = "sim"


PLACES = {
    "pump_down, roughing": Place(ROUGHING, LAYER, ROUGH),
    "pump_down, high vacuum": Place(PUMPING, LAYER, LONG_PUMPING),
    "condition, prepare": Place(during("condition", "template, material"), LAYER),
    "condition, ramp": Place(during("condition", "ramp 1", 3.0), LAYER),
    "condition, shutter open": Place(during("condition", "soak 2", 14.0), LAYER),
    "condition by the host": Place(during("condition", "soak 1"), LAYER, HOST, "sim-host-loop"),
    "deposit, capture": Place(during("deposit", "rate", 3.0), LAYER),
    "deposit, exposed": Place(EXPOSED, LAYER),
    "deposit by the host, exposed": Place(EXPOSED, LAYER, HOST, "sim-host-loop"),
    "deposit, idle ramp": Place(during("deposit", "idle", 3.0), LAYER),
    "cool": Place(COOLING, GAS),
    "isolate": Place(during("isolate", "pressure", 2.0), GAS),
    "admit_gas, fill": Place(FILLING, GAS),
    "admit_gas, dwell": Place(during("admit_gas", "dwell", 5.0), GAS),
    "evacuate": Place(during("evacuate", "chamber", 20.0), GAS, {**QUICK, "limits.hold_cold": "150 s"}),
    "leak_test, rise": Place(during("leak_test", "rise", 3.0), PASTIMES),
    "leak_test, gate": Place(during("leak_test", "HV gate"), PASTIMES),
    "wait": Place(during("wait", after_s=2.0), PASTIMES),
    "wait_until": Place(during("wait_until", after_s=2.0), PASTIMES),
    "ask": Place(during("ask", "answer"), 'ask "Sure?" yes/no, then wait 5 s'),
    "finish": Place(during("finish", "safe", 2.0), LAYER),
}

PARKED = ("pump_down, roughing", "pump_down, high vacuum", "cool", "isolate", "leak_test, rise", "wait", "wait_until")

LOOKED_AT_TWICE = ("admit_gas, fill", "admit_gas, dwell", "deposit, exposed", "deposit by the host, exposed")


def asked(name: str, verb: Verb) -> StationBench:
    """Return the run in which somebody asked for something at a place."""
    return _kept(name, verb) if name in LOOKED_AT_TWICE else _run(name, verb)


def _run(name: str, verb: Verb) -> StationBench:
    place = PLACES[name]
    return StationBench(place.recipe, place.changes, name=place.name, script=[(place.when, asks(verb))]).run()


_kept = cache(_run)


def states(bench: StationBench) -> list[str]:
    return [event.text for event in bench.of_kind(EventKind.RUN)]


def moved(bench: StationBench, state: str) -> Event:
    """Return the event by which the run came into a state."""
    return next(event for event in bench.of_kind(EventKind.RUN) if event.text == state)


def ended_safely(bench: StationBench, state: str) -> None:
    assert bench.state == state
    assert (bench.verdict["cause"], bench.verdict["safe"]) == ("operator", 1.0)
    the_plant_is_safe(bench)
    invariants_were_kept(bench)
    what_was_foretold_came_true(bench)


@pytest.mark.parametrize("place", PLACES)
def test_stop_ends_every_step_in_a_confirmed_safe_state(place: str) -> None:
    bench = asked(place, Verb.STOP)
    assert states(bench)[-2:] == ["stopping", "stopped"]
    assert bench.of_kind(EventKind.TRIP) == []
    ended_safely(bench, "stopped")


@pytest.mark.parametrize("place", PLACES)
def test_abort_ends_every_step_with_everything_off_in_the_same_scan(place: str) -> None:
    bench = asked(place, Verb.ABORT)
    everything_is_off_at_once(bench, moved(bench, "aborting"))
    assert bench.of_kind(EventKind.TRIP) == []
    ended_safely(bench, "aborted")


@pytest.mark.parametrize("place", [place for place in PLACES if place != "finish"])
def test_a_hold_that_nobody_resumes_becomes_a_stop(place: str) -> None:
    bench = asked(place, Verb.HOLD)
    assert states(bench)[-4:] == ["holding", "held", "stopping", "stopped"]
    assert [event.source for event in bench.of_kind(EventKind.TRIP)] == ["hold"]
    ended_safely(bench, "stopped")


# --- what each does on its way ---


@pytest.mark.parametrize("place", ["admit_gas, fill", "admit_gas, dwell"])
def test_stop_while_gas_is_in_the_chamber_pumps_it_out(place: str) -> None:
    bench = asked(place, Verb.STOP)
    assert bench.done[-1] == "evacuate"
    assert bench.samples[-1].chamber_mbar <= 1e-3
    assert bench.samples[-1].positions["gate"] == 1.0


def test_abort_while_gas_is_in_the_chamber_leaves_it_there() -> None:
    bench = asked("admit_gas, dwell", Verb.ABORT)
    assert bench.done[-1] == "admit_gas"
    assert bench.samples[-1].chamber_mbar > 30
    assert bench.samples[-1].positions["gate"] == 0.0


@pytest.mark.parametrize("place", ["deposit, exposed", "deposit by the host, exposed"])
@pytest.mark.parametrize("verb", [Verb.STOP, Verb.ABORT])
def test_a_layer_that_was_broken_off_is_recorded_as_long_as_it_is(place: str, verb: Verb) -> None:
    bench = asked(place, verb)
    end = bench.of_kind(EventKind.STEP)[-1]
    film_nm = bench.world.truth()["film.Zn"]
    assert 0.5 < film_nm < 5
    assert float(dict(end.values)["indicated_nm"]) == pytest.approx(film_nm, abs=0.15)


@pytest.mark.parametrize("place", ["deposit, exposed", "deposit by the host, exposed"])
def test_a_regulated_hold_keeps_the_film_and_the_layer_goes_on_to_its_thickness(place: str) -> None:
    here = PLACES[place]
    changes = {**here.changes, "limits.hold": "60 s"}
    script = [(here.when, asks(Verb.HOLD)), (in_state("held", 10.0), asks(Verb.RESUME))]
    bench = StationBench(here.recipe, changes, name=here.name, script=script).run()
    assert bench.state == "complete"
    held = [s for s in bench.samples if moved(bench, "held").at_ns <= s.now_ns <= bench.script_times[1]]
    assert all(s.outputs.supply[0].on and s.outputs.source_shutter[0] for s in held)
    assert not any(s.outputs.substrate_shutter or s.positions["substrate shutter"] for s in held)
    assert bench.world.truth()["film.Zn"] == pytest.approx(10.0, abs=0.2)


def test_a_hold_of_conditioning_is_cold_and_begins_again_from_nothing() -> None:
    script = [(during("condition", "soak 2"), asks(Verb.HOLD)), (in_state("held", 5.0), asks(Verb.RESUME))]
    bench = StationBench(LAYER, LONG_HOLD, script=script).run()
    held = [s for s in bench.samples if moved(bench, "held").at_ns <= s.now_ns <= bench.script_times[1]]
    assert not any(s.outputs.supply[0].on for s in held)
    stages = [event.text for event in bench.of_kind(EventKind.STAGE)]
    assert stages.count("ramp 1") == 2
    assert bench.state == "complete"
    assert bench.world.truth()["film.Zn"] == pytest.approx(10.0, abs=0.2)


def test_the_dwell_runs_on_while_it_is_held() -> None:
    script = [(during("admit_gas", "dwell", 5.0), asks(Verb.HOLD)), (in_state("held", 5.0), asks(Verb.RESUME))]
    bench = StationBench(GAS, LONG_HOLD, script=script).run()
    gas = next(e for e in bench.of_kind(EventKind.STEP) if dict(e.values).get("gas") == "N2")
    assert dict(gas.values)["held_s"] == pytest.approx(20, abs=0.3)
    assert bench.state == "complete"


@pytest.mark.parametrize(
    ("when", "next_step"),
    [(during("condition", "soak 1"), "cool"), (EXPOSED, "cool"), (during("admit_gas", "dwell"), "finish")],
    ids=["condition", "deposit", "dwell"],
)
def test_a_pause_waits_for_the_end_of_the_unit(when: Moment, next_step: str) -> None:
    script = [(when, asks(Verb.PAUSE)), (in_state("paused", 5.0), asks(Verb.RESUME))]
    bench = StationBench(f"{LAYER}, then {GAS}", LONG_HOLD, script=script).run()
    paused_ns, resumed_ns = moved(bench, "paused").at_ns, bench.script_times[1]
    before = [event for event in bench.of_kind(EventKind.STEP) if event.at_ns <= paused_ns]
    assert before[-1].text in ("complete", "running")
    following = bench.done[len([event for event in before if event.text == "complete"])]
    assert following == next_step
    assert (resumed_ns - paused_ns) / SECOND >= 5
    paused = [s for s in bench.samples if paused_ns <= s.now_ns <= resumed_ns]
    assert not any(level.on for s in paused for level in s.outputs.supply)
    assert bench.state == "complete"


@pytest.mark.parametrize("place", PARKED)
def test_a_pause_acts_at_once_where_the_step_can_be_left_alone(place: str) -> None:
    here = PLACES[place]
    script = [(here.when, asks(Verb.PAUSE)), (in_state("paused", 15.0), asks(Verb.STOP))]
    bench = StationBench(here.recipe, here.changes, name=here.name, script=script).run()
    assert (moved(bench, "paused").at_ns - bench.script_times[0]) / SECOND < 5
    paused = [s for s in bench.samples if moved(bench, "paused").at_ns <= s.now_ns <= bench.script_times[1]]
    assert not any(s.outputs.roughing or s.outputs.substrate_shutter or s.outputs.n2 for s in paused)
    assert len({s.outputs.gate for s in paused}) == 1
    ended_safely(bench, "stopped")


def test_what_is_not_possible_is_refused_and_changes_nothing() -> None:
    script = [(PUMPING, asks(Verb.RESUME)), (during("condition", "ramp 1"), asks(Verb.START))]
    bench = StationBench(LAYER, script=script).run()
    answers = [event.text for event in bench.of_kind(EventKind.REQUEST)]
    assert answers == ["resume: refused, not possible while running", "start: refused, not possible while running"]
    assert bench.state == "complete"
