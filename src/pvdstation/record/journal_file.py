"""Writes one file of a run, row by row; knows nothing of threads, queues and second tries."""

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

from pvdstation.record.schema import APPLICATION_ID, CREATE, FORMAT, SCAN, chained

FAILURES = (OSError, sqlite3.Error)
"""What a disk that does not take a row raises."""

FOLD_AT_PAGES = 256
"""When the write-ahead log is folded into the file: 1 MB, so that little is left to do at the end."""
_ENTRY = "INSERT INTO entry VALUES (?, ?, ?, ?, ?)"
_SCAN = "INSERT INTO scan VALUES (?, ?, ?, ?)"


class JournalFile:
    """One SQLite file, created exclusively.

    Every method may raise one of ``FAILURES``; after the first of ``append`` or ``commit`` the file is not to be used
    again: the kernel may have dropped what it could not write (safety reference E.4). The tables come into being with
    the first commit: a file has its first rows, or nothing.
    """

    def __init__(self, path: Path, *, after: bytes, next_number: int, is_durable: bool) -> None:
        self.path = path
        self.head = after
        """Hash of the last row appended."""
        self.next_number = next_number
        self._is_durable = is_durable
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        # The thread that writes is not always the one that opens; there is only ever one at a time.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._begin()
        except FAILURES:
            self.discard()
            raise
        self._is_open = True  # a transaction

    def append(self, kind: str, at_ns: int, body: bytes) -> int:
        """Append a row and return its number; it is durable after ``commit``."""
        if not self._is_open:
            self._connection.execute("BEGIN IMMEDIATE")
            self._is_open = True
        number = self.next_number
        head = chained(self.head, number, at_ns, kind, body)
        if kind == SCAN:
            self._connection.execute(_SCAN, (number, at_ns, body, head))
        else:
            self._connection.execute(_ENTRY, (number, at_ns, kind, body, head))
        self.head = head
        self.next_number = number + 1
        return number

    def commit(self) -> None:
        """Make durable what was appended; returns when it is."""
        if self._is_open:
            self._connection.execute("COMMIT")
            self._is_open = False

    def fold(self) -> None:
        """Bring everything committed into the file itself: a copy without the write-ahead log is then whole."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def finish(self) -> None:
        """Commit, make it one file, close it and take away the right to write. Raises only where the commit fails."""
        self.commit()
        # Somebody reads it, or there is no room: then the write-ahead log stays beside it and has every row.
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA journal_mode = MEMORY")  # one page, of which one sector changes
        self.abandon()
        if self._is_durable:
            with suppress(OSError):
                sync_folder(self.path.parent)

    def abandon(self) -> None:
        """Close for good, without a commit. Raises nothing: what is durable in it can be read as it is."""
        with suppress(*FAILURES):
            self._connection.close()
            if not self.path.with_name(f"{self.path.name}-wal").exists():  # readers of the log need to lock the file
                self.path.chmod(stat.S_IRUSR | stat.S_IRGRP)

    def discard(self) -> None:
        """Close and remove a file of which nothing ever became durable, as far as the disk lets us. Raises nothing."""
        self.abandon()
        with suppress(OSError):
            for ending in ("-wal", "-shm", ""):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def _begin(self) -> None:
        is_durable = self._is_durable
        run = self._connection.execute
        # A process that is killed leaves a readable file in either case; power cuts need FULL. Changes of the mode go
        # through a rollback journal, and a file with one left over cannot be opened by who may only read: none is used.
        run("PRAGMA journal_mode = OFF")
        (mode,) = run("PRAGMA journal_mode = WAL").fetchone()
        run(f"PRAGMA synchronous = {'FULL' if is_durable else 'OFF'}")
        run("PRAGMA fullfsync = ON")  # macOS: past the drive's own cache
        run(f"PRAGMA wal_autocheckpoint = {FOLD_AT_PAGES}")
        (level,) = run("PRAGMA synchronous").fetchone()
        if mode != "wal" or level != (2 if is_durable else 0):
            raise OSError(f"{self.path.name}: SQLite keeps mode {mode}, level {level} here: a local disk is needed")
        self._connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; {CREATE}"
        )
        if is_durable:
            sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (POSIX; elsewhere a folder cannot be opened, and nothing is done)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
