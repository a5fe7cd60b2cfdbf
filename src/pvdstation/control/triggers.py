"""What a rule or a step's trouble was seen by: one signal, its value, and the limit. For the record, not to decide.

Rules that weigh several signals name the one that says most; the sentence of the event has the rest.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pvdstation.control import conditions as c
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.source_claims import crystal_has_failed
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.station import Station

Number = Callable[[View, Scene], int | None]
Limit = Callable[[View, Scene], float]


class Sight(NamedTuple):
    """A signal, what it must not pass or must be, and whether its age is meant."""

    signal: Number
    limit: Limit | None = None
    is_age: bool = False


def trigger_of(name: str, v: View, scene: Scene) -> tuple[tuple[str, float | str], ...]:
    """Return signal, value (or age) and limit for a cause by its name; nothing where no one signal shows it."""
    sight = _SIGHTS.get(name)
    number = sight.signal(v, scene) if sight is not None else None
    if sight is None or number is None:
        return ()
    reading = v.readings[number]
    value = ("age_s", (v.now_ns - reading.at_ns) / SECOND) if sight.is_age else ("value", reading.value)
    limit = () if sight.limit is None else (("limit", float(sight.limit(v, scene))),)
    return (("signal", v.s.all[number].name), value, *limit)


def _role(name: str) -> Number:
    return lambda v, _scene: int(getattr(v.s, name))


def _source(v: View, scene: Scene) -> Wiring | None:
    """Return the source of the layer, else the first that is on."""
    if scene.layer is not None:
        return v.frame.sources[scene.layer.source]
    return next((w for w in v.frame.sources if v.last.supply[w.supply_index].on), None)


def _layer(_v: View, scene: Scene) -> Layer | None:
    """Return the layer whose rate is furthest from its set-point; an unknown rate is."""

    def distance(layer: Layer) -> float:
        away = abs(layer.rate_nm_s / layer.set_rate_nm_s - 1)
        return math.inf if math.isnan(away) else away

    return max(scene.layers, key=distance, default=None)


def _rate(v: View, scene: Scene) -> int | None:
    layer = _layer(v, scene)
    wiring = _source(v, scene) if layer is None else v.frame.sources[layer.source]
    return None if wiring is None else wiring.output.rate


def _of_crystal(pick: Callable[[Wiring], int]) -> Number:
    """Return the signal of the source whose crystal has failed, else of the first."""

    def number(v: View, scene: Scene) -> int | None:
        worked_on = (v.frame.sources[layer.source] for layer in scene.layers)
        wiring = next((w for w in worked_on if crystal_has_failed(v, w)), _source(v, scene))
        return None if wiring is None else pick(wiring)

    return number


def _of_source(pick: Callable[[Wiring], int]) -> Number:
    def number(v: View, scene: Scene) -> int | None:
        wiring = _source(v, scene)
        return None if wiring is None else pick(wiring)

    return number


def _of_linked(pick: Callable[[Wiring], int]) -> Number:
    def number(v: View, scene: Scene) -> int | None:
        wiring = _source(v, scene)
        return pick(wiring) if wiring is not None and wiring.is_linked else None

    return number


def _highest_current(v: View, _scene: Scene) -> int | None:
    return max((w.signals.current for w in c.measured(v)), key=lambda n: v.readings[n].value, default=None)


def _limit(read: Callable[[Station], float]) -> Limit:
    return lambda v, _scene: read(v.station)


def _asked_a(v: View, scene: Scene) -> float:
    wiring = _source(v, scene)
    return math.nan if wiring is None else c.commanded_a(v, wiring)


def _edge(within_pct: Callable[[Station], float]) -> Limit:
    """Return the edge of a band around the set rate on the side where the rate is, nm/s."""

    def limit(v: View, scene: Scene) -> float:
        layer = _layer(v, scene)
        if layer is None:
            return math.nan
        share = within_pct(v.station) / 100
        return layer.set_rate_nm_s * (1 + share if layer.rate_nm_s > layer.set_rate_nm_s else 1 - share)

    return limit


def _zero(_v: View, _scene: Scene) -> float:
    return 0.0


def _one(_v: View, _scene: Scene) -> float:
    return 1.0


_FULL_RANGE, _CAPACITANCE = _role("full_range"), _role("capacitance")
_TURBO = Sight(_role("turbo_speed"), lambda v, _scene: v.frame.turbo_ready_hz)
_CURRENT = _of_linked(lambda w: w.signals.current)
_RATE: Number = _rate
_GAS = Sight(_CAPACITANCE, c.gas_target)
_BOX = Sight(_CAPACITANCE, _limit(lambda s: s.glovebox.pressure))
_VACUUM = Sight(_FULL_RANGE, _limit(lambda s: s.limits.start_pressure.pressure))
_CRYSTAL = _of_crystal(lambda w: w.crystal.frequency)

_SIGHTS: Mapping[str, Sight] = {
    "e_stop": Sight(_role("e_stop_ok"), _one),
    "door": Sight(_role("door_closed"), _one),
    "water_flow": Sight(_role("water"), _one),
    "compressed_air": Sight(_role("air"), _one),
    "backing_pump": Sight(_role("backing_running"), _one),
    "over_pressure": Sight(_role("over_pressure_ok"), _one),
    "foreline_valve": Sight(_role("foreline_valve"), _one),
    "gate_open": Sight(_role("gate"), _one),
    "n2_closed": Sight(_role("n2"), _zero),
    "gas_closed_while_hot": Sight(_role("n2"), _zero),
    "vent_closed": Sight(_role("vent"), _zero),
    "io_watchdog": Sight(_role("io_watchdog"), _one),
    "film_pressure": Sight(_FULL_RANGE, _limit(lambda s: s.limits.film_pressure)),
    "chamber_pressure": Sight(_FULL_RANGE, _limit(lambda s: s.limits.trip_pressure)),
    "gate_pressure": Sight(_FULL_RANGE, _limit(lambda s: s.limits.gate_close)),
    "turbo_at_speed": _TURBO,
    "gate_turbo": _TURBO,
    "supply_agrees": Sight(_CURRENT, _asked_a),
    "supply_state": Sight(_of_linked(lambda w: w.signals.mode)),
    "boat_open": Sight(_CURRENT, _asked_a),
    "boat_short": Sight(_of_linked(lambda w: w.signals.voltage)),
    "boat_resistance": Sight(_of_linked(lambda w: w.signals.voltage)),
    "boat_resistance_drift": Sight(_of_linked(lambda w: w.signals.voltage)),
    "power_drift": Sight(_of_linked(lambda w: w.signals.voltage)),
    "power_ceiling": Sight(_of_source(lambda w: w.output.power)),
    "uncommanded_energy": Sight(_highest_current, _limit(lambda s: s.limits.hot_above)),
    "shutter_closes": Sight(_role("substrate_shutter")),
    "shutter_opens": Sight(_role("substrate_shutter")),
    "source_shutter_open": Sight(_of_source(lambda w: w.shutter), _one),
    "sqc_reset": Sight(_role("sqc_was_reset"), _zero),
    "sqc_attention": Sight(_role("sqc_attention"), _zero),
    "sqc_relay": Sight(_role("sqc_relay"), _zero),
    "crystal": Sight(_of_crystal(lambda w: w.crystal.status), _one),
    "io_link": Sight(_role("e_stop_ok"), _limit(lambda s: s.limits.age.io), is_age=True),
    "supply_link": Sight(_CURRENT, _limit(lambda s: s.limits.age.supply), is_age=True),
    "sqc_link": Sight(_role("sqc_phase"), _limit(lambda s: s.limits.age.rate), is_age=True),
    "rate_fresh": Sight(_CRYSTAL, _limit(lambda s: s.limits.age.rate), is_age=True),
    "gauges": Sight(_FULL_RANGE, _limit(lambda s: s.limits.age.gauge), is_age=True),
    "gauges_end": Sight(_FULL_RANGE, _limit(lambda s: s.limits.age.gauge_end), is_age=True),
    "n2_valve": _GAS,
    "n2_admission": _GAS,
    "gas_over_target": _GAS,
    **dict.fromkeys(("n2_no_rise", "n2_slope", "n2_timeout", "n2_sag"), _GAS),
    **dict.fromkeys(("vent_valve", "vent_no_rise", "vent_sag", "vent_pressure"), _BOX),
    "rate_attention": Sight(_RATE, _edge(lambda s: s.limits.rate_attention.within)),
    "rate_alert": Sight(_RATE, _edge(lambda s: s.limits.rate_alert.within)),
    "rate_alarm": Sight(_RATE, _edge(lambda s: s.limits.rate_alarm.within)),
    **dict.fromkeys(("rate_drop", "rate_surge"), Sight(_RATE, _edge(lambda s: s.limits.rate_jump.within))),
    **dict.fromkeys(("verify_rate", "spitting"), Sight(_RATE)),
    **dict.fromkeys(("verify_answer", "loop_stuck", "source_empty"), Sight(_of_source(lambda w: w.output.power))),
    **dict.fromkeys(("crystal_quality", "crystal_life"), Sight(_CRYSTAL)),
    **dict.fromkeys(("capture", "condition", "exposure", "rate_loop"), Sight(_RATE)),
    **dict.fromkeys(("pump_down", "rough_timeout", "crossover"), _VACUUM),
    "crystal_jump": Sight(_CRYSTAL),
    "crystal_still": Sight(_CRYSTAL),
    "rate_known": Sight(_CRYSTAL, _limit(lambda s: s.limits.age.rate), is_age=True),
    "record_segment": Sight(_role("journal_segment"), _one),
    "record_late": Sight(_role("journal_age"), lambda _v, _scene: c.RECORD_LATE_S),
    "record_stuck": Sight(_role("journal_age"), lambda _v, _scene: c.RECORD_STUCK_S),
}
