"""The runs and ledgers of a data folder: opened, listed, checked, and what people enter by hand."""

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.finding import find_run
from pvdstation.assembly.folders import DATABASE, DRY_RUNS, RUNS, data_folder
from pvdstation.assembly.replay import Replayed, replay
from pvdstation.assembly.sources import read_station
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import parse
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.record.holding import is_held
from pvdstation.record.ledgers import ByHand, Ledgers, ToolingRow
from pvdstation.record.opened import DAMAGED
from pvdstation.record.run_entry import INTERRUPTED, RUNNING, UNREADABLE, RunEntry
from pvdstation.record.run_file import SUFFIX, RunFile, first_files
from pvdstation.record.station_database import StationDatabase
from pvdstation.record.verification import Anchor, Verdict, verify

_FOLLOWING = 10
"""Runs after one in which its head is looked for."""
STILL_WRITTEN = "its record is still being written"
OUTCOMES = ("complete", "stopped", "aborted", INTERRUPTED, RUNNING, UNREADABLE)
"""What runs are listed as; a list can be had by these words, and by causes."""


class Filter(NamedTuple):
    """Which runs are wanted; None: any."""

    material: str | None = None
    sample: str | None = None
    since: str | None = None  # beginning of an ISO date, UTC
    until: str | None = None  # the same; the whole day
    outcome: str | None = None
    is_dry: bool = False

    def takes(self, run: RunEntry) -> bool:
        """Return whether a run is wanted."""
        if (run.kind == "dry run") is not self.is_dry and run.kind:
            return False
        return (
            (self.material is None or self.material in run.materials)
            and (self.sample is None or any(self.sample.lower() in name.lower() for name in run.samples))
            and (self.since is None or run.started >= self.since)
            and (self.until is None or run.started[: len(self.until)] <= self.until)
            and (self.outcome is None or self.outcome in {run.outcome, run.cause})
        )


def list_runs(data: str | None, wanted: Filter, *, anew: bool = False) -> list[RunEntry]:
    """Return the runs that are wanted, newest first; the index is brought up to date. Raises Refused."""
    folder = data_folder(data)
    if not folder.is_dir():
        return []
    with _looked_at(folder, anew=anew) as database:
        runs = [_as_it_is_now(folder, run) for run in database.runs()]
    return [run for run in runs if wanted.takes(run)]


def _as_it_is_now(folder: Path, run: RunEntry) -> RunEntry:
    """Return a run; one without an end is running while the process that writes its record lives."""
    if run.outcome == INTERRUPTED and is_held(folder / RUNS / f"{run.run}{SUFFIX}"):
        return run._replace(outcome=RUNNING, cause="", reason=STILL_WRITTEN)
    return run


class Checked(NamedTuple):
    """What is to be said of one record."""

    path: Path
    verdict: Verdict
    replayed: Replayed | None

    @property
    def is_sound(self) -> bool:
        """Return whether nothing is wrong with it."""
        return not self.verdict.flaws and (self.replayed is None or self.replayed.difference is None)


def check_record(text: str, data: str | None, *, with_replay: bool) -> Checked:
    """Check a run by what a person calls it, against every head of it that is kept elsewhere. Raises Refused."""
    path = find_run(text, data)
    verdict = verify(path, anchors_of(path, data))
    replayed = replay(RunFile(path)) if with_replay and not verdict.flaws else None
    return Checked(path, verdict, replayed)


def anchors_of(path: Path, data: str | None = None) -> list[Anchor]:
    """Return what is kept of a run's head: in the station database and in the run after it, also for a copy of it."""
    anchors: list[Anchor] = []
    run = _run_of(path)
    beside = [path.parent.parent] if path.parent.name == RUNS else []
    for folder in dict.fromkeys((*beside, data_folder(data))):
        anchors += _anchors_in(folder, run)
    return list(dict.fromkeys(anchors))


def _run_of(path: Path) -> str:
    """Return the run that a file says it is of, whatever name somebody gave it; else by its name."""
    try:
        return RunFile(path).run
    except (Refused, *DAMAGED):
        return path.stem


