"""What an operator does in a day beside the layers, by bytes: wait, ask, test for leaks, let gas settle, vent."""

from itertools import pairwise

import pytest
from interlock_cases import HOST
from station_bench import QUICK, Act, Changes, Moment, StationBench, asks, during, in_state

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Request, Verb

DAY: Changes = {**QUICK, "simulation.chamber.outgassing_1h": "1e-11 mbar L/s/cm2"}
"""Leak and outgassing both count: 2.5e-6 and, at first, 1e-6 mbar/s."""
LEAK = "leak test 30 s below {} mbar/s"
RELIED_ON = "what follows relies on it (only ask, note, wait and wait_until may be)"
PASTIMES = (
    'wait 20 s, then ask "Mass?" 10 mg to 500 mg as mass, then wait until fore-line below 1e-9 mbar within 1 h, '
    'then note "golden film"'
)

SETTLING = b"""
name = "settling"
[[steps]]
do = "admit_gas"
gas = "N2"
pressure = "40 mbar"
dwell = "20 s"
keep = "settle"
"""


def requests(verb: Verb, about: str = "", value: float | str | None = None) -> Act:
    return lambda bench: bench.scan.request(Request(verb, "operator", about, value))


def steps(bench: StationBench) -> dict[str, dict[str, float | str]]:
    """Return what each step that has ended has reached, by kind."""
    ended = [event for event in bench.of_kind(EventKind.STEP) if event.text != "running"]
    return {do: dict(event.values) for do, event in zip(bench.done, ended, strict=True)}


def answers(bench: StationBench) -> list[str]:
    return [event.text for event in bench.of_kind(EventKind.REQUEST)]


# --- wait, ask, skip ---


@pytest.fixture(scope="module")
def pastimes() -> StationBench:
    """Return a run in which everything is answered, paused, held and skipped once."""
    asked = during("ask", "answer")
    script: list[tuple[Moment, Act]] = [
        (during("wait", after_s=5), requests(Verb.PAUSE)),
        (in_state("paused", 30), asks(Verb.RESUME)),
        (during("wait", after_s=10), requests(Verb.ANSWER, "mass", 20.0)),
        (asked, requests(Verb.ANSWER, "mass", 5.0)),
        (asked, requests(Verb.ANSWER, "weight", 20.0)),
        (asked, asks(Verb.HOLD)),
        (in_state("held", 1), requests(Verb.ANSWER, "mass", 20.0)),
        (in_state("held", 2), asks(Verb.RESUME)),
        (during("wait_until", after_s=3), asks(Verb.PAUSE)),
        (in_state("paused", 1), requests(Verb.SKIP)),
        (in_state("paused", 2), asks(Verb.RESUME)),
        (during("finish"), requests(Verb.SKIP)),
    ]
    return StationBench(PASTIMES, QUICK, script=script).run()


def test_a_pause_keeps_what_is_left_of_a_wait(pastimes: StationBench) -> None:
    wait = steps(pastimes)["wait"]
    assert wait["waited_s"] == pytest.approx(20, abs=0.25)
    assert wait["duration_s"] == pytest.approx(50, abs=1)


def test_every_request_is_answered_with_accepted_or_a_reason(pastimes: StationBench) -> None:
    assert [text for text in answers(pastimes) if text.split(":")[0] not in ("pause", "hold", "resume")] == [
        "answer mass = 20: refused, no question is open",
        "answer mass = 5: refused, 5 does not answer it: write 10 to 500 mg",
        'answer weight = 20: refused, the open question is "mass", not "weight"',
        "answer mass = 20: accepted",
        "skip: accepted",
        f"skip: refused, finish is never skipped: {RELIED_ON}",
    ]
    assert pastimes.state == "complete"


def test_an_answer_stands_in_its_event_and_in_the_result(pastimes: StationBench) -> None:
    accepted = next(e for e in pastimes.of_kind(EventKind.REQUEST) if e.text == "answer mass = 20: accepted")
    assert accepted.values == (("about", "mass"), ("value", 20.0))
    reached = steps(pastimes)["ask"]
    assert (reached["question"], reached["answer"], reached["ended_because"]) == ("mass", 20.0, "answered 20 mg")


def test_a_skipped_step_says_by_whom_and_the_run_stays_paused(pastimes: StationBench) -> None:
    skipped = steps(pastimes)["wait_until"]
    assert (skipped["state"], skipped["ended_because"]) == ("skipped", "by operator")
    note = next(event for event in pastimes.of_kind(EventKind.NOTE))
    assert note.text == "golden film"
    assert note.at_ns > pastimes.script_times[10]


def test_a_step_is_skipped_while_it_runs_and_while_its_time_out_holds_the_run() -> None:
    recipe = "wait 1 h, then wait until pressure below 1e-12 mbar within 5 s, then wait 5 s"
    script: list[tuple[Moment, Act]] = [
        (during("wait", after_s=2), requests(Verb.SKIP)),
        (in_state("held", 1), requests(Verb.SKIP)),
        (in_state("held", 2), asks(Verb.RESUME)),
    ]
    bench = StationBench(recipe, QUICK, script=script).run()
    ended = [dict(e.values)["state"] for e in bench.of_kind(EventKind.STEP) if e.text != "running"]
    assert ended == ["skipped", "skipped", "complete", "complete"]
    assert bench.of_kind(EventKind.TRIP)[0].source == "wait_until"
    assert (bench.state, bench.verdict["cause"]) == ("complete", "complete")


# --- leak test ---


