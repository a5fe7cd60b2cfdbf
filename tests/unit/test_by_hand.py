"""Work by hand: what is accepted and refused, wishes that are dropped and told, sources that nobody looks after."""

import math
from dataclasses import replace

import pytest
from control_bench import packaged
from echo_station import NO_RECIPE, EchoStation

from pvdstation.control.states import Mode
from pvdstation.model.messages import EventKind, Verb
from pvdstation.recipe.by_hand import by_hand_procedure
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.procedure import ByHand

NOTE, ALARM, TRIP = EventKind.NOTE, EventKind.ALARM, EventKind.TRIP


def begun(name: str = "sim-host-loop", *, gate: bool = False) -> EchoStation:
    """Return a session in which the chamber is isolated, or pumped."""
    station = EchoStation(name).go(4)
    assert station.mode is Mode.RUNNING
    return pumped(station) if gate else station


def pumped(station: EchoStation) -> EchoStation:
    """Return it with the gate open and the pressure low for long enough."""
    assert "accepted" in station.set("HV gate", "open").text
    station.go(1)
    station.state = station.state._replace(low_since_ns=0)
    return station


# --- who may ask, and for what ---


def test_nothing_is_set_where_nobody_works_by_hand() -> None:
    idle = EchoStation(procedure=NO_RECIPE, begins=Mode.IDLE).go(1)
    assert idle.set("N2 valve", "open").text == "set N2 valve = open: refused, begin work by hand first"
    procedure = check_recipe(load_recipe("10 nm Zn at 0.5 nm/s"), idle.core.frame.station).procedure
    recipe = EchoStation(procedure=procedure).go(4)
    answer = recipe.set("N2 valve", "open")
    assert "begin work by hand first" in answer.text
    assert dict(answer.values)["missing_1"] == "begin work by hand first"
    held = begun()
    held.ask(Verb.HOLD)
    assert "not possible while he" in held.set("HV gate", "open").text


@pytest.mark.parametrize(("about", "value", "why"), [
    ("N3 valve", "open", 'there is no output "N3 valve" to be set: it is one of backing pump, turbo'),
    ("N2 valve", "on", "N2 valve is set to closed or open"),
    ("N2 valve", 1.0, "N2 valve is set to closed or open"),
    ("source Zn", 51.7, "source Zn is set to 0 to 51.6 %, or off"),
    ("source Zn", -1.0, "source Zn is set to 0 to 51.6 %, or off"),
    ("source Zn", math.nan, "source Zn is set to 0 to 51.6 %, or off"),
    ("source Zn", "on", "source Zn is set to 0 to 51.6 %, or off"),
    ("source Zn", None, "source Zn is set to 0 to 51.6 %, or off"),
])  # fmt: skip
def test_what_cannot_be_understood_says_what_can(about: str, value: object, why: str) -> None:
    assert why in begun().set(about, value).text


def test_a_source_of_the_sqc_310_is_heated_otherwise() -> None:
    station = begun("sim", gate=True)
    assert "heat it by a recipe" in station.set("source Zn", 10.0).text
    assert "accepted" in station.set("source Zn", "off").text
    shown = station.shown("source Zn")
    assert (shown.level, shown.choices, shown.number) == ("off", ("off",), "")
    assert "the SQC-310 sets the power of Zn" in shown.refused


@pytest.mark.parametrize(("about", "value", "missing"), [
    ("roughing valve", "open", ["HV gate confirmed closed", "fore-line valve confirmed closed"]),
    ("N2 valve", "open", ["HV gate confirmed closed"]),
    ("vent valve", "open", ["HV gate confirmed closed"]),
    ("turbo", "run", ["HV gate confirmed closed"]),
    ("turbo", "stop", ["HV gate confirmed closed"]),
    ("backing pump", "stop", ["fore-line valve confirmed closed", "turbo below a tenth of its speed"]),
    ("source shutter Zn", "open", ["a source is at soak power"]),
])  # fmt: skip
def test_with_the_gate_open_the_rules_say_what_is_missing(about: str, value: str, missing: list[str]) -> None:
    station = begun(gate=True)
    before = station.shown(about)
    told = dict(station.set(about, value).values)
    assert [told[f"missing_{k}"] for k in range(1, len(missing) + 1)] == missing
    assert told["missing"] == len(missing)
    assert all(told[f"{part}_1"] for part in ("live", "needed", "fix"))
    if value != "stop" or about != "turbo":
        assert all(line in before.refused for line in missing)


