"""Hold in the middle of each kind of step, and resume: the film is as thick, the exposure as long as if nothing was.

One run holds many times; the recipe is the paper's, shortened.
"""

from functools import cache
from itertools import pairwise

import pytest
from interlock_cases import FILLING, GAS, HOST, PUMPING, THICK
from run_checks import invariants_were_kept, the_plant_is_safe, what_was_foretold_came_true
from station_bench import EXPOSED, QUICK, Act, Changes, Moment, StationBench, asks, during, in_state

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Verb

LONG: Changes = {"limits.hold": "60 s", "limits.hold_cold": "5 min"}
SQC: Changes = {**QUICK, **LONG}
OWN_LOOP: Changes = {**HOST, **LONG}
MUCH: Changes = {"source.Zn.charge": "250 mg", "simulation.boats.1.charge.mass": "250 mg"}
"""A charge that lasts for several conditionings."""
RECIPE = f"{THICK}, then {GAS}"
SCAN_S = 0.25

Script = list[tuple[Moment, Act]]


def crystal(status: int) -> Act:
    """Let crystal 1 fail, or measure again."""
    return lambda bench: setattr(bench.plant.crystals[1], "is_dead", status == 0)


def held(when: Moment, seconds: float = 3.0) -> Script:
    """Return a hold at a moment, resumed some time after it is confirmed."""
    return [(when, asks(Verb.HOLD)), (in_state("held", seconds), asks(Verb.RESUME))]


def later(do: str, stage: str, after_s: float, nm: float) -> Moment:
    """Return the moment in a stage of a step from a film on, so that it does not come twice."""
    here = during(do, stage, after_s)
    return lambda bench: here(bench) and bench.world.truth()["film.Zn"] >= nm


SCRIPT: Script = [
    *held(PUMPING),
    *held(during("condition", "ramp 1", 2.0)),
    *held(during("condition", "soak 2", 3.0)),
    *held(during("deposit", "rate", 2.0)),
    *held(EXPOSED, 5.0),
    # the crystal fails: off at once, and conditioned again for the rest, itself held once
    (later("deposit", "thickness", 2.0, 3.0), crystal(0)),
    (in_state("held", 1.0), asks(Verb.RESUME)),
    (in_state("held", 3.0), crystal(1)),
    (in_state("held", 6.0), asks(Verb.RESUME)),
    *held(during("deposit", "ramp 2", 1.0)),
    *held(later("deposit", "thickness", 2.0, 5.0), 2.0),
    *held(during("deposit", "off")),
    *held(during("cool", after_s=5.0)),
    *held(during("isolate", "pressure", 2.0)),
    *held(FILLING),
    *held(during("admit_gas", "dwell", 5.0)),
    *held(during("evacuate", "chamber", 10.0)),
]
"""The layer's end and pumping out are never held: they go on to their end, and the hold is confirmed there."""
OWNER = {"sqc": ("sim", SQC), "host": ("sim-host-loop", OWN_LOOP)}


@cache
def held_everywhere(owner: str) -> StationBench:
    name, changes = OWNER[owner]
    return StationBench(RECIPE, {**changes, **MUCH}, name=name, script=SCRIPT).run()


def layer(bench: StationBench) -> dict[str, float | str]:
    ends = [dict(event.values) for event in bench.of_kind(EventKind.STEP) if event.text != "running"]
    return next(values for values in ends if "indicated_nm" in values)


def open_s(bench: StationBench) -> float:
    """Return how long the substrate shutter truly was open: from half open to half closed."""
    pairs = pairwise((s.now_ns, s.positions["substrate shutter"]) for s in bench.samples)
    return sum((after[1] + before[1]) / 2 * (after[0] - before[0]) / SECOND for before, after in pairs)


OWNERS = pytest.mark.parametrize("owner", ["sqc", "host"])


@OWNERS
def test_a_run_that_was_held_in_every_kind_of_step_completes(owner: str) -> None:
    bench = held_everywhere(owner)
    assert bench.state == "complete"
    the_plant_is_safe(bench)
    invariants_were_kept(bench)
    what_was_foretold_came_true(bench)


@OWNERS
def test_the_film_is_as_thick_as_without_holds(owner: str) -> None:
    bench = held_everywhere(owner)
    assert bench.world.truth()["film.Zn"] == pytest.approx(20.0, rel=0.01)
    assert layer(bench)["indicated_nm"] == pytest.approx(20.0, rel=0.01)


