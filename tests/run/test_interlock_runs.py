"""Every interlock trips a run, by bytes, to a safe state that is confirmed; the first cause is kept."""

import pytest
from interlock_cases import (
    CASES,
    FILLING,
    GAS,
    LAYER,
    LONG_PUMPING,
    NEVER,
    SECOND_CAUSES,
    THICK,
    Case,
    breaks,
    cuts,
    journal_stands,
    leaks,
    mends,
    sets_rate,
    sticks,
    welds,
    writes_a_soak_power,
)
from run_checks import (
    everything_is_off_at_once,
    invariants_were_kept,
    the_plant_is_safe,
    the_substrate_is_covered_at_once,
)
from station_bench import EXPOSED, OFF_A, QUICK, Moment, StationBench, asks, during, in_state

from pvdstation.control.rules import INTERLOCKS
from pvdstation.control.supervisor import CONTROL_CYCLE
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, EventKind, Verb
from pvdstation.protocol.sqc310 import encode_command
from pvdstation.protocol.sqc310_commands import STATE
from pvdstation.protocol.sqc310_readings import format_state, parse_state

RULES = {rule.name: rule for rule in (*INTERLOCKS, CONTROL_CYCLE)}


def test_every_interlock_has_its_run() -> None:
    assert {case.rule for case in CASES} | set(SECOND_CAUSES) | set(NEVER) == set(RULES)
    assert not {case.rule for case in CASES} & (set(SECOND_CAUSES) | set(NEVER))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}, {case.note}".removesuffix(", "))
def test_each_interlock_trips_its_run_to_a_confirmed_safe_state(case: Case) -> None:
    broken_s = []

    def act(bench: StationBench) -> None:
        broken_s.append(bench.now_ns / SECOND)
        case.act(bench)
        if case.mend is not None:
            bench.after(*case.mend)

    bench = StationBench(case.recipe, case.changes, name=case.name, script=[(case.when, act)]).run()
    first = bench.first(EventKind.ALARM if case.response is ActionClass.ALARM else EventKind.TRIP)
    assert (first.source, dict(first.values)["class"]) == (case.rule, f"C{int(case.response)}"), first.text
    assert first.at_ns / SECOND - broken_s[0] <= case.within_s
    assert first.text.startswith(RULES[case.rule].sentence)
    assert bench.state == case.end
    assert bench.verdict["cause"] == ("complete" if case.end == "complete" else case.rule)
    assert bench.verdict["safe"] == 1.0
    if case.response >= ActionClass.FAST_OFF:
        everything_is_off_at_once(bench, first)
    if case.response is ActionClass.HOLD:
        the_substrate_is_covered_at_once(bench, first)
    the_plant_is_safe(bench)
    invariants_were_kept(bench)


# --- the record ---


def test_a_disk_that_takes_nothing_for_30_s_ends_the_run_in_order_and_off_never_waits_for_it() -> None:
    """Safety reference, K10: a controlled stop, whose shutters and power go without one durable event."""
    bench = StationBench(THICK, script=[(EXPOSED, journal_stands)]).run()
    late, stuck = bench.first(EventKind.ALARM), bench.first(EventKind.TRIP)
    assert (late.source, stuck.source) == ("record_late", "record_stuck")
    assert (stuck.at_ns - late.at_ns) / SECOND == pytest.approx(25.0, abs=0.3)
    assert dict(stuck.values).items() >= {"class": "C2", "signal": "journal.age", "limit": 30.0}.items()
    assert (bench.state, bench.verdict["cause"], bench.verdict["safe"]) == ("stopped", "record_stuck", 1.0)
    the_plant_is_safe(bench)
    invariants_were_kept(bench)


def test_nothing_is_started_while_the_record_is_behind() -> None:
    script = [(lambda b: True, _behind), (lambda b: b.now_ns >= 20 * SECOND, _caught_up)]
    bench = StationBench(LAYER, script=script).run()
    running = next(event for event in bench.of_kind(EventKind.RUN) if event.text == "running")
    assert running.at_ns >= 20 * SECOND
    assert bench.state == "complete"


def _behind(bench: StationBench) -> None:
    bench.journal.stuck_ns = -6 * SECOND


def _caught_up(bench: StationBench) -> None:
    bench.journal.stuck_ns = None


# --- delays, and what follows a first cause ---


def test_a_bubble_in_the_water_trips_nothing() -> None:
    def bubble(bench: StationBench) -> None:
        breaks("water")(bench)
        bench.after(0.5, mends("water"))

    bench = StationBench(LAYER, script=[(EXPOSED, bubble)]).run()
    assert bench.state == "complete"
    assert bench.of_kind(EventKind.TRIP, EventKind.ALARM) == []


def test_the_first_high_sample_covers_the_substrate_and_the_second_ends_all_energy() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, leaks(0.1))]).run()
    first, second = bench.of_kind(EventKind.TRIP)
    assert (first.source, second.source) == ("film_pressure", "chamber_pressure")
    assert 0.25 <= (second.at_ns - first.at_ns) / SECOND <= 0.75
    at_first = bench.first_sample(lambda s: s.now_ns >= first.at_ns).outputs
    assert not at_first.substrate_shutter
    assert at_first.supply[0].on
    everything_is_off_at_once(bench, second)
    assert bench.verdict == {"cause": "film_pressure", "reason": first.text, "safe": 1.0}


