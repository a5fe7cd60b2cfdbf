"""What power the sources take, V·I at the supply's terminals: for people to plan with, not for control.

A boat's current is known: ramp 2 ends at it. Its resistance at that power is the one that its last recorded run
measured, or what the station file says of it (``cold_resistance`` times ``resistance_growth``). Where neither says,
there are only bounds: a metal that is heated has at least its cold resistance.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pvdstation.model.profile import Profile
from pvdstation.model.station import Source, Station
from pvdstation.recipe.melting import profile_of
from pvdstation.recipe.procedure import Condition, Deposit, MeltIn, Step, Work

STATION_FILE = "station file"
SAME_RATE = 0.1
"""Rates that differ by no more need the same power, share of the rate."""


class Seen(NamedTuple):
    """What one recorded run measured of a boat; None where it did not."""

    run: str
    hot_mohm: float | None = None  # at the power of ramp 2
    rate_nm_s: float | None = None  # of its last layer
    peak_w: float | None = None  # of that layer


class Power(NamedTuple):
    """What a step takes from one supply, W: the highest that is expected, or at least and at most."""

    source: str
    expected_w: float | None  # None: nobody knows the boat's resistance when it is hot
    least_w: float | None  # of ramp 2, where nothing is expected
    most_w: float  # what current limit, voltage limit and power limit allow
    basis: str  # "run <id>", "station file", or "limits"


def powers_of(
    steps: Sequence[Step], station: Station, seen: Mapping[str, Sequence[Seen]]
) -> tuple[tuple[Power, ...], ...]:
    """Return the power of every step, of each source that it heats; ``seen`` has a boat's runs from the oldest."""
    return tuple(_powers(step.work, station, seen) for step in steps)


def most_at_once(powers: Sequence[Sequence[Power]]) -> tuple[float | None, float]:
    """Return the highest expected and the highest allowed power of all supplies together, W.

    None is expected where one source of the procedure has no expected power.
    """
    heated = [step for step in powers if step]
    most_w = max((sum(power.most_w for power in step) for step in heated), default=0.0)
    if any(power.expected_w is None for step in heated for power in step):
        return None, most_w
    return max((sum(power.expected_w or 0.0 for power in step) for step in heated), default=0.0), most_w


def _powers(work: Work, station: Station, seen: Mapping[str, Sequence[Seen]]) -> tuple[Power, ...]:
    match work:
        case Condition():
            names = (work.source, *(other.source for other in work.others))
            return tuple(_heated(name, station, _usual(station, name), seen.get(name, ())) for name in names)
        case Deposit():
            fastest = max([work.rate_nm_s, *(ramp.to_nm_s for ramp in work.ramps)])
            rates = ((work.source, fastest), *((other.source, other.rate_nm_s) for other in work.others))
            return tuple(_exposed(name, rate, station, seen.get(name, ())) for name, rate in rates)
        case MeltIn():
            return (_heated(work.source, station, profile_of(work), seen.get(work.source, ())),)
        case _:
            return ()


def _usual(station: Station, name: str) -> Profile:
    ramps = station.source[name].condition
    return Profile(ramps.ramp1.power, ramps.ramp1.time, ramps.soak1, ramps.ramp2.power, ramps.ramp2.time, ramps.soak2)


def _heated(name: str, station: Station, profile: Profile, seen: Sequence[Seen]) -> Power:
    """Return the power of ramps and soaks: that of the higher ramp."""
    source = station.source[name]
    highest_a = _ampere(station, source, max(profile.ramp1_pct, profile.ramp2_pct))
    most_w = _most_w(station, source, highest_a)
    hot_ohm, basis = _hot_ohm(name, station, seen)
    if hot_ohm is None:
        return Power(name, None, min(most_w, highest_a**2 * source.cold_resistance), most_w, basis)
    return Power(name, min(most_w, highest_a**2 * hot_ohm), None, most_w, basis)


def _exposed(name: str, rate_nm_s: float, station: Station, seen: Sequence[Seen]) -> Power:
    """Return the power of a layer: as the last one at this rate took, else that of ramp 2, where its loop begins."""
    source = station.source[name]
    most_w = _most_w(station, source, _ampere(station, source, source.max_power))
    for run in reversed(seen):
        if run.peak_w and run.rate_nm_s and abs(run.rate_nm_s / rate_nm_s - 1) <= SAME_RATE:
            return Power(name, min(most_w, run.peak_w), None, most_w, f"run {run.run}")
    return _heated(name, station, _usual(station, name), seen)._replace(least_w=None, most_w=most_w)


def _hot_ohm(name: str, station: Station, seen: Sequence[Seen]) -> tuple[float | None, str]:
    """Return a boat's resistance at the power of ramp 2, and who says so."""
    for run in reversed(seen):
        if run.hot_mohm:
            return run.hot_mohm / 1000, f"run {run.run}"
    growth = station.estimate.resistance_growth.get(name)
    if growth is None:
        return None, "limits"
    return station.source[name].cold_resistance * growth, STATION_FILE


def _ampere(station: Station, source: Source, power_pct: float) -> float:
    return power_pct / 100 * station.supply[source.boat].full_scale


def _most_w(station: Station, source: Source, most_a: float) -> float:
    supply = station.supply[source.boat]
    return min(supply.p_limit, supply.v_limit * most_a)
