"""Deposit a layer: capture the rate, open the substrate shutter, close it at the predicted time, end the layer.

The host ends the layer, whoever owns the rate loop: a line is fitted to two seconds of thickness and the shutter is
told to close so that it is half closed when the line reaches the target.
"""

from pvdstation.control.crystal_rate import MOST_JUMPS, judged_rate, thickness_at, time_of
from pvdstation.control.owners import Aim, Owner, PowerTick, owner_of
from pvdstation.control.scene import Scene
from pvdstation.control.source_claims import crystal_has_failed
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.cold_hold import ColdHold
from pvdstation.control.steps.exposure import Stroke, watched
from pvdstation.control.steps.growth import Growth, counted_in, seen
from pvdstation.control.steps.layer_state import (
    REACHED,
    DepositState,
    again,
    closing,
    covered,
    lacks_less_than_an_opening,
    opened,
    ramped,
    with_opening,
)
from pvdstation.control.steps.layer_values import reached, scene_of
from pvdstation.control.steps.set_point import SetPoint, slowest
from pvdstation.control.steps.timed_rest import BY_TIME, Rest, going_on, rest_of
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Position
from pvdstation.recipe.procedure import Deposit as Order

OPEN_NS = 10 * SECOND
"""How long the substrate shutter may be refused or on its way before the run holds."""
LONGEST = 1.5
"""Exposure that takes so many times the planned one is not a layer any more."""


