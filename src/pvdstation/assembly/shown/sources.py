"""Each source as a person has to take it: what flows, what may flow, and how warm it is."""

import math

from pvdstation.assembly.shown.layers import growing, loop_owner
from pvdstation.assembly.shown.moment import Moment
from pvdstation.control.conditions import heat_text
from pvdstation.control.sources import Wiring
from pvdstation.desk.snapshot import SourceShown


def sources(m: Moment) -> tuple[SourceShown, ...]:
    """Return every source of the station, in its order."""
    rates = {g.w.name: g.rate_nm_s for g in growing(m)}
    return tuple(_source(m, w, rates.get(w.name, math.nan)) for w in m.control.frame.sources)


def _source(m: Moment, w: Wiring, rate_nm_s: float) -> SourceShown:
    v, age_ns = m.v, 3 * m.v.frame.supply_age_ns
    volt = v.value(w.signals.voltage, age_ns) if w.is_linked else math.nan
    ampere = v.value(w.signals.current, age_ns) if w.is_linked else math.nan
    return SourceShown(
        name=w.name,
        boat=w.source.boat_material,
        supply=w.boat,
        sensor=w.source.sensor,
        owner=loop_owner(w),
        is_on=v.last.supply[w.supply_index].on,
        current_a=ampere,
        voltage_v=volt,
        power_w=volt * ampere,
        resistance_mohm=1000 * volt / ampere if ampere > w.hot_above_a else math.nan,
        limit_a=w.source.max_power * w.supply.full_scale / 100,
        drive_pct=m.drive_pct(w),
        rate_nm_s=v.sqc(w.output.rate) if math.isnan(rate_nm_s) else rate_nm_s,
        warmth=warmth(m, w),
        life_pct=m.good(w.crystal.life),
    )


def warmth(m: Moment, w: Wiring) -> str:
    """Return how warm a source must be taken for: "cold", "hot for another 8 min 05 s", "unknown: taken as hot …"."""
    state = m.v.sources[w.index]
    if m.v.last.supply[w.supply_index].on:
        return "on: hot"
    text = heat_text(m.v, w)
    if state.is_hot and state.was_energised_ns is None:
        return f"unknown: taken as {text}"
    return text