def leak(limit: str, changes: Changes = DAY, name: str = "sim") -> tuple[StationBench, dict[str, float | str], float]:
    """Return a run, what its leak test has reached, and the plant's own rise while the gate was closed, mbar/s."""
    bench = StationBench(LEAK.format(limit), changes, name=name).run()
    began = [event for event in bench.of_kind(EventKind.STAGE) if event.text.startswith("rise of")]
    opens = next(e for e in bench.events if e.source == "gate" and e.text == "on" and e.at_ns > began[0].at_ns)
    closed = [s for s in bench.samples if began[0].at_ns <= s.now_ns <= opens.at_ns]
    rise = (closed[-1].chamber_mbar - closed[0].chamber_mbar) / ((closed[-1].now_ns - closed[0].now_ns) / SECOND)
    return bench, steps(bench)["leak_test"], rise


def test_the_rise_is_the_plant_s_and_the_gate_is_open_again() -> None:
    bench, found, rise = leak("1e-3")
    assert bench.state == "complete"
    assert abs(float(found["rise_mbar_s"]) - rise) < max(3 * float(found["rise_sd_mbar_s"]), 0.02 * rise)
    assert found["gauge"] == "full-range gauge"
    assert bench.samples[-1].positions["gate"] == 1.0
    assert not any(sample.outputs.roughing for sample in bench.samples)


def test_above_its_limit_it_holds_the_run_with_slope_limit_and_leak_rate() -> None:
    bench, found, rise = leak("1e-7", {**DAY, "limits.hold_cold": "5 s"})
    trip = bench.of_kind(EventKind.TRIP)[0]
    assert (trip.source, dict(trip.values)["class"]) == ("leak_test", "C1")
    for part in (f"{float(found['rise_mbar_s']):.2e}", "limit of 1e-7 mbar/s", f"{float(found['leak_mbar_l_s']):.2e}"):
        assert part in trip.text
    assert float(found["leak_mbar_l_s"]) == pytest.approx(80 * rise, rel=0.03)
    assert (bench.state, found["state"]) == ("stopped", "stopped")


# --- settling gas, vent ---


def test_gas_that_settles_is_not_topped_up_and_its_time_counts_from_its_pressure() -> None:
    bench = StationBench(SETTLING, {**QUICK, "defaults.evacuate_to": "1e-2 mbar"}).run()
    opened = [after.now_ns for before, after in pairwise(bench.samples) if after.outputs.n2 and not before.outputs.n2]
    found = steps(bench)["admit_gas"]
    assert (bench.state, len(opened), found["top_ups"]) == ("complete", 1, 0)
    assert found["held_s"] == pytest.approx(20, abs=0.3)
    assert 0.85 * 40 < float(found["reached_mbar"]) < 0.99 * 40


def test_a_stop_in_a_wait_pumps_out_the_gas_that_was_to_stay_until_later() -> None:
    stays = (
        SETTLING
        + b"""then = "stay"
[[steps]]
do = "wait"
time = "5 min"
[[steps]]
do = "note"
text = "reacted"
[[steps]]
do = "evacuate"
pressure = "1e-2 mbar"
"""
    )
    bench = StationBench(stays, script=[(during("wait", after_s=2), asks(Verb.STOP))]).run()
    assert bench.done[-2:] == ["wait", "evacuate"]
    assert bench.state == "stopped"
    assert bench.samples[-1].chamber_mbar <= 1e-2


@pytest.fixture(scope="module")
def vent() -> StationBench:
    """Return a run that is vented, and held once while the gas flows."""
    script: list[tuple[Moment, Act]] = [
        (during("vent", "Ar", 20), asks(Verb.HOLD)),
        (in_state("held", 2), asks(Verb.RESUME)),
        (during("vent", "Ar", 5), requests(Verb.SKIP)),
    ]
    return StationBench("vent with Ar", {**HOST, "limits.hold_cold": "60 s"}, name="sim-host-loop", script=script).run()


def test_a_vent_ends_within_the_door_s_band_with_the_gate_closed_and_the_pumps_running(vent: StationBench) -> None:
    last = vent.samples[-1]
    assert (vent.state, vent.verdict["safe"]) == ("complete", 1.0)
    assert last.chamber_mbar == pytest.approx(1003, abs=5)
    assert (last.positions["gate"], last.positions["vent"]) == (0.0, 0.0)
    assert vent.plant.vacuum.is_backed
    assert vent.plant.vacuum.rotor.hz > 800
    assert "confirm the pressure before the door" in str(steps(vent)["vent"]["ended_because"])


def test_nothing_is_let_in_above_what_the_valve_s_rule_allows(vent: StationBench) -> None:
    flowing = [sample for sample in vent.samples if sample.outputs.vent]
    assert max(sample.chamber_mbar for sample in flowing) < 1003 - 2
    assert not any(s.positions["gate"] > 0 or s.outputs.n2 or s.outputs.roughing for s in flowing)
    assert vent.of_kind(EventKind.ALARM, EventKind.TRIP) == []


def test_a_hold_closes_the_vent_valve_and_a_vent_is_not_skipped(vent: StationBench) -> None:
    held_ns = next(e.at_ns for e in vent.of_kind(EventKind.RUN) if e.text == "held")
    held = [s for s in vent.samples if held_ns <= s.now_ns < vent.script_times[1]]
    assert held
    assert not any(s.outputs.vent or s.positions["vent"] for s in held)
    assert answers(vent)[-1].startswith("skip: refused, vent is never skipped")


def intents(bench: StationBench, output: str) -> list[Event]:
    return [event for event in bench.of_kind(EventKind.INTENT) if event.source == output]


def test_the_vent_valve_opens_only_after_its_intent_is_recorded(vent: StationBench) -> None:
    opened = [e for e in vent.of_kind(EventKind.OUTPUT) if (e.source, e.text) == ("vent", "on")]
    assert len(intents(vent, "vent valve")) >= len(opened) >= 2
