"""One breakage per interlock, each with the run in which exactly that rule is the first cause.

``CASES`` names every rule of the control room but those of ``SECOND`` (always behind another one) and ``NEVER``.
"""

from typing import NamedTuple

from station_bench import EXPOSED, QUICK, Act, Changes, Moment, StationBench, during

from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import ActionClass
from pvdstation.protocol.supply import Questionable

LAYER = "10 nm Zn at 0.5 nm/s"
THICK = "20 nm Zn at 0.5 nm/s"
GAS = "N2 to 40 mbar for 20 s"
FILLING = during("admit_gas", "N2", 3.0)
PUMPING = during("pump_down", "pressure", 0.5)
ROUGHING = during("pump_down", "chamber", 10.0)
COOLING = during("cool", after_s=5.0)

ROUGH: Changes = {**QUICK, "simulation.start.chamber.pressure": "1 mbar", "defaults.pump_down_timeout": "10 min"}
LONG_PUMPING: Changes = {**QUICK, "limits.start_pressure.hold": "30 s"}
SHORT_STOP: Changes = {**LONG_PUMPING, "defaults.evacuate_timeout": "30 s"}
LUKEWARM: Changes = {
    **QUICK,
    "source.Zn.condition": {
        "ramp1": {"power": "1.5 %", "time": "3 s"},
        "soak1": "30 s",
        "ramp2": {"power": "50 %", "time": "10 s"},
        "soak2": "16 s",
    },
}
HOST: Changes = {
    **QUICK,
    "source.Zn.condition": {
        "ramp1": {"power": "25.8 %", "time": "15 s"},
        "soak1": "1 s",
        "ramp2": {"power": "50 %", "time": "14 s"},
        "soak2": "16 s",
    },
    "source.Zn.idle.ramp": "25 s",
}
"""The host ramps at 2 A/s at most."""


PATIENT: Changes = {**QUICK, "limits.loop_stuck": "60 s"}
"""Else a loop that stands at its highest power is seen first."""
MORE_PATIENT: Changes = {**PATIENT, "limits.verify_rate": {"lack": "60 s", "rise": "1 %", "answer": "30 s"}}
_WIDE = {"within": "50 %", "hold": "60 s"}
WIDE: Changes = {
    **QUICK,
    **dict.fromkeys([f"limits.rate_{band}" for band in ("attention", "alert", "alarm", "jump")], _WIDE),
}
"""Bands in which every rate is."""
HOST_WIDE: Changes = {**HOST, "limits.rate_attention": _WIDE}
CAPTURING = during("deposit", "rate within", 0.5)


class Case(NamedTuple):
    """A breakage, and what must come of it."""

    rule: str
    act: Act
    when: Moment = EXPOSED
    response: ActionClass = ActionClass.FAST_OFF
    within_s: float = 1.0  # from the breakage to the action
    end: str = "aborted"
    recipe: str = LAYER
    changes: Changes = QUICK
    mend: tuple[float, Act] | None = None  # after so many seconds
    name: str = "sim"
    note: str = ""


# --- hands ---


def breaks(contact: str) -> Act:
    return lambda bench: bench.plant.set_health(contact, healthy=False)


def mends(contact: str) -> Act:
    return lambda bench: bench.plant.set_health(contact, healthy=True)


def leaks(mbar_l_s: float) -> Act:
    return lambda bench: setattr(bench.plant.vacuum, "leak_mbar_l_s", mbar_l_s)


def sticks(part: str) -> Act:
    return lambda bench: setattr(bench.plant.parts[part], "is_stuck", True)


def frees(part: str) -> Act:
    def act(bench: StationBench) -> None:
        moved = bench.plant.parts[part]
        moved.is_stuck = False
        moved.push(float(moved.is_driven))

    return act


def pushes(part: str, position: float) -> Act:
    return lambda bench: bench.plant.parts[part].push(position)


def cuts(link: str, seconds: float | None = None) -> Act:
    return lambda bench: bench.cut(link, seconds)


def resists(factor: float, boat: int = 0) -> Act:
    return lambda bench: setattr(bench.plant.beams[boat].boat, "resistance_factor", factor)