def test_a_screen_is_told_what_can_be_set() -> None:
    station = begun(gate=True)
    gate, zn, turbo = (station.shown(name) for name in ("HV gate", "source Zn", "turbo"))
    assert (gate.level, gate.choices, gate.refused) == ("open", ("closed", "open"), "")
    assert (zn.level, zn.choices, zn.number, zn.refused) == ("off", ("off",), "0 to 51.6 %", "")
    assert (turbo.level, turbo.choices) == ("as found", ("stop", "run"))
    station.ask(Verb.HOLD)
    assert station.shown("HV gate").choices == ()


# --- wishes ---


def test_a_wish_that_is_not_granted_in_two_seconds_is_dropped_and_told_and_opens_nothing_later() -> None:
    station = begun()
    station.durable = 0.0  # the disk stands: no intent is let out
    assert "accepted" in station.set("N2 valve", "open").text
    station.go(3)
    assert station.said(NOTE) == ["N2 valve is closed, not open: it was not let out within 2 s"]
    station.durable = None
    assert not station.go(5).last.n2


def test_what_a_rule_closes_stays_closed_until_it_is_asked_for_again() -> None:
    station = begun()
    station.set("N2 valve", "open")
    assert station.go(1).last.n2
    station.spoilt["door_closed"] = 0.0
    assert not station.go(1).last.n2
    assert station.said(NOTE) == ["N2 valve is closed, not open: a rule has taken it back"]
    station.spoilt.clear()
    assert not station.go(30).last.n2


def test_of_what_excludes_each_other_only_one_rises_though_both_were_asked_for_at_once() -> None:
    station = begun()
    station.set_all(N2_valve="open", vent_valve="open")
    for _ in range(12):
        station.scan()
        assert not (station.last.n2 and station.last.vent)
    assert station.last.n2
    other = begun()
    other.values["turbo.speed"] = 50.0
    other.set("fore-line valve", "closed")
    other.go(1)
    other.set_all(**{"roughing valve": "open", "backing pump": "stop"})
    assert (other.go(3).last.roughing, other.last.backing_stop) == (True, False)


def test_gas_that_a_person_lets_in_ends_at_the_most_that_a_recipe_may_ask_for() -> None:
    station = begun()
    station.set("N2 valve", "open")
    station.go(1)
    station.values |= {"chamber.capacitance": 799.0, "chamber.full_range": 800.0}
    assert station.go(1).last.n2
    station.values["chamber.capacitance"] = 800.5
    assert not station.go(1).last.n2
    assert station.said(NOTE) == ["N2 valve closes: 800 mbar reached"]
    assert not station.said(TRIP)


# --- pumps ---


def test_pumps_are_stopped_in_their_order_and_a_pump_that_was_told_to_stop_is_no_failure() -> None:
    station = begun()
    assert "accepted" in station.set("turbo", "stop").text
    assert station.go(1).last.turbo is False
    station.values["turbo.speed"] = 50.0
    station.set("fore-line valve", "closed")
    station.go(1)
    assert "accepted" in station.set("backing pump", "stop").text
    assert station.go(10).last.backing_stop
    assert "backing pump runs" in station.set("roughing valve", "open").text
    station.ask(Verb.HOLD)
    assert station.go(2).last.backing_stop, "pumps stay as they are"
    station.ask(Verb.RESUME)
    station.spoilt["backing_running"] = 0.0
    station.set("backing pump", "run")
    assert not station.go(1).last.backing_stop
    station.spoilt.clear()  # its contact comes a second later
    station.go(10)
    assert station.mode is Mode.RUNNING
    assert not station.said(ALARM)
    assert not station.said(TRIP)


def test_a_turbo_that_is_left_shut_off_is_backed_again() -> None:
    station = begun()
    station.set("fore-line valve", "closed")
    limit_s = station.core.frame.station.limits.turbo_without_backing
    assert station.go(limit_s).mode is Mode.RUNNING
    station.go(40)
    assert station.mode is Mode.HELD
    assert station.last.foreline
    assert "turbo turns" in station.said(TRIP)[0]


