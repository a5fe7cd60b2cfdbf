"""Melt a charge in: ramp, soak, ramp, soak behind closed shutters, then off; the owner's template as it was.

The SQC-310 would close its loop at the end of its soak 2, blind behind the closed shutter: it is given a longer one,
and stopped in it.
"""

import math
from typing import NamedTuple

from pvdstation.control.owners import Ask, Owner, owner_of
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.condition import ConditionState, begun, heating_scene, noted, trouble_of
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass, ActionKind, LayerSetup
from pvdstation.model.profile import Profile


class MeltState(NamedTuple):
    """Where the melt-in is."""

    stage: str  # heat, end, cut, restore, over
    seen: ConditionState
    is_melted: bool = False  # every ramp and soak is behind
    is_asked: bool = False


class MeltIn:
    """Heat one source and switch it off; nothing is opened."""

    def __init__(self, wiring: Wiring, profile: Profile, restored: LayerSetup) -> None:
        """Take the profile, and the layer with the station's own one that the unit is given back."""
        self.w = wiring.conditioned(profile)
        self.restored = restored
        self.owner: Owner = owner_of(self.w, melts=True)

    def begin(self, v: View) -> MeltState:
        """Return the state before anything is prepared."""
        return MeltState("heat", ConditionState(self.owner.first(v.now_ns), begun(v, (self.w,))))

    def tick(self, p: MeltState, v: View, drive: Drive) -> Tick:
        """Heat, switch off, give the template back; a hold is a cold one and starts again from 0."""
        if drive is not Drive.RUN and p.stage == "heat":
            p = p._replace(stage="cut")
        if drive is Drive.RUN and p.stage == "over" and not p.is_melted:
            p = self.begin(v)
        p = p._replace(seen=noted(p.seen, v, (self.w,)))
        if p.stage == "heat":
            return self._heat(p, v)
        if p.stage in ("end", "cut"):
            return self._off(p, v)
        return self._restore(p, v) if p.stage == "restore" else self._over(p, v)

    def _heat(self, p: MeltState, v: View) -> Tick:
        tick = self.owner.condition(p.seen.power, v)
        p = p._replace(seen=p.seen._replace(power=tick.power))
        trouble = trouble_of(tick.fault, tick.rule)
        if tick.done and trouble is None:
            power = self.owner.closing(v.now_ns, tick.power)
            return self._off(p._replace(stage="end", is_melted=True, seen=p.seen._replace(power=power)), v)
        wants = with_sources(v, (self.w,), tick.levels)
        scene = heating_scene(p.seen, (self.w,), (self.restored.rate_nm_s,), tick, is_at_soak=False)
        return Tick(p, wants, tick.text, ask=tick.ask, scene=scene, trouble=trouble)

    def _off(self, p: MeltState, v: View) -> Tick:
        tick = (self.owner.end if p.stage == "end" else self.owner.cut)(p.seen.power, v)
        p = p._replace(seen=p.seen._replace(power=tick.power))
        scene = heating_scene(p.seen, (self.w,), (self.restored.rate_nm_s,), tick, is_at_soak=False)
        if tick.done and v.is_closed(self.w.shutter):
            p = p._replace(stage="over" if self.w.host else "restore")
        trouble = Trouble(ActionClass.FAST_OFF, "off_not_confirmed", tick.fault) if tick.fault else None
        wants = with_sources(v, (self.w,), tick.levels)
        return Tick(p, wants, tick.text, ask=tick.ask, scene=scene, trouble=trouble, is_cold=True)

    def _restore(self, p: MeltState, v: View) -> Tick:
        """Give the unit the station's own ramps and soaks back, once; the next layer compares them anyway."""
        answer = self._rests(p, v, "template written back")
        if not p.is_asked:
            ask = Ask(ActionKind.SQC_PREPARE, "sqc", (self.restored,))
            return answer._replace(state=p._replace(is_asked=True), ask=ask)
        if v.result is None:
            return answer
        if v.result.ok:
            return self._over(p._replace(stage="over"), v)
        text = f"the template of {self.w.name} was not written back: {v.result.text}"
        over = self._over(p._replace(stage="over"), v)
        return over._replace(done="", trouble=Trouble(ActionClass.HOLD, "condition", text))

    def _over(self, p: MeltState, v: View) -> Tick:
        answer = self._rests(p, v, "off confirmed")
        return answer._replace(done="melted in" if p.is_melted else "", is_settled=True)

    def _rests(self, p: MeltState, v: View, text: str) -> Tick:
        return Tick(p, with_sources(v, (self.w,), self.owner.none), text, is_cold=True)

    def values(self, p: MeltState, v: View) -> Values:
        """Return the highest power (W) and pressure (mbar), and the pressure before (mbar)."""
        del v
        return {
            "material": self.w.name,
            "pressure_base_mbar": p.seen.base_mbar,
            "peak_power_w": p.seen.heated[0].peak_w if self.w.is_linked else math.nan,
            "pressure_max_mbar": p.seen.worst_mbar,
        }
