"""One tidy CSV table of a run: one row per scan, one column per signal and output, units in the header.

RFC 4180 but for the line ends (LF); comma, point, UTF-8 without a mark, no comment lines.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Outputs
from pvdstation.model.signals import Quality, Reading
from pvdstation.record.export.naming import StationNames, titled
from pvdstation.record.export.story import Progress, WallTime
from pvdstation.record.packing import Scan
from pvdstation.record.run_file import RunFile

Level = float | bool | None

_LEADING = ("time (s)", "wall time", "run state", "step")
_WITHOUT_COLUMN = (Quality.GOOD, Quality.NEVER)


def write_csv(record: RunFile, path: Path) -> None:
    """Write the table. Raises OSError."""
    names = StationNames(record.station)
    judged = _ever_doubtful(record)
    header = [*_LEADING, *(titled(names.words(signal), signal.unit) for signal in record.signals)]
    header += [f"quality {names.words(record.signals[number])}" for number in judged]
    header += output_titles(names)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(_rows(record, judged))


def output_titles(names: StationNames) -> list[str]:
    """Return the titles of the outputs' columns, in the order of ``output_levels``."""
    supplies = [names.whose("boat", number) for number in names.supplies]
    words = [f"source shutter {name}" for name in names.sources]
    words += ["substrate shutter", "n2 valve", "vent valve", "roughing valve", "gate", "foreline valve"]
    words += ["backing pump stop", "beacon", "turbo"]
    for whose in supplies:
        words += [f"enable contact {whose}", f"supply on {whose}", f"supply foldback {whose}"]
        words.append(titled(f"supply current {whose}", "A"))
    return [f"output {word}" for word in words]


def output_levels(outputs: Outputs) -> list[Level]:
    """Return the levels of all outputs; None for the turbo where it stays as it was found."""
    levels: list[Level] = [*outputs.source_shutter, outputs.substrate_shutter]
    levels += [outputs.n2, outputs.vent, outputs.roughing, outputs.gate, outputs.foreline]
    levels += [outputs.backing_stop, outputs.beacon, outputs.turbo]
    for enable, supply in zip(outputs.enable, outputs.supply, strict=True):
        levels += [enable, supply.on, supply.foldback, supply.current_a]
    return levels


def _ever_doubtful(record: RunFile) -> list[int]:
    """Return the signals that were read and not good at least once: only these need a column of their quality."""
    found: set[int] = set()
    for scan in record.scans():
        found.update(number for number in scan.changed if scan.readings[number].quality not in _WITHOUT_COLUMN)
    return sorted(found)


def _rows(record: RunFile, judged: Sequence[int]) -> Iterator[list[str]]:
    wall, progress = WallTime(record), Progress(record)
    units = [bool(signal.unit) for signal in record.signals]
    cells = [""] * len(units)
    before: Outputs | None = None
    outputs: list[str] = []
    for scan in record.scans():
        for number in scan.changed:
            cells[number] = _cell(scan.readings[number], has_unit=units[number])
        if before is None or scan.outputs[:-3] != before[:-3]:  # the last three are moments, not levels
            outputs = [_level(level) for level in output_levels(scan.outputs)]
        before = scan.outputs
        yield [*_moment(scan, wall, progress), *cells, *_qualities(scan, judged), *outputs]


def _moment(scan: Scan, wall: WallTime, progress: Progress) -> list[str]:
    state, step = progress.at(scan.at_ns)
    return [repr(scan.at_ns / SECOND), wall.at(scan.at_ns), state, "" if step is None else str(step)]


def _cell(reading: Reading, *, has_unit: bool) -> str:
    """Return a good value so that it reads back bit for bit, "" for anything else: an empty cell is no number."""
    value = reading.value
    if reading.quality is not Quality.GOOD or value != value:  # noqa: PLR0124 - NaN
        return ""
    return repr(value) if has_unit or not value.is_integer() else str(int(value))


def _qualities(scan: Scan, judged: Sequence[int]) -> list[str]:
    return [scan.readings[number].quality.name.lower() for number in judged]


def _level(level: Level) -> str:
    if level is None:
        return ""
    return str(int(level)) if isinstance(level, bool) else repr(float(level))
