"""Permissives and interlocks as data: what may start, what must stay true, what happens when it does not.

PM = row of the plant's interlock matrix, I = row of the interlock list; both are cross-references only, the name
counts. Every claim is written so that only a fresh, good, in-range value satisfies it.
"""

from pvdstation.control import claims as k
from pvdstation.control import conditions as c
from pvdstation.control import process_claims as pk
from pvdstation.control import source_claims as sk
from pvdstation.control.rule import Interlock, Overridable, Permissive
from pvdstation.model.messages import ActionClass

RETURNS = 0.8
"""Dead-band: an alarm of a band goes when the value is within this share of it."""

_ENERGY = (c.E_STOP, c.DOOR, c.WATER)
_KEPT = (*_ENERGY, c.GATE_OPEN, c.TURBO, c.N2_CLOSED, c.VENT_CLOSED, c.SQC_LINK, c.SUPPLY_ARMED, c.IO_WATCHDOG)
"""What of the source output's rule must still be true when more is asked."""
_GAS = (
    c.GATE_CLOSED,
    c.ROUGHING_CLOSED,
    c.SOURCES_OFF,
    c.SOURCES_COLD,
    c.SHUTTERS_CLOSED,
    c.CAPACITANCE_GOOD,
    c.DOOR,
    c.NO_OVER_PRESSURE,
)

SHUTTER_TEST = Overridable(5, needs_cold=True)
"""A shutter is tried by hand: nothing is hot."""
COMMISSIONING = Overridable(30, without_lithium=True)
"""A boat or a watchdog is not yet as it will be."""

PERMISSIVES = {
    p.output: p
    for p in (
        Permissive(
            "supply",
            "source_output",
            "PM1",
            "Switch source on",
            (
                *_ENERGY,
                c.START_PRESSURE,
                c.GATE_OPEN,
                c.TURBO,
                c.SHUTTERS_CLOSED,
                c.N2_CLOSED,
                c.VENT_CLOSED,
                c.OTHER_SOURCES_OFF,
                c.SQC_LINK,
                c.SUPPLY_ARMED,
                c.IO_WATCHDOG,
                c.JOURNAL,
            ),
        ),
        Permissive("current", "source_current", "PM2", "Raise source current", (*_KEPT, c.CRYSTAL)),
        Permissive("source_shutter", "source_shutter", "PM3", "Open source shutter", (*_KEPT, c.AT_SOAK), SHUTTER_TEST),
        Permissive(
            "substrate_shutter",
            "substrate_shutter",
            "PM4",
            "Open substrate shutter",
            (*_KEPT, c.FILM_PRESSURE, c.SOURCE_SHUTTER_OPEN, c.CAPTURED, c.CRYSTAL),
            SHUTTER_TEST,
        ),
        Permissive(
            "gate",
            "hv_gate",
            "PM5",
            "Open HV gate",
            (
                c.CROSSOVER,
                c.TURBO,
                c.ROUGHING_CLOSED,
                c.FORELINE_OPEN,
                c.FORELINE_START,
                c.N2_CLOSED,
                c.VENT_CLOSED,
                c.DOOR,
                c.AIR,
            ),
        ),
        Permissive(
            "n2", "n2_valve", "PM6", "Open N2 valve", (*_GAS, c.VENT_CLOSED, c.BELOW_TARGET, c.BOTH_GAUGES_AGREE)
        ),
        Permissive("vent", "vent_valve", "PM7", "Open vent valve", (*_GAS, c.N2_CLOSED, c.BELOW_GLOVEBOX)),
        Permissive(
            "door",
            "door_release",
            "PM8",
            "Release door",
            (c.AT_GLOVEBOX, c.SOURCES_OFF, c.SOURCES_COLD, c.N2_CLOSED, c.VENT_CLOSED, c.GATE_CLOSED),
        ),
        Permissive(
            "roughing",
            "roughing_valve",
            "PM9",
            "Open roughing valve",
            (c.GATE_CLOSED, c.FORELINE_CLOSED, c.BACKING, c.N2_CLOSED, c.VENT_CLOSED, c.DOOR),
        ),
        Permissive("foreline", "foreline_valve", "PM10", "Open fore-line valve", (c.BACKING, c.FORELINE_MAY_OPEN)),
        Permissive(
            "turbo",
            "turbo_start",
            "PM11",
            "Start turbo",
            (c.BACKING, c.FORELINE_OPEN, c.FORELINE_KEEP, c.WATER, c.GATE_CLOSED),
        ),
        Permissive("turbo_stop", "turbo_stop", "PM12", "Stop turbo", (c.GATE_CLOSED,)),
        Permissive(
            "backing_stop",
            "backing_stop",
            "PM13",
            "Stop backing pump",
            (c.ROUGHING_CLOSED, c.FORELINE_CLOSED, c.TURBO_SLOW),
        ),
    )
}
"""Start part of every output's rule. PM14 (fresh readings for any output) is checked before each of them."""

