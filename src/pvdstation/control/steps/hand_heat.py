"""A source by hand: armed, switched on, its drive moved to what a person asks, no faster than its slew; switched off.

Only where our own loop sets the power. One source at a time: whatever is heated here is the layer that the rules see.
"""

import math
from typing import NamedTuple

from pvdstation.control.arbiter import missing
from pvdstation.control.crystal_rate import Track, followed
from pvdstation.control.owners import Power, PowerTick
from pvdstation.control.owners.host import HostOwner
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Drive
from pvdstation.control.steps.exposure import hottest
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns

GRANTED_NS = 2 * SECOND
"""A wish that is not granted within this time is dropped: it must not open or switch on something minutes later."""
DRIVEN = "frozen"
"""Stage in which the owner sets the drive that it is given."""
GOING_OFF = ("fall", "off")


class Heat(NamedTuple):
    """The source that is on by hand."""

    source: int  # place in the station's sources
    target_pct: float
    power: Power
    track: Track = Track()
    rates: tuple[tuple[int, float], ...] = ()  # ns, nm/s, of the capture time
    hottest_ohm: float = 0.0

    @property
    def drive_pct(self) -> float:
        """Return what the supply is told, %."""
        return self.power.loops[0].drive_pct

    @property
    def is_going_off(self) -> bool:
        """Return whether it is on its way to off, and off not yet read back."""
        return self.power.stage in GOING_OFF


class Heated(NamedTuple):
    """What a source wants in this scan."""

    heat: Heat | None  # None: off is read back
    tick: PowerTick
    dropped: str = ""  # why it is not what was asked for


class HandHeat:
    """One source that a person drives."""

    def __init__(self, wiring: Wiring) -> None:
        self.w = wiring
        self.owner = HostOwner((wiring,))

    def begin(self, target_pct: float, v: View) -> Heat:
        """Return the state before the supply is armed."""
        power = self.owner.first(v.now_ns)._replace(stage="arm")
        return Heat(self.w.index, target_pct, power)

    def aimed(self, heat: Heat, target_pct: float, v: View, *, at_once: bool) -> Heat:
        """Return the state with another target; at once, and before it is on, 0 is off."""
        if target_pct <= 0 and (at_once or heat.power.stage != DRIVEN):
            return heat._replace(target_pct=0.0, power=_staged(heat.power, "off", v))
        return heat._replace(target_pct=target_pct)

    def tick(self, heat: Heat, v: View, drive: Drive) -> Heated:
        """Decide one scan: held it is cut, stopped it falls as fast as our own loop lets it."""
        heat = self._seen(heat, v)
        if not heat.is_going_off and drive is not Drive.RUN:
            falls = drive is Drive.STOP and heat.power.stage == DRIVEN
            heat = heat._replace(power=_staged(heat.power, "fall" if falls else "off", v))
        if heat.power.stage in GOING_OFF:
            return self._off(heat, v)
        if heat.power.stage == DRIVEN:
            return self._driven(heat, v)
        return self._energised(heat, v)

    def _off(self, heat: Heat, v: View) -> Heated:
        tick = self.owner.end(heat.power, v)
        after = None if tick.done else heat._replace(power=tick.power)
        return Heated(after, tick)

    def _energised(self, heat: Heat, v: View) -> Heated:
        """Arm the supply and switch it on; what the arbiter does not let out in time is given up."""
        tick = self.owner.arm(heat.power, v, DRIVEN) if heat.power.stage == "arm" else self._on(heat, v)
        heat = heat._replace(power=tick.power)
        waited_ns = v.now_ns - heat.power.since_ns
        is_refused = tick.power.stage == "energise" and waited_ns > GRANTED_NS and not self._is_on(v)
        if not tick.fault and not is_refused:
            return Heated(heat, tick)
        why = tick.fault or str(missing("supply", v, self.scene(heat, v)) or "it was not let out in time")
        return self._given_up(heat, v, f"{self.w.name} stays off: {why}")

    def _on(self, heat: Heat, v: View) -> PowerTick:
        return self.owner.energise(heat.power, v, DRIVEN)

    def _driven(self, heat: Heat, v: View) -> Heated:
        if not self._is_on(v):
            return self._given_up(heat, v, f"{self.w.name} was switched off")
        most = self.w.source.slew * v.station.scan_period
        drive = min(heat.drive_pct + most, max(heat.drive_pct - most, heat.target_pct))
        loop = heat.power.loops[0]._replace(drive_pct=drive)
        heat = heat._replace(power=heat.power._replace(loops=(loop,)))
        if drive <= 0 and heat.target_pct <= 0:
            return self._off(heat._replace(power=_staged(heat.power, "off", v)), v)
        return Heated(heat, self.owner.freeze(heat.power, v))

    def _given_up(self, heat: Heat, v: View, why: str) -> Heated:
        off = heat._replace(target_pct=0.0, power=_staged(heat.power, "off", v))
        return self._off(off, v)._replace(dropped=why)

    def _is_on(self, v: View) -> bool:
        return v.last.supply[self.w.supply_index].on

    # --- what the rules see ---

    def _seen(self, heat: Heat, v: View) -> Heat:
        track, rates = followed(heat.track, v, self.w), heat.rates
        if track.is_new and not math.isnan(track.rate_nm_s):
            oldest_ns = v.now_ns - to_ns(v.station.defaults.capture.hold)
            rates = (*(pair for pair in rates if pair[0] >= oldest_ns), (v.now_ns, track.rate_nm_s))
        return heat._replace(track=track, rates=rates, hottest_ohm=hottest(heat.hottest_ohm, v, self.w))

    def scene(self, heat: Heat, v: View) -> Scene:
        """Return the layer: nobody set its rate, so it is captured when it has stayed in the band around its mean."""
        profile = self.w.source.condition
        mean, is_steady = _mean(heat, v)
        layer = Layer(
            self.w.index,
            mean,
            heat.track.rate_nm_s,
            is_first_ramp=False,
            is_regulating=False,
            is_at_soak=heat.power.stage == DRIVEN and heat.drive_pct >= min(profile.ramp1.power, profile.ramp2.power),
            is_captured=is_steady,
            is_exposed=False,
            hottest_ohm=heat.hottest_ohm,
        )
        return Scene(layer)

    def evaporated_nm(self, heat: Heat) -> float:
        """Return what has grown on its crystal since it was switched on, nm."""
        return max(0.0, heat.track.samples[-1][1]) if heat.track.samples else 0.0


def _staged(power: Power, stage: str, v: View) -> Power:
    return Power(stage, v.now_ns, loops=power.loops)


def _mean(heat: Heat, v: View) -> tuple[float, bool]:
    """Return the mean rate of the capture time, nm/s, and whether every rate of it was in the capture band."""
    capture = v.station.defaults.capture
    if not heat.rates:
        return math.nan, False
    mean = sum(rate for _, rate in heat.rates) / len(heat.rates)
    is_whole = v.now_ns - heat.rates[0][0] >= 0.9 * to_ns(capture.hold)
    is_in_band = all(abs(rate - mean) <= capture.within / 100 * mean for _, rate in heat.rates)
    return mean, mean > 0 and is_whole and is_in_band