def welds(current_a: float | None, supply: int = 1) -> Act:
    def act(bench: StationBench) -> None:
        unit = bench.instrument(f"supply{supply}")
        unit.stage.welded_a = current_a
        unit.refresh(bench.plant.now_ns)

    return act


def turns(name: str, value: object) -> Act:
    """Turn a knob of supply 1's power stage at its front panel."""

    def act(bench: StationBench) -> None:
        unit = bench.instrument("supply1")
        setattr(unit.stage, name, value)
        unit.refresh(bench.plant.now_ns)

    return act


NOTHING = 1e-6


def emits(share: float) -> Act:
    """Let so much through of what the charge of Zn gives: less is a skin on it, more a melt that spreads."""
    return lambda bench: bench.plant.beams[0].boat.set_surface(emission=share)


def _spits_thrice(bench: StationBench) -> None:
    for after_s in (0.1, 2.5, 4.9):
        bench.after(after_s, lambda bench: bench.plant.beams[0].spit(0.6, 0.6))


def _crystal_wavers(bench: StationBench) -> None:
    bench.plant.crystals[1].noise_hz = 5.0


def _crystal_is_worn(bench: StationBench) -> None:
    bench.plant.crystals[1].offset_hz = -700_000.0


def _delivers_less(bench: StationBench) -> None:
    stage = bench.instrument("supply1").stage
    asked = stage.external_a
    stage.external_a = lambda: 0.9 * asked()


def _delivers_less_by_the_panel(bench: StationBench) -> None:
    bench.instrument("supply1").stage.external_a = lambda: 30.0


def _trips_itself(bench: StationBench) -> None:
    bench.instrument("supply1").stage.trip(Questionable.OVP, bench.plant.now_ns)


def _turbo_fails(bench: StationBench) -> None:
    bench.plant.vacuum.rotor.fail(6)


def _foreline_fills(bench: StationBench) -> None:
    """A leak that the running backing pump does not master."""
    bench.plant.vacuum._foreline_gas = 30.0


def _restarts_sqc(bench: StationBench) -> None:
    bench.instrument("sqc").power_cycle(bench.now_ns)


def _crystal_dies(bench: StationBench) -> None:
    bench.plant.crystals[1].is_dead = True


def _crystal_freezes(bench: StationBench) -> None:
    bench.plant.crystals[1].stuck_hz = bench.plant.crystal_frequency(1)


def fails(fault: str) -> Act:
    """Break something by its line in the simulator's library, from now on."""
    return lambda bench: bench.world.inner.faults.add(f"t={bench.now_ns / SECOND}s {fault}")


def writes_a_soak_power(bench: StationBench) -> None:
    """Somebody changes the template between its proof and its start."""
    assert bench.instrument("sqc").memory.write("A3", 1, [(4, 600)])


def _changes_the_watchdogs_time(bench: StationBench) -> None:
    bench.instrument("io").watchdog._kept[0x1000] = 50


def _ends_the_watchdog(bench: StationBench) -> None:
    """Somebody switches the watchdog off over the supply's other interface."""
    bench.world.inner.receive("supply1", b"SYST:WATCH 0\n", bench.plant.now_ns)


def sets_rate(share: float) -> Act:
    """Change the unit's own set-point: it regulates beside the rate that was asked for."""

    def act(bench: StationBench) -> None:
        for member in bench.instrument("sqc").sequence.members:
            member.set_point_a_s *= share

    return act


def _clamp_loosens(bench: StationBench) -> None:
    """Nine per cent more resistance outside the strip: more power for the same rate."""
    boat = bench.plant.beams[0].boat
    boat.lead_ohm += 0.09 * boat.voltage_v / boat.current_a


def _scans_come_late(bench: StationBench) -> None:
    """Three scans in a row come three periods after the one before."""
    bench.stepped._period_ns = 750 * MILLISECOND
    bench.after(2.0, lambda b: setattr(b.stepped, "_period_ns", 250 * MILLISECOND))


