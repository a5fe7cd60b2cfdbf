"""Who writes a record holds it: a kernel lock on a file beside it, which goes with the process however it ends."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

ENDING = ".lock"
"""``<run id>.lock``; its text names the process, for people. What counts is the lock, not the file."""


class Hold:
    """A record that this process writes. Take it before the record is there, give it back when it is closed."""

    def __init__(self, record: Path) -> None:
        """Take the lock. Raises OSError."""
        self._path = lock_of(record)
        self._file = self._path.open("w", encoding="ascii")
        try:
            lock_file(self._file, is_shared=False, waits=True)  # whoever looks holds it for a moment only
            self._file.write(f"process {os.getpid()}\n")
            self._file.flush()
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Give it back; what is left of a process that was killed is an empty claim."""
        if self._file.closed:
            return
        if sys.platform == "win32":  # an open file cannot be removed there
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self._file.close()


def is_held(record: Path) -> bool:
    """Tell whether a process that lives writes this record."""
    try:
        file = lock_of(record).open("r+", encoding="ascii")
    except OSError:
        return False
    with file:
        try:
            lock_file(file, is_shared=True, waits=False)
        except OSError:
            return True
    return False


def holder_of(record: Path) -> str:
    """Return the process that holds a record, in words; empty when nobody can tell."""
    try:
        return lock_of(record).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


def lock_of(record: Path) -> Path:
    """Return the file that is locked while a record is written."""
    return record.with_name(f"{record.name.partition('.')[0]}{ENDING}")


if sys.platform == "win32":
    import msvcrt

    def lock_file(file: IO[str], *, is_shared: bool, waits: bool) -> None:
        """Lock a byte far behind the text, so that the text can be read. Raises OSError when another has it."""
        del is_shared
        file.seek(1 << 30)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if waits else msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def lock_file(file: IO[str], *, is_shared: bool, waits: bool) -> None:
        """Lock the file. Raises OSError when another process has it."""
        fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB))