def test_gauges_that_stay_silent_turn_the_hold_into_a_stop() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, cuts("gauges"))]).run()
    first, second = bench.of_kind(EventKind.TRIP)
    assert (first.source, second.source) == ("gauges", "gauges_end")
    assert bench.state == "stopped"
    assert bench.verdict == {"cause": "gauges", "reason": first.text, "safe": 1.0}
    the_plant_is_safe(bench)


def test_a_rate_beside_its_set_point_is_attention_first_and_then_alert() -> None:
    bench = StationBench(THICK, script=[(EXPOSED, sets_rate(1.15))]).run()
    came = [event.source for event in bench.of_kind(EventKind.ALARM) if dict(event.values)["state"] == "came"]
    assert came == ["rate_attention", "rate_alert"]
    assert bench.state == "complete"


def test_a_template_that_somebody_changes_after_its_proof_is_not_started() -> None:
    bench = StationBench(LAYER, script=[(during("condition", "supply on"), writes_a_soak_power)]).run()
    trip = bench.first(EventKind.TRIP)
    assert (trip.source, dict(trip.values)["class"]) == ("condition", "C1")
    assert "film 1, ramp 2 power" in trip.text
    assert "found 600, expected 500" in trip.text
    assert max(current for sample in bench.samples for current in sample.currents) < OFF_A
    assert bench.state == "stopped"


def test_another_layer_in_the_sqc_310_is_a_second_commander() -> None:
    def skips(bench: StationBench) -> None:
        often, question = bench.instrument("sqc")._often, encode_command(STATE)
        told = often[question]

        def second_layer() -> str:
            state = parse_state(told())
            assert state is not None
            return format_state(state._replace(layer=2))

        often[question] = second_layer

    bench = StationBench(LAYER, script=[(EXPOSED, skips)]).run()
    trip = bench.first(EventKind.TRIP)
    assert (trip.source, dict(trip.values)["class"]) == ("rate_loop", "C1")
    assert "SQC-310 runs layer 2, not 1: somebody else commands it" in trip.text
    the_substrate_is_covered_at_once(bench, trip)


def test_gas_that_does_not_flow_is_not_waited_for() -> None:
    bench = StationBench(GAS, script=[(during("isolate"), sticks("N2"))]).run()
    trip = bench.first(EventKind.TRIP)
    opened = bench.first_sample(lambda s: s.outputs.n2)
    assert trip.source == "n2_no_rise"
    assert (trip.at_ns - opened.now_ns) / SECOND == pytest.approx(10, abs=0.5)
    assert not bench.first_sample(lambda s: s.now_ns >= trip.at_ns).outputs.n2
    assert bench.state == "stopped"


# --- links that stay silent (safety reference B.4) ---


def test_without_the_sqc_link_the_substrate_is_covered_at_once_and_energy_ends_after_ten_seconds() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, cuts("sqc"))]).run()
    cut_s = bench.script_times[0] / SECOND
    covered = bench.first_sample(lambda s: s.positions["substrate shutter"] == 0.0, bench.script_times[0])
    assert covered.now_ns / SECOND - cut_s <= 2.5
    last_on = max(s.now_ns for s in bench.samples if s.outputs.supply[0].on) / SECOND
    assert 9.5 <= last_on - cut_s <= 10.5
    assert "held" in [event.text for event in bench.of_kind(EventKind.RUN)]
    off_was_not_confirmed(bench, "rate_fresh", "SQC-310 stopped")


def test_without_the_supplys_link_its_enable_contact_ends_the_energy() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, cuts("supply1"))]).run()
    everything_is_off_at_once(bench, bench.first(EventKind.TRIP))
    assert bench.state == "aborted"  # not measured; the way of its energy is read back open
    assert (bench.verdict["cause"], bench.verdict["safe"]) == ("supply_link", 1.0)
    assert bench.verdict["not_measured"] == "supply 1 not measured, enable contact open"
    assert bench.plant.contact("enable 1 open")
    assert max(bench.samples[-1].currents) < OFF_A


def test_a_supply_that_falls_silent_whose_contact_does_not_open_is_never_called_safe() -> None:
    def silent(bench: StationBench) -> None:
        bench.plant.contacts.override("enable 1 open", made=False)
        cuts("supply1")(bench)

    bench = StationBench(LAYER, script=[(EXPOSED, silent)]).run()
    off_was_not_confirmed(bench, "supply_link", "supply 1 off")


def test_without_the_io_link_the_supply_is_told_off_and_the_coupler_drops_its_outputs() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, cuts("io"))]).run()
    everything_is_off_at_once(bench, bench.first(EventKind.TRIP))
    dropped = bench.first_sample(
        lambda s: not any(s.positions[name] for name in ("substrate shutter", "source shutter 1")),
        bench.script_times[0],
    )
    # 3 s after the last heartbeat, of which there are two per second; latency and travel of a shutter
    assert (dropped.now_ns - bench.script_times[0]) / SECOND <= 3.0 + 0.75
    off_was_not_confirmed(bench, "io_link", "substrate shutter closed")


