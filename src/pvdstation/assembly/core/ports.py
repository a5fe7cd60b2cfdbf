"""Ports of a live station are locked machine-wide: two station files, or two users, must not drive one instrument."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station

FOLDER = "pvdstation-ports"
_OPEN_TO_ALL = 0o1777


@contextmanager
def held_ports(station: Station) -> Iterator[None]:
    """Hold every real port as long as the core lives; the kernel gives them back. Raises Refused."""
    locks: list[int] = []
    try:
        if not station.is_simulated and station.simulator is None:
            locks += [_held(link, port) for link, port in station.ports.items()]
        yield
    finally:
        for lock in locks:
            os.close(lock)


def _held(link: str, port: str) -> int:
    path = _folder() / sha256(_canonical(port).encode()).hexdigest()[:16]
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        with suppress(OSError):  # somebody else's: it is open to all already
            path.chmod(0o666)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        what = f"the port of {link}, {port}, is driven by another core of this machine"
        raise Refused([Problem("the station", what, "End that one first; one core drives an instrument.")]) from None
    except OSError as error:
        raise Refused([Problem("the station", f"the lock of {port} cannot be taken: {error.strerror}")]) from None
    return lock


def _canonical(port: str) -> str:
    """Return one name for a serial port that has several."""
    return str(Path(port).resolve()) if port.startswith("/") else port.casefold()


def _folder() -> Path:
    folder = Path(tempfile.gettempdir(), FOLDER)
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(_OPEN_TO_ALL)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise Refused([Problem("the station", f"{folder} is not a folder", "Remove it.")])
    return folder
