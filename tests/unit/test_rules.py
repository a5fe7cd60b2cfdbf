"""Permissives and interlocks one by one: only fresh, good, in-range readings satisfy them."""

import math

import pytest
from control_bench import (
    DEPOSIT_SCENE,
    DEPOSITING,
    EMPTY,
    FRAME,
    HEALTHY,
    LAYER,
    NOW_NS,
    SIGNALS,
    ZN_ON,
    Scene,
    outputs,
    view,
)

from pvdstation.control.arbiter import Intent, arbitrate, missing
from pvdstation.control.rules import INTERLOCKS, PERMISSIVES
from pvdstation.control.supervisor import Watch, bind, blocked, watch
from pvdstation.model.messages import SUPPLY_OFF, ActionClass, SupplyLevel
from pvdstation.model.signals import Quality

RULES = bind(FRAME)
BY_NAME = {rule.name: rule for rule in INTERLOCKS}
FILL_SCENE = Scene(gas_target_mbar=500.0)
GAS_READY = {**HEALTHY, "gate": 0}
FILLING = {**GAS_READY, "n2_valve": 1, "chamber.capacitance": 300.0, "chamber.full_range": 300.0}


def lost(values, last, scene, *, seconds=30.0, **spoiled):
    """Return the names of the interlocks that act while this image lasts."""
    state, names = Watch(), []
    for k in range(round(seconds / 0.25) + 1):
        now_ns = NOW_NS + k * 250_000_000
        state, findings = watch(state, RULES, view(values, last, now_ns=now_ns, counter=k + 1, **spoiled), scene)
        names += [f.rule.name for f in findings]
    return names


def test_a_healthy_deposit_loses_no_interlock() -> None:
    assert lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE) == []


def test_a_healthy_fill_loses_no_interlock() -> None:
    assert lost(FILLING, outputs(gate=False, n2=True), FILL_SCENE, since_gas=True) == []


# signal, value, what acts first, its class: one line per row of the interlock table
TRIPS = [
    ("e_stop_ok", 0, "e_stop", ActionClass.HARD_OFF),
    ("door_closed", 0, "door", ActionClass.HARD_OFF),
    ("water_flow", 0, "water_flow", ActionClass.FAST_OFF),
    ("chamber.full_range", 6e-5, "film_pressure", ActionClass.HOLD),
    ("chamber.full_range", 2e-4, "chamber_pressure", ActionClass.FAST_OFF),
    ("chamber.full_range", math.nan, "chamber_pressure", ActionClass.FAST_OFF),
    ("turbo.speed", 700, "turbo_at_speed", ActionClass.FAST_OFF),
    ("turbo.error", 6, "turbo_at_speed", ActionClass.FAST_OFF),
    ("supply.1.current", 40.5, "supply_agrees", ActionClass.FAST_OFF),
    ("supply.1.mode", 1, "supply_state", ActionClass.FAST_OFF),
    ("supply.1.faults", 8, "supply_state", ActionClass.FAST_OFF),
    ("supply.1.error", -222, "supply_state", ActionClass.FAST_OFF),
    ("supply.1.external", 0, "supply_state", ActionClass.FAST_OFF),
    ("supply.1.voltage", 0.45, "boat_resistance_drift", ActionClass.FAST_OFF),
    ("sensor.1.status", 0, "crystal", ActionClass.HOLD),
    ("sensor.1.frequency", 4_900_000.0, "crystal", ActionClass.HOLD),
    ("sqc.output.1.power", 52.0, "power_ceiling", ActionClass.FAST_OFF),
    ("substrate_shutter", 0, "shutter_opens", ActionClass.HOLD),
    ("source_shutter.Zn", 2, "source_shutter_open", ActionClass.FAST_OFF),
    ("source_shutter.Li", 1, "shutter_closes", ActionClass.FAST_OFF),
    ("n2_valve", 1, "gas_closed_while_hot", ActionClass.FAST_OFF),
    ("vent_valve", 1, "gas_closed_while_hot", ActionClass.FAST_OFF),
    ("supply.2.current", 3.0, "uncommanded_energy", ActionClass.HARD_OFF),
    ("supply.1.armed", 0, "watchdogs_armed", ActionClass.STOP),
    ("io.watchdog", 0, "watchdogs_armed", ActionClass.STOP),
    ("foreline.pirani", 6.0, "gate_pressure", ActionClass.HOLD),
    ("compressed_air", 0, "compressed_air", ActionClass.HOLD),
    ("backing_running", 0, "backing_pump", ActionClass.HOLD),
    ("foreline_valve", 0, "foreline_valve", ActionClass.HOLD),
    ("over_pressure_ok", 0, "over_pressure", ActionClass.ALARM),
    ("n2_valve", 3, "n2_closed", ActionClass.FAST_OFF),
    ("vent_valve", 2, "vent_closed", ActionClass.FAST_OFF),
    ("gate", 0, "gate_open", ActionClass.FAST_OFF),
]


