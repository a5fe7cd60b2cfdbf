"""The door: the socket of a station, who holds it, and who is at the other end.

A kernel lock beside the socket tells a core that lives from the file that a dead one has left.
"""

import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pvdstation.desk.place import RUNTIME_VARIABLE, DoorError, verify

if sys.platform != "win32":
    import fcntl

_ADDRESS_BYTES = 100  # sun_path has 108 on Linux and 104 on macOS, its end included
_WAITING = 128


class Peer(NamedTuple):
    """The process at the other end, as the kernel knows it."""

    pid: int
    uid: int


class Door:
    """A listening socket that one core holds as long as it lives."""

    def __init__(self, address: Path) -> None:
        """Open it, in the place of what a dead core has left. Raises DoorError."""
        if len(os.fsencode(address)) > _ADDRESS_BYTES:
            raise DoorError(f"the socket's path {address} is too long; set {RUNTIME_VARIABLE} to a shorter folder")
        verify(address.parent)
        self.address = address
        self._lock = _opened(address.with_suffix(".lock"))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._hold()
        except OSError as error:
            self._let_go()
            raise DoorError(f"the socket {address} cannot be made: {error.strerror}") from None
        except DoorError:
            self._let_go()
            raise

    def fileno(self) -> int:
        """Return what a selector can wait for."""
        return self._socket.fileno()

    def accept(self) -> socket.socket:
        """Return a client that has come. Raises BlockingIOError when there is none, OSError."""
        return self._socket.accept()[0]

    def close(self) -> None:
        """Close it; nothing of the socket is left, and the next core may come."""
        with suppress(OSError):
            self.address.unlink()
        self._let_go()

    def _let_go(self) -> None:
        self._socket.close()
        os.close(self._lock)

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DoorError(f"another core runs this station already; its socket is {self.address}") from None
        self.address.unlink(missing_ok=True)  # its holder is dead: the lock is ours
        self._socket.bind(str(self.address))
        self.address.chmod(0o600)
        self._socket.listen(_WAITING)
        self._socket.settimeout(0)


def _opened(lock: Path) -> int:
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DoorError(f"the lock {lock} cannot be opened: {error.strerror}") from None


def knock(address: Path, timeout_s: float) -> socket.socket:
    """Return a connection to the core of an address, which is the same user's. Raises OSError, DoorError."""
    verify(address.parent)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _connect(connection, address, timeout_s)
        refuse_strangers(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(connection: socket.socket, address: Path, timeout_s: float) -> None:
    """Connect; where more wait at the door than it holds, in the kernel's own order. Raises OSError."""
    whole_s, part_s = divmod(timeout_s, 1.0)
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(whole_s), int(part_s * 1e6)))
    try:
        connection.connect(str(address))
    except BlockingIOError:
        raise TimeoutError("it lets nobody in") from None
    connection.settimeout(timeout_s)


def refuse_strangers(connection: socket.socket) -> Peer | None:
    """Return who is at the other end, None where the system cannot tell. Raises DoorError for another user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid != os.geteuid():
        raise DoorError(f"process {pid} at the other end belongs to another user (uid {uid})")
    return Peer(pid, uid)
