"""What is known of each source from scan to scan: on, hot, cold, and since when."""

from copy import copy
from typing import NamedTuple

from pvdstation.model.clock import to_ns
from pvdstation.model.messages import Outputs
from pvdstation.model.profile import Profile
from pvdstation.model.signals import Quality, Reading, SignalMap, SupplyMode
from pvdstation.model.station import FINGERPRINT_A, Station


class SourceState(NamedTuple):
    """History of one source. Unknown history counts as hot."""

    is_hot: bool = True
    off_since_ns: int | None = None  # confirmed off with good readings, without a gap
    above_since_ns: int | None = None  # current above the foldback threshold
    commanded_off_since_ns: int | None = None
    was_energised_ns: int | None = None  # last scan in which its supply was commanded on


class Wiring:
    """Station-derived constants of one source: signal numbers, places in the outputs, limits in ns."""

    def __init__(self, name: str, index: int, station: Station, signals: SignalMap) -> None:
        source = station.source[name]
        supplies = list(station.supply)
        self.name = name
        self.index = index
        self.source = source
        self.boat = source.boat
        self.supply_index = supplies.index(source.boat)
        self.supply = station.supply[source.boat]
        self.link = f"supply{source.boat}"
        self.signals = signals.supply[source.boat]
        self.enable_open = signals.enable_open[source.boat]
        self.shutter = signals.source_shutter[index]
        self.output = signals.output[source.sqc.output]
        self.crystal = signals.sensor[source.sensor]
        self.tooling_pct = station.sensor[source.sensor].tooling
        self.host = source.rate_loop == "host"
        self.limits = station.limits
        self.is_linked = self.supply.has_link
        self.io_age_ns = to_ns(station.limits.age.io)
        self.hot_above_a = station.limits.hot_above
        self.supply_age_ns = to_ns(station.limits.age.supply)
        self.cool_down_ns = to_ns(source.cool_down)
        self.crystal_failed = f"crystal {source.sensor} failed: shutters closed, {name} off"
        """What is said of its crystal, and what follows."""
        self.foldback_above_a = self.supply.foldback.above
        self.foldback_after_ns = to_ns(self.supply.foldback.after)

    @property
    def fingerprint_ramp(self) -> int:
        """Return the ramp that first passes the currents at which the boat is known by its resistance."""
        is_passed = self.source.condition.ramp1.power * self.supply.full_scale / 100 >= FINGERPRINT_A[0]
        return 1 if is_passed else 2

    def conditioned(self, profile: Profile) -> "Wiring":
        """Return the source with other ramps and soaks."""
        other = copy(self)
        other.source = self.source.conditioned(profile)
        return other


def updated(
    before: SourceState, wiring: Wiring, readings: tuple[Reading, ...], last: Outputs, now_ns: int
) -> SourceState:
    """Return the source's state after this scan's readings."""
    current = readings[wiring.signals.current]
    fresh = current.quality is Quality.GOOD and now_ns - current.at_ns <= wiring.supply_age_ns
    on = last.supply[wiring.supply_index].on
    if wiring.is_linked:
        off = (
            fresh
            and current.value <= wiring.hot_above_a
            and readings[wiring.signals.mode].value == SupplyMode.OFF
            and not on
        )
    else:  # nothing is measured: the enable contact read back open is all there is
        contact = readings[wiring.enable_open]
        off = contact.quality is Quality.GOOD and now_ns - contact.at_ns <= wiring.io_age_ns and contact.value == 1
        off = off and not on
    hot = before.is_hot or on or (fresh and current.value > wiring.hot_above_a)
    off_since = (before.off_since_ns if before.off_since_ns is not None else now_ns) if off else None
    if hot and off_since is not None and now_ns - off_since >= wiring.cool_down_ns:
        hot = False
    above = fresh and on and current.value > wiring.foldback_above_a
    above_since = (before.above_since_ns if before.above_since_ns is not None else now_ns) if above else None
    commanded_off = before.commanded_off_since_ns
    commanded_off = None if on else now_ns if commanded_off is None else commanded_off
    energised = now_ns if on else before.was_energised_ns
    if (hot, off_since, above_since, commanded_off, energised) == before:
        return before
    return SourceState(hot, off_since, above_since, commanded_off, energised)