@pytest.mark.parametrize(("name", "value", "rule", "response"), TRIPS)
def test_each_violation_of_a_deposit_is_found_with_its_class(name, value, rule, response) -> None:
    found = lost({**DEPOSITING, name: value}, outputs(**ZN_ON), DEPOSIT_SCENE)
    assert rule in found
    assert BY_NAME[rule].on_loss is response


NEEDED_WHILE_DEPOSITING = {
    "e_stop_ok": "e_stop",
    "door_closed": "door",
    "water_flow": "water_flow",
    "turbo.speed": "turbo_at_speed",
    "turbo.error": "turbo_at_speed",
    "supply.1.current": "supply_link",
    "sensor.1.frequency": "rate_fresh",
    "chamber.full_range": "gauges",
    "chamber.capacitance": "gauges",
    "substrate_shutter": "shutter_opens",
    "source_shutter.Li": "shutter_closes",
    "n2_valve": "gas_closed_while_hot",
    "supply.1.armed": "watchdogs_armed",
    "io.watchdog": "watchdogs_armed",
    "compressed_air": "compressed_air",
    "backing_running": "backing_pump",
    "foreline_valve": "foreline_valve",
    "vent_valve": "vent_closed",
    "over_pressure_ok": "over_pressure",
}


@pytest.mark.parametrize("name", NEEDED_WHILE_DEPOSITING)
@pytest.mark.parametrize("quality", [Quality.UNCERTAIN, Quality.SENSOR_FAULT, Quality.COMM_FAULT, Quality.OVER_RANGE])
def test_an_unknown_reading_counts_as_violated(name, quality) -> None:
    assert NEEDED_WHILE_DEPOSITING[name] in lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, bad={name: quality})


@pytest.mark.parametrize("name", NEEDED_WHILE_DEPOSITING)
def test_a_stale_reading_counts_as_violated(name) -> None:
    assert NEEDED_WHILE_DEPOSITING[name] in lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, age_s={name: 60})


@pytest.mark.parametrize(("signal", "value", "rule", "words"), [
    ("gauges.settings", 0, "gauge_settings", "gauges: compare with the station file"),
    ("sqc.attention", 27, "sqc_attention", "phase 27: look at the unit"),
    ("sqc.relay_refused", 1, "sqc_relay", "its I/O contact alone"),
    ("sqc.was_reset", 1, "sqc_reset", ""),
])  # fmt: skip
def test_what_a_person_should_know_of_an_instrument_is_an_alarm_and_no_more(signal, value, rule, words) -> None:
    state, findings = watch(Watch(), RULES, view({**HEALTHY, signal: value}, outputs()), EMPTY)
    assert [(f.rule.name, f.rule.on_loss) for f in findings] == [(rule, ActionClass.ALARM)]
    assert words in findings[0].shown
    state, later = watch(state, RULES, view(HEALTHY, outputs(), now_ns=NOW_NS + 250_000_000), EMPTY)
    assert later == []
    _, later = watch(state, RULES, view(HEALTHY, outputs(), now_ns=NOW_NS + 2_250_000_000), EMPTY)
    assert [(f.rule.name, f.gone) for f in later] == [(rule, True)]
    assert lost({**HEALTHY, signal: value}, outputs(), EMPTY, bad={signal: Quality.COMM_FAULT}) == []


def test_a_phase_of_failure_is_told_by_the_step_that_works_on_its_layer() -> None:
    assert lost({**DEPOSITING, "sqc.attention": 24}, outputs(**ZN_ON), DEPOSIT_SCENE) == []


