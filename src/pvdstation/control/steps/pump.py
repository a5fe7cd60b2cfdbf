"""Pump down, and evacuate after gas: rough, cross over, open the gate, wait for the pressure.

Roughing valve and fore-line valve share the backing pump: one is confirmed closed before the other opens, and the
turbo is without backing for a limited time.
"""

from typing import NamedTuple

from pvdstation.control.arbiter import missing, safe_levels
from pvdstation.control.scene import EMPTY
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass

RISEN_NS = 5 * SECOND
CROSSOVER_SETTLE_NS = 60 * SECOND
ROUGHING_MARGIN = 0.9
"""Roughing ends a tenth below the crossover: the gauge's noise and the rise while valves move must not undo it."""


class PumpState(NamedTuple):
    """Where pumping is."""

    stage: str
    began_ns: int
    since_ns: int
    unbacked_since_ns: int | None = None  # fore-line valve closed with the turbo turning
    below_since_ns: int | None = None
    roughed_ns: int = 0  # time spent roughing before the last interruption
    parked_ns: int | None = None  # when it was last seen held: the time-out is suspended meanwhile


class Pump:
    """Pump to a pressure that must hold; also the way back to vacuum after gas."""

    def __init__(self, to_mbar: float, hold_s: float, timeout_s: float, *, after_gas: bool) -> None:
        self.to_mbar = to_mbar
        self.hold_ns = to_ns(hold_s)
        self.timeout_ns = to_ns(timeout_s)
        self.after_gas = after_gas

    def begin(self, v: View) -> PumpState:
        """Return the stage that fits the plant as it is found."""
        first = "high vacuum" if v.is_open(v.s.gate) and v.last.gate else "turbo"
        unbacked = v.now_ns if self.after_gas else None
        return PumpState(first, v.now_ns, v.now_ns, unbacked_since_ns=unbacked)

    def tick(self, p: PumpState, v: View, drive: Drive) -> Tick:
        """Move one stage at a time, each confirmed by switches and gauges."""
        if drive is not Drive.RUN and not self.after_gas:
            return self._parked(p, v)
        p = self._resumed(p, v)
        tick: Tick = getattr(self, f"_{p.stage.replace(' ', '_')}")(p, v)._replace(is_cold=True)
        if v.now_ns - p.began_ns > self.timeout_ns and not tick.done:
            text = f"{self.to_mbar:g} mbar not reached in {self.timeout_ns / 60e9:g} min"
            return tick._replace(trouble=Trouble(ActionClass.HOLD, "pump_down", text))
        if drive is not Drive.RUN and tick.done:
            return tick._replace(is_settled=True)
        return tick

    def _at(self, stage: str, p: PumpState, v: View) -> PumpState:
        return p._replace(stage=stage, since_ns=v.now_ns)

    def _parked(self, p: PumpState, v: View) -> Tick:
        """Next backed state: roughing valve closed, then fore-line valve open, gate as it is."""
        settled = v.is_closed(v.s.roughing) and (v.is_open(v.s.foreline_valve) or not v.turbo_ok)
        if p.stage == "rough":
            p = p._replace(roughed_ns=p.roughed_ns + v.now_ns - p.since_ns)
        again = self._resumed(p, v)._replace(
            stage="high vacuum" if v.last.gate else "turbo",
            since_ns=v.now_ns,
            unbacked_since_ns=None if v.is_open(v.s.foreline_valve) else p.unbacked_since_ns,
            below_since_ns=None,
            parked_ns=v.now_ns,
        )
        return Tick(
            again, safe_levels(v), "roughing valve closed, fore-line valve open", is_settled=settled, is_cold=True
        )

    def _resumed(self, p: PumpState, v: View) -> PumpState:
        """Return the state whose time-out does not count the time since it was last seen held."""
        if p.parked_ns is None:
            return p
        return p._replace(began_ns=p.began_ns + v.now_ns - p.parked_ns, parked_ns=None)

    def _turbo(self, p: PumpState, v: View) -> Tick:
        """Turbo at speed before it is left without backing for a while."""
        if self.after_gas or v.turbo_ok:
            return self._rough(self._at("rough", p, v), v)
        return Tick(p, safe_levels(v)._replace(turbo=True), "turbo at speed")

    def _rough(self, p: PumpState, v: View) -> Tick:
        station = v.station
        if v.pressure <= ROUGHING_MARGIN * station.limits.crossover:
            roughed_ns = p.roughed_ns + v.now_ns - p.since_ns
            return self._cross(self._at("cross", p._replace(roughed_ns=roughed_ns), v), v)
        unbacked = p.unbacked_since_ns
        if unbacked is None and not v.is_open(v.s.foreline_valve):
            unbacked = v.now_ns
        p = p._replace(unbacked_since_ns=unbacked)
        if unbacked is not None and v.now_ns - unbacked >= to_ns(station.limits.turbo_without_backing):
            return self._back(self._at("back", p._replace(roughed_ns=p.roughed_ns + v.now_ns - p.since_ns), v), v)
        wants = safe_levels(v)._replace(foreline=False, roughing=True, gate=False)
        spent_ns = p.roughed_ns + v.now_ns - p.since_ns
        trouble = None
        if spent_ns > to_ns(station.defaults.rough_timeout):
            text = f"crossover not reached in {station.defaults.rough_timeout / 60:g} min of roughing"
            trouble = Trouble(ActionClass.HOLD, "rough_timeout", text)
        elif refusal := self._refused(p, v):
            trouble = Trouble(ActionClass.HOLD, "roughing_valve", refusal)
        return Tick(p, wants, f"chamber ≤ {station.limits.crossover:g} mbar by roughing", trouble=trouble)

    def _refused(self, p: PumpState, v: View) -> str:
        """Return why the roughing valve may not open although gate and fore-line valve have had time to close."""
        follow = v.station.io.follow
        if v.last.roughing or v.now_ns - p.since_ns <= to_ns(follow.gate + follow.valve):
            return ""
        refusal = missing("roughing", v, EMPTY)
        return str(refusal) if refusal else ""

    def _back(self, p: PumpState, v: View) -> Tick:
        """The turbo gets its backing again; then roughing goes on."""
        if v.is_open(v.s.foreline_valve) and v.foreline < v.station.limits.foreline_start:
            return self._rough(self._at("rough", p._replace(unbacked_since_ns=None), v), v)
        return Tick(p, safe_levels(v)._replace(gate=False), "turbo backed: fore-line < 1 mbar")

    def _cross(self, p: PumpState, v: View) -> Tick:
        """Roughing valve closed, fore-line valve open and below its limit, then the gate; rough again if it rose."""
        wants = safe_levels(v)._replace(gate=False)
        backed = v.is_open(v.s.foreline_valve)
        if backed and missing("gate", v, EMPTY) is None:
            return self._gate(self._at("gate", p, v), v)
        waited_ns = v.now_ns - p.since_ns
        if backed and waited_ns > RISEN_NS and v.pressure > v.station.limits.crossover:
            return self._rough(self._at("rough", p._replace(unbacked_since_ns=None), v), v)
        trouble = None
        if waited_ns > CROSSOVER_SETTLE_NS:
            text = f"no crossover within 60 s: {missing('gate', v, EMPTY) or 'the fore-line valve did not open'}"
            trouble = Trouble(ActionClass.HOLD, "crossover", text)
        return Tick(p, wants, "roughing valve closed, fore-line open and < 1 mbar", trouble=trouble)

    def _gate(self, p: PumpState, v: View) -> Tick:
        wants = safe_levels(v)._replace(gate=True)
        if v.is_open(v.s.gate):
            return self._high_vacuum(self._at("high vacuum", p, v), v)
        late = v.now_ns - p.since_ns > to_ns(v.station.io.follow.gate)
        trouble = Trouble(ActionClass.HOLD, "gate", "the HV gate did not open in time") if late else None
        return Tick(p, wants, "HV gate open", trouble=trouble)

    def _high_vacuum(self, p: PumpState, v: View) -> Tick:
        wants = safe_levels(v)
        text = f"pressure ≤ {self.to_mbar:g} mbar for {self.hold_ns / SECOND:g} s"
        if not v.pressure <= self.to_mbar:
            trouble = None
            if not v.last.gate:
                trouble = Trouble(ActionClass.HOLD, "gate", "the HV gate has been closed")
            return Tick(p._replace(below_since_ns=None), wants, text, trouble=trouble)
        since = v.now_ns if p.below_since_ns is None else p.below_since_ns
        p = p._replace(below_since_ns=since)
        done = "pressure reached" if v.now_ns - since >= self.hold_ns else ""
        return Tick(p, wants, text, done=done)

    def values(self, p: PumpState, v: View) -> Values:
        """Return the pressure that was reached, mbar."""
        del p
        return {"target_mbar": self.to_mbar, "reached_mbar": v.pressure}