_N2_KEPT = (*_GAS, c.VENT_CLOSED, c.NOT_OVER_TARGET)
_VENT_KEPT = (*_GAS, c.N2_CLOSED, c.BELOW_GLOVEBOX)
_ROUGHING_KEPT = (c.GATE_CLOSED, c.BACKING, c.N2_CLOSED, c.VENT_CLOSED, c.DOOR)
_WATCHDOGS = (c.SUPPLY_ARMED, c.IO_WATCHDOG)

INTERLOCKS: tuple[Interlock, ...] = (
    # before every contact: a silent I/O leaves them all unknown, and the first cause must name the link
    Interlock("io_link", "I16", "I/O readings fresh", k.always, k.io_younger, ActionClass.FAST_OFF,
              shows=lambda v: f"I/O: {v.silence_text(v.s.e_stop_ok)}"),
    # its driver drops the outputs at once: what that does to supplies and valves is not the first cause
    Interlock("io_watchdog", "I18", "the I/O's watchdog as it was armed", k.needs_io, k.io_is_armed,
              ActionClass.FAST_OFF, shows=c.IO_WATCHDOG.shows),
    Interlock(
        "e_stop", "I1", "E-stop chain healthy", k.always, c.E_STOP.holds, ActionClass.HARD_OFF, shows=c.E_STOP.shows
    ),
    Interlock("door", "I2", "door closed", k.energy, c.DOOR.holds, ActionClass.HARD_OFF, shows=c.DOOR.shows),
    Interlock(
        "water_flow", "I3", "cooling water flows", k.energy, c.WATER.holds, ActionClass.FAST_OFF,
        delay_s=k.limit("water_delay"), shows=c.WATER.shows,
    ),
    # the springs close every shutter and valve: what that does to rate and gate is not the first cause
    Interlock("compressed_air", "PM5", "compressed air present", k.always, c.AIR.holds, ActionClass.HOLD,
              with_energy=ActionClass.FAST_OFF, delay_s=lambda s: 2 * s.scan_period, closes="gate",
              shows=c.AIR.shows),
    # the arbiter closes the fore-line valve with it; the gate follows the fore-line's pressure
    Interlock("backing_pump", "PM10", "backing pump runs unless told to stop", k.backing_is_wanted, c.BACKING.holds,
              ActionClass.HOLD, shows=k.backing_text),
    Interlock("foreline_valve", "PM10", "fore-line valve open behind the open gate", k.gate, k.foreline_follows,
              ActionClass.HOLD, delay_s=k.valve_follow_s, shows=c.FORELINE_OPEN.shows),
    Interlock("turbo_backing", "PM10", "turbo not without backing for long while a source is on", k.energy, k.is_backed,
              ActionClass.STOP, delay_s=k.unbacked_s, shows=k.backing_text),
    # the steps of a recipe open the fore-line valve again before; a person may forget it
    Interlock("turbo_shut_off", "PM10", "fore-line valve not told to be closed for long while the turbo turns",
              k.turbo_turns, k.foreline_is_told_open, ActionClass.HOLD, delay_s=k.shut_off_s, shows=k.backing_text),
    Interlock(
        "film_pressure", "I4", "pressure low enough for a film", k.exposed,
        k.pressure_below(lambda s: s.limits.film_pressure), ActionClass.HOLD, shows=c.FILM_PRESSURE.shows,
    ),
    Interlock(
        "chamber_pressure", "I4", "pressure low enough for a hot source", k.energy,
        k.pressure_below(lambda s: s.limits.trip_pressure), ActionClass.FAST_OFF,
        samples_of="chamber.full_range", samples=2, shows=c.FILM_PRESSURE.shows,
    ),
    Interlock(
        "turbo_at_speed", "I5", "turbo at speed and without error", k.energy, c.TURBO.holds, ActionClass.FAST_OFF,
        delay_s=k.limit("turbo_delay"), closes="gate", shows=c.TURBO.shows,
    ),
    Interlock(
        "gate_open", "PM1", "HV gate open while a source is on", k.energy, c.GATE_OPEN.holds, ActionClass.FAST_OFF,
        delay_s=k.limit("turbo_delay"), shows=c.GATE_OPEN.shows,
    ),
    # before what else the supply says of it: the current falls to nothing at the full voltage
    Interlock("boat_open", "I7", "boat conducts", k.energy, sk.boats_conduct, ActionClass.FAST_OFF,
              delay_s=lambda s: s.scan_period, shows=sk.resistance_text),
    Interlock(
        "supply_agrees", "I6", "the supply's current is what was asked for", k.energy, sk.supply_agrees,
        ActionClass.FAST_OFF, delay_s=lambda _s: 1.0,
    ),
    Interlock(
        "supply_state", "I6", "supply in constant current, no fault, no error, right reference", k.energy,
        sk.supply_state, ActionClass.FAST_OFF, delay_s=lambda s: 2 * s.scan_period,
    ),
    Interlock("boat_resistance", "I7", "boat resistance as at commissioning (12 to 16 A of the first ramp)",
              sk.in_fingerprint_window, sk.cold_resistance, ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period,
              shows=sk.resistance_text, override=COMMISSIONING),
    Interlock("boat_short", "I7", "boat resistance not far below what it was", k.energy, sk.boats_not_shorted,
              ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period, shows=sk.resistance_text),
    Interlock("boat_resistance_drift", "I7", "boat resistance near the layer's median", sk.has_median,
              sk.steady_resistance, ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period, shows=sk.resistance_text),
    Interlock("crystal", "I9", "crystal active and within its limits", sk.heated, sk.crystal_good, ActionClass.HOLD,
              shows=sk.crystal_text),
    Interlock("crystal_still", "I9", "the crystal measures", sk.heated, sk.crystal_measures, ActionClass.HOLD,
              shows=sk.still_text),
    Interlock("rate_fresh", "I9", "rate younger than its limit", sk.regulating,
              sk.rate_is_younger(k.age_limit("rate")), ActionClass.HOLD, shows=sk.rate_text),
    Interlock("rate_known", "I9", "readings enough for a rate", sk.regulating, sk.rate_known, ActionClass.HOLD,
              delay_s=lambda s: 2 * s.limits.age.rate, shows=sk.slow_text),
    Interlock("verify_rate", "I8", "power becomes rate", sk.regulating, pk.rate_verified, ActionClass.FAST_OFF,
              shows=pk.lack_text),
    Interlock("verify_answer", "I8", "more power brings more rate", sk.regulating, pk.power_answered,
              ActionClass.FAST_OFF, shows=pk.effort_text),
    Interlock("loop_stuck", "I8", "the rate loop is not stuck at its highest power", sk.regulating, pk.loop_moves,
              ActionClass.STOP, shows=pk.effort_text),
    Interlock("power_ceiling", "I10", "power below recipe, station and supply limit", k.energy, sk.power_ceiling,
              ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period),
    Interlock(
        "shutter_closes", "I11", "shutters follow a closing command", k.always, k.closing_shutters_follow,
        ActionClass.FAST_OFF, delay_s=k.shutter_follow_s, shows=c.SHUTTERS_CLOSED.shows,
    ),
    Interlock(
        "shutter_opens", "I11", "shutters follow an opening command", k.always, k.opening_shutters_follow,
        ActionClass.HOLD, delay_s=k.shutter_follow_s, shows=c.SHUTTERS_CLOSED.shows,
    ),
    Interlock(
        "source_shutter_open", "I11", "source shutter open while the SQC-310 regulates", k.energy, k.sqc_sees_vapour,
        ActionClass.FAST_OFF, delay_s=lambda _s: 1.0, shows=c.SOURCE_SHUTTER_OPEN.shows,
    ),
    Interlock(
        "n2_valve", "I12", "all conditions of the N2 valve", k.n2,
        k.every(*_N2_KEPT), ActionClass.ALARM, closes="n2", parts=_N2_KEPT,
    ),
    Interlock(
        "vent_valve", "I12", "all conditions of the vent valve", k.vent, k.every(*_VENT_KEPT), ActionClass.ALARM,
        closes="vent", parts=_VENT_KEPT,
    ),
    Interlock(
        "n2_admission", "I13", "pressure not far above the target", k.holds_gas, k.not_far_over_target,
        ActionClass.STOP, delay_s=lambda s: s.limits.age.gauge_gas, closes="n2", shows=c.NOT_FAR_OVER_TARGET.shows,
    ),
    Interlock(
        "gas_over_target", "I13", "pressure stays at the target with the N2 valve closed", k.gas_is_shut_in,
        k.not_over_target, ActionClass.ALARM, delay_s=lambda s: s.limits.age.gauge_gas,
        clears=c.below_over_pressure(RETURNS), shows=c.NOT_OVER_TARGET.shows,
    ),
    Interlock("over_pressure", "PM6", "over-pressure switch good", k.always, c.NO_OVER_PRESSURE.holds,
              ActionClass.ALARM, shows=c.CAPACITANCE_GOOD.shows),
    Interlock(
        "gas_closed_while_hot", "I14", "N2 and vent valves closed while a source is hot", k.hot, k.gas_valves_follow,
        ActionClass.FAST_OFF, shows=c.N2_CLOSED.shows,
    ),
    # cold or hot, in every state: gas that nobody asked for (safety B.4)
    Interlock("n2_closed", "I14", "N2 valve closed when told to be", k.always, c.N2_FOLLOWS.holds,
              ActionClass.FAST_OFF, delay_s=k.valve_follow_s, closes="n2", shows=c.N2_FOLLOWS.shows),
    Interlock("vent_closed", "I14", "vent valve closed when told to be", k.always, c.VENT_FOLLOWS.holds,
              ActionClass.FAST_OFF, delay_s=k.valve_follow_s, closes="vent", shows=c.VENT_FOLLOWS.shows),
    Interlock(
        "uncommanded_energy", "I15", "no current without a command", k.always, sk.no_uncommanded_energy,
        ActionClass.HARD_OFF, delay_s=lambda s: s.scan_period,
    ),
    Interlock("sqc_link", "I16", "SQC-310 readings fresh while it sets the current", sk.owned_by_sqc, sk.sqc_answers,
              ActionClass.HOLD, delay_s=lambda s: 2 * s.scan_period, shows=c.SQC_LINK.shows),
    Interlock("supply_link", "I16", "supply readings fresh", k.energy, sk.supplies_answer, ActionClass.FAST_OFF,
              shows=sk.supply_link_text),
    Interlock("gauges", "I16", "gauges good, fresh, and showing vacuum", k.energy,
              k.gauges_younger(k.age_limit("gauge")), ActionClass.HOLD, shows=c.FILM_PRESSURE.shows),
    Interlock("gauges_end", "I16", "gauges not lost for long", k.energy, k.gauges_younger(k.age_limit("gauge")),
              ActionClass.STOP, delay_s=lambda s: s.limits.age.gauge_end - s.limits.age.gauge,
              shows=c.FILM_PRESSURE.shows),
    Interlock(
        "watchdogs_armed", "I18", "supply and I/O watchdogs armed", k.energy, k.every(*_WATCHDOGS),
        ActionClass.STOP, delay_s=lambda _s: 10.0, parts=_WATCHDOGS, override=COMMISSIONING,
    ),
    Interlock(
        "gate_pressure", "PM5", "chamber and fore-line low enough for the open gate", k.gate,
        k.gate_may_stay, ActionClass.HOLD, delay_s=lambda s: s.limits.age.gauge, closes="gate",
        shows=k.gate_pressure_text,
    ),
    Interlock(
        "gate_turbo", "PM5", "turbo fit for the open gate", k.gate, c.TURBO.holds, ActionClass.HOLD,
        delay_s=k.limit("turbo_delay"), closes="gate", shows=c.TURBO.shows,
    ),
    Interlock(
        "roughing_valve", "PM9", "conditions of the roughing valve", lambda v, _s: v.last.roughing,
        k.every(*_ROUGHING_KEPT), ActionClass.HOLD, closes="roughing", parts=_ROUGHING_KEPT,
    ),
    Interlock("record_segment", "I19", "the record in its first file", k.always, c.ONE_FILE.holds, ActionClass.ALARM,
              shows=c.ONE_FILE.shows),
    Interlock("record_late", "I19", "the record keeps up within 5 s", k.always, c.JOURNAL.holds, ActionClass.ALARM,
              clears=c.record_younger(RETURNS * c.RECORD_LATE_S), shows=c.JOURNAL.shows),
    Interlock("record_stuck", "I19", "the record goes on within 30 s", k.always, c.record_younger(c.RECORD_STUCK_S),
              ActionClass.STOP, shows=c.JOURNAL.shows),
    Interlock("sqc_reset", "sqc", "the SQC-310 has not been restarted since it was prepared", k.always,
              k.says_zero("sqc.was_reset"), ActionClass.ALARM),
    Interlock("sqc_attention", "sqc", "the SQC-310 is in no phase that a person has to look at", sk.works_on_nothing,
              k.says_zero("sqc.attention"), ActionClass.ALARM, shows=sk.attention_text),
    Interlock("sqc_relay", "sqc", "the SQC-310's relay obeys", k.always, k.says_zero("sqc.relay_refused"),
              ActionClass.ALARM, shows=lambda _v: "the substrate shutter has its I/O contact alone"),
    Interlock("gauge_settings", "gauges", "filters, offsets and factors of the gauges as at commissioning", k.always,
              k.gauge_settings_kept, ActionClass.ALARM, shows=k.gauge_settings_text),
    Interlock("rate_attention", "rate", "rate within the attention band", sk.exposed_layer,
              sk.rate_within(lambda s: s.limits.rate_attention.within), ActionClass.ALARM,
              delay_s=lambda s: s.limits.rate_attention.hold,
              clears=sk.rate_within(lambda s: RETURNS * s.limits.rate_attention.within)),
    Interlock("rate_alert", "rate", "rate within the alert band", sk.exposed_layer,
              sk.rate_within(lambda s: s.limits.rate_alert.within), ActionClass.ALARM,
              delay_s=lambda s: s.limits.rate_alert.hold,
              clears=sk.rate_within(lambda s: RETURNS * s.limits.rate_alert.within)),
    Interlock("rate_alarm", "rate", "rate within the alarm band", sk.exposed_layer,
              sk.rate_within(lambda s: s.limits.rate_alarm.within), ActionClass.HOLD,
              delay_s=lambda s: s.limits.rate_alarm.hold),
    Interlock("rate_drop", "rate", "rate has not dropped", sk.exposed_layer, pk.rate_not_dropped, ActionClass.HOLD,
              delay_s=lambda s: s.limits.rate_jump.hold, shows=pk.effort_text),
    Interlock("rate_surge", "rate", "rate has not surged", sk.exposed_layer, pk.rate_not_surged, ActionClass.HOLD,
              delay_s=lambda s: s.limits.rate_jump.hold),
    Interlock("source_empty", "rate", "the charge lasts: less rate is not due to it", sk.regulating, pk.charge_lasts,
              ActionClass.ALARM, shows=pk.effort_text),
    Interlock("spitting", "rate", "the source spits rarely", sk.regulating, pk.spits_rarely, ActionClass.ALARM,
              shows=pk.spit_text),
    Interlock("crystal_quality", "crystal", "the crystal's readings are steady", sk.regulating, pk.crystal_steady,
              ActionClass.ALARM, delay_s=lambda _s: 1.5, shows=pk.steady_text),  # a slow link is told as one first
    Interlock("crystal_life", "crystal", "the crystal has life left", sk.heated, pk.crystal_lasts, ActionClass.ALARM,
              shows=pk.life_text),
    Interlock("power_drift", "power", "power near the layer's median", sk.has_median, sk.steady_power,
              ActionClass.ALARM, delay_s=lambda _s: 5.0, off_delay_s=5.0),
)  # fmt: skip
"""Evaluated every scan in this order. I17 (control cycle) is judged by the supervisor itself: it has no reading."""