# --- sources ---


def heated(drive_pct: float = 30.0) -> EchoStation:
    station = begun(gate=True)
    assert "accepted" in station.set("source Zn", drive_pct).text
    station.go(20)
    assert station.last.supply[0].current_a == pytest.approx(drive_pct)
    return station


def test_a_source_is_armed_switched_on_and_moved_and_goes_to_nothing_by_its_slew() -> None:
    station = heated()
    assert station.shown("source Zn").level == "30.0 A"
    station.set("source Zn", 0.0)
    assert 0 < station.go(1).last.supply[0].current_a < 30
    assert not station.go(20).last.supply[0].on
    assert "accepted" in station.set("source Zn", 5.0).text


def test_off_is_at_once_and_so_is_a_hold() -> None:
    for ask in (lambda one: one.set("source Zn", "off"), lambda one: one.ask(Verb.HOLD)):
        station = heated()
        ask(station)
        assert not station.last.supply[0].on
    assert station.go(3).mode is Mode.HELD
    station.ask(Verb.RESUME)
    assert not station.go(5).last.supply[0].on, "it waits to be set anew"


def test_one_source_at_a_time() -> None:
    station = heated()
    assert "Zn is not off yet" in station.set("source Li", 5.0).text
    assert "other sources confirmed off" in station.shown("source Li").refused
    both = begun(gate=True)
    both.set_all(source_Zn=5.0, source_Li=5.0)
    assert [level.on for level in both.go(5).last.supply] == [True, False]


def test_another_source_is_off_already_and_what_is_asked_of_it_leaves_the_one_that_is_on_alone() -> None:
    station = begun(gate=True)
    station.set("source Zn", 20.0)
    station.go(30)
    for value in ("off", 0.0):
        assert "accepted" in station.set("source Li", value).text
    station.go(5)
    assert (station.shown("source Zn").level, station.shown("source Li").level) == ("20.0 A", "off")


def test_a_station_without_gas_is_worked_on_by_hand() -> None:
    station = EchoStation(gas=False).go(4)
    assert "accepted" in station.set("HV gate", "open").text
    assert station.go(2).last.gate
    assert "there is no output" in station.set("N2 valve", "open").text


def test_a_source_that_may_not_be_switched_on_any_more_is_given_up_and_told() -> None:
    station = begun(gate=True)
    station.set("source Zn", 30.0)
    station.spoilt["door_closed"] = 0.0
    station.go(4)
    station.spoilt.clear()
    assert "door closed (no)" in station.said(NOTE)[0]
    assert not station.go(10).last.supply[0].on


def test_a_source_that_nobody_looks_after_goes_off_with_an_alarm_that_goes_when_somebody_is_there() -> None:
    procedure = by_hand_procedure(packaged("sim-host-loop"))
    assert procedure.steps[0].work == ByHand(600.0)
    step = replace(procedure.steps[0], work=ByHand(60.0))
    station = pumped(EchoStation(procedure=replace(procedure, steps=(step,))).go(4))
    station.set("source Zn", 5.0)
    station.go(50)
    station.ask(Verb.ACK)  # any request will do
    assert station.go(59).last.supply[0].on
    assert not station.go(10).last.supply[0].on
    assert station.said(ALARM) == ["Zn goes off: nobody has asked for anything for 1 min"]
    station.set("source Zn", "off")
    assert station.said(ALARM)[1].startswith("gone")


def test_a_stop_ramps_the_source_to_nothing() -> None:
    station = heated()
    station.ask(Verb.STOP)
    assert 0 < station.go(1).last.supply[0].current_a < 30
    assert station.go(40).mode is Mode.STOPPED


def test_a_shutter_is_tried_cold_under_its_override() -> None:
    station = begun(gate=True)
    assert "refused" in station.set("source shutter Li", "open").text
    assert "accepted" in station.ask(Verb.OVERRIDE, "source_shutter", 5.0).text
    assert "accepted" in station.set("source shutter Li", "open").text
    assert station.go(2).last.source_shutter == (False, True)