OF_THE_SUPPLY = ["supply.1.current", "supply.1.voltage", "supply.1.mode", "supply.1.faults", "supply.1.error"]


@pytest.mark.parametrize("name", OF_THE_SUPPLY)
@pytest.mark.parametrize("how", [{"age_s": 3.5}, {"bad": Quality.COMM_FAULT}])
def test_what_a_slow_supply_does_not_say_is_told_of_its_link_first(name, how) -> None:
    spoiled = {key: {name: value} for key, value in how.items()}
    assert lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, **spoiled)[0] == "supply_link"


@pytest.mark.parametrize("name", OF_THE_SUPPLY[2:])
@pytest.mark.parametrize("quality", [Quality.UNCERTAIN, Quality.OVER_RANGE])
def test_what_a_supply_says_and_nobody_can_trust_is_no_good_state(name, quality) -> None:
    assert "supply_state" in lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, bad={name: quality})


def test_a_rate_that_is_not_known_is_told_of_the_link_and_never_of_the_band() -> None:
    blind = Scene(LAYER._replace(rate_nm_s=math.nan))
    assert lost(DEPOSITING, outputs(**ZN_ON), blind) == ["rate_known"]


def test_a_crystal_that_stands_still_has_a_rule_of_its_own() -> None:
    still = lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, bad={"sensor.1.frequency": Quality.UNCERTAIN})
    assert "crystal_still" in still
    assert "crystal_still" not in lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE)


@pytest.mark.parametrize(("ampere", "ohm", "rule"), [
    (43.0, 3.1e-3, ["boat_short"]),  # below the cold boat
    (43.0, 5.0e-3, ["boat_short"]),  # below what it was when it was hotter
    (43.0, 6.0e-3, []),
    (11.0, 2.0e-3, []),  # V/I means little yet
])  # fmt: skip
def test_a_boat_never_falls_far_below_what_it_was(ampere, ohm, rule) -> None:
    hot = Scene(LAYER._replace(is_exposed=False, is_regulating=False, hottest_ohm=8e-3))
    on = outputs(supply=ZN_ON["supply"], enable=(True, False))
    measured = {"supply.1.current": ampere, "supply.1.voltage": ampere * ohm, "sqc.output.1.power": ampere}
    base = {**DEPOSITING, "substrate_shutter": 0, "source_shutter.Zn": 0, "sqc.phase": 10}
    assert lost({**base, **measured}, on, hot, seconds=2.0) == rule


def test_an_open_boat_is_seen_by_its_voltage_before_its_current_is_missed() -> None:
    opened = {**DEPOSITING, "supply.1.current": 0.0, "supply.1.voltage": 1.0, "supply.1.mode": 1}
    assert lost(opened, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=0.25)[0] == "boat_open"
    weak = {**opened, "supply.1.voltage": 0.3}
    assert "boat_open" not in lost(weak, outputs(**ZN_ON), DEPOSIT_SCENE)


def test_all_is_lost_when_the_io_falls_silent() -> None:
    silent = {s.name: 2.0 for s in SIGNALS if s.link == "io"}
    assert {"io_link", "e_stop", "door"} <= set(lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, age_s=silent))


def test_water_may_be_gone_for_less_than_its_delay() -> None:
    gone = {**DEPOSITING, "water_flow": 0}
    assert lost(gone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=0.75) == []
    assert lost(gone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=1.0) == ["water_flow"]


def test_the_first_high_sample_closes_the_shutter_and_the_second_switches_off() -> None:
    high = {**DEPOSITING, "chamber.full_range": 2e-4}
    state, first = watch(Watch(), RULES, view(high, outputs(**ZN_ON), counter=1), DEPOSIT_SCENE)
    assert [f.rule.name for f in first] == ["film_pressure"]
    state, again = watch(
        state, RULES, view(high, outputs(**ZN_ON), counter=1, now_ns=NOW_NS + 250_000_000), DEPOSIT_SCENE
    )
    assert again == []
    _, second = watch(state, RULES, view(high, outputs(**ZN_ON), counter=2, now_ns=NOW_NS + 500_000_000), DEPOSIT_SCENE)
    assert [f.rule.name for f in second] == ["chamber_pressure"]


