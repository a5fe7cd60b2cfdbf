"""Writes the file of a run, row by row; knows nothing of threads, queues and second tries."""

import os
import sqlite3
import stat
from pathlib import Path

from pvdstation.record.schema import APPLICATION_ID, CREATE, FORMAT, SCAN, chained


class JournalFile:
    """One SQLite file, created exclusively. Every method raises OSError or sqlite3.Error; after the first of ``commit``
    the file is not to be used again: the kernel may have dropped what it could not write (safety reference E.4).
    """

    def __init__(self, path: Path, *, after: bytes, next_number: int, is_durable: bool) -> None:
        self.path = path
        self.head = after
        """Hash of the last row appended."""
        self.next_number = next_number
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        # The thread that writes is not always the one that opens; there is only ever one at a time.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        run = self._connection.execute
        run(f"PRAGMA application_id = {APPLICATION_ID}")
        run(f"PRAGMA user_version = {FORMAT}")
        run(f"PRAGMA journal_mode = {'WAL' if is_durable else 'MEMORY'}")
        run(f"PRAGMA synchronous = {'FULL' if is_durable else 'OFF'}")
        self._connection.executescript(CREATE)
        self._is_durable = is_durable
        self._is_open = False  # a transaction
        if is_durable:
            sync_folder(path.parent)

    def append(self, kind: str, at_ns: int, body: bytes) -> int:
        """Append an entry and return its number; it is durable after ``commit``."""
        return self._append("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", kind, at_ns, body, (kind,))

    def append_scan(self, at_ns: int, body: bytes) -> int:
        """Append a scan and return its number."""
        return self._append("INSERT INTO scan VALUES (?, ?, ?, ?)", SCAN, at_ns, body, ())

    def commit(self) -> None:
        """Make durable what was appended; returns when it is."""
        if self._is_open:
            self._connection.execute("COMMIT")
            self._is_open = False

    def finish(self) -> None:
        """Commit, fold the write-ahead log into the one file, close it and take away the right to write."""
        self.commit()
        self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()
        self.path.chmod(stat.S_IRUSR | stat.S_IRGRP)
        if self._is_durable:
            sync_folder(self.path.parent)

    def abandon(self) -> None:
        """Close without a commit."""
        self._connection.close()

    def _append(self, sql: str, kind: str, at_ns: int, body: bytes, more: tuple[str, ...]) -> int:
        if not self._is_open:
            self._connection.execute("BEGIN IMMEDIATE")
            self._is_open = True
        number = self.next_number
        head = chained(self.head, number, at_ns, kind, body)
        self._connection.execute(sql, (number, at_ns, *more, body, head))
        self.head = head
        self.next_number = number + 1
        return number


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (POSIX; elsewhere a folder cannot be opened, and nothing is done)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
