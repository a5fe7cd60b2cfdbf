"""Deposit a layer: capture the rate, open the substrate shutter, close it at the predicted time, end the layer.

The host ends the layer, whoever owns the rate loop: a line is fitted to two seconds of thickness and the shutter is
told to close so that it is half closed when the line reaches the target.
"""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import MOST_JUMPS, Track, judged_rate, thickness_at, time_of
from pvdstation.control.owners import Aim, Owner, Power, PowerTick, owner_of
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.source_claims import crystal_has_failed
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_sources
from pvdstation.control.steps.condition import Condition, ConditionState
from pvdstation.control.steps.exposure import (
    FEWEST_POWERS,
    FIRST_GUESS_NS,
    Stroke,
    median,
    watched,
)
from pvdstation.control.steps.growth import Growth, beside, counted_in, seen, summed
from pvdstation.control.steps.set_point import Kept, SetPoint, kept, moved, slowest
from pvdstation.control.steps.timed_rest import BY_TIME, Rest, going_on, rest_of
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Position, Quality
from pvdstation.recipe.procedure import Deposit as Order

OPEN_NS = 10 * SECOND
"""How long the substrate shutter may be refused or on its way before the run holds."""
REACHED = "thickness reached"
LEAST_OPENING_S = 0.8
"""The shortest opening: until its switch confirms it, the substrate shutter is not told to close."""
LONGEST = 1.5
"""Exposure that takes so many times the planned one is not a layer any more."""


class DepositState(NamedTuple):
    """Where the layer is. The first-named material ends it."""

    stage: str  # capture, pre_coat, open, exposed, close, held, end, cut, reheat
    power: Power
    began_ns: int
    since_ns: int
    growths: tuple[Growth, ...]
    point: SetPoint
    in_band_since_ns: int | None = None
    stroke: Stroke | None = None
    delay_ns: int = FIRST_GUESS_NS
    opened_ns: int = 0  # effective opening
    exposed_ns: int = 0  # over the openings that are over
    openings: int = 0
    close_ns: int | None = None  # the order to close stands for this time, before the next scan
    coated_ns: int = 0  # at the captured rate, on the closed substrate shutter
    held_ns: int = 0  # regulated holds of this layer that are over
    time_to_rate_s: float = math.nan
    ending: str = ""  # why the exposure ended
    start_mbar: float = math.nan  # when the substrate shutter opened first
    seen_ns: int = 0  # the last scan
    rates: tuple[Kept, ...] = ()
    heating: ConditionState | None = None  # again, after a cold hold
    rest: Rest | None = None  # that is completed by time


