"""The station database: an index of runs, the heads of their chains, and what people have entered by hand.

Everything in it but the heads can be had again: from the records of the runs, into which entries by hand are written,
too, and from a text file beside it with the entries that no run has seen yet.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Self

from pvdstation.model.problems import Problem, Refused
from pvdstation.record import by_hand
from pvdstation.record.heads import Head, head_at_rest
from pvdstation.record.holding import ENDING
from pvdstation.record.ledgers import ByHand, Ledgers, RunLedger, ledgers
from pvdstation.record.run_entry import Booked, Charge, CrystalLife, RunEntry, booked
from pvdstation.record.run_file import SUFFIX, first_files

BUSY_S = 10.0
"""How long another process may write before we give up."""
VERSION = 1
_APPLICATION_ID = 0x50564453
"""``PVDS`` in the header of the SQLite file."""
_FIELDS = tuple(RunEntry._fields)
_CREATE = f"""
CREATE TABLE IF NOT EXISTS run (
    {", ".join("run TEXT PRIMARY KEY" if name == "run" else name for name in _FIELDS)}, stamp TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS anchor (
    run TEXT PRIMARY KEY, number INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS booking (run TEXT PRIMARY KEY, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS by_hand (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, station TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    who TEXT NOT NULL, note TEXT NOT NULL, fields TEXT NOT NULL);
"""


class StationDatabase:
    """One SQLite file. ``opened`` is the way in."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, is_new: bool) -> None:
        self._connection = connection
        self._lines = path.with_name(by_hand.NAME)
        self.is_new = is_new
        """It was made just now: nothing of the runs is in it yet."""

    @classmethod
    @contextmanager
    def opened(cls, path: Path, *folders: Path) -> Iterator[Self]:
        """Open the database; one that is missing or broken is made anew from the runs in the folders.

        A broken one is kept beside it. Raises Refused when it can be neither read nor written.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection, is_new = _connected(path)
        except (OSError, sqlite3.Error) as error:
            raise Refused([Problem(str(path), f"the station database cannot be opened: {error}", "")]) from error
        database = cls(connection, path, is_new=is_new)
        try:
            if is_new:
                database.sync(folders)
            yield database
        except sqlite3.Error as error:
            raise Refused([Problem(str(path), f"the station database fails: {error}", "")]) from error
        finally:
            connection.close()

    @classmethod
    @contextmanager
    def looked_at(cls, path: Path, *folders: Path, anew: bool = False) -> Iterator[Self]:
        """Open the database to read it, up to date with the runs in the folders.

        Where it cannot be written (disk full, read-only medium), a copy of it in memory. Raises Refused when it belongs
        to another program.
        """
        with ExitStack() as stack:
            try:
                database = stack.enter_context(cls.opened(path, *folders))
                database.sync(folders, anew=anew)
            except (Refused, sqlite3.Error):
                database = cls(stack.enter_context(closing(_copied(path))), path, is_new=False)
                database.sync(folders, anew=anew)
            yield database

    def sync(self, folders: Iterable[Path], *, anew: bool = False) -> int:
        """Read every record that the index does not have as it is now; return how many were read.

        A dry run whose record has gone leaves the index; a run stays, because nobody removes a run.
        """
        known = dict(self._connection.execute("SELECT run, stamp FROM run")) if not anew else {}
        present, read = set(), 0
        for path in (path for folder in folders for path in first_files(folder)):
            present.add(path.stem)
            stamp = _stamp(path)
            if known.get(path.stem) != stamp:
                self._put(booked(path), stamp)
                read += 1
        gone = [run for run, kind in self._connection.execute("SELECT run, kind FROM run") if run not in present]
        with self._connection:
            self._connection.executemany(
                "DELETE FROM run WHERE run = ? AND kind IN ('dry run', '')", [(run,) for run in gone]
            )
            self._enter(by_hand.entries(self._lines))
        return read

    def take(self, path: Path, *, is_ended: bool) -> None:
        """Read one record into the index and the ledgers; keep its head for good when it has just ended."""
        run = booked(path)
        self._put(run, _stamp(path))
        if is_ended:
            with self._connection:
                row = (run.entry.run, run.entry.head_number, run.entry.head_hash)
                self._connection.execute("INSERT OR IGNORE INTO anchor VALUES (?, ?, ?)", row)

    def keep_heads(self, folder: Path) -> None:
        """Keep for good the heads of the runs of a folder that are not kept yet: of those that never came to an end."""
        kept = {run for (run,) in self._connection.execute("SELECT run FROM anchor")}
        heads = [head_at_rest(path) for path in first_files(folder) if path.stem not in kept]
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO anchor VALUES (?, ?, ?)", filter(None, heads))

    def head_of(self, run: str) -> Head | None:
        """Return the kept head of a run."""
        row = self._connection.execute("SELECT run, number, hash FROM anchor WHERE run = ?", (run,)).fetchone()
        return None if row is None else Head(*row)

    def newest_head(self) -> Head | None:
        """Return the kept head of the newest run."""
        row = self._connection.execute("SELECT run, number, hash FROM anchor ORDER BY run DESC LIMIT 1").fetchone()
        return None if row is None else Head(*row)

    def runs(self) -> list[RunEntry]:
        """Return every run and dry run, newest first."""
        names = ", ".join(_FIELDS)
        rows = self._connection.execute(f"SELECT {names} FROM run ORDER BY run DESC")  # noqa: S608 - our own names
        return [_entry(row) for row in rows]

    def enter(self, entry: ByHand) -> None:
        """Keep an entry by hand, here and as a line of the text file. Raises Refused when that cannot be written."""
        try:
            with self._connection:
                self._enter([entry])
                by_hand.append(self._lines, entry)
        except OSError as error:
            raise Refused([Problem(str(self._lines), f"it cannot be written: {error.strerror}", "")]) from error

    def ledgers(self, station: str) -> Ledgers:
        """Return crystals, charges and tooling of a station as they are now."""
        query = "SELECT run.run, started, fields FROM run JOIN booking USING (run) WHERE station = ? ORDER BY started"
        runs = [_run_ledger(*row) for row in self._connection.execute(query, (station,))]
        return ledgers(station, runs, self.by_hand(station))

    def ledger(self, station: str) -> dict[str, object]:
        """Return what a run's record keeps of the ledgers at its start, with every entry by hand."""
        return {**self.ledgers(station).as_json(), "by_hand": [entry.as_json() for entry in self.by_hand(station)]}

    def stations(self) -> list[str]:
        """Return the stations of which anything is known, in order of name."""
        rows = self._connection.execute("SELECT station FROM run WHERE kind = 'run' UNION SELECT station FROM by_hand")
        return sorted(name for (name,) in rows if name)

    def by_hand(self, station: str) -> list[ByHand]:
        """Return every entry by hand of a station, oldest first."""
        names = ", ".join(ByHand._fields)
        query = f"SELECT {names} FROM by_hand WHERE station = ? ORDER BY at, id"  # noqa: S608 - our own names
        rows = self._connection.execute(query, (station,))
        return [ByHand(*row)._replace(fields=json.loads(row[-1])) for row in rows]

    def _put(self, run: Booked, stamp: str) -> None:
        entry = run.entry._asdict()
        entry["materials"], entry["samples"] = json.dumps(entry["materials"]), json.dumps(entry["samples"])
        marks = ", ".join("?" * (len(_FIELDS) + 1))
        with self._connection:
            put = self._connection.execute
            put(f"INSERT OR REPLACE INTO run VALUES ({marks})", (*entry.values(), stamp))  # noqa: S608 - question marks
            if run.entry.kind == "run":
                fields = {
                    "crystals": [list(crystal) for crystal in run.crystals],
                    "charges": [list(charge) for charge in run.charges],
                    "tooling": dict(run.tooling),
                }
                put("INSERT OR REPLACE INTO booking VALUES (?, ?)", (run.entry.run, json.dumps(fields)))
                self._enter(ByHand.of(fields) for fields in run.by_hand)

    def _enter(self, entries: Iterable[ByHand]) -> None:
        """Put in entries by hand; one that is known already is left as it is."""
        rows = [(*entry[:-1], json.dumps(entry.fields)) for entry in entries]
        self._connection.executemany("INSERT OR IGNORE INTO by_hand VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _connected(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection to a database in order; a broken file is moved aside once."""
    is_new = not path.exists()
    try:
        return _prepared(path), is_new
    except sqlite3.OperationalError:  # locked, read-only, no room, somebody else's: it is in order
        raise
    except sqlite3.DatabaseError:
        _move_aside(path)
        return _prepared(path), True


def _copied(path: Path) -> sqlite3.Connection:
    """Return a copy in memory; an empty one where there is nothing that can be read. Raises Refused."""
    copy = sqlite3.connect(":memory:")
    if not path.is_file():
        return _in_order(copy)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as kept:
            kept.backup(copy)
        return _in_order(copy)
    except sqlite3.OperationalError as error:
        raise Refused([Problem(str(path), f"the station database cannot be read: {error}", "")]) from error
    except sqlite3.DatabaseError:
        copy.close()
        return _in_order(sqlite3.connect(":memory:"))


def _prepared(path: Path) -> sqlite3.Connection:
    return _in_order(sqlite3.connect(path, timeout=BUSY_S))


def _in_order(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return the connection to a database with our tables; closes it and raises sqlite3.Error by another."""
    try:
        run = connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        (application,) = run("PRAGMA application_id").fetchone()
        (tables,) = run("SELECT COUNT(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION_ID and tables:
            raise sqlite3.OperationalError("it belongs to another program")
        (found,) = run("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        run(f"PRAGMA application_id = {_APPLICATION_ID}")
        run(f"PRAGMA user_version = {VERSION}")
        connection.executescript(_CREATE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _move_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.stem}.broken-{number}{SUFFIX}")).exists():
        number += 1
    path.replace(aside)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _stamp(path: Path) -> str:
    """Return size and time of all files of a run: another stamp, and the record is read again."""
    parts = []
    for file in sorted(path.parent.glob(f"{path.stem}.*")):
        if file.suffix == ENDING:  # it goes with the writer, and nothing is read from it
            continue
        found = file.stat()
        parts.append(f"{file.name[len(path.stem) :]}:{found.st_size}:{found.st_mtime_ns}")
    return " ".join(parts)


def _entry(row: tuple[Any, ...]) -> RunEntry:
    entry = RunEntry(*row)
    return entry._replace(
        materials=tuple(json.loads(str(entry.materials))), samples=tuple(json.loads(str(entry.samples)))
    )


def _run_ledger(run: str, started: str, text: str) -> RunLedger:
    fields: Mapping[str, Any] = json.loads(text)
    return RunLedger(
        run,
        started,
        tuple(CrystalLife(*row) for row in fields["crystals"]),
        tuple(Charge(*row) for row in fields["charges"]),
        fields["tooling"],
    )
