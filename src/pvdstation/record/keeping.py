"""Keeps the rows of a run whole over the failures of the disk: a file that has failed is followed by another."""

import errno
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import NamedTuple

from pvdstation.model.problems import Problem, Refused
from pvdstation.record.bodies import document
from pvdstation.record.journal_file import FAILURES, JournalFile
from pvdstation.record.run_file import SUFFIX
from pvdstation.record.schema import FIRST, Entry

RETRY_S = (1.0, 2.0, 5.0)
"""Waits between tries to open the next file; the last one again and again."""
STOPPED_S = 40.0
"""After so long the rules have ordered the controlled stop (30 s), and the room kept back for it is given away."""
BALLAST_BYTES = 16_000_000
"""Room for an hour of the stop and the end."""


class Row(NamedTuple):
    """A row that is not durable yet."""

    kind: str
    at_ns: int
    body: bytes


class Keeper:
    """Appends rows and commits them; whatever is not durable stays in memory and is written again, into the next file.

    Not for several threads at once. Raises Refused by a folder in which nothing can be begun.
    """

    def __init__(
        self,
        folder: Path,
        run: str,
        genesis: Mapping[str, object],
        opening: Sequence[Row],
        *,
        is_durable: bool,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self.segment = 1
        """Number of the file that is written or tried; above 1, an earlier one has failed."""
        self._folder = folder
        self._run = run
        self._genesis = dict(genesis)
        self._is_durable = is_durable
        self._now_s = now_s
        self._durable = (0, FIRST)  # number and hash of the last row that is durable
        self._since: list[Row] = []
        self._failing_since_s = self._retry_s = 0.0
        self._tries = 0
        self._error: Exception | None = None
        self._file: JournalFile | None = None
        self._ballast: Ballast | None = None
        try:
            if is_durable:
                self._ballast = Ballast(folder)
            self._file = self._begin([Row(Entry.GENESIS, 0, document(genesis)), *opening])
            self._file.fold()
        except FAILURES as error:
            self.close()
            what = f"no record can be begun here: {error}"
            raise Refused([Problem(str(folder), what, _advice(error))]) from error

    @property
    def is_failing(self) -> bool:
        """Tell whether there is no file to write to at present."""
        return self._file is None

    def append(self, kind: str, at_ns: int, body: bytes) -> None:
        """Take a row; it is durable when ``commit`` says so. Raises nothing for the disk."""
        self._since.append(Row(kind, at_ns, body))
        if self._file is not None:
            try:
                self._file.append(kind, at_ns, body)
            except FAILURES as error:
                self._abandon(self._file, error)

    def commit(self) -> bool:
        """Make durable what was appended, in a new file if need be. False: not yet, another try comes later."""
        if self._file is not None:
            try:
                self._file.commit()
            except FAILURES as error:
                self._abandon(self._file, error)
            else:
                self._settle(self._file)
                return True
        if self._now_s() < self._retry_s:
            return False
        if self._ballast is not None and self._now_s() - self._failing_since_s >= STOPPED_S:
            self._ballast.release()
        return self._begin_again()

    def finish(self) -> bytes:
        """Commit, close the file for good and return the hash of its last row. Raises OSError when no file takes it."""
        try:
            self._commit_now()
            if self._file is None:
                raise OSError(f"the end of the run {self._run} could not be written: {self._error}") from self._error
            head = self._file.head
            self._file.finish()
            self._file = None
            return head
        finally:
            self.close()

    def close(self) -> None:
        """Let go of files, as they are."""
        if self._file is not None:
            self._file.abandon()
            self._file = None
        if self._ballast is not None:
            self._ballast.release()

    def _commit_now(self) -> None:
        """Commit with all that can be tried at once: this is the last chance."""
        if self.commit():
            return
        if self._ballast is not None:
            self._ballast.release()
        self._retry_s = self._now_s()
        self.commit()

    def _begin(self, rows: Sequence[Row]) -> JournalFile:
        """Return a file that holds the rows, durable. Raises one of ``FAILURES``, and leaves nothing then."""
        name = self._run if self.segment == 1 else f"{self._run}.{self.segment}"
        number, digest = self._durable
        file = JournalFile(
            self._folder / f"{name}{SUFFIX}", after=digest, next_number=number + 1, is_durable=self._is_durable
        )
        try:
            for row in rows:
                file.append(*row)
            file.commit()
        except FAILURES:
            file.discard()
            raise
        self._settle(file)
        return file

    def _begin_again(self) -> bool:
        number, digest = self._durable
        after = {"number": number, "hash": digest.hex()}
        why = f"{type(self._error).__name__}: {self._error}"
        genesis = self._genesis | {"segment": self.segment, "after": after, "because": why}
        first_ns = self._since[0].at_ns if self._since else 0
        try:
            self._file = self._begin([Row(Entry.GENESIS, first_ns, document(genesis)), *self._since])
        except FAILURES as error:
            self._error = error
            if isinstance(error, FileExistsError):  # what is left of a try, where not even removing was possible
                self.segment += 1
            self._retry_s = self._now_s() + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
            self._tries += 1
            return False
        return True

    def _settle(self, file: JournalFile) -> None:
        self._durable = (file.next_number - 1, file.head)
        self._since.clear()

    def _abandon(self, file: JournalFile, error: Exception) -> None:
        """Leave the file for good; the next commit begins another."""
        file.abandon()
        self._file = None
        self._error = error
        self.segment += 1
        self._tries = 0
        self._failing_since_s = self._retry_s = self._now_s()


def _advice(error: Exception) -> str:
    """Return what to do about a folder in which no record can be begun."""
    full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
    if (isinstance(error, OSError) and error.errno in full) or _code(error) == sqlite3.SQLITE_FULL:
        return "Make room, or give a folder on another disk with --data DIR."
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "Give a folder that you may write to with --data DIR."
    if _code(error) == sqlite3.SQLITE_READONLY:
        return "Give a folder that you may write to with --data DIR."
    return "Give a folder on a local disk with --data DIR."


def _code(error: Exception) -> int | None:
    """Return SQLite's primary code of an error, where it has one."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


class Ballast:
    """Room on the disk, kept back for the end of the run. It has no name: it goes with the process."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - held until it is released
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._file.fileno(), 0, BALLAST_BYTES)
            elif self._file.write(bytes(BALLAST_BYTES)) != BALLAST_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Give the room back."""
        self._file.close()