def test_boat_resistance_is_judged_only_between_12_and_16_a_of_the_first_ramp() -> None:
    ramp = Scene(LAYER._replace(is_first_ramp=True, is_exposed=False, is_regulating=False))
    on = outputs(supply=ZN_ON["supply"], enable=(True, False))
    base = {**DEPOSITING, "substrate_shutter": 0, "source_shutter.Zn": 0, "sqc.phase": 7}
    wrong = {**base, "supply.1.current": 14.0, "supply.1.voltage": 14 * 4.6e-3 * 1.35, "sqc.output.1.power": 14.0}
    right = {**wrong, "supply.1.voltage": 14 * 4.6e-3 * 1.25}
    later = {**wrong, "supply.1.current": 17.0, "supply.1.voltage": 17 * 4.6e-3 * 1.35, "sqc.output.1.power": 17.0}
    assert "boat_resistance" in lost(wrong, on, ramp)
    assert lost(right, on, ramp) == []
    assert lost(later, on, ramp) == []


def test_a_rule_that_has_acted_stays_passive() -> None:
    assert lost({**DEPOSITING, "water_flow": 0}, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=60).count("water_flow") == 1


def test_late_scans_count_as_a_lost_cycle_after_three_in_a_minute() -> None:
    state, names = Watch(), []
    for k in range(5):
        v = view(DEPOSITING, outputs(**ZN_ON), now_ns=NOW_NS + k * 700_000_000, counter=k + 1)
        state, findings = watch(state, RULES, v, DEPOSIT_SCENE)
        names += [f.rule.name for f in findings]
    assert names == ["control_cycle"]


# --- air, backing ---


def test_air_that_is_lost_ends_all_energy_and_closes_the_gate() -> None:
    rule = BY_NAME["compressed_air"]
    assert (rule.on_loss, rule.with_energy, rule.closes) == (ActionClass.HOLD, ActionClass.FAST_OFF, "gate")
    gone = {**DEPOSITING, "compressed_air": 0}
    assert lost(gone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=0.25) == []
    assert lost(gone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=0.5) == ["compressed_air"]


def test_without_backing_a_source_goes_off_in_order_before_the_turbo_has_had_its_time() -> None:
    alone = {**DEPOSITING, "backing_running": 0, "foreline_valve": 0}
    assert lost(alone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=179) == ["backing_pump"]
    assert lost(alone, outputs(**ZN_ON), DEPOSIT_SCENE, seconds=180) == ["backing_pump", "turbo_backing"]
    assert BY_NAME["turbo_backing"].on_loss is ActionClass.STOP


def test_the_foreline_valve_closes_with_the_backing_pump_and_opens_with_it() -> None:
    stands = arbitrate(outputs(), view({**HEALTHY, "backing_running": 0}, outputs()), EMPTY, (), frozenset())
    assert not stands.outputs.foreline
    runs = arbitrate(outputs(), view(HEALTHY, outputs(foreline=False)), EMPTY, (), frozenset())
    assert runs.outputs.foreline


# --- N2 ---


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gate", 1),
        ("gate", 2),
        ("gate", 3),
        ("roughing_valve", 1),
        ("vent_valve", 1),
        ("substrate_shutter", 1),
        ("source_shutter.Li", 2),
        ("door_closed", 0),
        ("over_pressure_ok", 0),
        ("supply.1.current", 1.5),
    ],
)
def test_the_n2_valve_is_refused_and_closed_without_each_of_its_conditions(name, value) -> None:
    ready = {**GAS_READY, name: value}
    assert missing("n2", view(ready, outputs(gate=False)), FILL_SCENE) is not None
    found = lost({**FILLING, name: value}, outputs(gate=False, n2=True), FILL_SCENE, since_gas=True)
    assert "n2_valve" in found


def test_the_n2_valve_may_open_on_a_cold_isolated_station() -> None:
    assert missing("n2", view(GAS_READY, outputs(gate=False)), FILL_SCENE) is None


def test_the_n2_valve_is_refused_while_a_source_is_hot() -> None:
    refusal = missing("n2", view(GAS_READY, outputs(gate=False), hot=(False, True)), FILL_SCENE)
    assert refusal is not None
    assert [sentence for sentence, _ in refusal.missing] == ["all sources cold"]


