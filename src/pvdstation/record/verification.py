"""Checks the record of a run: every row, every file, and what others have kept of it."""

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Signal
from pvdstation.record.bodies import event_of, fields_of, notice_of
from pvdstation.record.file_checks import damage, is_closed_for_good, open_torn, was_only_begun
from pvdstation.record.packing import Unpacker
from pvdstation.record.run_file import SUFFIX, Row, connect, first_number, later_files, segment_of
from pvdstation.record.schema import FIRST, SCAN, Entry, chained

ENOUGH = 20
"""Flaws that are named; a record with more is not looked through to its end."""
_ROWS = """
SELECT number, at_ns, kind, body, hash FROM entry
UNION ALL SELECT number, at_ns, 'scan', body, hash FROM scan ORDER BY number
"""
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError)


class Anchor(NamedTuple):
    """The hash of a row that somebody else has kept: the station database, the next run, a person."""

    hash: bytes
    kept_by: str
    number: int | None = None  # of the row, where it is known


class Flaw(NamedTuple):
    """One thing that is wrong, and where; without a number it is the file as a whole."""

    file: str
    what: str
    number: int | None = None
    table: str = ""
    kind: str = ""
    at_ns: int | None = None

    def __str__(self) -> str:
        if self.number is None:
            return f"{self.file}: {self.what}"
        at = f" at {self.at_ns / SECOND:.3f} s" if isinstance(self.at_ns, int) else ""
        where = f' (table {self.table}, "{self.kind}"{at})' if self.table else ""
        return f"{self.file}: row {self.number}{where}: {self.what}"


class Verdict(NamedTuple):
    """What is to be said of a record."""

    run: str
    files: tuple[str, ...]
    rows: int  # that could be read
    head: Anchor | None  # the last one of them
    at_ns: int  # time of the last one
    end: dict[str, Any] | None
    flaws: tuple[Flaw, ...]  # in the order of the rows; of the whole files first
    remarks: tuple[str, ...]

    @property
    def state(self) -> str:
        """Return "whole", "interrupted" (it never came to its end; what there is is sound) or "damaged"."""
        return "damaged" if self.flaws else "interrupted" if self.end is None else "whole"


