"""Permissives and interlocks as data: what may start, what must stay true, what happens when it does not.

PM = row of the plant's interlock matrix, I = row of the interlock list; both are cross-references only, the name
counts. Every claim is written so that only a fresh, good, in-range value satisfies it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from pvdstation.control import conditions as c
from pvdstation.control.conditions import Condition
from pvdstation.control.scene import Scene
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import Station


class Permissive(NamedTuple):
    """What must hold before an output may go from closed or off to open or on."""

    output: str
    name: str
    ref: str
    start: tuple[Condition, ...]


_ENERGY = (c.E_STOP, c.DOOR, c.WATER)
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

PERMISSIVES = {
    p.output: p
    for p in (
        Permissive(
            "supply",
            "source_output",
            "PM1",
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
        Permissive("current", "source_current", "PM2", (*_ENERGY, c.GATE_OPEN, c.TURBO, c.CRYSTAL)),
        Permissive("source_shutter", "source_shutter", "PM3", (*_ENERGY, c.GATE_OPEN, c.TURBO, c.N2_CLOSED, c.AT_SOAK)),
        Permissive(
            "substrate_shutter", "substrate_shutter", "PM4", (*_ENERGY, c.SOURCE_SHUTTER_OPEN, c.CAPTURED, c.CRYSTAL)
        ),
        Permissive(
            "gate",
            "hv_gate",
            "PM5",
            (c.CROSSOVER, c.TURBO, c.ROUGHING_CLOSED, c.FORELINE_START, c.N2_CLOSED, c.VENT_CLOSED, c.DOOR, c.AIR),
        ),
        Permissive("n2", "n2_valve", "PM6", (*_GAS, c.VENT_CLOSED, c.BELOW_TARGET, c.BOTH_GAUGES_AGREE)),
        Permissive("vent", "vent_valve", "PM7", (*_GAS, c.N2_CLOSED, c.BELOW_GLOVEBOX)),
        Permissive(
            "door",
            "door_release",
            "PM8",
            (c.AT_GLOVEBOX, c.SOURCES_OFF, c.SOURCES_COLD, c.N2_CLOSED, c.VENT_CLOSED, c.GATE_CLOSED),
        ),
        Permissive(
            "roughing",
            "roughing_valve",
            "PM9",
            (c.GATE_CLOSED, c.FORELINE_CLOSED, c.BACKING, c.N2_CLOSED, c.VENT_CLOSED, c.DOOR),
        ),
        Permissive("foreline", "foreline_valve", "PM10", (c.BACKING, c.FORELINE_MAY_OPEN)),
        Permissive("turbo", "turbo_start", "PM11", (c.FORELINE_KEEP, c.WATER, c.GATE_CLOSED)),
        Permissive("turbo_stop", "turbo_stop", "PM12", (c.GATE_CLOSED,)),
        Permissive("backing_stop", "backing_stop", "PM13", (c.ROUGHING_CLOSED, c.FORELINE_CLOSED)),
    )
}
"""Start part of every output's rule. PM14 (fresh readings for any output) is checked before each of them."""


class Interlock(NamedTuple):
    """What must stay true while it is needed; how long it may be lost; what happens then."""

    name: str
    ref: str
    sentence: str
    needed: Callable[[View, Scene], bool]
    holds: Callable[[View, Scene], bool]
    on_loss: ActionClass
    delay_s: Callable[[Station], float] = lambda _station: 0.0
    samples_of: str = ""  # a signal: the claim must fail in ``samples`` samples of it in a row
    samples: int = 1
    closes: str = ""  # an output that is closed at once and stays closed
    shows: Callable[[View], str] = lambda _view: ""


def _always(_v: View, _scene: Scene) -> bool:
    return True


def _energy(v: View, _scene: Scene) -> bool:
    return v.any_energised()


def _exposed(v: View, _scene: Scene) -> bool:
    return v.last.substrate_shutter


def _gate(v: View, _scene: Scene) -> bool:
    return v.last.gate


def _n2(v: View, _scene: Scene) -> bool:
    return v.last.n2


