"""Ports of a live station are locked machine-wide: two station files, or two users, must not drive one instrument."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from pvdstation.model.ports import parse_port
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station

if sys.platform != "win32":
    import fcntl

FOLDER = "pvdstation-ports"
_LINUX = "Guardian and port locks need it: docs/how-to/run-the-station.md."
_OPEN_TO_ALL = 0o1777
_SHARED = Path("/tmp")  # noqa: S108 - a person may have a temporary folder of his own; the lock is the machine's


@contextmanager
def held_ports(station: Station) -> Iterator[None]:
    """Hold every real port as long as the core lives; the kernel gives them back. Raises Refused."""
    locks: list[int] = []
    try:
        if not station.is_simulated and station.simulator is None:
            if sys.platform == "win32":
                raise Refused([Problem("the station", "real instruments are driven on Linux only", _LINUX)])
            for link, port in station.ports.items():
                locks.append(_held(link, port))
        yield
    finally:
        for lock in locks:
            os.close(lock)


def _held(link: str, port: str) -> int:
    path = _folder() / sha256(one_name(port).encode()).hexdigest()[:16]
    lock = -1
    try:
        lock = _opened(path)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        what = f"the port of {link}, {port}, is driven by another core of this machine"
        raise Refused([Problem("the station", what, "End that one first; one core drives an instrument.")]) from None
    except OSError as error:
        raise Refused([Problem("the station", f"the lock of {port} cannot be taken: {error.strerror}")]) from None
    return lock


def _opened(path: Path) -> int:
    """Open a lock file, and make it where there is none: another user's, opened to be made, is refused by the kernel
    (fs.protected_regular).
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        lock = os.open(path, flags | os.O_CREAT, 0o666)
        with suppress(OSError):  # whoever was quicker has opened it to all
            path.chmod(0o666)
        return lock


def one_name(port: str) -> str:
    """Return the same text for every spelling of a port, links to a serial device included."""
    target = parse_port(port).target
    return str(Path(target).resolve()) if target.startswith("/") else target.casefold()


def _folder() -> Path:
    folder = (_SHARED if os.access(_SHARED, os.W_OK) else Path(tempfile.gettempdir())) / FOLDER
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(_OPEN_TO_ALL)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise Refused([Problem("the station", f"{folder} is not a folder", "Remove it.")])
    return folder
