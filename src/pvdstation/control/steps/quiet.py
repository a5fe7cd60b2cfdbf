"""Steps without energy and gas: cool, isolate, finish."""

import math
from typing import NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.owners import STOPPED, is_off
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.view import CAPACITANCE_VACUUM_MBAR, View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass


class Cool:
    """Wait until the sources are cold. The clock is the source's own: it always runs, whatever the run does."""

    def __init__(self, names: tuple[str, ...], cool_down_s: tuple[float, ...]) -> None:
        self.names = names
        self.cool_down_ns = tuple(to_ns(s) for s in cool_down_s)

    def begin(self, v: View) -> int:
        """Return when cooling began to be waited for, ns."""
        return v.now_ns

    def left_ns(self, v: View) -> int | None:
        """Return how long until the last source is cold, ns; None while one is not confirmed off."""
        left = 0
        for name, needed_ns in zip(self.names, self.cool_down_ns, strict=True):
            source = v.sources[v.frame.by_name[name].index]
            if source.off_since_ns is None:
                return None
            since_off = v.now_ns - source.off_since_ns
            left = max(left, needed_ns - since_off)
            if source.is_hot:
                left = max(left, v.frame.by_name[name].cool_down_ns - since_off)
        return left

    def tick(self, state: int, v: View, drive: Drive) -> Tick:
        """Wait; pause and hold change nothing, stop ends the run while the flags stay."""
        left = self.left_ns(v)
        text = "sources confirmed off" if left is None else f"{', '.join(self.names)} cold"
        done = "sources cold" if left is not None and left <= 0 else ""
        return Tick(state, safe_levels(v), text, done=done, is_settled=drive is not Drive.RUN, is_cold=True)

    def values(self, state: int, v: View) -> Values:
        """Return nothing: without a thermocouple the timer is all there is."""
        del state, v
        return {}


class IsolateState(NamedTuple):
    """Pressures since the gate was confirmed closed."""

    since_ns: int
    closed_ns: int | None = None
    samples: tuple[tuple[int, float], ...] = ()
    counter: int = -1


class Isolate:
    """Close the HV gate; for 10 s the chamber stays below 2 mbar and rises less than 0.05 mbar/s."""

    WATCH_NS = 10 * SECOND
    MOST_RISE_MBAR_S = 0.05

    def begin(self, v: View) -> IsolateState:
        """Return the state before the gate is told to close."""
        return IsolateState(v.now_ns)

    def tick(self, p: IsolateState, v: View, drive: Drive) -> Tick:
        """Wait for both switches, then for the rise."""
        wants = safe_levels(v)._replace(gate=False)
        if drive is Drive.STOP:
            return Tick(p, wants, "gate closed", is_settled=v.is_closed(v.s.gate))
        if drive is Drive.HOLD:
            return Tick(IsolateState(v.now_ns), wants, "gate closed", is_settled=v.is_closed(v.s.gate), is_cold=True)
        if not v.is_closed(v.s.gate):
            late = v.now_ns - p.since_ns > to_ns(v.station.io.follow.gate)
            trouble = Trouble(ActionClass.HOLD, "gate", "the HV gate did not close in time") if late else None
            return Tick(
                p._replace(closed_ns=None, samples=()), wants, "HV gate closed by both switches", trouble=trouble
            )
        return self._watch(p, v)

    def _watch(self, p: IsolateState, v: View) -> Tick:
        closed_ns = v.now_ns if p.closed_ns is None else p.closed_ns
        reading = v.readings[v.s.capacitance]
        samples = p.samples
        if reading.counter != p.counter:
            samples = (*samples, (reading.at_ns, v.capacitance))
        p = IsolateState(p.since_ns, closed_ns, samples, reading.counter)
        wants = safe_levels(v)._replace(gate=False)
        if v.now_ns - closed_ns < self.WATCH_NS:
            return Tick(p, wants, "pressure rise over 10 s")
        rise = _slope(samples)
        if v.capacitance < CAPACITANCE_VACUUM_MBAR and rise < self.MOST_RISE_MBAR_S:
            return Tick(p, wants, "pressure rise over 10 s", done="chamber holds")
        text = f"isolated chamber: {_seen(v.capacitance, rise)}"
        return Tick(p, wants, text, trouble=Trouble(ActionClass.HOLD, "isolate", text))

    def values(self, p: IsolateState, v: View) -> Values:
        """Return the rise that was seen, mbar/s."""
        del v
        return {"rise_mbar_s": _slope(p.samples)}


