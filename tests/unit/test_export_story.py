"""Wall times and names that the exports share."""

from pathlib import Path

import pytest
from station_bench import station_with

from pvdstation.model.signals import Signal
from pvdstation.record.bodies import document
from pvdstation.record.export.naming import StationNames
from pvdstation.record.export.story import WallTime
from pvdstation.record.journal_file import JournalFile
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import FIRST, Entry

SECOND = 10**9
STARTED = "2026-03-01T10:00:00.000+00:00"


def _record(folder: Path, *clocks: tuple[int, str, float]) -> RunFile:
    file = JournalFile(folder / "r.sqlite", after=FIRST, next_number=1, is_durable=False)
    file.append(Entry.GENESIS, 0, document({"run": "r", "started": STARTED}))
    file.append(Entry.SIGNALS, 0, document({"signals": []}))
    for at_s, wall, speed in clocks:
        file.append(Entry.CLOCK, at_s * SECOND, document({"wall": wall, "wall_ns": 0, "speed": speed}))
    file.commit()
    file.finish()
    return RunFile(folder / "r.sqlite")


def test_without_clock_entries_wall_time_counts_on_from_the_start(tmp_path: Path) -> None:
    assert WallTime(_record(tmp_path)).at(90 * SECOND) == "2026-03-01T10:01:30.000+00:00"


def test_from_a_clock_entry_on_wall_time_counts_from_there_at_its_speed(tmp_path: Path) -> None:
    late = "2026-03-01T11:00:00.000+00:00"
    wall = WallTime(_record(tmp_path, (0, STARTED, 1.0), (100, late, 10.0)))
    assert wall.at(99 * SECOND) == "2026-03-01T10:01:39.000+00:00"
    assert wall.at(100 * SECOND) == late
    assert wall.at(200 * SECOND) == "2026-03-01T11:00:10.000+00:00"


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        ("sqc.output.2.rate", "rate Li"),
        ("supply.1.voltage", "supply voltage Zn"),
        ("sensor.1.life", "crystal life 1"),
        ("sensor.2.life", "crystal life Li"),
        ("sensor.3.life", "crystal life 3"),
        ("io.watchdog", "io watchdog"),
    ],
)
def test_a_number_becomes_the_source_only_where_it_is_the_sources_alone(signal: str, words: str) -> None:
    two_crystals = {"output": 1, "sensors": [1, 3], "film": 1, "material": 1, "process": 1}
    names = StationNames(station_with({"source.Zn.sqc": two_crystals}))
    assert names.words(Signal(signal, "", "", 0)) == words