def test_before_the_first_opening_both_gauges_must_agree_and_afterwards_only_one_counts() -> None:
    disagree = {**GAS_READY, "chamber.full_range": 5.0}
    assert missing("n2", view(disagree, outputs(gate=False)), FILL_SCENE) is not None
    assert missing("n2", view(disagree, outputs(gate=False), since_gas=True), FILL_SCENE) is None


def test_an_n2_valve_that_does_not_follow_is_found_cold_and_in_every_step() -> None:
    assert lost({**GAS_READY, "n2_valve": 1}, outputs(gate=False), EMPTY, seconds=1.75) == []
    assert lost({**GAS_READY, "n2_valve": 1}, outputs(gate=False), EMPTY, seconds=2.0) == ["n2_closed"]


@pytest.mark.parametrize(("mbar", "expected"), [
    (524, []), (526, ["gas_over_target"]), (601, ["gas_over_target", "n2_admission"]), (3.0, []),
])  # fmt: skip
def test_gas_that_is_shut_in_stays_at_its_target_whatever_step_runs(mbar, expected) -> None:
    shut = {**GAS_READY, "chamber.capacitance": mbar}
    found = lost(shut, outputs(gate=False), EMPTY, since_gas=True, gas_target_mbar=500.0)
    assert sorted(found) == sorted(expected)


def test_a_gauge_that_is_lost_after_the_gas_step_is_no_over_pressure_but_one_over_its_range_is() -> None:
    def found(quality):
        bad = {"chamber.capacitance": quality}
        return lost(GAS_READY, outputs(gate=False), EMPTY, since_gas=True, gas_target_mbar=500.0, bad=bad)

    assert found(Quality.COMM_FAULT) == []
    assert sorted(found(Quality.OVER_RANGE)) == ["gas_over_target", "n2_admission"]


def test_the_capacitance_gauge_must_be_younger_than_a_second_while_n2_is_open() -> None:
    found = lost(FILLING, outputs(gate=False, n2=True), FILL_SCENE, since_gas=True, age_s={"chamber.capacitance": 1.1})
    assert "n2_valve" in found


def test_a_valve_closed_by_its_rule_stays_closed() -> None:
    v = view({**FILLING, "gate": 1}, outputs(gate=False, n2=True), since_gas=True)
    state, _ = watch(Watch(), RULES, v, FILL_SCENE)
    assert blocked(state) == {"n2"}
    ruling = arbitrate(outputs(gate=False, n2=True), v, FILL_SCENE, (), blocked(state))
    assert ruling.outputs.n2 is False


# --- arbiter ---

ON = (SupplyLevel(on=True, current_a=0.0, foldback=False), SUPPLY_OFF)
READY = {**HEALTHY}
SOAK = Scene(LAYER._replace(is_exposed=False, is_captured=False))


@pytest.mark.parametrize("output", PERMISSIVES)
def test_nothing_may_rise_on_an_image_that_was_never_read(output) -> None:
    unread = {s.name: Quality.NEVER for s in SIGNALS}
    assert missing(output, view(HEALTHY, outputs(), bad=unread), DEPOSIT_SCENE) is not None


def test_energy_waits_for_its_durable_intent() -> None:
    wants = outputs(supply=ON, enable=(True, False))
    before = {**READY, "journal.durable": 7}
    first = arbitrate(wants, view(before, outputs()), SOAK, (), frozenset())
    assert first.asked == ("supply 1",)
    assert not first.outputs.supply[0].on
    waiting = arbitrate(wants, view(before, outputs()), SOAK, (Intent("supply 1", 8),), frozenset())
    assert not waiting.outputs.supply[0].on
    durable = {**READY, "journal.durable": 8}
    out = arbitrate(wants, view(durable, outputs()), SOAK, (Intent("supply 1", 8),), frozenset())
    assert out.outputs.supply[0].on


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("e_stop_ok", 0),
        ("door_closed", 0),
        ("water_flow", 0),
        ("chamber.full_range", 2e-5),
        ("chamber.capacitance", 3.0),
        ("gate", 0),
        ("turbo.speed", 799),
        ("substrate_shutter", 1),
        ("n2_valve", 1),
        ("vent_valve", 1),
        ("supply.2.current", 2.0),
        ("supply.1.armed", 0),
        ("io.watchdog", 0),
        ("journal.age", 6.0),
    ],
)
def test_source_output_needs_every_condition_of_its_start_part(name, value) -> None:
    assert missing("supply", view(READY, outputs()), SOAK) is None
    assert missing("supply", view({**READY, name: value}, outputs()), SOAK) is not None


