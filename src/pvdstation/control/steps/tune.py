"""Tune a source: hold its rate behind the closed substrate shutter, excite it, switch it off. The record has the rest.

The substrate shutter never opens. A hold is a cold one, and everything begins again from 0: half an answer is none.
"""

import math
from typing import NamedTuple

from pvdstation.control.owners import Aim, Owner, Power, owner_of
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.condition import Condition, ConditionState
from pvdstation.control.steps.excite import Excitation, Excited, Push, excitation_of
from pvdstation.control.steps.growth import Growth, seen
from pvdstation.control.view import View
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import ActionClass, SupplyLevel
from pvdstation.recipe.procedure import Tune as Order
from pvdstation.recipe.tuning import LEAST, LONGEST_SETTLE_S, MOST

RECENT = 40
"""Scans of the closed loop of which the mean drive is the operating one: 10 s."""


class TuneState(NamedTuple):
    """Where the tuning is."""

    stage: str  # settle, excite, end, cut, reheat
    power: Power
    since_ns: int
    growth: Growth = Growth()
    steady_since_ns: int | None = None
    recent_pct: tuple[float, ...] = ()
    excited: Excited | None = None
    heating: ConditionState | None = None  # again, after a hold
    spent_nm: float = 0.0  # on the crystal, before the last hold
    ending: str = ""


