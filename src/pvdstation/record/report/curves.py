"""Samples of a run by what they are about, read in one pass over the record."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pvdstation.model.signals import Position
from pvdstation.model.station import Station
from pvdstation.record.run_file import RunFile

NAN = float("nan")
FULL_RANGE_TRUSTED_MBAR = 10.0
CAPACITANCE_TRUSTED_MBAR = 2.0
_ENERGISED_A = 2.0
"""Below this current, voltage over current is noise, not a boat's resistance."""

Values = Sequence[float]


class SourceCurves(NamedTuple):
    """Samples of one source; NaN where nothing good was read."""

    source: str
    rate_nm_s: Values
    thickness_nm: Values
    power_w: Values
    current_a: Values
    resistance_mohm: Values
    shutter: Values
    life_pct: Values


class Curves(NamedTuple):
    """Samples of a run, one per scan."""

    at_s: Values
    sources: tuple[SourceCurves, ...]
    full_range_mbar: Values
    capacitance_mbar: Values
    substrate_shutter: Values

    def of(self, source: str) -> SourceCurves:
        """Return the curves of a source. Raises KeyError."""
        return next((curves for curves in self.sources if curves.source == source), None) or _missing(source)

    def span(self, begin_s: float, end_s: float) -> slice:
        """Return the samples from one time to before another."""
        return slice(bisect_left(self.at_s, begin_s), bisect_left(self.at_s, end_s))


def _missing(source: str) -> SourceCurves:
    raise KeyError(source)


def read_curves(run: RunFile, station: Station) -> Curves:
    """Read what plots and layers need; a signal that the record does not have is NaN."""
    names = [name for source in station.source for name in _names(station, source)]
    names += ["chamber.full_range", "chamber.capacitance", "substrate_shutter"]
    known = sorted({name for name in names if name in run.number})
    samples = run.samples(known)
    columns: dict[str, Values] = dict(zip(known, samples.values, strict=True))
    nothing = array("d", [NAN]) * len(samples.at_s)
    full, capacitance, substrate = (columns.get(name, nothing) for name in names[-3:])
    sources = tuple(
        _source(source, [columns.get(name, nothing) for name in _names(station, source)]) for source in station.source
    )
    return Curves(samples.at_s, sources, full, capacitance, substrate)


def _names(station: Station, name: str) -> tuple[str, ...]:
    source = station.source[name]
    output, supply = f"sqc.output.{source.sqc.output}", f"supply.{source.boat}"
    return (
        f"{output}.rate",
        f"{output}.thickness",
        f"{supply}.voltage",
        f"{supply}.current",
        f"source_shutter.{name}",
        f"sensor.{source.sensor}.life",
    )


def _source(name: str, columns: Sequence[Values]) -> SourceCurves:
    rate, thickness, voltage, current, shutter, life = columns
    power = array("d", [v * i for v, i in zip(voltage, current, strict=True)])
    resistance = array("d", [1000 * v / i if i > _ENERGISED_A else NAN for v, i in zip(voltage, current, strict=True)])
    return SourceCurves(name, rate, thickness, power, current, resistance, shutter, life)


def known(values: Values) -> list[float]:
    """Return the values that were measured."""
    return [value for value in values if not math.isnan(value)]


def mean_sd(values: Values) -> tuple[float | None, float | None]:
    """Return mean and standard deviation of what was measured; None where there is too little."""
    good = known(values)
    if not good:
        return None, None
    mean = math.fsum(good) / len(good)
    if len(good) < 2:
        return mean, None
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in good) / (len(good) - 1))


def intervals(at_s: Values, shutter: Values) -> Iterator[tuple[float, float]]:
    """Yield from when to when a shutter's switches said "open"; an unread switch ends it."""
    since = None
    for at, position in zip(at_s, shutter, strict=True):
        if position == Position.OPEN:
            since = at if since is None else since
        elif since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, at_s[-1]


def rolling(at_s: Values, values: Values, window_s: float) -> list[float]:
    """Return the mean of what was measured in the last ``window_s`` before each sample; NaN where it is not full."""
    means, total, count, first = [], 0.0, 0, 0
    for place, at in enumerate(at_s):
        if not math.isnan(values[place]):
            total, count = total + values[place], count + 1
        while at_s[first] <= at - window_s:
            if not math.isnan(values[first]):
                total, count = total - values[first], count - 1
            first += 1
        is_full = first > 0 and count > 0
        means.append(total / count if is_full else NAN)
    return means