@OWNERS
def test_the_exposure_is_recorded_as_long_as_the_shutter_was_open(owner: str) -> None:
    bench = held_everywhere(owner)
    assert layer(bench)["openings"] == 4
    assert layer(bench)["exposed_s"] == pytest.approx(open_s(bench), abs=SCAN_S)


@OWNERS
def test_a_hold_says_how_long_it_may_last(owner: str) -> None:
    bench = held_everywhere(owner)
    holds = [dict(event.values) for event in bench.of_kind(EventKind.RUN) if event.text == "held"]
    left = [float(values["left_s"]) for values in holds]
    assert all(20 <= seconds <= 300 for seconds in left)
    assert left[0] == 300  # pumping down: cold
    assert left[4] <= 60  # exposed: with energy


def test_what_is_not_good_again_refuses_to_be_resumed_with_the_reason() -> None:
    answers = [event.text for event in held_everywhere("sqc").of_kind(EventKind.REQUEST)]
    refused = [text for text in answers if "refused" in text]
    assert refused == ["resume: refused, not good again: crystal 1 failed: shutters closed, Zn off"]


def test_the_unit_is_prepared_for_what_of_the_layer_is_missing() -> None:
    bench = held_everywhere("sqc")
    backstop_nm = bench.instrument("sqc").memory.tables["D"][1][2] / 10
    film_nm = bench.world.truth()["film.Zn"]
    whole_nm = 20 + 0.5 * (60 + 60)
    assert whole_nm - film_nm < backstop_nm < whole_nm - 3.0


def test_a_cold_hold_conditions_from_nothing_and_a_frozen_one_goes_on() -> None:
    ramps = {owner: _ramps(held_everywhere(owner)) for owner in ("sqc", "host")}
    assert ramps == {"sqc": 3 + 2, "host": 2 + 1}  # in the step and in the layer; each held once


def _ramps(bench: StationBench) -> int:
    """Return how often ramp 1 was begun or gone on with."""
    return [event.text for event in bench.of_kind(EventKind.STAGE)].count("ramp 1")


def test_our_own_loop_freezes_the_power_of_conditioning_and_never_raises_it() -> None:
    bench = held_everywhere("host")
    spans = pairwise(event for event in bench.of_kind(EventKind.RUN) if event.text in ("holding", "restarting"))
    frozen = [span for span in spans if span[0].text == "holding"][1:3]  # ramp 1, soak 2
    for began, ended in frozen:
        during_it = [s for s in bench.samples if began.at_ns <= s.now_ns < ended.at_ns]
        set_a = {s.outputs.supply[0].current_a for s in during_it}
        assert len(set_a) == 1
        assert set_a.pop() > 3
        assert not any(s.outputs.source_shutter[0] for s in during_it)


# --- stop and abort from where the run was left ---

LEFT: dict[str, tuple[str, Script]] = {
    "paused, pumping": ("sqc", [(PUMPING, asks(Verb.PAUSE))]),
    "held, conditioning by the unit": ("sqc", [(during("condition", "soak 1"), asks(Verb.HOLD))]),
    "held, conditioning by us": ("host", [(during("condition", "soak 1"), asks(Verb.HOLD))]),
    "held, exposed, by the unit": ("sqc", [(EXPOSED, asks(Verb.HOLD))]),
    "held, exposed, by us": ("host", [(EXPOSED, asks(Verb.HOLD))]),
}


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.ABORT])
@pytest.mark.parametrize("place", LEFT)
def test_stop_and_abort_act_the_same_from_paused_and_held(place: str, verb: Verb) -> None:
    owner, leaves = LEFT[place]
    name, changes = OWNER[owner]
    state = place.partition(",")[0]
    bench = StationBench(THICK, changes, name=name, script=[*leaves, (in_state(state, 2.0), asks(verb))]).run()
    assert bench.state == {Verb.STOP: "stopped", Verb.ABORT: "aborted"}[verb]
    assert (bench.verdict["cause"], bench.verdict["safe"]) == ("operator", 1.0)
    the_plant_is_safe(bench)
    invariants_were_kept(bench)
    what_was_foretold_came_true(bench)
    asked_ns = bench.script_times[1]
    heated = [s for s in bench.samples if s.now_ns > asked_ns + SECOND and s.outputs.supply[0].on]
    is_ramped = verb is Verb.STOP and ("exposed" in place or place.endswith("by us"))
    assert bool(heated) == is_ramped
    if is_ramped and owner == "host":  # 2 A/s
        falls = [(b.outputs.supply[0].current_a - a.outputs.supply[0].current_a) for a, b in pairwise(heated)]
        assert min(falls) == pytest.approx(-2 * SCAN_S)
        assert max(falls) <= 0