def test_pressure_must_have_held_for_its_time() -> None:
    assert missing("supply", view(READY, outputs(), low_for_s=59), SOAK) is not None


def test_off_and_closing_ask_nobody() -> None:
    unread = {s.name: Quality.NEVER for s in SIGNALS}
    ruling = arbitrate(outputs(gate=False), view(HEALTHY, outputs(**ZN_ON), bad=unread), EMPTY, (), frozenset())
    assert ruling.outputs.supply == (SUPPLY_OFF, SUPPLY_OFF)
    assert ruling.outputs.source_shutter == (False, False)
    assert ruling.outputs.substrate_shutter is False
    assert ruling.outputs.enable == (False, False)


def test_every_level_expires_after_the_lease() -> None:
    ruling = arbitrate(outputs(), view(HEALTHY, outputs()), EMPTY, (), frozenset())
    assert ruling.outputs.until_ns == NOW_NS + 1_500_000_000


def test_a_valve_told_to_open_is_not_closed_however_its_switch_was_last_seen() -> None:
    ready = {**HEALTHY, "gate": 0, "foreline_valve": 0}
    assert missing("roughing", view(ready, outputs(gate=False, foreline=False)), EMPTY) is None
    assert missing("roughing", view(ready, outputs(gate=False, foreline=True)), EMPTY) is not None


def test_nothing_opens_or_energises_unless_the_run_goes_on() -> None:
    wants = outputs(supply=ON, enable=(True, False))
    intents = (Intent("supply 1", 8),)
    v = view(READY, outputs())
    assert arbitrate(wants, v, SOAK, intents, frozenset()).outputs.supply[0].on
    held = arbitrate(wants, v, SOAK, intents, frozenset(), may_rise=False)
    assert not held.outputs.supply[0].on
    assert held.outputs.enable == (False, False)


def test_the_enable_contact_closes_with_the_output_and_not_before_its_intent_is_durable() -> None:
    wants = outputs(supply=ON, enable=(True, False))
    waiting = arbitrate(
        wants, view({**READY, "journal.durable": 7}, outputs()), SOAK, (Intent("supply 1", 8),), frozenset()
    )
    assert waiting.outputs.enable == (False, False)


@pytest.mark.parametrize("quality", [Quality.OVER_RANGE, Quality.COMM_FAULT])
def test_a_current_that_nobody_knows_counts_as_energy_unless_the_enable_contact_is_open(quality) -> None:
    closed = {**HEALTHY, "enable.2.open": 0}
    assert "uncommanded_energy" in lost(closed, outputs(), EMPTY, bad={"supply.2.current": quality})
    expected = ["uncommanded_energy"] if quality is Quality.OVER_RANGE else []
    assert lost(HEALTHY, outputs(), EMPTY, bad={"supply.2.current": quality}) == expected


@pytest.mark.parametrize("spoiled", [{"chamber.capacitance": 300.0}, {"chamber.full_range": -1.0}])
def test_either_gauge_can_show_too_much_pressure_for_a_hot_source(spoiled) -> None:
    assert "chamber_pressure" in lost({**DEPOSITING, **spoiled}, outputs(**ZN_ON), DEPOSIT_SCENE)


def test_the_sqc_310_that_sets_the_current_must_answer() -> None:
    for name in ("sqc.phase", "sqc.output.1.power"):
        assert "sqc_link" in lost(DEPOSITING, outputs(**ZN_ON), DEPOSIT_SCENE, age_s={name: 2.0})


def test_the_substrate_shutter_needs_a_pressure_that_suits_a_film() -> None:
    ready = {**DEPOSITING, "substrate_shutter": 0}
    last = outputs(**{**ZN_ON, "substrate_shutter": False})
    assert missing("substrate_shutter", view(ready, last), DEPOSIT_SCENE) is None
    assert missing("substrate_shutter", view({**ready, "chamber.full_range": 8e-5}, last), DEPOSIT_SCENE) is not None