# --- off that is not confirmed ---


def off_was_not_confirmed(bench: StationBench, cause: str, lacking: str) -> None:
    """The end names what is not read back, and never says safe."""
    assert bench.state == "aborting"
    assert (bench.verdict["cause"], bench.verdict["safe"]) == (cause, 0.0)
    alarm = bench.of_kind(EventKind.ALARM)[-1]
    assert alarm.text.startswith("OFF NOT CONFIRMED: ")
    assert lacking in alarm.text
    assert max(bench.samples[-1].currents) < OFF_A
    assert not any(dict(event.values).get("safe") == 1.0 for event in bench.of_kind(EventKind.RUN))


def test_a_supply_that_ignores_off_keeps_the_run_aborting_and_says_so() -> None:
    def welded(bench: StationBench) -> None:
        welds(40.0)(bench)
        bench.ask(Verb.ABORT)

    bench = StationBench(LAYER, script=[(EXPOSED, welded)]).run()
    escalated = bench.of_kind(EventKind.ALARM)[0]
    assert (escalated.source, dict(escalated.values)["class"]) == ("uncommanded_energy", "C4")
    assert (escalated.at_ns - bench.script_times[0]) / SECOND <= 3.0
    assert bench.state == "aborting"
    assert bench.verdict["safe"] == 0.0
    assert "OFF NOT CONFIRMED: supply 1 off" in bench.of_kind(EventKind.ALARM)[-1].text


def test_a_shutter_that_never_closes_ends_the_energy_and_is_named() -> None:
    bench = StationBench(LAYER, script=[(EXPOSED, sticks("substrate shutter"))]).run()
    everything_is_off_at_once(bench, bench.first(EventKind.TRIP))
    assert bench.samples[-1].positions["source shutter 1"] == 0.0
    off_was_not_confirmed(bench, "shutter_closes", "substrate shutter closed")


# --- E-stop in every state (safety reference D22) ---

EMERGENCIES: dict[str, tuple[str, tuple[tuple[Moment, Verb], ...], Moment]] = {
    "pump down": (LAYER, (), during("pump_down", "pressure")),
    "supply on, no current": (LAYER, (), during("condition", "supply on")),
    "conditioning": (LAYER, (), during("condition", "ramp 2")),
    "waiting for the rate": (LAYER, (), during("deposit", "rate", 3.0)),
    "idle ramp": (LAYER, (), during("deposit", "idle", 3.0)),
    "cooling": (GAS, (), during("cool", after_s=5.0)),
    "dwell": (GAS, (), during("admit_gas", "dwell", 5.0)),
    "evacuating": (GAS, (), during("evacuate", "chamber", 20.0)),
    "finishing": (LAYER, (), during("finish", "safe", 2.0)),
    "holding": (LAYER, ((EXPOSED, Verb.HOLD),), in_state("holding")),
    "held": (LAYER, ((EXPOSED, Verb.HOLD),), in_state("held", 2.0)),
    "held cold": (LAYER, ((during("condition", "soak 2"), Verb.HOLD),), in_state("held", 2.0)),
    "pausing": (LAYER, ((during("condition", "soak 2"), Verb.PAUSE),), in_state("pausing", 5.0)),
    "paused": (LAYER, ((during("pump_down", "pressure"), Verb.PAUSE),), in_state("paused", 2.0)),
    "stopping": (LAYER, ((EXPOSED, Verb.STOP),), in_state("stopping", 5.0)),
}


@pytest.mark.parametrize("where", EMERGENCIES)
def test_the_emergency_stop_ends_every_state(where: str) -> None:
    recipe, asked, when = EMERGENCIES[where]
    script = [*((moment, asks(verb)) for moment, verb in asked), (when, breaks("E-stop ok"))]
    bench = StationBench(recipe, LONG_PUMPING if where == "paused" else QUICK, script=script).run()
    trip = bench.of_kind(EventKind.TRIP)[-1]
    assert (trip.source, dict(trip.values)["class"]) == ("e_stop", "C4")
    assert (trip.at_ns - bench.script_times[-1]) / SECOND <= 0.5
    everything_is_off_at_once(bench, trip)
    assert bench.state == "aborted"
    assert bench.verdict == {"cause": "e_stop", "reason": trip.text, "safe": 1.0}
    the_plant_is_safe(bench)
    invariants_were_kept(bench)


def test_a_released_emergency_stop_moves_nothing() -> None:
    def pressed(bench: StationBench) -> None:
        breaks("E-stop ok")(bench)
        bench.after(0.6, mends("E-stop ok"))

    bench = StationBench(GAS, script=[(FILLING, pressed)]).run()
    trip = bench.first(EventKind.TRIP)
    assert bench.state == "aborted"
    assert not any(s.outputs.n2 or s.outputs.roughing for s in bench.samples if s.now_ns >= trip.at_ns)
