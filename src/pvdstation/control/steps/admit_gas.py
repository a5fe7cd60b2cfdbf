"""Admit gas: fill to a pressure, dwell there. Only the capacitance gauge counts once the valve has opened.

The dwell clock starts when the valve is first told to close at the target and ends when the roughing valve is told
to open by the evacuation that follows.
"""

from typing import NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.scene import Scene
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass, Outputs
from pvdstation.model.signals import Quality

LATENCY_S = 0.2
"""From the order to half-closed: valve latency 50 ms and half its travel of 0.3 s."""
SLOPE_NS = 2 * SECOND
MOST_SAG = 0.05
"""How far below the target the pressure may fall in the dwell, as a share of it."""
NO_TOP_UP_NS = 5 * SECOND
FORELINE_LEAD_NS = 2 * SECOND
OVERTIME_NS = 60 * SECOND
START_TIMEOUT_NS = 30 * SECOND


class GasState(NamedTuple):
    """Where the gas step is."""

    stage: str  # "fill", "dwell", "end"
    since_ns: int
    opened_ns: int | None = None
    opened_mbar: float = 0.0
    is_filling: bool = True
    dwell_ns: int | None = None  # when the valve was first told to close at the target
    samples: tuple[tuple[int, float], ...] = ()
    counter: int = -1
    readings: int = 0
    total_mbar: float = 0.0
    top_ups: int = 0
    held_ns: int = 0


class AdmitGas:
    """Fill and dwell."""

    def __init__(self, gas: str, pressure_mbar: float, dwell_s: float, *, is_pumped_out: bool) -> None:
        self.gas = gas
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

    def _predicted(self, p: GasState, v: View) -> float:
        """Return the pressure at which the chamber would settle if the valve were closed now, mbar."""
        at_ns, mbar = p.samples[-1]
        return mbar + max(0.0, self._slope(p)) * ((v.now_ns - at_ns) / SECOND + LATENCY_S)

    def _fill(self, p: GasState, v: View) -> Tick:
        if v.last.n2 and p.opened_ns is None:
            p = p._replace(opened_ns=v.now_ns, opened_mbar=v.capacitance)
        if p.opened_ns is not None and p.samples and self._predicted(p, v) >= self.target:
            return self._dwell(p._replace(dwell_ns=v.now_ns, is_filling=False, stage="dwell"), v)
        text = f"N2 to {self.target:g} mbar"
        return Tick(p, self._levels(v, is_open=True), text, scene=self._scene(), trouble=self._fill_trouble(p, v))

    def _fill_trouble(self, p: GasState, v: View) -> Trouble | None:
        gas = v.station.gas[self.gas]
        if p.opened_ns is None:
            late = v.now_ns - p.since_ns > START_TIMEOUT_NS
            return Trouble(ActionClass.HOLD, "n2_valve", "the N2 valve may not open") if late else None
        open_s = (v.now_ns - p.opened_ns) / SECOND
        risen = v.capacitance - p.opened_mbar
        longest_s = gas.timeout_factor * self.target / gas.expected_slope
        if not v.last.n2:
            return Trouble(ActionClass.HOLD, "n2_valve", "the N2 valve was closed by its interlock")
        if open_s >= gas.no_rise.within and not risen >= gas.no_rise.rise:
            text = f"pressure rose {risen:.2g} mbar in {gas.no_rise.within:g} s: no gas, or the valve is stuck"
            return Trouble(ActionClass.HOLD, "n2_no_rise", text)
        if len(p.samples) >= 5 and self._slope(p) > gas.max_slope:
            return Trouble(ActionClass.HOLD, "n2_slope", f"pressure rises {self._slope(p):.3g} mbar/s")
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
        wants = self._levels(v, is_open=p.is_filling, foreline=left_ns > self.foreline_lead_ns)
        trouble = None
        if v.gas_pressure() < self.target * (1 - MOST_SAG):
            text = f"{v.gas_pressure():.0f} mbar in the dwell: the valve does not bring it back to {self.target:g} mbar"
            trouble = Trouble(ActionClass.HOLD, "n2_sag", text)
        return Tick(p, wants, self._dwell_text(), scene=self._scene(), trouble=trouble)

    def _dwell_text(self) -> str:
        return f"dwell {self.dwell_ns / SECOND:g} s"

    def _topped_up(self, p: GasState, v: View, left_ns: int) -> GasState:
        """Reopen below target - 1 %, close at the target, not in the last seconds."""
        pressure = v.gas_pressure()
        if p.is_filling:
            ends = left_ns <= NO_TOP_UP_NS or not self._predicted(p, v) < self.target
            return p._replace(is_filling=False) if ends else p
        low = self.target * (1 - v.station.gas[self.gas].top_up_below / 100)
        if pressure < low and left_ns > NO_TOP_UP_NS:
            return p._replace(is_filling=True, top_ups=p.top_ups + 1)
        return p

    def _held(self, p: GasState, v: View) -> Tick:
        """Valve closed; the reaction clock runs on and ends the hold by itself."""
        settled = v.is_closed(v.s.n2)
        trouble = None
        if p.dwell_ns is not None and v.now_ns - p.dwell_ns > self.dwell_ns + OVERTIME_NS:
            trouble = Trouble(ActionClass.STOP, "dwell_overtime", "the dwell is over by 60 s and the run is held")
        elif p.dwell_ns is None:
            p = GasState("fill", v.now_ns, samples=p.samples, counter=p.counter)
        p = p._replace(is_filling=False) if p.dwell_ns is not None else p
        return Tick(p, self._levels(v), "N2 valve closed", is_settled=settled, is_cold=True, trouble=trouble)

    def values(self, p: GasState, v: View) -> Values:
        """Return target, mean pressure over the dwell (mbar), and how long it was held (s)."""
        held_ns = p.held_ns or (0 if p.dwell_ns is None else v.now_ns - p.dwell_ns)
        reached = p.total_mbar / p.readings if p.readings else v.capacitance
        return {
            "gas": self.gas,
            "target_mbar": self.target,
            "reached_mbar": reached,
            "held_s": held_ns / SECOND,
            "top_ups": p.top_ups,
        }
