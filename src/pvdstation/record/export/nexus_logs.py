"""Samples of signals and levels of outputs over a run, one series each, at the times when they were new."""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.signals import LONG_AGO, Quality
from pvdstation.record.export.csv_table import Level, output_levels, output_titles
from pvdstation.record.export.naming import StationNames
from pvdstation.record.run_file import NAN, RunFile

_UNIT = "(A)"


class Series(NamedTuple):
    """Times from the start of the run, s; values, NaN where not good; as read; qualities (none for outputs)."""

    at_s: "array[float]"
    values: "array[float]"
    read: "array[float]"
    qualities: "array[int]"


def sensor_logs(record: RunFile) -> list[Series]:
    """Return every sample of every signal in the order of the record's signals."""
    found = [_empty() for _ in record.signals]
    for scan in record.scans():
        for number in scan.changed:
            value, quality, at_ns, _ = scan.readings[number]
            series = found[number]
            series.at_s.append((at_ns if at_ns > LONG_AGO else scan.at_ns) / SECOND)
            series.values.append(value if quality is Quality.GOOD else NAN)
            series.read.append(value)
            series.qualities.append(quality)
    return found


def actuator_logs(record: RunFile, names: StationNames) -> Iterator[tuple[str, str, Series]]:
    """Yield title, unit and levels of every output, a level whenever it changed; NaN: left as it was found."""
    titles = output_titles(names)
    found = [_empty() for _ in titles]
    before: list[Level] = []
    for scan in record.scans():
        levels = output_levels(scan.outputs)
        for number, level in enumerate(levels):
            if not before or level != before[number]:
                found[number].at_s.append(scan.at_ns / SECOND)
                found[number].values.append(NAN if level is None else float(level))
        before = levels
    for title, series in zip(titles, found, strict=True):
        yield title.removesuffix(_UNIT).strip(), "A" if title.endswith(_UNIT) else "", series


def _empty() -> Series:
    return Series(array("d"), array("d"), array("d"), array("B"))