# --- the dwell ---


def test_a_dwell_that_is_over_while_it_is_held_is_an_alarm_and_its_overtime_is_recorded() -> None:
    script = [(during("admit_gas", "dwell", 5.0), asks(Verb.HOLD)), (in_state("held", 30.0), asks(Verb.RESUME))]
    bench = StationBench(GAS, SQC, script=script).run()
    alarms = [(e.source, dict(e.values)["state"]) for e in bench.of_kind(EventKind.ALARM) if e.source == "dwell_over"]
    assert alarms == [("dwell_over", "came"), ("dwell_over", "gone")]
    gas = next(dict(e.values) for e in bench.of_kind(EventKind.STEP) if "overtime_s" in dict(e.values))
    assert gas["held_s"] == pytest.approx(35.25, abs=0.5)
    assert gas["overtime_s"] == pytest.approx(float(gas["held_s"]) - 20)
    assert (bench.state, bench.done[-2]) == ("complete", "evacuate")


def test_a_dwell_that_stays_held_is_stopped_and_pumped_out() -> None:
    bench = StationBench(GAS, SQC, script=[(during("admit_gas", "dwell", 5.0), asks(Verb.HOLD))]).run()
    trip = bench.first(EventKind.TRIP)
    stopped_s = (trip.at_ns - bench.script_times[0]) / SECOND
    assert (trip.source, stopped_s) == ("dwell_overtime", pytest.approx(15 + 60, abs=0.75))
    assert (bench.state, bench.done[-1]) == ("stopped", "evacuate")


# --- while the shutter moves ---


@OWNERS
@pytest.mark.parametrize("verb", [Verb.HOLD, Verb.ABORT])
def test_what_comes_through_an_opening_shutter_is_counted(owner: str, verb: Verb) -> None:
    script: Script = [(during("deposit", "substrate shutter open", SCAN_S), asks(verb))]
    if verb is Verb.HOLD:
        script.append((in_state("held", 1.0), asks(Verb.RESUME)))
    name, changes = OWNER[owner]
    bench = StationBench("5 nm Zn at 0.5 nm/s", changes, name=name, script=script).run()
    what_was_foretold_came_true(bench)
    reached = layer(bench)
    assert reached["openings"] == (2 if verb is Verb.HOLD else 1)
    assert reached["exposed_s"] == pytest.approx(open_s(bench), abs=0.1)
    assert open_s(bench) > 0.1
    assert reached["indicated_nm"] == pytest.approx(bench.world.truth()["film.Zn"], abs=0.05)


# --- held at the very end of a layer ---


def nearly(nm: float) -> Moment:
    """Return the moment at which so much of the film is missing."""
    return lambda bench: bench.world.truth()["film.Zn"] >= 20 - nm


LATE: dict[str, tuple[str, Script]] = {
    "regulated": ("sqc", held(nearly(0.3))),
    "cold": (
        "host",
        [
            (during("deposit", "substrate shutter closed"), crystal(0)),
            (in_state("held", 1.0), crystal(1)),
            (in_state("held", 3.0), asks(Verb.RESUME)),
        ],
    ),
}


@pytest.mark.parametrize("hold", LATE)
def test_a_layer_that_lacks_less_than_an_opening_adds_is_finished_when_it_is_resumed(hold: str) -> None:
    owner, script = LATE[hold]
    name, changes = OWNER[owner]
    bench = StationBench(THICK, changes, name=name, script=script).run()
    assert (bench.state, layer(bench)["state"], layer(bench)["ended_because"]) == (
        "complete",
        "complete",
        "thickness reached",
    )
    assert bench.world.truth()["film.Zn"] == pytest.approx(20.0, rel=0.01)  # another opening adds 2 % of this film
    assert sum(s.outputs.substrate_shutter for s in bench.samples) == pytest.approx(40 / SCAN_S, rel=0.1)
    heated = [event.text for event in bench.of_kind(EventKind.STAGE)].count("ramp 1")
    assert heated == 1, "nothing is switched on again"
    the_plant_is_safe(bench)
    invariants_were_kept(bench)
    what_was_foretold_came_true(bench)
