"""Condition sources: prepare, arm, energise, ramp, soak; their shutters open before the end, the substrate's not."""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import Track, followed
from pvdstation.control.owners import Owner, Power, PowerTick, owner_of
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.exposure import hottest
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass

LEAST_RATE = 0.05
"""Rate that must be seen at soak power before the loop closes, as a share of the set-point."""


class Heating(NamedTuple):
    """What is seen of one source while it is heated."""

    track: Track = Track()
    peak_w: float = 0.0
    hottest_ohm: float = 0.0
    is_warm: bool = False  # from before: its cold resistance is not to be found


class ConditionState(NamedTuple):
    """Where conditioning is."""

    power: Power
    heated: tuple[Heating, ...]  # each source, the first-named one first
    worst_mbar: float = 0.0
    is_cut: bool = False
    base_mbar: float = math.nan  # the last good one before a supply was on


class Condition:
    """Ramp 1, soak 1, ramp 2, soak 2 by the loop's owner."""

    def __init__(self, *sources: tuple[Wiring, float]) -> None:
        """Take each source with the rate of its layer, nm/s."""
        self.wirings = tuple(w for w, _ in sources)
        self.rates_nm_s = tuple(rate for _, rate in sources)
        self.owner: Owner = owner_of(*self.wirings)

    def begin(self, v: View) -> ConditionState:
        """Return the state before anything is prepared."""
        return ConditionState(self.owner.first(v.now_ns), begun(v, self.wirings))

    def tick(self, p: ConditionState, v: View, drive: Drive) -> Tick:
        """Go on, or hold and stop as the owner can: power frozen and ramped down, or off, and again from 0."""
        if drive is not Drive.RUN:
            return self._left(p, v, drive)
        if p.is_cut:
            return self.tick(self.begin(v), v, drive)
        p = noted(p, v, self.wirings)
        tick = self.owner.condition(p.power, v)
        p = p._replace(power=tick.power)
        wants = with_sources(v, self.wirings, tick.levels, shutter=tick.opens_shutter)
        scene = heating_scene(p, self.wirings, self.rates_nm_s, tick, is_at_soak=tick.opens_shutter)
        answer = Tick(p, wants, tick.text, ask=tick.ask, scene=scene, trouble=trouble_of(tick.fault, tick.rule))
        if not tick.done or answer.trouble is not None:
            return answer
        for heating, w, set_rate in zip(p.heated, self.wirings, self.rates_nm_s, strict=True):
            rate = heating.track.rate_nm_s
            if not rate >= LEAST_RATE * set_rate:
                shown = "unknown" if math.isnan(rate) else f"{rate:.3f} nm/s"
                whose = f" of {w.name}" if len(self.wirings) > 1 else ""
                return answer._replace(trouble=trouble_of(f"no rate{whose} at soak power: {shown}"))
        return answer._replace(done="conditioned")

    def _left(self, p: ConditionState, v: View, drive: Drive) -> Tick:
        """Hold or stop; without its crystals a source is switched off."""
        p = noted(p, v, self.wirings)
        has_failed = any(v.readings[w.crystal.status].value == 0 for w in self.wirings)
        if p.is_cut or has_failed or not self.owner.keeps_heat(p.power):
            return self._cut(p, v)
        if drive is Drive.HOLD:
            tick = self.owner.freeze_heat(p.power, v)
        else:
            is_falling = p.power.stage == "fall"
            power = p.power if is_falling else self.owner.closing(v.now_ns, p.power, stopped=True)
            tick = self.owner.end(power, v)
        wants = with_sources(v, self.wirings, tick.levels)
        settled = (tick.done or drive is Drive.HOLD) and all(v.is_closed(w.shutter) for w in self.wirings)
        scene = heating_scene(p, self.wirings, self.rates_nm_s, tick, is_at_soak=False)
        return Tick(p._replace(power=tick.power), wants, tick.text, scene=scene, is_settled=settled)

    def _cut(self, p: ConditionState, v: View) -> Tick:
        tick = self.owner.cut(p.power, v)
        wants = with_sources(v, self.wirings, tick.levels)
        settled = tick.done and all(v.is_closed(w.shutter) for w in self.wirings)
        state = p._replace(power=tick.power, is_cut=True)
        return Tick(state, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True)

    def values(self, p: ConditionState, v: View) -> Values:
        """Return the rate at the end (nm/s), the highest power (W) and pressure (mbar)."""
        del v
        values: Values = {}
        for place, (w, heating) in enumerate(zip(self.wirings, p.heated, strict=True)):
            prefix = f"together.{w.name}." if place else ""
            values[f"{prefix}material"] = w.name
            values[f"{prefix}rate_at_end_nm_s"] = heating.track.rate_nm_s
            if not place:
                values["pressure_base_mbar"] = p.base_mbar
            values[f"{prefix}peak_power_w"] = heating.peak_w if w.is_linked else math.nan
        values["pressure_max_mbar"] = p.worst_mbar
        return values


def begun(v: View, wirings: tuple[Wiring, ...]) -> tuple[Heating, ...]:
    """Return each source before it is heated: one that was on in this run and has not cooled down is warm."""
    states = (v.sources[w.index] for w in wirings)
    return tuple(Heating(is_warm=state.is_hot and state.was_energised_ns is not None) for state in states)


def heating_scene(
    p: ConditionState,
    wirings: tuple[Wiring, ...],
    rates_nm_s: tuple[float, ...],
    tick: PowerTick,
    *,
    is_at_soak: bool,
) -> Scene:
    """Return what the rules see of sources that are heated."""
    layers = tuple(
        Layer(
            w.index,
            rate,
            heating.track.rate_nm_s,
            is_first_ramp=place in tick.in_first_ramp and not heating.is_warm,
            is_regulating=False,
            is_at_soak=is_at_soak,
            is_captured=False,
            is_exposed=False,
            hottest_ohm=heating.hottest_ohm,
        )
        for place, (w, rate, heating) in enumerate(zip(wirings, rates_nm_s, p.heated, strict=True))
    )
    return Scene(layers[0], others=layers[1:])


def trouble_of(fault: str, rule: str = "") -> Trouble | None:
    """Return a fault of heating as the trouble of the step; None without one."""
    return Trouble(ActionClass.HOLD, rule or "condition", fault) if fault else None


def noted(p: ConditionState, v: View, wirings: tuple[Wiring, ...]) -> ConditionState:
    """Return the state with this scan's frequency, power, resistance and pressure."""
    heated = tuple(_seen(heating, v, w) for heating, w in zip(p.heated, wirings, strict=True))
    if v.full_range > 0 and not any(v.last.supply[w.supply_index].on for w in wirings):
        p = p._replace(base_mbar=v.full_range)
    worst = v.full_range if v.full_range > p.worst_mbar else p.worst_mbar
    return p._replace(heated=heated, worst_mbar=worst)


def _seen(heating: Heating, v: View, w: Wiring) -> Heating:
    watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
    peak = watts if watts > heating.peak_w else heating.peak_w
    track, ohm = followed(heating.track, v, w), hottest(heating.hottest_ohm, v, w)
    return heating._replace(track=track, peak_w=peak, hottest_ohm=ohm)
