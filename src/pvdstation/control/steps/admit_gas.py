"""Admit gas: fill to a pressure, dwell there, topped up or settling.

Only the capacitance gauge counts once the valve has opened.

The dwell clock starts when the valve is first told to close at the target and ends when the roughing valve is told
to open by the evacuation that follows.
"""

import math
from typing import NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.scene import Scene
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, Outputs
from pvdstation.model.signals import Quality

TRAVEL_S = 0.3
LATENCY_S = 0.05 + TRAVEL_S / 2
"""From the order to half-closed: valve latency 50 ms and half its travel."""
SLOPE_NS = 2 * SECOND
STEADY_NS = SECOND // 2
"""From the order to a valve that is open: the slope counts from then on."""
SETTLED_NS = SECOND
"""From the end of a top-up to a reading that shows it."""
MOST_VAIN = 5
"""Top-ups that may leave the pressure too low: one after the other adds less than the over-pressure limit."""
MOST_SAG = 0.05
"""How far below the target the pressure may fall in the dwell, as a share of it."""
NO_TOP_UP_NS = 5 * SECOND
FORELINE_LEAD_NS = 2 * SECOND
OVERTIME_NS = 60 * SECOND
START_TIMEOUT_NS = 30 * SECOND
FOREVER_NS = 2**62


def opening_s(flowing_s: float) -> float:
    """Return how long the valve must be told to be open for so long a full flow; a short one never opens it fully."""
    return flowing_s if flowing_s >= TRAVEL_S else math.sqrt(TRAVEL_S * flowing_s)


class GasState(NamedTuple):
    """Where the gas step is."""

    stage: str  # "fill", "dwell", "end"
    since_ns: int
    opened_ns: int | None = None
    opened_mbar: float = 0.0
    slope_mbar_s: float = math.nan  # with the valve open, as last seen while filling
    topping_s: float = 0.0  # length of the top-up that is under way; 0 = none
    topped_ns: int = 0  # when the last one ended
    vain: int = 0  # top-ups since the pressure was last seen to be high enough
    dwell_ns: int | None = None  # when the valve was first told to close at the target
    samples: tuple[tuple[int, float], ...] = ()
    counter: int = -1
    readings: int = 0
    total_mbar: float = 0.0
    top_ups: int = 0
    held_ns: int = 0
    is_told: bool = False  # that the dwell is over while the run is held


