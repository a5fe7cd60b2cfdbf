"""Reads the record of a run: its entries, events, scans and samples, over all its files."""

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.model.messages import Event, Notice
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality, Signal
from pvdstation.record.bodies import event_of, fields_of, notice_of
from pvdstation.record.packing import Scan, Unpacker
from pvdstation.record.schema import APPLICATION_ID, FORMAT, Entry

SUFFIX = ".sqlite"
NAN = float("nan")


class Unreadable(Refused):
    """A file that is no whole record: torn, cut off at its start, or of something else."""


class Row(NamedTuple):
    """One entry as it stands in the file."""

    number: int
    at_ns: int
    kind: str
    body: bytes
    hash: bytes


class Samples(NamedTuple):
    """Signals over a run, one value per scan: the newest at each scan, NaN where its quality is not good."""

    at_s: "array[float]"
    values: "tuple[array[float], ...]"  # in the order of the names that were asked for


class RunFile:
    """The record of one run, read only. ``path`` is its first file; later segments lie beside it.

    Raises Refused when there is no such file, Unreadable when it is not the record of a run, or is torn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.segments = segments_of(path)
        self.genesis = self.document(Entry.GENESIS)
        """Format, run, mode, seed, versions, wall time of the start …; see docs/reference/record.md."""
        self.run: str = self.genesis["run"]
        self.signals = tuple(Signal(*row) for row in self.document(Entry.SIGNALS)["signals"])
        self.number = {signal.name: number for number, signal in enumerate(self.signals)}
        """Number of each signal, by name."""

    @property
    def recipe(self) -> bytes:
        """Return the recipe as it was read."""
        return self._first(Entry.RECIPE).body

    @property
    def station(self) -> bytes:
        """Return the station file as it was read."""
        return self._first(Entry.STATION).body

    @property
    def end(self) -> dict[str, Any] | None:
        """Return outcome, cause, trigger and result; None when the run never came to its end: it was interrupted."""
        row = next(self.rows(Entry.END), None)
        return None if row is None else fields_of(row.body)

    def document(self, kind: Entry) -> dict[str, Any]:
        """Return the fields of the first entry of a kind. Raises Unreadable when there is none."""
        return fields_of(self._first(kind).body)

    def events(self) -> Iterator[Event]:
        """Return every event, in order."""
        return (event_of(row.at_ns, row.body) for row in self.rows(Entry.EVENT))

    def notices(self) -> Iterator[Notice]:
        """Return every notice of a link, in order."""
        return (notice_of(row.at_ns, row.body) for row in self.rows(Entry.NOTICE))

    def rows(self, *kinds: Entry) -> Iterator[Row]:
        """Return the entries of some kinds (all when none is named), in order."""
        wanted = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        for path, last in _ranges(self.segments):
            with closing(connect(path)) as connection:
                sql = f"SELECT number, at_ns, kind, body, hash FROM entry WHERE number <= ?{wanted} ORDER BY number"  # noqa: S608 - only question marks are put in
                yield from (Row(*row) for row in connection.execute(sql, (last, *(str(kind) for kind in kinds))))

    def scans(self) -> Iterator[Scan]:
        """Return every scan, in order: the very image that the core was given, and what it decided."""
        unpacker = Unpacker(len(self.signals))
        for path, last in _ranges(self.segments):
            with closing(connect(path)) as connection:
                sql = "SELECT at_ns, body FROM scan WHERE number <= ? ORDER BY number"
                for at_ns, body in connection.execute(sql, (last,)):
                    yield unpacker.unpack(at_ns, body)

    def samples(self, names: Sequence[str]) -> Samples:
        """Return signals over the run, by name. Raises KeyError by a name that the station does not have."""
        numbers = [self.number[name] for name in names]
        at_s, values = array("d"), tuple(array("d") for _ in numbers)
        for scan in self.scans():
            at_s.append(scan.at_ns / 1e9)
            for number, column in zip(numbers, values, strict=True):
                reading = scan.readings[number]
                column.append(reading.value if reading.quality is Quality.GOOD else NAN)
        return Samples(at_s, values)

    def head(self) -> tuple[int, bytes]:
        """Return the number and hash of the last row: what anchors the chain."""
        with closing(connect(self.segments[-1])) as connection:
            sql = "SELECT number, hash FROM (SELECT number, hash FROM entry UNION ALL SELECT number, hash FROM scan)"
            number, digest = connection.execute(f"{sql} ORDER BY number DESC LIMIT 1").fetchone()
        return number, digest

    def last_ns(self) -> int:
        """Return the time of the last row, ns: how far the record goes."""
        with closing(connect(self.segments[-1])) as connection:
            sql = "SELECT (SELECT at_ns FROM {} ORDER BY number DESC LIMIT 1)"
            found = [connection.execute(sql.format(table)).fetchone()[0] for table in ("entry", "scan")]
        return int(max(at_ns for at_ns in found if at_ns is not None))

    def _first(self, kind: Entry) -> Row:
        row = next(self.rows(kind), None)
        if row is None:
            what = f'it has no entry "{kind}": it was cut off, or its start was never finished'
            raise Unreadable([Problem(str(self.path), what, f'See "pvd runs verify {self.path.stem}".')])
        return row


def connect(path: Path) -> sqlite3.Connection:
    """Open a file of a run for reading only. Raises Refused by anything else."""
    if not path.is_file():
        raise Refused([Problem(str(path), "there is no such record", 'See "pvd runs list".')])
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise Unreadable([Problem(str(path), f"it cannot be read: {error}", 'See "pvd runs verify".')]) from error
    if application != APPLICATION_ID:
        raise Unreadable([Problem(str(path), "it is not the record of a run", 'See "pvd runs list".')])
    if version > FORMAT:
        raise Refused([Problem(str(path), f"a newer pvd has written it (format {version})", "Update pvdstation.")])
    return connection


def first_files(folder: Path) -> list[Path]:
    """Return the first file of every record in a folder, oldest first; later segments are ``<run id>.2.sqlite``."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if "." not in path.stem)


def segments_of(path: Path) -> tuple[Path, ...]:
    """Return the files of a run, in order. One that was begun and holds nothing yet is none of them."""
    return path, *(file for file in later_files(path) if first_number(file) is not None)


def later_files(path: Path) -> list[Path]:
    """Return the files beside a run's first one that go on from it, in order, whatever they hold."""
    found = path.parent.glob(f"{escape(path.stem)}.*{SUFFIX}")
    return sorted((file for file in found if segment_of(file) > 1), key=segment_of)


def segment_of(path: Path) -> int:
    """Return the number of a file within its run: ``<run id>.2.sqlite`` is 2, a first file 1."""
    _, point, number = path.stem.rpartition(".")
    return int(number) if point and number.isascii() and number.isdigit() else 1


def first_number(path: Path) -> int | None:
    """Return the number of a file's first row; None when it has none, or cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (number,) = connection.execute("SELECT MIN(number) FROM entry").fetchone()
    except sqlite3.Error:
        return None
    return number if isinstance(number, int) else None


def _ranges(segments: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """Yield each file and its last row that counts: a later segment says where it goes on, having written again
    whatever may not have become durable.
    """
    for path, following in zip(segments, [*segments[1:], None], strict=True):
        last = 2**63 - 1
        if following is not None:
            last = (first_number(following) or last + 1) - 1
        yield path, last
