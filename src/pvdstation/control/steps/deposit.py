"""Deposit a layer: capture the rate, open the substrate shutter, close it at the predicted time, end the layer.

The host ends the layer, whoever owns the rate loop: a line is fitted to two seconds of thickness and the shutter is
told to close so that it is half closed when the line reaches the target.
"""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import MOST_JUMPS, Track, followed, thickness_at, time_of
from pvdstation.control.owners import Owner, Power, PowerTick, owner_of
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values, with_source
from pvdstation.control.steps.exposure import (
    FEWEST_POWERS,
    FIRST_GUESS_NS,
    Statistics,
    Stroke,
    counted,
    extremes,
    median,
    watched,
)
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Position, Quality
from pvdstation.recipe.procedure import Deposit as Order

OPEN_NS = 10 * SECOND
"""How long the substrate shutter may be refused or on its way before the run holds."""
LONGEST = 1.5
"""Exposure that takes so many times the planned one is not a layer any more."""


class DepositState(NamedTuple):
    """Where the layer is. Film is summed over all openings."""

    stage: str  # capture, open, exposed, close, end, cut
    power: Power
    began_ns: int
    since_ns: int
    track: Track = Track()
    in_band_since_ns: int | None = None
    stroke: Stroke | None = None
    delay_ns: int = FIRST_GUESS_NS
    opened_ns: int = 0  # effective opening
    baseline_nm: float = math.nan
    close_ns: int | None = None  # the order to close stands for this time, before the next scan
    film_nm: float = 0.0
    held_ns: int = 0  # regulated holds of this layer that are over
    time_to_rate_s: float = math.nan
    statistics: Statistics = Statistics()
    ending: str = ""  # why the exposure ended
    start_mbar: float = math.nan  # when the substrate shutter opened first


