"""Leak test: the HV gate closed, the rise of the pressure fitted, the gate open again.

What rises is leak and outgassing together; the rate in mbar L/s is the slope times the volume that the station file
estimates. The full-range gauge measures, up to the pressure above which the gate could not be opened again.
"""

import math
from typing import NamedTuple

from pvdstation.control.arbiter import missing, safe_levels
from pvdstation.control.scene import EMPTY
from pvdstation.control.steps.base import Drive, Tick, Trouble, Values
from pvdstation.control.steps.line_fit import LineFit
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Quality
from pvdstation.recipe.procedure import LEAK_TEST_UP_TO
from pvdstation.recipe.spelling import pressure_text, rounded

GAUGE = "full-range gauge"
FEWEST = 10
"""Readings that make a slope."""
OPEN_AGAIN_NS = 60 * SECOND


class Rise(NamedTuple):
    """Where the test is, and what it has seen."""

    stage: str  # "close", "rise", "open", "over"
    since_ns: int
    fit: LineFit = LineFit()
    counter: int = -1
    lasted_s: float = 0.0


class LeakTest:
    """Close the pump off and fit the rise; above the limit the run is held."""

    def __init__(self, duration_s: float, below_mbar_s: float) -> None:
        self.duration_ns = to_ns(duration_s)
        self.below = below_mbar_s

    def begin(self, v: View) -> Rise:
        """Return the state before the gate is told to close."""
        return Rise("close", v.now_ns)

    def tick(self, p: Rise, v: View, drive: Drive) -> Tick:
        """Close, measure, open, judge; after a hold all of it again."""
        if drive is not Drive.RUN:
            is_settled = v.is_open(v.s.gate) if v.last.gate else v.is_closed(v.s.gate)
            return Tick(p._replace(stage="over"), safe_levels(v), "gate as it is", is_settled=is_settled, is_cold=True)
        match p.stage:
            case "rise":
                return self._rise(p, v)
            case "open":
                return self._open(p, v)
            case "over":
                p = self.begin(v)
        return self._close(p, v)

    def _close(self, p: Rise, v: View) -> Tick:
        wants = safe_levels(v)._replace(gate=False)
        if v.is_closed(v.s.gate):
            return self._rise(Rise("rise", v.now_ns, counter=v.readings[v.s.full_range].counter), v)
        late = v.now_ns - p.since_ns > to_ns(v.station.io.follow.gate)
        trouble = Trouble(ActionClass.HOLD, "gate", "the HV gate did not close in time") if late else None
        return Tick(p, wants, "HV gate closed by both switches", trouble=trouble)

    def _rise(self, p: Rise, v: View) -> Tick:
        wants, text = safe_levels(v)._replace(gate=False), f"rise of the pressure over {self.duration_ns / SECOND:g} s"
        if not v.is_closed(v.s.gate):
            what = "the HV gate is not confirmed closed any more"
            return Tick(p, wants, text, trouble=Trouble(ActionClass.HOLD, "gate", what))
        reading = v.readings[v.s.full_range]
        if reading.counter != p.counter and reading.quality is Quality.GOOD:
            fit = p.fit.with_point((reading.at_ns - p.since_ns) / SECOND, reading.value)
            p = p._replace(fit=fit, counter=reading.counter)
        lasted_ns = v.now_ns - p.since_ns
        p = p._replace(lasted_s=lasted_ns / SECOND)
        is_too_much = (
            not v.pressure <= LEAK_TEST_UP_TO * v.station.limits.crossover and lasted_ns > v.frame.gauge_age_ns
        )
        if lasted_ns >= self.duration_ns or is_too_much:
            return self._open(p._replace(stage="open", since_ns=v.now_ns), v)
        return Tick(p, wants, text)

    def _open(self, p: Rise, v: View) -> Tick:
        wants = safe_levels(v)._replace(gate=True)
        if v.is_open(v.s.gate):
            return self._judge(p, v)
        trouble = None
        if v.now_ns - p.since_ns > OPEN_AGAIN_NS:
            text = f"{self._seen(p, v)}; the gate stays closed: {missing('gate', v, EMPTY) or 'it did not open'}"
            trouble = Trouble(ActionClass.HOLD, "leak_test", text)
        return Tick(p, wants, "HV gate open", trouble=trouble)

    def _judge(self, p: Rise, v: View) -> Tick:
        wants = safe_levels(v)
        seen = self._seen(p, v)
        if p.fit.points >= FEWEST and p.fit.slope <= self.below:
            return Tick(p, wants, "HV gate open", done=seen)
        return Tick(p, wants, "HV gate open", trouble=Trouble(ActionClass.HOLD, "leak_test", seen))

    def _seen(self, p: Rise, v: View) -> str:
        """Return the result as a sentence."""
        if p.fit.points < FEWEST:
            return f"{GAUGE}: {p.fit.points} good readings in {p.lasted_s:.0f} s, the rise is not known"
        slope, volume_l = p.fit.slope, v.station.estimate.volume
        verdict = "within" if slope <= self.below else "above"
        return (
            f"pressure rises {slope:.2e} ± {p.fit.slope_sd:.0e} mbar/s ({GAUGE}, {p.lasted_s:.0f} s), {verdict} the "
            f"limit of {pressure_text(self.below)}/s: {slope * volume_l:.2e} mbar L/s at {rounded(volume_l)} L, leak "
            "and outgassing together"
        )

    def values(self, p: Rise, v: View) -> Values:
        """Return slope, its standard error and the limit, mbar/s, the rate, mbar L/s, and the gauge."""
        slope = p.fit.slope if p.fit.points >= FEWEST else math.nan
        return {
            "rise_mbar_s": slope,
            "rise_sd_mbar_s": p.fit.slope_sd,
            "limit_mbar_s": self.below,
            "leak_mbar_l_s": slope * v.station.estimate.volume,
            "gauge": GAUGE,
        }