class Deposit:
    """One layer from one source, or from several that are evaporated together."""

    def __init__(self, wiring: Wiring, order: Order, *others: Wiring) -> None:
        self.w = wiring
        self.wirings = (wiring, *others)
        self.order = order
        self.rates_beside = tuple(other.rate_nm_s for other in order.others)
        self.owner: Owner = owner_of(*self.wirings)
        self.limits = wiring.limits
        self.cold = ColdHold(self.wirings, order, self.owner)

    def begin(self, v: View) -> DepositState:
        """Return the state in which the loop has just been closed."""
        on_film = self.order.on_film_nm or (0.0,) * len(self.wirings)
        growths = tuple(Growth(film_nm=nm) for nm in on_film)
        point = SetPoint(self.order.rate_nm_s)
        return DepositState("capture", self.owner.take_over(v), v.now_ns, v.now_ns, growths, point)

    def tick(self, p: DepositState, v: View, drive: Drive) -> Tick:
        """Move through capture, opening, exposure, closing and the layer's end."""
        if drive is Drive.RUN and p.rest is None and crystal_has_failed(v, self.w) and self._rest(p) is not None:
            return self._by_time(p, v)
        p = self._seen(p, v)
        if drive is Drive.RUN and self.is_full(p):
            return self._end(self._full(p, v), v)
        if p.stage == "end":
            return self._end(p, v)
        if p.stage == "cut" and drive is Drive.RUN:
            p = p._replace(stage="reheat", since_ns=v.now_ns)
        if p.stage == "reheat":
            p, heating = self.cold.reheat(p, v, drive)
            return self.tick(p, v, drive) if heating is None else heating
        holds_cold = self.owner.holds_cold and p.stage != "close"
        if p.stage == "cut" or (drive is Drive.HOLD and (holds_cold or self.cold.is_blind(p, v))):
            return self.cold.cut(p, v)
        if drive is Drive.RUN and p.stage == "held":
            p = again(p._replace(held_ns=p.held_ns + v.now_ns - p.since_ns), v)
        if drive is not Drive.RUN and p.stage in ("capture", "pre_coat", "open", "exposed"):
            p = closing(p, v, "held" if drive is Drive.HOLD else "stopped")
        if p.stage == "exposed":
            p = ramped(p, v, self.order.ramps)
        p = p._replace(seen_ns=v.now_ns)
        tick = self._power(p, v, drive)
        p = p._replace(power=tick.power)
        answer: Tick = getattr(self, f"_{p.stage}")(p, v, tick)
        if tick.fault and answer.trouble is None:
            answer = answer._replace(trouble=Trouble(ActionClass.HOLD, tick.rule or "rate_loop", tick.fault))
        if drive is Drive.STOP and answer.state.stage == "held":
            return self._end(self._ended(answer.state, v, stopped=True), v)
        return answer

    def _power(self, p: DepositState, v: View, drive: Drive) -> PowerTick:
        if drive is Drive.RUN and p.rest is None:
            return self.owner.regulate(p.power, v, self._aims(p))
        return self.owner.freeze(p.power, v)

    def _seen(self, p: DepositState, v: View) -> DepositState:
        """Return the state with this scan's readings; what is completed by time is not measured any more."""
        if p.rest is not None:
            return p
        return p._replace(growths=tuple(seen(g, v, w) for g, w in zip(p.growths, self.wirings, strict=True)))

    def is_full(self, p: DepositState) -> bool:
        """Return whether a layer that was held is as good as complete."""
        return lacks_less_than_an_opening(p, self.order.thickness_nm)

    def _full(self, p: DepositState, v: View) -> DepositState:
        """Return the state in which the layer ends; what was switched off stays off."""
        p = p._replace(ending=REACHED)
        return p._replace(stage="end", since_ns=v.now_ns) if p.stage == "cut" else self._ended(p, v, stopped=False)

    def _rest(self, p: DepositState) -> Rest | None:
        """Return what of the layer may be completed by time if its crystal fails, judged as at the last scan."""
        is_one = self.w.host and len(self.wirings) == 1 and not self.order.ramps
        if not is_one or p.stage != "exposed" or self.limits.timed_end is None:
            return None
        lead = p.lead
        film_nm = lead.film_nm + lead.by(p.seen_ns)
        return rest_of(self.limits, self.order.thickness_nm, film_nm, lead.statistics)

    def _by_time(self, p: DepositState, v: View) -> Tick:
        """The crystal has failed in this scan: the power is frozen and the film goes on at its mean rate."""
        lead, rest = p.lead, self._rest(p)
        assert rest is not None  # noqa: S101 - asked before
        lead = lead._replace(track=going_on(lead.track, rest))
        answer = self.tick(p._replace(rest=rest, growths=(lead,)), v, Drive.RUN)
        text = f"crystal {self.w.source.sensor} failed: the last {rest.nm:.1f} nm {self.w.name} are completed by time"
        return answer if answer.trouble else answer._replace(trouble=Trouble(ActionClass.ALARM, "crystal", text))

    def _rates(self, p: DepositState) -> tuple[float, ...]:
        return (p.point.rate_nm_s, *self.rates_beside)

    def _aims(self, p: DepositState) -> tuple[Aim, ...]:
        return tuple(Aim(growth.track, rate) for growth, rate in zip(p.growths, self._rates(p), strict=True))

    # --- while the loop is closed ---

    def _scene(
        self, p: DepositState, *, regulating: bool = True, at_soak: bool = True, captured: bool = False
    ) -> Scene:
        ends_by_time = p.rest is not None or self._rest(p) is not None
        return scene_of(
            p, self.wirings, self._rates(p), ends_by_time=ends_by_time, regulating=regulating, at_soak=at_soak,
            captured=captured,
        )  # fmt: skip

    def _says(
        self, p: DepositState, v: View, tick: PowerTick, text: str, *, substrate: bool, captured: bool = False
    ) -> Tick:
        wants = with_sources(v, self.wirings, tick.levels, shutter=True, substrate=substrate)
        return Tick(p, wants, text, scene=self._scene(p, captured=captured), ask=tick.ask)

    def _is_in_band(self, p: DepositState, tick: PowerTick) -> bool:
        within = self.order.capture_within_pct
        return tick.may_expose and all(
            abs(judged_rate(*aim) / aim.rate_nm_s - 1) * 100 <= within for aim in self._aims(p)
        )

    def _capture(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        order = self.order
        in_band = self._is_in_band(p, tick)
        since = (v.now_ns if p.in_band_since_ns is None else p.in_band_since_ns) if in_band else None
        p = p._replace(in_band_since_ns=since)
        text = f"rate within {order.capture_within_pct:g} % for {order.capture_hold_s:g} s"
        if since is not None and v.now_ns - since >= to_ns(order.capture_hold_s):
            if p.coated_ns < to_ns(order.pre_coat_s):
                return self._pre_coat(p._replace(stage="pre_coat", since_ns=v.now_ns), v, tick)
            p = p._replace(stage="open", since_ns=v.now_ns)
            return self._open(p, v, tick)
        answer = self._says(p, v, tick, text, substrate=False)
        if v.now_ns - p.since_ns <= to_ns(order.capture_timeout_s):
            return answer
        response = {"hold": ActionClass.HOLD, "stop": ActionClass.STOP, "abort": ActionClass.FAST_OFF}
        shown = f"{text} not reached in {order.capture_timeout_s:g} s"
        return answer._replace(trouble=Trouble(response[order.capture_otherwise], "capture", shown))

    def _pre_coat(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        """The closed substrate shutter is coated; only time within the capture band counts."""
        passed_ns = p.coated_ns + v.now_ns - p.since_ns
        if not self._is_in_band(p, tick):
            p = p._replace(stage="capture", since_ns=v.now_ns, in_band_since_ns=None, coated_ns=passed_ns)
            return self._capture(p, v, tick)
        if passed_ns >= to_ns(self.order.pre_coat_s):
            return self._open(p._replace(stage="open", since_ns=v.now_ns, coated_ns=passed_ns), v, tick)
        return self._says(p, v, tick, f"pre-coat for {self.order.pre_coat_s:g} s", substrate=False)

    def _open(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        """Told to open until both the arbiter has let it out and the switches confirm it."""
        if v.last.substrate_shutter:
            if p.stroke is None:
                p = p._replace(stroke=Stroke(v.now_ns - v.frame.period_ns, v.now_ns - v.frame.period_ns))
            if v.is_open(v.s.substrate_shutter):
                return self._exposed(opened(p, v), v, tick)
            p = p._replace(stroke=watched(p.stroke, v, Position.CLOSED)) if p.stroke is not None else p
        answer = self._says(p, v, tick, "substrate shutter open", substrate=True, captured=True)
        if v.now_ns - p.since_ns <= OPEN_NS:
            return answer
        return answer._replace(trouble=Trouble(ActionClass.HOLD, "substrate_shutter", "it may not open"))

    def _exposed(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        p = p._replace(growths=tuple(counted_in(g, v, w) for g, w in zip(p.growths, self.wirings, strict=True)))
        lead = p.lead
        left_nm = self.order.thickness_nm - lead.film_nm
        grown_nm = thickness_at(lead.track, v.now_ns) - lead.baseline_nm
        text = f"thickness {self.order.thickness_nm:g} nm: {left_nm - grown_nm:.1f} nm to go"
        reached_ns = p.close_ns
        if reached_ns is None:
            at_ns = time_of(lead.track, lead.baseline_nm + left_nm)
            reached_ns = None if at_ns is None else at_ns - p.delay_ns
        if reached_ns is not None and reached_ns <= v.now_ns:
            return self._close(closing(p, v, REACHED if p.rest is None else BY_TIME), v, tick)
        if reached_ns is None or reached_ns > v.now_ns + v.frame.period_ns:
            answer = self._says(p, v, tick, text, substrate=True, captured=True)
            return answer._replace(trouble=self._exposure_trouble(p, v, left_nm))
        answer = self._says(p._replace(close_ns=reached_ns), v, tick, text, substrate=True, captured=True)
        return answer._replace(wants=answer.wants._replace(substrate_until_ns=reached_ns))

    def _exposure_trouble(self, p: DepositState, v: View, left_nm: float) -> Trouble | None:
        if any(growth.track.jumps >= MOST_JUMPS for growth in p.growths):
            return Trouble(ActionClass.HOLD, "crystal_jump", "the crystal's frequency has jumped")
        longest_s = LONGEST * left_nm / slowest(p.point, self.order.ramps) + 5
        if v.now_ns - p.since_ns <= to_ns(longest_s):
            return None
        text = f"{left_nm:.1f} nm not grown in {longest_s:.0f} s of exposure"
        return Trouble(ActionClass.HOLD, "exposure", text)

    def _close(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        closed = v.is_closed(v.s.substrate_shutter) and v.now_ns - p.since_ns >= SECOND // 2
        if not closed:
            p = p._replace(stroke=watched(p.stroke, v, Position.OPEN)) if p.stroke is not None else p
            return self._says(p, v, tick, "substrate shutter closed", substrate=False)
        p = with_opening(p)
        if p.ending == "held":
            return self._held(p._replace(stage="held", since_ns=v.now_ns), v, tick)
        return self._end(self._ended(p, v, stopped=p.ending == "stopped"), v)

    def _held(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        """Regulated hold: the loop goes on with the substrate shutter closed."""
        answer = self._says(p, v, tick, "held: substrate shutter closed", substrate=False)
        longest_s = v.station.limits.hold
        ends_ns = p.since_ns + to_ns(longest_s) - p.held_ns
        if v.now_ns > ends_ns:
            text = f"this layer has been held for {longest_s:g} s in all"
            return answer._replace(trouble=Trouble(ActionClass.STOP, "hold", text))
        return answer._replace(is_settled=v.is_closed(v.s.substrate_shutter), hold_ends_ns=ends_ns)

    # --- the end ---

    def _ended(self, p: DepositState, v: View, *, stopped: bool) -> DepositState:
        power = self.owner.closing(v.now_ns, p.power, stopped=stopped)
        return p._replace(stage="end", since_ns=v.now_ns, power=power)

    def _end(self, p: DepositState, v: View) -> Tick:
        tick = self.owner.end(p.power, v)
        p = p._replace(power=tick.power)
        wants = with_sources(v, self.wirings, tick.levels, shutter=tick.opens_shutter)
        scene = self._scene(p, regulating=False, at_soak=tick.opens_shutter)
        finished = tick.done and v.shutters_closed()
        done = p.ending if finished else ""
        trouble = Trouble(ActionClass.FAST_OFF, "off_not_confirmed", tick.fault) if tick.fault else None
        answer = Tick(p, wants, tick.text, ask=tick.ask, scene=scene, done=done, is_settled=finished)
        return answer._replace(is_cold=True, trouble=trouble)

    def values(self, p: DepositState, v: View) -> Values:
        """Return what the layer has reached, by the crystals."""
        return reached(covered(p, v), self.order, self.wirings)