def _anchors_in(folder: Path, run: str) -> list[Anchor]:
    anchors: list[Anchor] = []
    if (folder / DATABASE).is_file():
        with _looked_at(folder) as database:
            head = database.head_of(run)
        if head is not None:
            anchors.append(Anchor(bytes.fromhex(head.hash), "the station database", head.number))
    later = [other for other in first_files(folder / RUNS) if other.stem > run]
    for other in later[:_FOLLOWING]:
        previous = _previous_of(other)
        if previous is not None and previous["run"] == run:
            anchors.append(Anchor(bytes.fromhex(previous["hash"]), f"the run {other.stem}"))
            break
    return anchors


def _previous_of(path: Path) -> dict[str, str] | None:
    try:
        previous: dict[str, str] | None = RunFile(path).genesis.get("previous_run")
    except (Refused, *DAMAGED):
        return None
    return previous


def show_ledgers(data: str | None, station: str | None) -> list[Ledgers]:
    """Return the ledgers of one station, or of all of which anything is known. Raises Refused."""
    folder = data_folder(data)
    wanted = [] if station is None else [_station(station).name]
    with _looked_at(folder) as database:
        return [database.ledgers(name) for name in wanted or database.stations()]


def enter_charge(data: str | None, station: str | None, source: str, amount: str, who: str, lot: str, note: str) -> str:
    """Keep what is in a boat from now on, weighed in by hand; return it in words. Raises Refused."""
    known = _station(station)
    if source not in known.source:
        raise Refused([Problem("the source", f'"{known.name}" has no source "{source}"', _one_of(known.source))])
    try:
        mg = parse(amount, "mass")
    except ValueError as error:
        raise Refused([Problem("the charge", str(error), 'Write for example "1500 mg".')]) from None
    if not mg > 0:
        raise Refused([Problem("the charge", f"{amount} is no charge", 'Write for example "1500 mg".')])
    _enter(data, known.name, "charge", source, who, note, {"mg": mg, "lot": lot})
    return f"{source} of {known.name}: {mg:g} mg are in the boat"


def enter_crystal(data: str | None, station: str | None, sensor: str, who: str, note: str) -> str:
    """Keep that a crystal was changed now; return it in words. Raises Refused."""
    known = _station(station)
    sensors = [str(number) for number in known.sensor]
    if sensor not in sensors:
        raise Refused([Problem("the sensor", f'"{known.name}" has no sensor "{sensor}"', _one_of(sensors))])
    _enter(data, known.name, "crystal", sensor, who, note, {})
    return f"sensor {sensor} of {known.name}: the crystal was changed"


def enter_tooling(data: str | None, station: str, sensor: str, who: str, note: str, fields: dict[str, object]) -> None:
    """Keep a tooling factor that a person has accepted; ``fields`` has factor_pct and from. Raises Refused."""
    _enter(data, station, "tooling", sensor, who, note, fields)


def tooling_of(data: str | None, station: str, sensor: int) -> Sequence[ToolingRow]:
    """Return the tooling history of a sensor from the oldest; empty where nothing is kept. Raises Refused."""
    folder = data_folder(data)
    if not folder.is_dir():
        return ()
    with _looked_at(folder) as database:
        return database.ledgers(station).tooling.get(str(sensor), ())


def _enter(
    data: str | None, station: str, kind: str, subject: str, who: str, note: str, fields: dict[str, object]
) -> None:
    at = datetime.now(UTC)
    number = f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    entry = ByHand(number, at.isoformat(timespec="milliseconds"), station, kind, subject, who, note, fields)
    with _database(data_folder(data)) as database:
        database.enter(entry)


def _looked_at(folder: Path, *, anew: bool = False) -> AbstractContextManager[StationDatabase]:
    return StationDatabase.looked_at(folder / DATABASE, folder / RUNS, folder / DRY_RUNS, anew=anew)


def _database(folder: Path) -> AbstractContextManager[StationDatabase]:
    return StationDatabase.opened(folder / DATABASE, folder / RUNS, folder / DRY_RUNS)


def _station(station: str | None) -> Station:
    source = read_station(station)
    return load_station(source.content, source.file)


def _one_of(names: object) -> str:
    return f"Write one of {', '.join(map(str, names))}."  # type: ignore[call-overload]