class Tune:
    """One source, by steps or by a relay."""

    def __init__(self, wiring: Wiring, order: Order) -> None:
        self.w = wiring
        self.order = order
        self.owner: Owner = owner_of(wiring)
        self.excitation: Excitation = excitation_of(wiring, order)
        self.conditioning = Condition((wiring, order.rate_nm_s))

    def begin(self, v: View) -> TuneState:
        """Return the state in which the loop has just been closed."""
        return TuneState("settle", self.owner.take_over(v), v.now_ns)

    def tick(self, p: TuneState, v: View, drive: Drive) -> Tick:
        """Settle, excite, switch off."""
        p = p._replace(growth=seen(p.growth, v, self.w))
        if p.stage == "end":
            return self._end(p, v)
        if p.stage == "cut" and drive is Drive.RUN:
            fresh = self.begin(v)
            p = fresh._replace(stage="reheat", spent_nm=p.spent_nm)
        if p.stage == "reheat":
            return self._reheat(p, v, drive)
        if p.stage == "cut" or drive is Drive.HOLD:
            return self._cut(p, v)
        if drive is Drive.STOP:
            return self._stop(p, v)
        return self._excite(p, v) if p.stage == "excite" else self._settle(p, v)

    def _reheat(self, p: TuneState, v: View, drive: Drive) -> Tick:
        """Conditioning from 0 with every check of a fresh start."""
        heating = self.conditioning.begin(v) if p.heating is None else p.heating
        tick = self.conditioning.tick(heating, v, drive)
        if drive is Drive.RUN and tick.done:
            return self.tick(self.begin(v)._replace(spent_nm=p.spent_nm), v, drive)
        return tick._replace(state=p._replace(heating=tick.state), done="")

    # --- with the source on ---

    def _says(self, p: TuneState, v: View, levels: tuple[SupplyLevel, ...], text: str) -> Tick:
        """The guards of a closed loop would take an excitation for a fault: the step itself watches the rate then."""
        layer = Layer(
            self.w.index,
            self.order.rate_nm_s,
            p.growth.track.rate_nm_s,
            is_first_ramp=False,
            is_regulating=p.stage == "settle",
            is_at_soak=True,
            is_captured=False,
            is_exposed=False,
            hottest_ohm=p.growth.statistics.hottest_ohm,
        )
        return Tick(p, with_sources(v, (self.w,), levels, shutter=True), text, scene=Scene(layer))

    def _drive_pct(self, v: View) -> float:
        if self.w.host:
            return v.last.supply[self.w.supply_index].current_a / self.w.supply.full_scale * 100
        return v.sqc(self.w.output.power)

    def _settle(self, p: TuneState, v: View) -> Tick:
        order, track = self.order, p.growth.track
        tick = self.owner.regulate(p.power, v, (Aim(track, order.rate_nm_s),))
        is_near = tick.may_expose and abs(track.rate_nm_s / order.rate_nm_s - 1) * 100 <= order.within_pct
        since = (v.now_ns if p.steady_since_ns is None else p.steady_since_ns) if is_near else None
        drive = self._drive_pct(v)
        recent = p.recent_pct if math.isnan(drive) else (*p.recent_pct[1 - RECENT :], drive)
        p = p._replace(power=tick.power, steady_since_ns=since, recent_pct=recent)
        if since is not None and v.now_ns - since >= to_ns(order.settle_s) and len(recent) == RECENT:
            excited = self.excitation.begin(v, sum(recent) / RECENT)
            return self._excite(p._replace(stage="excite", since_ns=v.now_ns, excited=excited), v)
        text = f"rate within {order.within_pct:g} % for {order.settle_s:g} s"
        answer = self._says(p, v, tick.levels, text)._replace(ask=tick.ask)
        if tick.fault:
            return answer._replace(trouble=Trouble(ActionClass.HOLD, tick.rule or "rate_loop", tick.fault))
        if v.now_ns - p.since_ns > to_ns(LONGEST_SETTLE_S):
            shown = f"{text} not reached in {LONGEST_SETTLE_S:g} s"
            return answer._replace(trouble=Trouble(ActionClass.STOP, "tune", shown))
        return answer

    def _excite(self, p: TuneState, v: View) -> Tick:
        if p.excited is None:
            raise ValueError("nothing is excited yet")
        push = self.excitation.tick(p.excited, v, p.growth.track)
        p = p._replace(excited=push.state)
        answer = self._says(p, v, push.levels, push.text)._replace(ask=push.ask)
        if push.done:
            power = self.owner.closing(v.now_ns, self._power(p, v))
            return self._end(p._replace(stage="end", since_ns=v.now_ns, power=power, ending="answer recorded"), v)
        return answer._replace(trouble=self._trouble(p, v, push))

    def _trouble(self, p: TuneState, v: View, push: Push) -> Trouble | None:
        samples = p.growth.track.samples
        if not samples or v.now_ns - samples[-1][0] > v.frame.rate_age_ns:
            return Trouble(ActionClass.HOLD, "rate_fresh", "no fresh rate while the source is excited")
        if push.fault and push.rule:
            return Trouble(ActionClass.HOLD, push.rule, push.fault)
        text = push.fault or self._outside(p, push.state)
        return Trouble(ActionClass.STOP, "tune", text) if text else None

    def _outside(self, p: TuneState, excited: Excited) -> str:
        """Return why the source may not be excited any longer."""
        rate, wanted = p.growth.track.rate_nm_s, self.order.rate_nm_s
        if rate < LEAST * wanted or rate > MOST * wanted:
            return f"the rate is {rate:.3f} nm/s, outside {LEAST * wanted:.3g} to {MOST * wanted:.3g} nm/s"
        top = excited.base_pct + self.order.amplitude_pct
        if top > self.w.source.max_power:
            return f"{top:.1f} % is above the source's maximum of {self.w.source.max_power:g} %: make the step smaller"
        return ""

    def _power(self, p: TuneState, v: View) -> Power:
        """Return the owner's memory at the present drive, whatever it knew before it was put aside."""
        power = self.owner.take_over(v)
        if not self.w.host or p.excited is None:
            return power
        drive = p.excited.drive_pct
        return power._replace(loops=tuple(loop._replace(drive_pct=drive) for loop in power.loops))

    # --- the end ---

    def _stop(self, p: TuneState, v: View) -> Tick:
        """Ramp down, or have the unit end its layer; one that is in manual power can only be stopped."""
        if not self.w.host and p.stage == "excite":
            return self._cut(p, v)
        power = self._power(p, v) if p.stage == "excite" else p.power
        closing = self.owner.closing(v.now_ns, power, stopped=True)
        return self._end(p._replace(stage="end", since_ns=v.now_ns, power=closing, ending="stopped"), v)

    def _end(self, p: TuneState, v: View) -> Tick:
        tick = self.owner.end(p.power, v)
        p = p._replace(power=tick.power)
        answer = self._says(p, v, tick.levels, tick.text)
        layer = answer.scene.layer
        scene = Scene(None if layer is None else layer._replace(is_regulating=False, is_at_soak=tick.opens_shutter))
        wants = with_sources(v, (self.w,), tick.levels, shutter=tick.opens_shutter)
        finished = tick.done and v.shutters_closed()
        trouble = Trouble(ActionClass.FAST_OFF, "off_not_confirmed", tick.fault) if tick.fault else None
        return answer._replace(
            wants=wants, scene=scene, ask=tick.ask, trouble=trouble, done=p.ending if finished else "",
            is_settled=finished, is_cold=True,
        )  # fmt: skip

    def _cut(self, p: TuneState, v: View) -> Tick:
        """Cold hold, and the stop of a unit in manual power: everything closed and off."""
        if p.stage != "cut":
            p = p._replace(spent_nm=self._spent_nm(p), growth=Growth())
        tick = self.owner.cut(p.power, v)
        p = p._replace(stage="cut", power=tick.power)
        settled = tick.done and v.shutters_closed()
        wants = with_sources(v, (self.w,), tick.levels)
        return Tick(p, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True)

    def _spent_nm(self, p: TuneState) -> float:
        """Return what grew on the crystal while it saw the source, as thickness of the film that there was not, nm."""
        samples = p.growth.track.samples
        return p.spent_nm + (max(0.0, samples[-1][1]) if samples else 0.0)

    def values(self, p: TuneState, v: View) -> Values:
        """Return the operating drive and the amplitude (%), what was evaporated (nm), power (W) and pressure (mbar)."""
        del v
        statistics = p.growth.statistics
        return {
            "material": self.w.name,
            "method": self.order.method,
            "drive_pct": math.nan if p.excited is None else p.excited.base_pct,
            "amplitude_pct": self.order.amplitude_pct,
            "evaporated_nm": self._spent_nm(p),
            "peak_power_w": statistics.peak_w if self.w.is_linked else math.nan,
            "pressure_max_mbar": statistics.worst_mbar,
        }