class AdmitGas:
    """Fill and dwell."""

    def __init__(
        self, gas: str, pressure_mbar: float, dwell_s: float, *, is_pumped_out: bool, tops_up: bool = True
    ) -> None:
        self.gas = gas
        self.tops_up = tops_up
        self.foreline_lead_ns = FORELINE_LEAD_NS if is_pumped_out else 0
        self.target = pressure_mbar
        self.dwell_ns = to_ns(dwell_s)

    def begin(self, v: View) -> GasState:
        """Return the state before the valve opens."""
        return GasState("fill", v.now_ns)

    def tick(self, p: GasState, v: View, drive: Drive) -> Tick:
        """Fill or dwell; held and stopped with the valve closed."""
        p = self._measured(p, v)
        if drive is Drive.STOP:
            settled = v.is_closed(v.s.n2)
            return Tick(p, self._levels(v), "N2 valve closed", is_settled=settled, is_cold=True)
        if drive is Drive.HOLD:
            return self._held(p, v)
        return self._fill(p, v) if p.dwell_ns is None else self._dwell(p, v)

    def _levels(self, v: View, *, is_open: bool = False, foreline: bool = True) -> Outputs:
        return safe_levels(v)._replace(n2=is_open, gate=False, foreline=foreline)

    def _scene(self) -> Scene:
        return Scene(gas_target_mbar=self.target)

    def _measured(self, p: GasState, v: View) -> GasState:
        reading = v.readings[v.s.capacitance]
        if reading.counter == p.counter or reading.quality > Quality.UNDER_RANGE:
            return p
        oldest = reading.at_ns - SLOPE_NS
        samples = (*(pair for pair in p.samples if pair[0] >= oldest), (reading.at_ns, reading.value))
        if p.dwell_ns is None:
            return p._replace(samples=samples, counter=reading.counter)
        return p._replace(
            samples=samples, counter=reading.counter, readings=p.readings + 1, total_mbar=p.total_mbar + reading.value
        )

    def _slope(self, p: GasState) -> float:
        """Return the slope over the last two seconds, mbar/s."""
        if len(p.samples) < 3:
            return 0.0
        (first_ns, first), (last_ns, last) = p.samples[0], p.samples[-1]
        if first_ns == last_ns:
            return 0.0
        return (last - first) / ((last_ns - first_ns) / SECOND)

    def _flow(self, p: GasState, v: View) -> float:
        """Return the slope with the valve fully open, mbar/s; the station's until there are enough samples."""
        opened_ns = v.now_ns if p.opened_ns is None else p.opened_ns
        slope = self._slope(p._replace(samples=tuple(pair for pair in p.samples if pair[0] >= opened_ns + STEADY_NS)))
        return slope if slope > 0 else v.station.gas[self.gas].expected_slope

    def _reached_ns(self, p: GasState, v: View) -> int:
        """Return when the valve must be told to close so that the chamber settles at the target, ns."""
        at_ns, mbar = p.samples[-1]
        return at_ns + to_ns((self.target - mbar) / self._flow(p, v) - LATENCY_S)

    def _fill(self, p: GasState, v: View) -> Tick:
        if v.last.n2 and p.opened_ns is None:
            p = p._replace(opened_ns=v.now_ns, opened_mbar=v.capacitance)
        text, closes_ns = f"N2 to {self.target:g} mbar", FOREVER_NS
        if p.opened_ns is not None and p.samples:
            closes_ns = min(v.last.n2_until_ns, self._reached_ns(p, v)) if v.last.n2 else FOREVER_NS
            if closes_ns <= v.now_ns:
                ordered_ns = v.last.n2_until_ns if v.last.n2_until_ns <= v.now_ns else v.now_ns
                flow = self._flow(p, v)
                p = p._replace(dwell_ns=ordered_ns, topped_ns=ordered_ns, slope_mbar_s=flow, stage="dwell")
                return self._dwell(p, v)
            if closes_ns > v.now_ns + v.frame.period_ns:
                closes_ns = FOREVER_NS  # the next scan knows better
        wants = self._levels(v, is_open=True)._replace(n2_until_ns=closes_ns)
        return Tick(p, wants, text, scene=self._scene(), trouble=self._fill_trouble(p, v))

    def _fill_trouble(self, p: GasState, v: View) -> Trouble | None:
        gas = v.station.gas[self.gas]
        if p.opened_ns is None:
            late = v.now_ns - p.since_ns > START_TIMEOUT_NS
            return Trouble(ActionClass.HOLD, "n2_valve", "the N2 valve may not open") if late else None
        open_s = (v.now_ns - p.opened_ns) / SECOND
        risen = v.capacitance - p.opened_mbar
        band = gas.slope_band
        lowest, highest = band.least * gas.expected_slope, band.most * gas.expected_slope
        longest_s = gas.timeout_factor * self.target / gas.expected_slope
        if not v.last.n2:
            return Trouble(ActionClass.HOLD, "n2_valve", "the N2 valve was closed by its interlock")
        if open_s >= gas.no_rise.within and not risen >= gas.no_rise.rise:
            rose = "capacitance gauge: no good reading" if math.isnan(risen) else f"pressure rose {risen:.2g} mbar"
            text = f"{rose} in {gas.no_rise.within:g} s: no gas, or the valve is stuck"
            return Trouble(ActionClass.HOLD, "n2_no_rise", text)
        slope = self._slope(p)
        if len(p.samples) >= 5 and slope > gas.max_slope:
            return Trouble(ActionClass.HOLD, "n2_slope", f"pressure rises {slope:.3g} mbar/s")
        if open_s >= band.after and not lowest <= slope <= highest:
            text = f"pressure rises {slope:.3g} mbar/s, expected {lowest:.3g} to {highest:.3g}: flow or gauge is wrong"
            return Trouble(ActionClass.HOLD, "n2_slope", text)
        if open_s > longest_s:
            return Trouble(ActionClass.HOLD, "n2_timeout", f"{self.target:g} mbar not reached in {longest_s:.0f} s")
        return None

    def _dwell(self, p: GasState, v: View) -> Tick:
        started = p.dwell_ns if p.dwell_ns is not None else v.now_ns
        left_ns = self.dwell_ns - (v.now_ns - started)
        if left_ns <= 0:
            p = p._replace(held_ns=v.now_ns - started)
            wants = self._levels(v, foreline=self.foreline_lead_ns == 0)
            return Tick(p, wants, self._dwell_text(), done="dwell over", scene=self._scene())
        p = self._topped_up(p, v, left_ns)
        wants = self._levels(v, is_open=p.topping_s > 0, foreline=left_ns > self.foreline_lead_ns)
        if p.topping_s > 0:
            until_ns = v.last.n2_until_ns if v.last.n2 else v.now_ns + to_ns(p.topping_s)
            wants = wants._replace(n2_until_ns=until_ns)
        trouble = None
        if p.vain > MOST_VAIN:
            text = f"{MOST_VAIN} top-ups did not bring the pressure back: no gas, or the gauge is stuck"
            trouble = Trouble(ActionClass.HOLD, "n2_no_rise", text)
        if self.tops_up and self._is_settled(p, v) and v.gas_pressure() < self.target * (1 - MOST_SAG):
            text = f"{v.gas_pressure():.0f} mbar in the dwell: the valve does not bring it back to {self.target:g} mbar"
            trouble = Trouble(ActionClass.HOLD, "n2_sag", text)
        return Tick(p, wants, self._dwell_text(), scene=self._scene(), trouble=trouble)

    def _is_settled(self, p: GasState, v: View) -> bool:
        """Return whether the pressure has been read since the valve closed last."""
        return v.readings[v.s.capacitance].at_ns - p.topped_ns >= SETTLED_NS

    def _dwell_text(self) -> str:
        return f"dwell {self.dwell_ns / SECOND:g} s"

    def _topped_up(self, p: GasState, v: View, left_ns: int) -> GasState:
        """Reopen below target - 1 % for as long as it takes to the target, not in the last seconds.

        A gas that is to settle is let alone: it shrinks as it cools, by up to a tenth (physics 3.2).
        """
        if not self.tops_up:
            return p
        missing_mbar = self.target - v.gas_pressure()
        if p.topping_s > 0:
            is_over = v.last.n2 and v.now_ns >= v.last.n2_until_ns
            if is_over or math.isnan(missing_mbar) or left_ns <= NO_TOP_UP_NS:
                return p._replace(topping_s=0.0, topped_ns=v.now_ns)
            return p
        sag_mbar = self.target * v.station.gas[self.gas].top_up_below / 100
        if missing_mbar < sag_mbar / 2:
            p = p._replace(vain=0)
        if not (missing_mbar > sag_mbar and self._is_settled(p, v) and left_ns > NO_TOP_UP_NS):
            return p
        seconds = min(opening_s(missing_mbar / p.slope_mbar_s), (left_ns - NO_TOP_UP_NS) / SECOND)
        return p._replace(topping_s=seconds, top_ups=p.top_ups + 1, vain=p.vain + 1)

    def _held(self, p: GasState, v: View) -> Tick:
        """Valve closed; the reaction clock runs on: at its end an alarm, and 60 s later it ends the hold by itself."""
        settled = v.is_closed(v.s.n2)
        if p.dwell_ns is None:
            p = GasState("fill", v.now_ns, samples=p.samples, counter=p.counter)
            return Tick(p, self._levels(v), "N2 valve closed", is_settled=settled, is_cold=True)
        over_ns = p.dwell_ns + self.dwell_ns
        p, trouble = p._replace(topping_s=0.0, vain=0), None
        if v.now_ns > over_ns + OVERTIME_NS:
            trouble = Trouble(ActionClass.STOP, "dwell_overtime", "the dwell is over by 60 s and the run is held")
        elif v.now_ns > over_ns and not p.is_told:
            p = p._replace(is_told=True)
            trouble = Trouble(ActionClass.ALARM, "dwell_over", "the dwell is over and the run is held: resume or stop")
        answer = Tick(p, self._levels(v), "N2 valve closed", is_settled=settled, is_cold=True, trouble=trouble)
        return answer._replace(hold_ends_ns=over_ns + OVERTIME_NS)

    def values(self, p: GasState, v: View) -> Values:
        """Return target, mean pressure over the dwell (mbar), how long it was held, and how much too long (s)."""
        held_ns = p.held_ns or (0 if p.dwell_ns is None else v.now_ns - p.dwell_ns)
        over_ns = held_ns - self.dwell_ns
        overtime: Values = {"overtime_s": over_ns / SECOND} if over_ns > SECOND else {}
        reached = p.total_mbar / p.readings if p.readings else v.capacitance
        return {
            "gas": self.gas,
            "target_mbar": self.target,
            "reached_mbar": reached,
            "held_s": held_ns / SECOND,
            "top_ups": p.top_ups,
            **overtime,
        }