class Deposit:
    """One layer from one source, or from several that are evaporated together."""

    def __init__(self, wiring: Wiring, order: Order, *others: Wiring) -> None:
        self.w = wiring
        self.wirings = (wiring, *others)
        self.order = order
        self.rates_beside = tuple(other.rate_nm_s for other in order.others)
        self.owner: Owner = owner_of(*self.wirings)
        self.limits = wiring.limits
        self.conditioning = Condition(*zip(self.wirings, (order.rate_nm_s, *self.rates_beside), strict=True))

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
            return self._reheat(p, v, drive)
        holds_cold = self.owner.holds_cold and p.stage != "close"
        if p.stage == "cut" or (drive is Drive.HOLD and (holds_cold or self._is_blind(p, v))):
            return self._cut(p, v)
        if drive is Drive.RUN and p.stage == "held":
            p = self._again(p._replace(held_ns=p.held_ns + v.now_ns - p.since_ns), v)
        if drive is not Drive.RUN and p.stage in ("capture", "pre_coat", "open", "exposed"):
            p = self._closing(p, v, "held" if drive is Drive.HOLD else "stopped")
        if p.stage == "exposed":
            p = self._moved(p, v)
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

    def _again(self, p: DepositState, v: View) -> DepositState:
        """Return the state in which the rate is captured once more; the film so far is kept."""
        growths = tuple(growth._replace(track=Track()) for growth in p.growths)
        return p._replace(stage="capture", since_ns=v.now_ns, in_band_since_ns=None, growths=growths, rest=None)

    def is_full(self, p: DepositState) -> bool:
        """Return whether a layer that was held lacks so little that another opening would add more than that."""
        if p.stage not in ("held", "cut") or not p.openings:
            return False
        missing_nm = self.order.thickness_nm - p.growths[0].film_nm
        return missing_nm < LEAST_OPENING_S / 2 * p.point.rate_nm_s

    def _full(self, p: DepositState, v: View) -> DepositState:
        """Return the state in which the layer ends; what was switched off stays off."""
        p = p._replace(ending=REACHED)
        return p._replace(stage="end", since_ns=v.now_ns) if p.stage == "cut" else self._ended(p, v, stopped=False)

    def _rest(self, p: DepositState) -> Rest | None:
        """Return what of the layer may be completed by time if its crystal fails, judged as at the last scan."""
        is_one = self.w.host and len(self.wirings) == 1 and not self.order.ramps
        if not is_one or p.stage != "exposed" or self.limits.timed_end is None:
            return None
        lead = p.growths[0]
        film_nm = lead.film_nm + lead.by(p.seen_ns)
        return rest_of(self.limits, self.order.thickness_nm, film_nm, lead.statistics)

    def _by_time(self, p: DepositState, v: View) -> Tick:
        """The crystal has failed in this scan: the power is frozen and the film goes on at its mean rate."""
        lead, rest = p.growths[0], self._rest(p)
        assert rest is not None  # noqa: S101 - asked before
        lead = lead._replace(track=going_on(lead.track, rest))
        answer = self.tick(p._replace(rest=rest, growths=(lead,)), v, Drive.RUN)
        text = f"crystal {self.w.source.sensor} failed: the last {rest.nm:.1f} nm {self.w.name} are completed by time"
        return answer if answer.trouble else answer._replace(trouble=Trouble(ActionClass.ALARM, "crystal", text))

    def _reheat(self, p: DepositState, v: View, drive: Drive) -> Tick:
        """After a cold hold: conditioning from 0 with every check of a fresh start, for what of the film is missing."""
        heating = self.conditioning.begin(v) if p.heating is None else p.heating
        tick = self.conditioning.tick(heating, v, drive)
        p = p._replace(heating=tick.state)
        if drive is Drive.RUN and tick.done:
            return self.tick(self._again(p._replace(power=self.owner.take_over(v), heating=None), v), v, drive)
        return tick._replace(state=p, grown_nm=tuple(growth.film_nm for growth in p.growths))

    def _rates(self, p: DepositState) -> tuple[float, ...]:
        return (p.point.rate_nm_s, *self.rates_beside)

    def _aims(self, p: DepositState) -> tuple[Aim, ...]:
        return tuple(Aim(growth.track, rate) for growth, rate in zip(p.growths, self._rates(p), strict=True))

    def _moved(self, p: DepositState, v: View) -> DepositState:
        ramps, lead = self.order.ramps, p.growths[0]
        if not ramps:
            return p
        point = moved(p.point, ramps, lead.film_nm + lead.by(v.now_ns), v.now_ns - p.seen_ns)
        if point.is_ramping:  # power and resistance are on their way too: their medians begin again after it
            statistics = lead.statistics._replace(powers=(), resistances=())
            return p._replace(point=point, growths=(lead._replace(statistics=statistics),))
        rates = kept(p.rates, point, lead.track.rate_nm_s) if lead.track.is_new else p.rates
        return p._replace(point=point, rates=rates)

    # --- while the loop is closed ---

    def _scene(
        self, p: DepositState, *, regulating: bool = True, at_soak: bool = True, captured: bool = False
    ) -> Scene:
        exposed = p.stage == "exposed"
        ends_by_time = p.rest is not None or self._rest(p) is not None
        layers = tuple(
            Layer(
                w.index,
                rate,
                judged_rate(growth.track, rate),
                is_first_ramp=False,
                is_regulating=regulating,
                is_at_soak=at_soak,
                is_captured=captured,
                is_exposed=exposed,
                is_ramping=p.point.is_ramping,
                resistance_ohm=median(growth.statistics.resistances) if exposed else math.nan,
                power_w=median(growth.statistics.powers, FEWEST_POWERS) if exposed else math.nan,
                hottest_ohm=growth.statistics.hottest_ohm if regulating else 0.0,
                ends_by_time=ends_by_time,
            )
            for w, rate, growth in zip(self.wirings, self._rates(p), p.growths, strict=True)
        )
        return Scene(layers[0], others=layers[1:])

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
                return self._exposed(self._opened(p, v), v, tick)
            p = p._replace(stroke=watched(p.stroke, v, Position.CLOSED)) if p.stroke is not None else p
        answer = self._says(p, v, tick, "substrate shutter open", substrate=True, captured=True)
        if v.now_ns - p.since_ns <= OPEN_NS:
            return answer
        return answer._replace(trouble=Trouble(ActionClass.HOLD, "substrate_shutter", "it may not open"))

    def _opened(self, p: DepositState, v: View) -> DepositState:
        stroke = p.stroke
        assert stroke is not None  # noqa: S101 - set above; a missing stroke is a defect of this file
        delay_ns = stroke.lasts_ns(v.readings[v.s.substrate_shutter].at_ns)
        opened_ns = stroke.ordered_ns + delay_ns
        took_s = (stroke.ordered_ns - p.began_ns - p.coated_ns) / SECOND
        to_rate = took_s if math.isnan(p.time_to_rate_s) else p.time_to_rate_s
        return p._replace(
            stage="exposed",
            since_ns=v.now_ns,
            stroke=None,
            delay_ns=delay_ns,
            opened_ns=opened_ns,
            growths=tuple(g._replace(baseline_nm=thickness_at(g.track, opened_ns)) for g in p.growths),
            time_to_rate_s=to_rate,
            start_mbar=v.full_range if math.isnan(p.start_mbar) else p.start_mbar,
        )

    def _exposed(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        p = p._replace(growths=tuple(counted_in(g, v, w) for g, w in zip(p.growths, self.wirings, strict=True)))
        lead = p.growths[0]
        left_nm = self.order.thickness_nm - lead.film_nm
        grown_nm = thickness_at(lead.track, v.now_ns) - lead.baseline_nm
        text = f"thickness {self.order.thickness_nm:g} nm: {left_nm - grown_nm:.1f} nm to go"
        reached_ns = p.close_ns
        if reached_ns is None:
            at_ns = time_of(lead.track, lead.baseline_nm + left_nm)
            reached_ns = None if at_ns is None else at_ns - p.delay_ns
        if reached_ns is not None and reached_ns <= v.now_ns:
            return self._close(self._closing(p, v, REACHED if p.rest is None else BY_TIME), v, tick)
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

    def _closing(self, p: DepositState, v: View, ending: str) -> DepositState:
        """Return the state in which the substrate shutter is told to close; nothing was exposed before it opened."""
        if p.stage in ("capture", "pre_coat"):
            coated_ns = p.coated_ns + (v.now_ns - p.since_ns if p.stage == "pre_coat" else 0)
            return p._replace(stage="held", ending=ending, since_ns=v.now_ns, coated_ns=coated_ns)
        ordered_ns = v.now_ns if p.close_ns is None else p.close_ns
        opened_ns, growths = p.opened_ns, p.growths
        if p.stage != "exposed":  # on its way: what comes through counts from half its travel, if it was told at all
            told_ns = v.now_ns - v.frame.period_ns if v.last.substrate_shutter else v.now_ns
            opened_ns = (p.stroke.ordered_ns if p.stroke is not None else told_ns) + p.delay_ns
            growths = tuple(g._replace(baseline_nm=thickness_at(g.track, opened_ns)) for g in growths)
        return p._replace(
            stage="close",
            since_ns=ordered_ns,
            stroke=Stroke(ordered_ns, ordered_ns),
            close_ns=None,
            ending=ending,
            opened_ns=opened_ns,
            growths=growths,
        )

    def _covered(self, p: DepositState, v: View) -> DepositState:
        """Return the state with what the present opening adds, if there is one: it ends now, or is about to."""
        if p.stage in ("open", "exposed"):
            p = self._closing(p, v, p.ending)
        return _counted(p) if p.stage == "close" else p

    def _close(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        closed = v.is_closed(v.s.substrate_shutter) and v.now_ns - p.since_ns >= SECOND // 2
        if not closed:
            p = p._replace(stroke=watched(p.stroke, v, Position.OPEN)) if p.stroke is not None else p
            return self._says(p, v, tick, "substrate shutter closed", substrate=False)
        p = _counted(p)
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

    def _is_blind(self, p: DepositState, v: View) -> bool:
        """Return whether the measuring chain has failed: crystal at once, rate after its longer limit."""
        return any(self._has_no_rate(p, v, g, w) for g, w in zip(p.growths, self.wirings, strict=True))

    def _has_no_rate(self, p: DepositState, v: View, growth: Growth, w: Wiring) -> bool:
        newest_ns = growth.track.samples[-1][0] if growth.track.samples else p.since_ns
        if v.now_ns - newest_ns > v.frame.rate_end_age_ns:
            return True
        reading = v.readings[w.crystal.frequency]
        is_bad = reading.quality in (Quality.SENSOR_FAULT, Quality.UNCERTAIN)  # failed, or stands still
        return is_bad or v.readings[w.crystal.status].value == 0

    def _cut(self, p: DepositState, v: View) -> Tick:
        """Cold hold: everything closed and off; the film so far is kept."""
        p = self._covered(p, v)
        tick = self.owner.cut(p.power, v)
        ending = p.ending if p.stage == "cut" else "crystal or rate lost" if self._is_blind(p, v) else "held cold"
        p = p._replace(stage="cut", power=tick.power, ending=ending)
        wants = with_sources(v, self.wirings, tick.levels)
        settled = tick.done and v.shutters_closed()
        lacks = [w.crystal_failed for w in self.wirings if v.readings[w.crystal.status].value == 0]
        return Tick(p, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True, lacks="; ".join(lacks))

    def values(self, p: DepositState, v: View) -> Values:
        """Return what the layer has reached, by the crystals."""
        p = self._covered(p, v)
        growths = p.growths
        lead, order = growths[0].statistics, self.order
        values: Values = {
            "material": order.material,
            "target_nm": order.thickness_nm,
            "indicated_nm": growths[0].film_nm,
            "rate_mean_nm_s": lead.mean,
            "rate_sd_nm_s": lead.sd,
            "time_to_rate_s": p.time_to_rate_s,
            "peak_power_w": lead.peak_w if self.w.is_linked else math.nan,
            "power_median_w": median(lead.powers) if self.w.is_linked else math.nan,
            "pressure_start_mbar": p.start_mbar,
            "pressure_max_mbar": lead.worst_mbar,
        }
        if p.openings > 1 or p.ending != REACHED:  # else from opening to closing, as the outputs tell
            values |= {"exposed_s": p.exposed_ns / SECOND, "openings": p.openings}
        if p.rest is not None:
            values["remarks"] = p.rest.remark
        for w, rate, growth in zip(self.wirings[1:], self.rates_beside, growths[1:], strict=True):
            values |= beside(w, rate, growth)
        for place, rates in enumerate(p.rates):
            values[f"rates.{place}.set_nm_s"] = rates.set_nm_s
            values[f"rates.{place}.mean_nm_s"] = rates.mean
            values[f"rates.{place}.sd_nm_s"] = rates.sd
        return values


def _counted(p: DepositState) -> DepositState:
    """Return the state with what grew while the substrate shutter was effectively open."""
    closed_ns = p.since_ns + p.delay_ns
    lasted_ns = max(0, closed_ns - p.opened_ns)
    openings = p.openings + (1 if lasted_ns else 0)
    growths = summed(p.growths, closed_ns)
    return p._replace(growths=growths, stroke=None, exposed_ns=p.exposed_ns + lasted_ns, openings=openings)