def _vent(v: View, _scene: Scene) -> bool:
    return v.last.vent


def _regulating(_v: View, scene: Scene) -> bool:
    return scene.layer is not None and scene.layer.is_regulating


def _all(*claims: Condition) -> Callable[[View, Scene], bool]:
    return lambda v, scene: all(claim.holds(v, scene) for claim in claims)


# --- pressure ---


def _pressure_below(limit: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    """A bad or old gauge is the gauge rule's business; a good one must be below, and NaN is not."""

    def holds(v: View, _scene: Scene) -> bool:
        reading = v.readings[v.s.full_range]
        return reading.quality > Quality.UNDER_RANGE or reading.value <= limit(v.station)

    return holds


def _gauges_younger(age_s: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    def holds(v: View, _scene: Scene) -> bool:
        age_ns = age_s(v.station) * 1e9
        for number in (v.s.full_range, v.s.capacitance):
            reading = v.readings[number]
            if reading.quality > Quality.UNDER_RANGE or v.now_ns - reading.at_ns > age_ns:
                return False
        return v.readings[v.s.capacitance].value < 2.0

    return holds


# --- supplies ---


def _supply_agrees(v: View, _scene: Scene) -> bool:
    limits = v.station.limits
    for w in c.energised(v):
        asked, flows = c.commanded_a(v, w), v.supply(w.signals.current)
        if math.isnan(asked):
            continue  # nobody knows what the SQC-310 asks: its own link rule acts
        if max(asked, flows) > limits.supply_agrees_above and not abs(flows - asked) <= limits.supply_agrees:
            return False
    return True


def _supply_state(v: View, _scene: Scene) -> bool:
    """From the mode threshold on the supply regulates current; it has no fault, no error, and the right reference."""
    above_a = v.station.limits.mode_above
    for w in c.energised(v):
        slow_ns = 3 * v.frame.supply_age_ns
        if v.value(w.signals.faults, slow_ns) != 0 or v.value(w.signals.error, slow_ns) != 0:
            return False
        if v.value(w.signals.external, slow_ns) != (w.supply.current_source == "analogue"):
            return False
        if c.commanded_a(v, w) > above_a and v.supply(w.signals.mode) != SupplyMode.CC:
            return False
    return True


def _power_ceiling(v: View, _scene: Scene) -> bool:
    for w in c.energised(v):
        asked = c.commanded_a(v, w)
        if not math.isnan(asked) and asked > (w.source.max_power + 0.2) * w.supply.full_scale / 100:
            return False
        watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
        if watts > w.supply.p_limit:
            return False
    return True


def _resistance(v: View, scene: Scene) -> float:
    layer = scene.layer
    if layer is None:
        return math.nan
    w = v.frame.sources[layer.source]
    current = v.supply(w.signals.current)
    return v.supply(w.signals.voltage) / current if current > 1 else math.nan


def _in_first_ramp_window(v: View, scene: Scene) -> bool:
    layer = scene.layer
    return (
        layer is not None
        and layer.is_first_ramp
        and 12 <= v.supply(v.frame.sources[layer.source].signals.current) <= 16
    )


def _cold_resistance(v: View, scene: Scene) -> bool:
    if scene.layer is None:
        return True
    expected = v.frame.sources[scene.layer.source].source.cold_resistance
    return abs(_resistance(v, scene) / expected - 1) <= v.station.limits.resistance_window / 100


def _has_median(_v: View, scene: Scene) -> bool:
    return scene.layer is not None and scene.layer.is_exposed and not math.isnan(scene.layer.resistance_ohm)


def _steady_resistance(v: View, scene: Scene) -> bool:
    if scene.layer is None:
        return True
    return abs(_resistance(v, scene) / scene.layer.resistance_ohm - 1) <= v.station.limits.resistance_drift / 100


def _steady_power(v: View, scene: Scene) -> bool:
    layer = scene.layer
    if layer is None or math.isnan(layer.power_w):
        return True
    signals = v.frame.sources[layer.source].signals
    watts = v.supply(signals.voltage) * v.supply(signals.current)
    return abs(watts / layer.power_w - 1) <= v.station.limits.power_drift / 100


def _no_uncommanded_energy(v: View, _scene: Scene) -> bool:
    """Commanded off for a second: below 1 A, or the enable contact is read back open."""
    for w in v.frame.sources:
        since = v.sources[w.index].commanded_off_since_ns
        if since is None or v.now_ns - since < 1_000_000_000:
            continue
        current = v.readings[w.signals.current]
        flows = current.quality is Quality.GOOD and not current.value <= v.station.limits.hot_above
        if flows and v.now_ns - current.at_ns <= 3 * v.frame.supply_age_ns:
            return False
    return True


# --- rate ---


def _rate_within(band: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    def holds(v: View, scene: Scene) -> bool:
        layer = scene.layer
        return layer is None or abs(layer.rate_nm_s / layer.set_rate_nm_s - 1) <= band(v.station) / 100

    return holds


def _rate_is_younger(age_s: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    def holds(v: View, scene: Scene) -> bool:
        if scene.layer is None:
            return True
        w = v.frame.sources[scene.layer.source]
        reading = v.readings[w.crystal.frequency]
        return reading.quality is Quality.GOOD and v.now_ns - reading.at_ns <= age_s(v.station) * 1e9

    return holds


def _crystal_good(v: View, scene: Scene) -> bool:
    """Judged on the last reading; its age is the rate rule's business."""
    if scene.layer is None:
        return True
    w = v.frame.sources[scene.layer.source]
    frequency = v.readings[w.crystal.frequency].value
    active = v.readings[w.crystal.status].value == 1
    return active and v.station.sqc.f_min <= frequency <= v.station.sqc.f_max * 1.01


def _layer_rate_exposed(v: View, scene: Scene) -> bool:
    return v.last.substrate_shutter and scene.layer is not None and scene.layer.is_exposed


# --- shutters and valves ---


def _closing_shutters_follow(v: View, _scene: Scene) -> bool:
    wanted = (
        (v.last.substrate_shutter, v.s.substrate_shutter),
        *zip(v.last.source_shutter, v.s.source_shutter, strict=True),
    )
    return all(is_open or v.is_closed(number) for is_open, number in wanted)


def _opening_shutters_follow(v: View, _scene: Scene) -> bool:
    wanted = (
        (v.last.substrate_shutter, v.s.substrate_shutter),
        *zip(v.last.source_shutter, v.s.source_shutter, strict=True),
    )
    return all(v.is_open(number) for is_open, number in wanted if is_open)


def _sqc_sees_vapour(v: View, scene: Scene) -> bool:
    """The SQC-310 in phase 12 to 14 regulates blind when the source shutter is not open."""
    if scene.layer is None:
        return True
    w = v.frame.sources[scene.layer.source]
    return w.host or v.slow_sqc(v.s.sqc_phase) not in (12, 13, 14) or v.is_open(w.shutter)


def _gas_valves_follow(v: View, _scene: Scene) -> bool:
    return (v.last.n2 or v.is_closed(v.s.n2)) and (v.last.vent or v.is_closed(v.s.vent))


def _hot(v: View, _scene: Scene) -> bool:
    return v.any_energised() or any(w.was_energised_ns is not None and w.is_hot for w in v.sources)


def _io_younger(v: View, _scene: Scene) -> bool:
    return not math.isnan(v.io(v.s.e_stop_ok))


def _supplies_younger(v: View, _scene: Scene) -> bool:
    return all(not math.isnan(v.supply(w.signals.current)) for w in c.energised(v))


def _station(name: str) -> Callable[[Station], float]:
    return lambda station: float(getattr(station.limits, name))


def _age(name: str) -> Callable[[Station], float]:
    return lambda station: float(getattr(station.limits.age, name))


def _shutter_follow_s(station: Station) -> float:
    return station.io.follow.shutter


INTERLOCKS: tuple[Interlock, ...] = (
    Interlock(
        "e_stop", "I1", "E-stop chain healthy", _always, c.E_STOP.holds, ActionClass.HARD_OFF, shows=c.E_STOP.shows
    ),
    Interlock("door", "I2", "door closed", _energy, c.DOOR.holds, ActionClass.HARD_OFF, shows=c.DOOR.shows),
    Interlock(
        "water_flow", "I3", "cooling water flows", _energy, c.WATER.holds, ActionClass.FAST_OFF,
        delay_s=_station("water_delay"), shows=c.WATER.shows,
    ),
    Interlock(
        "film_pressure", "I4", "pressure low enough for a film", _exposed,
        _pressure_below(lambda s: s.limits.film_pressure), ActionClass.HOLD, shows=c.START_PRESSURE.shows,
    ),
    Interlock(
        "chamber_pressure", "I4", "pressure low enough for a hot source", _energy,
        _pressure_below(lambda s: s.limits.trip_pressure), ActionClass.FAST_OFF,
        samples_of="chamber.full_range", samples=2, shows=c.START_PRESSURE.shows,
    ),
    Interlock(
        "turbo_at_speed", "I5", "turbo at speed and without error", _energy, c.TURBO.holds, ActionClass.FAST_OFF,
        delay_s=_station("turbo_delay"), closes="gate", shows=c.TURBO.shows,
    ),
    Interlock(
        "gate_open", "PM1", "HV gate open while a source is on", _energy, c.GATE_OPEN.holds, ActionClass.FAST_OFF,
        delay_s=_station("turbo_delay"), shows=c.GATE_OPEN.shows,
    ),
    Interlock(
        "supply_agrees", "I6", "the supply's current is what was asked for", _energy, _supply_agrees,
        ActionClass.FAST_OFF, delay_s=lambda _s: 1.0,
    ),
    Interlock(
        "supply_state", "I6", "supply in constant current, no fault, no error, right reference", _energy, _supply_state,
        ActionClass.FAST_OFF, delay_s=lambda s: 2 * s.scan_period,
    ),
    Interlock(
        "boat_resistance", "I7", "boat resistance as at commissioning (12 to 16 A of ramp 1)", _in_first_ramp_window,
        _cold_resistance, ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period,
    ),
    Interlock(
        "boat_resistance_drift", "I7", "boat resistance near the layer's median", _has_median, _steady_resistance,
        ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period,
    ),
    Interlock("rate_fresh", "I9", "rate younger than its limit", _regulating, _rate_is_younger(_age("rate")),
              ActionClass.HOLD),
    Interlock("crystal", "I9", "crystal active and within its limits", _regulating, _crystal_good, ActionClass.HOLD,
              shows=c.CRYSTAL.shows),
    Interlock("power_ceiling", "I10", "power below recipe, station and supply limit", _energy, _power_ceiling,
              ActionClass.FAST_OFF, delay_s=lambda s: s.scan_period),
    Interlock(
        "shutter_closes", "I11", "shutters follow a closing command", _always, _closing_shutters_follow,
        ActionClass.FAST_OFF, delay_s=_shutter_follow_s, shows=c.SHUTTERS_CLOSED.shows,
    ),
    Interlock(
        "shutter_opens", "I11", "shutters follow an opening command", _always, _opening_shutters_follow,
        ActionClass.HOLD, delay_s=_shutter_follow_s, shows=c.SHUTTERS_CLOSED.shows,
    ),
    Interlock(
        "source_shutter_open", "I11", "source shutter open while the SQC-310 regulates", _energy, _sqc_sees_vapour,
        ActionClass.FAST_OFF, delay_s=lambda _s: 1.0, shows=c.SOURCE_SHUTTER_OPEN.shows,
    ),
    Interlock(
        "n2_valve", "I12", "all conditions of the N2 valve", _n2,
        _all(*_GAS, c.VENT_CLOSED, c.NOT_OVER_TARGET), ActionClass.ALARM, closes="n2",
        shows=c.NOT_OVER_TARGET.shows,
    ),
    Interlock(
        "vent_valve", "I12", "all conditions of the vent valve", _vent, _all(*_GAS, c.N2_CLOSED, c.BELOW_GLOVEBOX),
        ActionClass.ALARM, closes="vent",
    ),
    Interlock(
        "n2_admission", "I13", "pressure not far above the target",
        lambda _v, scene: not math.isnan(scene.gas_target_mbar), c.NOT_FAR_OVER_TARGET.holds, ActionClass.STOP,
        delay_s=lambda s: s.limits.age.gauge_gas, closes="n2", shows=c.NOT_FAR_OVER_TARGET.shows,
    ),
    Interlock(
        "gas_closed_while_hot", "I14", "N2 and vent valves closed while a source is hot", _hot, _gas_valves_follow,
        ActionClass.FAST_OFF, delay_s=lambda s: s.limits.age.io, shows=c.N2_CLOSED.shows,
    ),
    Interlock(
        "uncommanded_energy", "I15", "no current without a command", _always, _no_uncommanded_energy,
        ActionClass.HARD_OFF, delay_s=lambda _s: 1.0,
    ),
    Interlock("io_link", "I16", "I/O readings fresh", _energy, _io_younger, ActionClass.FAST_OFF),
    Interlock("supply_link", "I16", "supply readings fresh", _energy, _supplies_younger, ActionClass.FAST_OFF),
    Interlock("gauges", "I16", "gauges good, fresh, and showing vacuum", _energy, _gauges_younger(_age("gauge")),
              ActionClass.HOLD, shows=c.START_PRESSURE.shows),
    Interlock("gauges_end", "I16", "gauges not lost for long", _energy, _gauges_younger(_age("gauge_end")),
              ActionClass.STOP, shows=c.START_PRESSURE.shows),
    Interlock(
        "watchdogs_armed", "I18", "supply and I/O watchdogs armed", _energy, _all(c.SUPPLY_ARMED, c.IO_WATCHDOG),
        ActionClass.STOP, delay_s=lambda _s: 10.0,
    ),
    Interlock(
        "gate_pressure", "PM5", "chamber and fore-line low enough for the open gate, air present", _gate,
        _all(c.GATE_PRESSURE, c.FORELINE_KEEP, c.AIR), ActionClass.HOLD, delay_s=lambda s: s.limits.age.gauge,
        closes="gate", shows=c.GATE_PRESSURE.shows,
    ),
    Interlock(
        "gate_turbo", "PM5", "turbo fit for the open gate", _gate, c.TURBO.holds, ActionClass.HOLD,
        delay_s=_station("turbo_delay"), closes="gate", shows=c.TURBO.shows,
    ),
    Interlock(
        "roughing_valve", "PM9", "conditions of the roughing valve", lambda v, _s: v.last.roughing,
        _all(c.GATE_CLOSED, c.BACKING, c.N2_CLOSED, c.VENT_CLOSED, c.DOOR), ActionClass.HOLD, closes="roughing",
    ),
    Interlock("rate_attention", "rate", "rate within the attention band", _layer_rate_exposed,
              _rate_within(lambda s: s.limits.rate_attention.within), ActionClass.ALARM,
              delay_s=lambda s: s.limits.rate_attention.hold),
    Interlock("rate_alert", "rate", "rate within the alert band", _layer_rate_exposed,
              _rate_within(lambda s: s.limits.rate_alert.within), ActionClass.ALARM,
              delay_s=lambda s: s.limits.rate_alert.hold),
    Interlock("rate_alarm", "rate", "rate within the alarm band", _layer_rate_exposed,
              _rate_within(lambda s: s.limits.rate_alarm.within), ActionClass.HOLD,
              delay_s=lambda s: s.limits.rate_alarm.hold),
    Interlock("power_drift", "power", "power near the layer's median", _has_median, _steady_power, ActionClass.ALARM,
              delay_s=lambda _s: 5.0),
)  # fmt: skip
"""Evaluated every scan in this order. I17 (control cycle) is judged by the supervisor itself: it has no reading."""
