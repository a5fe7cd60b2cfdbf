"""The door: where the socket of a station is, who holds it, and who is at the other end.

The folder is the user's runtime folder, else one with mode 0700 in the system's temporary folder. A kernel lock beside
the socket tells a core that lives from the file that a dead one has left.
"""

import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

RUNTIME_VARIABLE = "XDG_RUNTIME_DIR"
_ADDRESS_BYTES = 100  # sun_path has 108 on Linux and 104 on macOS, its end included
_WAITING = 128
_AGAIN_S = 0.01


class DoorError(Exception):
    """There is no safe place for the socket, or somebody else holds it; the sentence says what to do."""


class Peer(NamedTuple):
    """The process at the other end, as the kernel knows it."""

    pid: int
    uid: int


def address_of(data: Path, station: Path | str) -> Path:
    """Return where the core of a data folder and a station (its file, or a packaged name) is met. Raises DoorError."""
    named = str(station) if isinstance(station, str) else str(station.resolve())
    name = hashlib.sha256(f"{data.resolve()}\0{named}".encode()).hexdigest()[:16]
    return runtime_folder() / f"{name}.sock"


def runtime_folder() -> Path:
    """Return the folder of sockets, made if need be: ours, not a link, closed to others. Raises DoorError."""
    given = os.environ.get(RUNTIME_VARIABLE, "")
    if os.path.isabs(given) and _is_own(Path(given)):
        folder = Path(given, "pvdstation")
    else:
        folder = Path(tempfile.gettempdir(), f"pvdstation-{os.geteuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _verify(folder)
    return folder


class Door:
    """A listening socket that one core holds as long as it lives."""

    def __init__(self, address: Path) -> None:
        """Open it, in the place of what a dead core has left. Raises DoorError."""
        if len(os.fsencode(address)) > _ADDRESS_BYTES:
            raise DoorError(f"the socket's path {address} is too long; set {RUNTIME_VARIABLE} to a shorter folder")
        _verify(address.parent)
        self.address = address
        self._lock = os.open(address.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._hold()
        except BaseException:
            self.socket.close()
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close it; nothing of the socket is left, and the next core may come."""
        self.socket.close()
        with suppress(OSError):
            self.address.unlink()
        os.close(self._lock)

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DoorError(f"another core runs this station already; its socket is {self.address}") from None
        self.address.unlink(missing_ok=True)  # its holder is dead: the lock is ours
        self.socket.bind(str(self.address))
        self.address.chmod(0o600)
        self.socket.listen(_WAITING)
        self.socket.settimeout(0)


def knock(address: Path, timeout_s: float) -> socket.socket:
    """Return a connection to the core of an address, which is the same user's. Raises OSError, DoorError."""
    _verify(address.parent)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        _connect(connection, address, time.monotonic() + timeout_s)
        refuse_strangers(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(connection: socket.socket, address: Path, deadline_s: float) -> None:
    while True:
        try:
            connection.connect(str(address))
        except BlockingIOError:  # more wait at the door than it holds
            if time.monotonic() >= deadline_s:
                raise TimeoutError("it lets nobody in") from None
            time.sleep(_AGAIN_S)
        else:
            return


def refuse_strangers(connection: socket.socket) -> Peer | None:
    """Return who is at the other end, None where the system cannot tell. Raises DoorError for another user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid != os.geteuid():
        raise DoorError(f"process {pid} at the other end belongs to another user (uid {uid})")
    return Peer(pid, uid)


def _is_own(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _verify(folder: Path) -> None:
    try:
        found = folder.lstat()
    except OSError as error:
        raise DoorError(f"the folder of sockets {folder} cannot be used: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise DoorError(
            f"{folder} is not a folder of this user that is closed to others: "
            f'remove it, or "chmod 700 {folder}" when it is yours'
        )