class Deposit:
    """One layer from one source."""

    def __init__(self, wiring: Wiring, order: Order) -> None:
        self.w = wiring
        self.order = order
        self.owner: Owner = owner_of(wiring)

    def begin(self, v: View) -> DepositState:
        """Return the state in which the loop has just been closed."""
        return DepositState("capture", self.owner.take_over(v), v.now_ns, v.now_ns)

    def tick(self, p: DepositState, v: View, drive: Drive) -> Tick:
        """Move through capture, opening, exposure, closing and the layer's end."""
        statistics = extremes(p.statistics, v, self.w)
        p = p._replace(track=followed(p.track, v, self.w), statistics=statistics)
        if p.stage == "end":
            return self._end(p, v)
        if p.stage == "cut" or (drive is Drive.HOLD and self._is_blind(p, v)):
            return self._cut(p, v)
        if drive is Drive.RUN and p.stage == "held":
            held_ns = p.held_ns + v.now_ns - p.since_ns
            p = p._replace(stage="capture", since_ns=v.now_ns, in_band_since_ns=None, track=Track(), held_ns=held_ns)
        if drive is not Drive.RUN and p.stage in ("capture", "open", "exposed"):
            p = self._closing(p, v, "held" if drive is Drive.HOLD else "stopped")
        if drive is Drive.RUN:
            tick = self.owner.regulate(p.power, v, p.track, self.order.rate_nm_s)
        else:
            tick = self.owner.freeze(p.power, v, p.track)
        p = p._replace(power=tick.power)
        answer: Tick = getattr(self, f"_{p.stage}")(p, v, tick)
        if tick.fault and answer.trouble is None:
            answer = answer._replace(trouble=Trouble(ActionClass.HOLD, tick.rule or "rate_loop", tick.fault))
        if drive is Drive.STOP and answer.state.stage == "held":
            return self._end(self._ended(answer.state, v), v)
        return answer

    # --- while the loop is closed ---

    def _says(
        self, p: DepositState, v: View, tick: PowerTick, text: str, *, substrate: bool, captured: bool = False
    ) -> Tick:
        statistics = p.statistics
        layer = Layer(
            self.w.index,
            self.order.rate_nm_s,
            p.track.rate_nm_s,
            is_first_ramp=False,
            is_regulating=True,
            is_at_soak=True,
            is_captured=captured,
            is_exposed=p.stage == "exposed",
            resistance_ohm=median(statistics.resistances) if p.stage == "exposed" else math.nan,
            power_w=median(statistics.powers, FEWEST_POWERS) if p.stage == "exposed" else math.nan,
            hottest_ohm=statistics.hottest_ohm,
        )
        wants = with_source(v, self.w, tick.level, shutter=True, substrate=substrate)
        return Tick(p, wants, text, scene=Scene(layer), ask=tick.ask)

    def _capture(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        order = self.order
        off = abs(p.track.rate_nm_s / order.rate_nm_s - 1) * 100
        in_band = tick.may_expose and off <= order.capture_within_pct
        since = (v.now_ns if p.in_band_since_ns is None else p.in_band_since_ns) if in_band else None
        p = p._replace(in_band_since_ns=since)
        text = f"rate within {order.capture_within_pct:g} % for {order.capture_hold_s:g} s"
        if since is not None and v.now_ns - since >= to_ns(order.capture_hold_s):
            p = p._replace(stage="open", since_ns=v.now_ns)
            return self._open(p, v, tick)
        answer = self._says(p, v, tick, text, substrate=False)
        if v.now_ns - p.since_ns <= to_ns(order.capture_timeout_s):
            return answer
        response = {"hold": ActionClass.HOLD, "stop": ActionClass.STOP, "abort": ActionClass.FAST_OFF}
        shown = f"{text} not reached in {order.capture_timeout_s:g} s"
        return answer._replace(trouble=Trouble(response[order.capture_otherwise], "capture", shown))

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
        to_rate = p.time_to_rate_s if not math.isnan(p.time_to_rate_s) else (stroke.ordered_ns - p.began_ns) / SECOND
        return p._replace(
            stage="exposed",
            since_ns=v.now_ns,
            stroke=None,
            delay_ns=delay_ns,
            opened_ns=opened_ns,
            baseline_nm=thickness_at(p.track, opened_ns),
            time_to_rate_s=to_rate,
            start_mbar=v.full_range if math.isnan(p.start_mbar) else p.start_mbar,
        )

    def _exposed(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        if p.track.is_new:
            p = p._replace(statistics=counted(p.statistics, v, self.w, p.track.rate_nm_s))
        left_nm = self.order.thickness_nm - p.film_nm
        text = f"thickness {self.order.thickness_nm:g} nm: {left_nm - self._grown(p, v.now_ns):.1f} nm to go"
        reached_ns = p.close_ns
        if reached_ns is None:
            at_ns = time_of(p.track, p.baseline_nm + left_nm)
            reached_ns = None if at_ns is None else at_ns - p.delay_ns
        if reached_ns is not None and reached_ns <= v.now_ns:
            return self._close(self._closing(p, v, "thickness reached"), v, tick)
        if reached_ns is None or reached_ns > v.now_ns + v.frame.period_ns:
            answer = self._says(p, v, tick, text, substrate=True, captured=True)
            return answer._replace(trouble=self._exposure_trouble(p, v, left_nm))
        answer = self._says(p._replace(close_ns=reached_ns), v, tick, text, substrate=True, captured=True)
        return answer._replace(wants=answer.wants._replace(substrate_until_ns=reached_ns))

    def _exposure_trouble(self, p: DepositState, v: View, left_nm: float) -> Trouble | None:
        if p.track.jumps >= MOST_JUMPS:
            return Trouble(ActionClass.HOLD, "crystal_jump", "the crystal's frequency has jumped")
        longest_s = LONGEST * left_nm / self.order.rate_nm_s + 5
        if v.now_ns - p.since_ns <= to_ns(longest_s):
            return None
        text = f"{left_nm:.1f} nm not grown in {longest_s:.0f} s of exposure"
        return Trouble(ActionClass.HOLD, "exposure", text)

    def _grown(self, p: DepositState, at_ns: int) -> float:
        return thickness_at(p.track, at_ns) - p.baseline_nm

    def _closing(self, p: DepositState, v: View, ending: str) -> DepositState:
        """Return the state in which the substrate shutter is told to close; nothing was exposed before it opened."""
        if p.stage == "capture":
            return p._replace(stage="held", ending=ending, since_ns=v.now_ns)
        ordered_ns = v.now_ns if p.close_ns is None else p.close_ns
        baseline = p.baseline_nm if p.stage == "exposed" else thickness_at(p.track, v.now_ns + p.delay_ns)
        return p._replace(
            stage="close",
            since_ns=ordered_ns,
            stroke=Stroke(ordered_ns, ordered_ns),
            close_ns=None,
            ending=ending,
            baseline_nm=baseline,
        )

    def _close(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        closed = v.is_closed(v.s.substrate_shutter) and v.now_ns - p.since_ns >= SECOND // 2
        if not closed:
            p = p._replace(stroke=watched(p.stroke, v, Position.OPEN)) if p.stroke is not None else p
            return self._says(p, v, tick, "substrate shutter closed", substrate=False)
        closed_ns = p.since_ns + p.delay_ns
        grown = thickness_at(p.track, closed_ns) - p.baseline_nm
        p = p._replace(film_nm=p.film_nm + (max(0.0, grown) if math.isfinite(grown) else 0.0), stroke=None)
        if p.ending == "held":
            return self._held(p._replace(stage="held", since_ns=v.now_ns), v, tick)
        return self._end(self._ended(p, v), v)

    def _held(self, p: DepositState, v: View, tick: PowerTick) -> Tick:
        """Regulated hold: the loop goes on with the substrate shutter closed."""
        answer = self._says(p, v, tick, "held: substrate shutter closed", substrate=False)
        longest_s = v.station.limits.hold
        if p.held_ns + v.now_ns - p.since_ns > to_ns(longest_s):
            text = f"this layer has been held for {longest_s:g} s in all"
            return answer._replace(trouble=Trouble(ActionClass.STOP, "hold", text))
        return answer._replace(is_settled=v.is_closed(v.s.substrate_shutter))

    # --- the end ---

    def _ended(self, p: DepositState, v: View) -> DepositState:
        return p._replace(stage="end", since_ns=v.now_ns, power=self.owner.closing(v.now_ns, p.power))

    def _end(self, p: DepositState, v: View) -> Tick:
        tick = self.owner.end(p.power, v)
        p = p._replace(power=tick.power)
        wants = with_source(v, self.w, tick.level, shutter=tick.opens_shutter)
        layer = Layer(
            self.w.index,
            self.order.rate_nm_s,
            p.track.rate_nm_s,
            is_first_ramp=False,
            is_regulating=False,
            is_at_soak=tick.opens_shutter,
            is_captured=False,
            is_exposed=False,
        )
        finished = tick.done and v.shutters_closed()
        done = p.ending if finished else ""
        trouble = Trouble(ActionClass.FAST_OFF, "off_not_confirmed", tick.fault) if tick.fault else None
        answer = Tick(p, wants, tick.text, ask=tick.ask, scene=Scene(layer), done=done, is_settled=finished)
        return answer._replace(is_cold=True, trouble=trouble)

    def _is_blind(self, p: DepositState, v: View) -> bool:
        """Return whether the measuring chain has failed: crystal at once, rate after its longer limit."""
        newest_ns = p.track.samples[-1][0] if p.track.samples else p.began_ns
        if v.now_ns - newest_ns > v.frame.rate_end_age_ns:
            return True
        reading = v.readings[self.w.crystal.frequency]
        is_bad = reading.quality in (Quality.SENSOR_FAULT, Quality.UNCERTAIN)  # failed, or stands still
        return is_bad or v.readings[self.w.crystal.status].value == 0

    def _cut(self, p: DepositState, v: View) -> Tick:
        """Cold hold: everything closed and off; the film so far is kept."""
        if p.stage == "exposed":
            grown = thickness_at(p.track, v.now_ns + p.delay_ns) - p.baseline_nm
            p = p._replace(film_nm=p.film_nm + (max(0.0, grown) if math.isfinite(grown) else 0.0))
        tick = self.owner.cut(p.power, v)
        p = p._replace(stage="cut", power=tick.power, ending="crystal or rate lost")
        wants = with_source(v, self.w, tick.level, shutter=False)
        settled = tick.done and v.shutters_closed()
        return Tick(p, wants, tick.text, ask=tick.ask, is_settled=settled, is_cold=True, is_resumable=False)

    def values(self, p: DepositState, v: View) -> Values:
        """Return what the layer has reached, by the crystal."""
        film = p.film_nm
        if p.stage == "exposed":
            grown = self._grown(p, v.now_ns)
            film += max(0.0, grown) if math.isfinite(grown) else 0.0
        statistics = p.statistics
        return {
            "material": self.order.material,
            "target_nm": self.order.thickness_nm,
            "indicated_nm": film,
            "rate_mean_nm_s": statistics.mean,
            "rate_sd_nm_s": statistics.sd,
            "time_to_rate_s": p.time_to_rate_s,
            "peak_power_w": statistics.peak_w if self.w.is_linked else math.nan,
            "power_median_w": median(statistics.powers) if self.w.is_linked else math.nan,
            "pressure_start_mbar": p.start_mbar,
            "pressure_max_mbar": statistics.worst_mbar,
        }