def verify(path: Path, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check the record of a run, ``path`` being its first file. Raises Refused when there is no such record."""
    if not path.is_file():
        raise Refused([Problem(str(path), "there is no such record", 'See "pvd runs list".')])
    examination = _Examination(path.stem, anchors)
    files = [path, *later_files(path)]
    for place, file in enumerate(files, start=1):
        following = next((first for later in files[place:] if (first := first_number(later)) is not None), None)
        examination.file(file, segment_of(file) if place > 1 else 1, following)
    return examination.verdict()


class _Examination:
    """Goes through the rows of all files in order."""

    def __init__(self, run: str, anchors: Sequence[Anchor]) -> None:
        self._run = run
        self._wanted = list(anchors)
        self._files: list[str] = []
        self._flaws: list[Flaw] = []
        self._remarks: list[str] = []
        self._unpacker: Unpacker | None = None  # none before the signals are known, and after a scan that is not there
        self._rows = 0
        self._number = 0
        self._head = FIRST
        self._at_ns = 0
        self._end: dict[str, Any] | None = None
        self._has_end = False

    def file(self, path: Path, segment: int, following: int | None) -> None:
        """Check one file; of its rows those before ``following`` count, where a later file goes on."""
        try:
            connection = connect(path)
        except Refused as refused:
            if was_only_begun(path):
                self._remarks.append(f"{path.name} was begun and holds nothing")
                return
            self._flaws.append(Flaw(path.name, refused.problems[0].what))
            connection = open_torn(path)
        self._files.append(path.name)
        with closing(connection):
            connection.text_factory = lambda text: text.decode(errors="replace")  # whatever somebody has put there
            is_closed = is_closed_for_good(connection)
            self._flaws.extend(Flaw(path.name, what) for what in damage(connection))
            self._rows_of(connection, path.name, segment, following)
        if following is None and is_closed and not self._has_end:
            what = "it was closed in good order, yet its end is not there: the tail was cut off"
            self._flaws.append(Flaw(path.name, what))

    def verdict(self) -> Verdict:
        """Return what was found."""
        name = self._files[-1] if self._files else f"{self._run}{SUFFIX}"
        for anchor in self._wanted:
            number = "" if anchor.number is None else f" {anchor.number}"
            is_cut = anchor.number is None or anchor.number > self._number
            what = f"{anchor.kept_by} knows a row{number} with the hash {anchor.hash.hex()[:16]}…, which is not here: "
            what += "the tail was cut off" if is_cut else "the rows were written anew"
            self._flaws.append(Flaw(name, what))
        if not self._has_end and self._rows:
            at_s = self._at_ns / SECOND
            self._remarks.append(f"the run never ended: it was interrupted after row {self._number} at {at_s:.3f} s")
        head = Anchor(self._head, "the record itself", self._number) if self._rows else None
        return Verdict(
            self._run,
            tuple(self._files),
            self._rows,
            head,
            self._at_ns,
            self._end,
            tuple(self._flaws),
            tuple(self._remarks),
        )

    def _rows_of(self, connection: sqlite3.Connection, name: str, segment: int, following: int | None) -> None:
        is_first = True
        try:
            for row in map(Row._make, connection.execute(_ROWS)):
                if following is not None and isinstance(row.number, int) and row.number >= following:
                    break
                if is_first:
                    self._beginning(row, name, segment)
                is_first = False
                self._row(row, name)
                if len(self._flaws) >= ENOUGH:
                    self._remarks.append("there is more than this: the check has ended here")
                    break
        except sqlite3.Error as error:
            self._flaws.append(Flaw(name, f"nothing can be read after row {self._number}: {error}"))

    def _beginning(self, row: Row, name: str, segment: int) -> None:
        """Check that a file begins with its genesis, and with what it goes on from."""
        try:
            genesis = fields_of(row.body) if row.kind == Entry.GENESIS else {}
        except _UNREADABLE:
            return  # the row itself is a flaw
        run, number, after = genesis.get("run"), genesis.get("segment"), genesis.get("after")
        if number != segment or (segment > 1 and run != self._run):
            what = f'it begins file {number} of "{run}"' if genesis else "the file does not begin with its genesis"
            self._add(row, name, f'{what}; here belongs the beginning of file {segment} of "{self._run}"')
        elif run != self._run:
            self._remarks.append(f'{name} is the record of "{run}" under another name')
            self._run = str(run)
        known = (after.get("number"), after.get("hash")) if isinstance(after, dict) else (0, FIRST.hex())
        if known != (self._number, self._head.hex()):
            what = f"it goes on from row {known[0]}, but the file before ends otherwise, at row {self._number}"
            self._add(row, name, f"{what}: rows were cut off or written anew there")

    def _row(self, row: Row, name: str) -> None:
        number, at_ns, kind, body, digest = row
        self._in_its_place(row, name)
        try:
            is_chained = chained(self._head, number, at_ns, kind, body) == digest
        except (struct.error, TypeError, AttributeError):
            is_chained = False
        if not is_chained and number == self._number + 1:
            self._add(row, name, "its contents or its hash were changed, or the row before it")
        try:
            self._read(row)
        except _UNREADABLE as error:
            if is_chained:
                self._add(row, name, f"its body cannot be read: {error}")
            if kind == SCAN:
                self._unpacker = None
        if self._has_end and kind != Entry.END:
            self._add(row, name, "it comes after the end")
        self._number = number
        self._head = digest if isinstance(digest, bytes) else b""
        self._at_ns = at_ns if isinstance(at_ns, int) else self._at_ns
        self._rows += 1
        self._wanted = [a for a in self._wanted if a.hash != digest or a.number not in {None, number}]

    def _in_its_place(self, row: Row, name: str) -> None:
        due = self._number + 1
        if row.number == due:
            return
        if row.number <= self._number:
            self._add(row, name, "its number is there twice: a row was added")
        else:
            missing = f"row {due} is" if row.number == due + 1 else f"rows {due} to {row.number - 1} are"
            self._add(row, name, f"{missing} missing before it")
            self._unpacker = None

    def _read(self, row: Row) -> None:
        """Read a row's body. Raises one of ``_UNREADABLE``."""
        kind, body = row.kind, row.body
        if kind == SCAN:
            if self._unpacker is not None:
                self._unpacker.unpack(row.at_ns, body)
        elif kind == Entry.EVENT:
            event_of(row.at_ns, body)
        elif kind == Entry.NOTICE:
            notice_of(row.at_ns, body)
        elif Entry(kind) not in {Entry.RECIPE, Entry.STATION}:
            self._document(kind, fields_of(body))

    def _document(self, kind: str, fields: dict[str, Any]) -> None:
        if kind == Entry.SIGNALS:
            self._unpacker = Unpacker(len([Signal(*row) for row in fields["signals"]]))
        elif kind == Entry.END:
            self._end, self._has_end = fields, True

    def _add(self, row: Row, name: str, what: str) -> None:
        table = SCAN if row.kind == SCAN else "entry"
        self._flaws.append(Flaw(name, what, row.number, table, row.kind, row.at_ns))
