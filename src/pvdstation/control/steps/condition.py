"""Condition a source: prepare, arm, energise, ramp, soak; its shutter opens before the end, the substrate's not."""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import Track, followed
from pvdstation.control.owners import Owner, Power, owner_of
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_source
from pvdstation.control.steps.exposure import hottest
from pvdstation.control.view import View
from pvdstation.model.messages import SUPPLY_OFF, ActionClass

LEAST_RATE = 0.05
"""Rate that must be seen at soak power before the loop closes, as a share of the set-point."""


class ConditionState(NamedTuple):
    """Where conditioning is."""

    power: Power
    track: Track
    peak_w: float = 0.0
    worst_mbar: float = 0.0
    hottest_ohm: float = 0.0
    is_cut: bool = False
    base_mbar: float = math.nan  # the last good one before the supply was on


class Condition:
    """Ramp 1, soak 1, ramp 2, soak 2 by the loop's owner."""

    def __init__(self, wiring: Wiring, rate_nm_s: float) -> None:
        self.w = wiring
        self.rate_nm_s = rate_nm_s
        self.owner: Owner = owner_of(wiring)

    def begin(self, v: View) -> ConditionState:
        """Return the state before anything is prepared."""
        return ConditionState(self.owner.first(v.now_ns), Track())

    def tick(self, p: ConditionState, v: View, drive: Drive) -> Tick:
        """Go on, or cut the power: a hold of conditioning is a cold one and starts again from 0."""
        if drive is not Drive.RUN:
            return self._cut(p, v)
        if p.is_cut:
            return self.tick(self.begin(v), v, drive)
        p = _noted(p._replace(track=followed(p.track, v, self.w)), v, self.w)
        tick = self.owner.condition(p.power, v)
        p = p._replace(power=tick.power)
        wants = with_source(v, self.w, tick.level, shutter=tick.opens_shutter)
        layer = Layer(
            self.w.index,
            self.rate_nm_s,
            p.track.rate_nm_s,
            is_first_ramp=tick.is_first_ramp,
            is_regulating=False,
            is_at_soak=tick.opens_shutter,
            is_captured=False,
            is_exposed=False,
            hottest_ohm=p.hottest_ohm,
        )
        answer = Tick(p, wants, tick.text, ask=tick.ask, scene=Scene(layer), trouble=_trouble(tick.fault, tick.rule))
        if not tick.done or answer.trouble is not None:
            return answer
        if not p.track.rate_nm_s >= LEAST_RATE * self.rate_nm_s:
            shown = "unknown" if math.isnan(p.track.rate_nm_s) else f"{p.track.rate_nm_s:.3f} nm/s"
            return answer._replace(trouble=_trouble(f"no rate at soak power: {shown}"))
        return answer._replace(done="conditioned")

    def _cut(self, p: ConditionState, v: View) -> Tick:
        tick = self.owner.cut(p.power, v)
        wants = with_source(v, self.w, SUPPLY_OFF, shutter=False)
        settled = tick.done and v.is_closed(self.w.shutter)
        state = p._replace(power=tick.power, is_cut=True)
        return Tick(state, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True)

    def values(self, p: ConditionState, v: View) -> Values:
        """Return the rate at the end (nm/s), the highest power (W) and pressure (mbar)."""
        del v
        return {
            "material": self.w.name,
            "rate_at_end_nm_s": p.track.rate_nm_s,
            "pressure_base_mbar": p.base_mbar,
            "peak_power_w": p.peak_w if self.w.is_linked else math.nan,
            "pressure_max_mbar": p.worst_mbar,
        }


def _trouble(fault: str, rule: str = "") -> Trouble | None:
    return Trouble(ActionClass.HOLD, rule or "condition", fault) if fault else None


def _noted(p: ConditionState, v: View, w: Wiring) -> ConditionState:
    if not v.last.supply[w.supply_index].on and v.full_range > 0:
        p = p._replace(base_mbar=v.full_range)
    watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
    peak = watts if watts > p.peak_w else p.peak_w
    worst = v.full_range if v.full_range > p.worst_mbar else p.worst_mbar
    ohm = hottest(p.hottest_ohm, v, w)
    if (peak, worst, ohm) == (p.peak_w, p.worst_mbar, p.hottest_ohm):
        return p
    return p._replace(peak_w=peak, worst_mbar=worst, hottest_ohm=ohm)
