"""Vent: fill with dry gas through the vent valve to just below the glovebox, by the capacitance gauge only.

What flows in is warm and shrinks as it cools, so the pressure is looked at again when it has settled, and the valve
opens again where the door would not. The person confirms the pressure before the door.
"""

from typing import NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, Outputs

BELOW_MBAR = 3.0
"""How far below the glovebox the valve is told to close; its rule closes it 1 mbar higher."""
START_TIMEOUT_NS = 30 * SECOND
RISE_MBAR = 1.0
NO_RISE_NS = 30 * SECOND
"""With the valve open the pressure rises so much in this time, or there is no gas."""
SETTLE_NS = 30 * SECOND
MOST_FILLS = 10


class VentState(NamedTuple):
    """Where venting is."""

    since_ns: int
    opened_ns: int | None = None
    highest_mbar: float = 0.0
    rose_ns: int = 0  # when the pressure last rose
    closed_ns: int | None = None  # when the valve was told to close
    fills: int = 0


class Vent:
    """Fill, let it settle, fill again."""

    def __init__(self, gas: str) -> None:
        self.gas = gas

    def begin(self, v: View) -> VentState:
        """Return the state before the valve opens."""
        return VentState(v.now_ns)

    def tick(self, p: VentState, v: View, drive: Drive) -> Tick:
        """Fill or settle; held, paused and stopped with the valve closed."""
        if drive is not Drive.RUN:
            settled = v.is_closed(v.s.vent)
            return Tick(VentState(v.now_ns), _levels(v), "vent valve closed", is_settled=settled, is_cold=True)
        return self._fill(p, v) if p.closed_ns is None else self._settle(p, v, p.closed_ns)

    def _fill(self, p: VentState, v: View) -> Tick:
        target = v.station.glovebox.pressure - BELOW_MBAR
        text = f"{self.gas} to {target:g} mbar"
        mbar = v.gas_pressure()
        if mbar >= target:
            return self._settle(p._replace(closed_ns=v.now_ns), v, v.now_ns)
        if v.last.vent and p.opened_ns is None:
            p = p._replace(opened_ns=v.now_ns, highest_mbar=max(0.0, mbar), rose_ns=v.now_ns, fills=p.fills + 1)
        if mbar >= p.highest_mbar + RISE_MBAR:
            p = p._replace(highest_mbar=mbar, rose_ns=v.now_ns)
        return Tick(p, _levels(v, is_open=True), text, trouble=self._fill_trouble(p, v))

    def _fill_trouble(self, p: VentState, v: View) -> Trouble | None:
        if p.opened_ns is None:
            is_late = v.now_ns - p.since_ns > START_TIMEOUT_NS
            return Trouble(ActionClass.HOLD, "vent_valve", "the vent valve may not open") if is_late else None
        if not v.last.vent:
            return Trouble(ActionClass.HOLD, "vent_valve", "the vent valve was closed by its interlock")
        if v.now_ns - p.rose_ns > NO_RISE_NS:
            text = f"pressure rose less than {RISE_MBAR:g} mbar in {NO_RISE_NS / SECOND:g} s: no gas, or a stuck valve"
            return Trouble(ActionClass.HOLD, "vent_no_rise", text)
        if p.fills > MOST_FILLS:
            text = f"the pressure does not stay after {MOST_FILLS} fillings: the chamber is not closed"
            return Trouble(ActionClass.HOLD, "vent_sag", text)
        return None

    def _settle(self, p: VentState, v: View, closed_ns: int) -> Tick:
        wants, box = _levels(v), v.station.glovebox
        text = f"pressure settled for {SETTLE_NS / SECOND:g} s"
        if v.now_ns - closed_ns < SETTLE_NS:
            return Tick(p, wants, text)
        mbar = v.gas_pressure()
        if mbar < box.pressure - box.door:
            return self._fill(VentState(v.now_ns, fills=p.fills), v)
        if abs(mbar - box.pressure) <= box.door:
            return Tick(p, wants, text, done="vented; confirm the pressure before the door")
        shown = f"{mbar:.4g} mbar" if mbar > 0 else "capacitance gauge: no good reading"
        what = f"{shown} after venting, the glovebox has {box.pressure:g} mbar: do not open the door"
        return Tick(p, wants, text, trouble=Trouble(ActionClass.HOLD, "vent_pressure", what))

    def values(self, p: VentState, v: View) -> Values:
        """Return what was let in and to which pressure, mbar."""
        del p
        return {
            "gas": self.gas,
            "target_mbar": v.station.glovebox.pressure - BELOW_MBAR,
            "reached_mbar": v.capacitance,
        }


def _levels(v: View, *, is_open: bool = False) -> Outputs:
    return safe_levels(v)._replace(vent=is_open, gate=False)
