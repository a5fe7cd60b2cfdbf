"""Records a run: its id and folder, what its record begins and ends with, and which journal writes it."""

import platform
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.about import About
from pvdstation.assembly.ending import Ending
from pvdstation.assembly.folders import DATABASE, DRY_RUNS, RUNS
from pvdstation.assembly.preparation import Prepared
from pvdstation.drivers.base import Board
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.record.heads import Head
from pvdstation.record.holding import Hold
from pvdstation.record.journal import InlineJournal, Opening, ThreadedJournal
from pvdstation.record.journal_file import FAILURES
from pvdstation.record.plan import plan_document
from pvdstation.record.precision import rounded
from pvdstation.record.preflight import check_folder
from pvdstation.record.results import RunResult
from pvdstation.record.run_file import SUFFIX
from pvdstation.record.schema import FORMAT
from pvdstation.record.station_database import StationDatabase
from pvdstation.record.usage import SourceUse, source_uses

DRY_RUNS_KEPT = 50
"""Records of dry runs that are kept; older ones are removed."""
_PACKAGES = ("pvdstation", "pymodbus", "pyserial", "pyvisa", "pyvisa-py")
_WRITE = 'Name another folder with --data or PVD_DATA; a dry run can do without a record: "--no-record".'


class Recording(NamedTuple):
    """That a run is to be recorded: in which data folder, and what a person said at its start."""

    folder: Path
    about: About = About()
    continues: Mapping[str, object] | None = None
    """The interrupted run that goes on, and what is known of it."""


class Record:
    """The record of one run while it is written. Raises Refused when it cannot be begun."""

    def __init__(self, recording: Recording, prepared: Prepared, seed: int, speed: float | None, board: Board) -> None:
        self.started = datetime.now(UTC)
        self.run = run_id(self.started)
        self._prepared = prepared
        self._board = board
        self._is_dry = speed is None
        self._folder = recording.folder
        self._continues = recording.continues
        self._hold: Hold | None = None
        self._life_in: dict[int, float] = {}
        try:
            self.journal = self._open(recording.about, seed, speed)
        except Refused:
            self._let_go()
            raise
        except FAILURES as error:
            self._let_go()
            what = f"{_words(error)} ({recording.folder})"
            raise Refused([Problem("the record", f"it cannot be written: {what}", _WRITE)]) from error

    def _open(self, about: About, seed: int, speed: float | None) -> InlineJournal | ThreadedJournal:
        folder = self._folder / (DRY_RUNS if self._is_dry else RUNS)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ledger: Mapping[str, object] = {}
        previous: Head | None = None
        if self._is_dry:
            _remove_old(folder)
        else:
            if problems := check_folder(folder, self._prepared.checked.total_s):
                raise Refused(problems)
            with StationDatabase.opened(self._folder / DATABASE, folder) as database:
                database.keep_heads(folder)
                ledger, previous = database.ledger(self._prepared.station.name), database.newest_head()
            self._hold = Hold(folder / f"{self.run}{SUFFIX}")
        prepared, signals = self._prepared, self._board.signals
        genesis = self._genesis(seed, speed, previous)
        opening = Opening(
            self.run,
            genesis,
            prepared.checked.recipe.content,
            prepared.station_bytes,
            plan_document(prepared.checked.procedure, prepared.checked.recipe),
            about.as_json(),
            ledger,
        )
        if speed == 1:
            return ThreadedJournal(folder, opening, signals)
        return InlineJournal(folder, opening, signals, is_durable=not self._is_dry)

    def _genesis(self, seed: int, speed: float | None, previous: Head | None) -> dict[str, object]:
        prepared = self._prepared
        return {
            "format": FORMAT,
            "run": self.run,
            "segment": 1,
            "after": None,
            "previous_run": None if previous is None else {"run": previous.run, "hash": previous.hash},
            "kind": "dry run" if self._is_dry else "run",
            "mode": prepared.mode,
            "started": _iso(self.started),
            "seed": seed,
            "speed": speed,
            "recipe": {
                **prepared.recipe.as_json(),
                "file": prepared.checked.recipe.file,
                "parameters": _parameters(prepared),
            },
            "station": {**prepared.station_named.as_json(), "file": prepared.station.file},
            "software": _software(),
            **({} if self._continues is None else {"continues": dict(self._continues)}),
        }

    def watch(self) -> None:
        """Keep the life of each crystal as it is read first."""
        if len(self._life_in) == len(self._board.signals.sensor):
            return
        for number, signals in self._board.signals.sensor.items():
            if number not in self._life_in and (life := self._good(signals.life)) is not None:
                self._life_in[number] = life

    def finish(self, at_ns: int, ending: Ending, result: RunResult) -> Problem | None:
        """Write the end and close the record; return what went wrong with that, if anything did."""
        try:
            self.journal.finish(at_ns, self._end(ending, result))
            if not self._is_dry:
                with StationDatabase.opened(self._folder / DATABASE, self._folder / RUNS) as database:
                    database.take(self._folder / RUNS / f"{self.run}{SUFFIX}", is_ended=True)
        except (*FAILURES, Refused) as error:
            return Problem("the record", f"its end could not be written: {_words(error)}", "")
        finally:
            self._let_go()
        return None

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.release()

    def _end(self, ending: Ending, result: RunResult) -> dict[str, object]:
        fields = result.as_json()
        return {
            "outcome": ending.outcome,
            "cause": ending.cause,
            "reason": ending.reason,
            "trigger": ending.trigger,
            "safe": result.safe,
            "ended": _iso(datetime.now(UTC)),
            "wall_s": fields.pop("wall_s"),
            "crystals": self._crystals(),
            "sources": {use.source: use.as_json() for use in self._uses(result)},
            "result": {name: value for name, value in fields.items() if name != "run"},
        }

    def _uses(self, result: RunResult) -> tuple[SourceUse, ...]:
        return source_uses(self._prepared.station, self._prepared.planned, result.steps)

    def _crystals(self) -> dict[str, dict[str, object]]:
        crystals: dict[str, dict[str, object]] = {}
        for number, life_in in self._life_in.items():
            life_out = self._good(self._board.signals.sensor[number].life)
            crystals[str(number)] = {
                "life_in_pct": rounded("life_in_pct", life_in),
                "life_out_pct": rounded("life_out_pct", life_out),
            }
        return crystals

    def _good(self, signal: int) -> float | None:
        reading = self._board.readings[signal]
        return reading.value if reading.quality is Quality.GOOD else None


def run_id(started: datetime) -> str:
    """Return the id of a run: date and time (UTC), and the fraction of the second in 65536ths; ids sort by time."""
    return f"{started:%Y%m%d-%H%M%S}-{started.microsecond * 65536 // 1_000_000:04x}"


def _parameters(prepared: Prepared) -> dict[str, object]:
    return {parameter.name: parameter.value for parameter in prepared.checked.recipe.parameters}


def _remove_old(folder: Path) -> None:
    """Remove the oldest dry runs, so that with the one to come as many are there as are kept."""
    runs = sorted({path.name.partition(".")[0] for path in folder.glob(f"*{SUFFIX}")})
    for run in runs[: max(0, len(runs) - DRY_RUNS_KEPT + 1)]:
        for path in folder.glob(f"{run}.*"):
            path.unlink(missing_ok=True)


@cache
def _software() -> Mapping[str, str]:
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _words(error: BaseException) -> str:
    if isinstance(error, Refused):
        return error.problems[0].what
    return getattr(error, "strerror", None) or str(error)