def _overfills(bench: StationBench) -> None:
    """A burst of gas from elsewhere while the valve is open."""
    bench.plant.vacuum.leak_mbar_l_s = 3000.0
    bench.after(1.0, leaks(2e-4))


def journal_stands(bench: StationBench) -> None:
    """The disk takes nothing any more."""
    bench.journal.stuck_ns = bench.now_ns


def _journal_goes_on(bench: StationBench) -> None:
    bench.journal.stuck_ns = None


def _a_file_fails(bench: StationBench) -> None:
    bench.journal.number = 2


HOLD, STOP, HARD = ActionClass.HOLD, ActionClass.STOP, ActionClass.HARD_OFF
ALARM = ActionClass.ALARM

CASES: tuple[Case, ...] = (
    Case("e_stop", breaks("E-stop ok"), response=HARD, within_s=0.5),
    Case("e_stop", breaks("E-stop ok"), during("pump_down", "pressure"), HARD, 0.5, note="no energy"),
    Case("e_stop", breaks("E-stop ok"), FILLING, HARD, 0.5, recipe=GAS, note="gas"),
    Case("door", breaks("door closed"), response=HARD, within_s=0.5),
    Case("water_flow", breaks("water"), within_s=1.5),
    # 7e-5 mbar behind 200 L/s: above the film's limit, below the hot source's
    Case("film_pressure", leaks(0.0145), response=HOLD, end="stopped"),
    Case("chamber_pressure", leaks(0.1), during("condition", "soak 2", 2.0), within_s=1.75),
    Case("turbo_at_speed", _turbo_fails, within_s=3.5),
    Case("turbo_at_speed", cuts("turbo"), within_s=6.5, note="link silent"),
    Case("gate_open", lambda b: b.plant.command("gate", on=False, at_ns=b.plant.now_ns), within_s=2.75),
    Case("supply_agrees", _delivers_less, within_s=1.75),
    Case("supply_agrees", _delivers_less_by_the_panel, within_s=1.75, changes=HOST, name="sim-host-loop", note="host"),
    Case("supply_state", turns("volt_v", 0.15), within_s=1.25, note="voltage limit"),
    Case("supply_state", turns("power_w", 5.0), within_s=1.25, note="power limit"),
    Case("supply_state", turns("external_a", None), within_s=1.25, note="reference lost"),
    Case("supply_state", turns("button_off", True), within_s=1.25, note="button"),
    Case("supply_state", _trips_itself, within_s=1.25, note="trips itself (D06)"),
    Case("supply_state", resists(300.0), within_s=1.25, note="boat tears, its supply trips on over-voltage"),
    Case("boat_open", fails("boat.1 open"), note="D02"),
    Case("boat_open", fails("boat.1 open"), during("condition", "ramp 2", 3.0), note="conditioning"),
    Case("boat_resistance", resists(0.0), during("condition", "ramp 1", 0.5), within_s=4.5, note="shorted (D03)"),
    Case("boat_resistance", resists(2.5), during("condition", "ramp 1", 0.5), within_s=4.5, note="torn"),
    Case("boat_short", resists(0.2), during("condition", "soak 2", 2.0), note="hot"),
    Case("boat_short", resists(0.2), note="exposed"),
    Case("boat_resistance_drift", resists(1.3), during("deposit", "thickness", 7.0), note="early"),
    Case("boat_resistance_drift", resists(1.3), during("deposit", "thickness", 27.0), recipe=THICK),
    Case("sqc_link", cuts("sqc", 20.0), during("condition", "soak 2"), response=HOLD, within_s=2.75, end="stopped"),
    Case("sqc_reset", _restarts_sqc, during("pump_down", "pressure", 0.5), ALARM, 3.0, "complete",
         changes=LONG_PUMPING),
    Case("rate_fresh", cuts("sqc", 20.0), response=HOLD, within_s=1.75, end="stopped"),
    Case("crystal", _crystal_dies, response=HOLD, within_s=1.0, end="stopped"),
    Case("crystal_still", _crystal_freezes, response=HOLD, within_s=2.0, end="stopped"),
    Case("rate_known", fails("sqc late 0.1s"), response=HOLD, within_s=4.0, end="stopped"),
    Case("power_ceiling", fails("boat.1 drifting"), during("condition", "soak 2", 1.0), within_s=14.0),
    Case("shutter_closes", sticks("substrate shutter"), within_s=22.0, mend=(40.0, frees("substrate shutter"))),
    Case("shutter_closes", pushes("source shutter 2", 1.0), within_s=2.75, mend=(20.0, pushes("source shutter 2", 0.0)),
         note="another one opens"),
    Case("shutter_opens", sticks("substrate shutter"), during("deposit", "rate", 2.0), HOLD, 30.0, "stopped"),
    Case("shutter_opens", sticks("source shutter 1"), during("condition", "soak 1"), HOLD, 30.0, "stopped",
         note="source shutter"),
    Case("source_shutter_open", pushes("source shutter 1", 0.0), within_s=1.75),
    Case("n2_valve", breaks("door closed"), FILLING, ALARM, 0.5, "stopped", GAS, note="door"),
    Case("n2_valve", pushes("roughing", 1e-9), FILLING, ALARM, 0.5, "stopped", GAS, mend=(5.0, pushes("roughing", 0.0)),
         note="roughing valve not closed"),
    Case("n2_valve", pushes("source shutter 1", 0.5), FILLING, ALARM, 0.5, "stopped", GAS,
         mend=(1.0, pushes("source shutter 1", 0.0)), note="shutter"),
    Case("n2_valve", cuts("gauges", 6.0), FILLING, ALARM, 1.75, "stopped", GAS, note="gauge silent (D28)"),
    Case("n2_valve", _overfills, during("admit_gas", "N2", 6.5), ALARM, 1.25, "complete", GAS, note="over-pressure"),
    Case("n2_admission", leaks(3000.0), during("admit_gas", "dwell", 2.0), STOP, 5.5, "stopped", GAS,
         mend=(6.0, leaks(2e-4))),
    Case("gas_over_target", leaks(100.0), during("admit_gas", "dwell", 2.0), ALARM, 5.0, "complete", GAS,
         mend=(4.0, leaks(2e-4))),
    Case("over_pressure", breaks("over-pressure ok"), PUMPING, ALARM, 0.5, "complete", changes=LONG_PUMPING),
    Case("n2_closed", sticks("N2"), FILLING, within_s=8.0, recipe=GAS, mend=(12.0, frees("N2")),
         note="valve does not close"),
    Case("vent_closed", pushes("vent", 1e-6), PUMPING, within_s=2.75, changes=LONG_PUMPING,
         mend=(10.0, pushes("vent", 0.0))),
    Case("gas_closed_while_hot", pushes("N2", 1e-6), within_s=1.75, mend=(10.0, pushes("N2", 0.0))),
    Case("gas_closed_while_hot", pushes("N2", 1.0), COOLING, within_s=1.75, recipe=f"{LAYER}, then {GAS}",
         mend=(10.0, pushes("N2", 0.0)), note="hot, off"),
    Case("uncommanded_energy", welds(5.0), PUMPING, HARD, 3.25, changes=LONG_PUMPING, mend=(20.0, welds(None)),
         note="idle (D26)"),
    Case("uncommanded_energy", welds(5.0, 2), response=HARD, within_s=3.25, mend=(20.0, welds(None, 2)),
         note="the other supply"),
    Case("io_link", cuts("io", 1.75), within_s=1.5),
    Case("sqc_link", cuts("sqc", 20.0), during("condition", "soak 2", 2.0), HOLD, 2.0, "stopped", note="conditioning"),
    Case("supply_link", cuts("supply1", 20.0), within_s=1.5),
    Case("gauges", cuts("gauges", 3.0), response=HOLD, within_s=2.5, end="stopped"),
    Case("io_watchdog", _changes_the_watchdogs_time, within_s=2.75),
    Case("io_watchdog", _changes_the_watchdogs_time, PUMPING, within_s=2.75, changes=LONG_PUMPING, note="no energy"),
    Case("watchdogs_armed", _ends_the_watchdog, during("condition", "soak 1", 2.0), STOP, 13.0, "stopped",
         changes=LUKEWARM, note="supply, below the currents at which it is judged"),
    Case("gate_pressure", leaks(60.0), PUMPING, HOLD, 3.5, "stopped", changes=LONG_PUMPING, note="chamber"),
    Case("compressed_air", breaks("air"), PUMPING, HOLD, 1.0, "stopped", changes=SHORT_STOP,
         note="and with it the fore-line valve"),
    Case("compressed_air", breaks("air"), within_s=1.0, mend=(20.0, mends("air")), note="with energy"),
    Case("backing_pump", breaks("backing running"), response=HOLD, within_s=0.5, end="stopped"),
    Case("foreline_valve", pushes("fore-line", 0.0), response=HOLD, within_s=2.5, end="stopped",
         mend=(20.0, frees("fore-line"))),
    Case("gate_pressure", _foreline_fills, PUMPING, HOLD, 3.5, "stopped", changes=SHORT_STOP, note="fore-line"),
    Case("gate_turbo", _turbo_fails, PUMPING, HOLD, 3.5, "stopped", changes=LONG_PUMPING),
    Case("roughing_valve", breaks("door closed"), ROUGHING, HOLD, 0.5, "stopped", changes=ROUGH),
    Case("record_segment", _a_file_fails, response=ALARM, within_s=0.5, end="complete"),
    Case("record_late", journal_stands, response=ALARM, within_s=5.5, end="complete", mend=(8.0, _journal_goes_on)),
    Case("rate_attention", sets_rate(1.07), response=ALARM, within_s=20.0, end="complete", recipe=THICK),
    Case("rate_alarm", sets_rate(1.8), response=HOLD, within_s=20.0, end="stopped", recipe=THICK),
    Case("rate_drop", emits(0.3), response=HOLD, within_s=3.0, end="stopped", recipe=THICK),
    Case("rate_surge", emits(2.5), response=HOLD, within_s=3.0, end="stopped", recipe=THICK),
    Case("verify_rate", emits(NOTHING), CAPTURING, within_s=30.0, changes=PATIENT),
    Case("verify_answer", emits(NOTHING), CAPTURING, within_s=35.0, changes=MORE_PATIENT),
    Case("loop_stuck", emits(NOTHING), CAPTURING, STOP, 16.0, "stopped"),
    Case("source_empty", emits(NOTHING), during("deposit", "thickness", 12.0), ALARM, 6.0, "complete", THICK, WIDE,
         mend=(6.0, emits(1.0))),
    Case("spitting", _spits_thrice, during("deposit", "thickness", 0.25), ALARM, 6.0, "complete", THICK, HOST_WIDE,
         name="sim-host-loop"),
    Case("crystal_quality", _crystal_wavers, response=ALARM, within_s=5.0, end="complete", recipe=THICK),
    Case("crystal_life", _crystal_is_worn, PUMPING, ALARM, 15.0, "complete"),
    Case("power_drift", _clamp_loosens, during("deposit", "thickness", 27.0), ALARM, 7.0, "complete", THICK),
    Case("control_cycle", _scans_come_late, within_s=2.5),
)  # fmt: skip

SECOND_CAUSES = {
    "gauges_end": "the rule gauges has acted 3 s before it",
    "turbo_backing": "the rule backing_pump or foreline_valve has acted 3 min before it",
    "record_stuck": "the rule record_late has come 25 s before it",
    "rate_alert": "the rule rate_attention has come 5 s before it",
}
"""Rules that never come first; each has a run of its own in the tests."""

NEVER = {
    "vent_valve": "no step of the language opens the vent valve yet; the tests see that it stays closed",
    "turbo_shut_off": "every step opens the fore-line valve before: see the rules",
    "gauge_settings": "one setting is read a minute: see the rules, and the gauges' dialogue for the reading",
    "sqc_attention": "the unit fails only while a layer is worked on, and that is told by its step: see the rules",
    "sqc_relay": "the packaged station has no relay: see the rules, and the relays' dialogue for the refusal",
}