def _seen(mbar: float, rise_mbar_s: float) -> str:
    """Return pressure and rise in words; a gauge that shows nothing is named, not a number."""
    if not (math.isfinite(mbar) and math.isfinite(rise_mbar_s)):
        return "capacitance gauge: no good reading"
    return f"{mbar:.3g} mbar, rising {rise_mbar_s:.3g} mbar/s"


def _slope(samples: tuple[tuple[int, float], ...]) -> float:
    """Return the least-squares slope, mbar/s; infinite with too few samples, so that no claim holds."""
    if len(samples) < 4:
        return float("inf")
    start = samples[0][0]
    times = [(at - start) / SECOND for at, _p in samples]
    mean_t = sum(times) / len(times)
    mean_p = sum(p for _at, p in samples) / len(samples)
    spread = sum((t - mean_t) ** 2 for t in times)
    return sum((t - mean_t) * (p - mean_p) for t, (_at, p) in zip(times, samples, strict=True)) / spread


SUPPLIES_OFF, SHUTTERS_CLOSED, SQC_STOPPED = "supplies off", "shutters closed", "SQC-310 stopped"
SUBSTRATE_CLOSED, N2_CLOSED, VENT_CLOSED = "substrate shutter closed", "N2 valve closed", "vent valve closed"
PARTS = (SUPPLIES_OFF, SHUTTERS_CLOSED, SUBSTRATE_CLOSED, N2_CLOSED, VENT_CLOSED, SQC_STOPPED)
"""Parts of the safe state that a person asks for; the substrate shutter alone where a source is held open."""


class SafeLine(NamedTuple):
    """One line of the safe state that is not read back, and the part of it to which it belongs."""

    part: str
    text: str


def lacking_lines(v: View) -> list[SafeLine]:
    """Return the lines of the safe state that are not read back (design, safe state)."""
    lines = []
    for w in v.frame.sources:
        if not is_off(v, w):
            lines.append(SafeLine(SUPPLIES_OFF, f"supply {w.boat} off"))
        setpoint = v.value(w.signals.setpoint, 3 * v.frame.supply_age_ns)
        if w.supply.current_source == "digital" and setpoint != 0 and not v.is_unmeasured(w):
            lines.append(SafeLine(SUPPLIES_OFF, f"supply {w.boat} set-point 0"))
        if not v.is_closed(w.shutter):
            lines.append(SafeLine(SHUTTERS_CLOSED, f"source shutter {w.name} closed"))
    if v.slow_sqc(v.s.sqc_phase) != STOPPED:
        lines.append(SafeLine(SQC_STOPPED, SQC_STOPPED))
    if not v.is_closed(v.s.substrate_shutter):
        lines.append(SafeLine(SHUTTERS_CLOSED, SUBSTRATE_CLOSED))
    valves = ((N2_CLOSED, v.s.n2), (VENT_CLOSED, v.s.vent), ("roughing valve closed", v.s.roughing))
    return [*lines, *(SafeLine(text, text) for text, number in valves if not v.is_closed(number))]


def unconfirmed(v: View) -> list[str]:
    """Return what of the safe state is not read back; empty when the station is confirmed safe."""
    return [line.text for line in lacking_lines(v)]


def unmeasured_text(v: View) -> str:
    """Return which supplies are off by their enable contact alone, if at all: nobody knows their current."""
    unknown = (w for w in v.frame.sources if v.is_unmeasured(w))
    return ", ".join(f"supply {w.boat} not measured, enable contact {v.enable_text(w)}" for w in unknown)


class Finish:
    """Confirm the safe state by reading back; the chamber stays as the last step left it."""

    LONGEST_NS = 60 * SECOND

    def begin(self, v: View) -> int:
        """Return when confirming began, ns."""
        return v.now_ns

    def tick(self, state: int, v: View, drive: Drive) -> Tick:
        """Wait until every line of the safe state is read back, at least for one gauge period."""
        del drive
        wants = safe_levels(v)
        lacking = unconfirmed(v)
        text = f"to be confirmed: {', '.join(lacking)}" if lacking else "safe state confirmed"
        waited_ns = v.now_ns - state
        if not lacking and waited_ns >= 5 * SECOND:
            return Tick(state, wants, text, done="safe state confirmed", is_settled=True)
        trouble = None
        if lacking and waited_ns > self.LONGEST_NS:
            trouble = Trouble(ActionClass.FAST_OFF, "safe_state", f"not confirmed: {', '.join(lacking)}")
        return Tick(state, wants, text, trouble=trouble)

    def values(self, state: int, v: View) -> Values:
        """Return nothing."""
        del state, v
        return {}
