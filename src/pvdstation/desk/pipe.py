"""The desk on Windows: a named pipe, carried over socket pairs so that server and client need not know of it.

Two threads per connection pass bytes on; who does not read stops them, as a full socket does. No pickle is read.
"""

import socket
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from threading import Thread

from pvdstation.desk.place import DoorError

_MOST_BYTES = 65536


class PipeDoor:
    """A named pipe that one core holds as long as it lives: the first instance of its name."""

    def __init__(self, address: Path) -> None:
        """Open it. Raises DoorError."""
        try:
            self._listener = Listener(str(address))
        except OSError as error:
            raise DoorError(f"another core runs this station already, or {address} is not free: {error}") from None
        self.address = address
        self._bell, self._rope = socket.socketpair()
        self._bell.settimeout(0)
        self._came: deque[socket.socket] = deque()
        self._is_over = False
        self._thread = Thread(target=self._let_in, name="desk pipe", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return what a selector can wait for."""
        return self._bell.fileno()

    def accept(self) -> socket.socket:
        """Return a client that has come. Raises BlockingIOError when there is none."""
        self._bell.recv(1)
        return self._came.popleft()

    def close(self) -> None:
        """Close it."""
        self._is_over = True
        with suppress(OSError, EOFError):
            Client(str(self.address)).close()  # wakes the thread, which nothing else does
        self._thread.join()
        self._listener.close()
        self._bell.close()
        self._rope.close()
        for connected in self._came:
            connected.close()

    def _let_in(self) -> None:
        while not self._is_over:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError):  # it went before it was let in
                continue
            if self._is_over:
                connection.close()
                return
            self._came.append(carried(connection))
            self._rope.send(b".")


def knock_at_pipe(address: Path, timeout_s: float) -> socket.socket:
    """Return a connection to the core of an address. Raises OSError."""
    near = carried(Client(str(address)))
    near.settimeout(timeout_s)
    return near


def carried(connection: "Connection[bytes, bytes]") -> socket.socket:
    """Return a socket whose bytes are carried over a connection, both ways, until either end closes."""
    near, far = socket.socketpair()
    Thread(target=_carry, args=(far, connection), name="desk pipe out", daemon=True).start()
    return near


def _carry(far: socket.socket, connection: "Connection[bytes, bytes]") -> None:
    """Carry bytes out, and others in by a second thread; an empty message is the end of each direction."""
    inward = Thread(target=_carry_in, args=(connection, far), name="desk pipe in", daemon=True)
    inward.start()
    with suppress(OSError):
        while more := far.recv(_MOST_BYTES):
            connection.send_bytes(more)
    with suppress(OSError):
        connection.send_bytes(b"")
    inward.join()
    connection.close()
    far.close()


def _carry_in(connection: "Connection[bytes, bytes]", far: socket.socket) -> None:
    with suppress(OSError, EOFError):
        while more := connection.recv_bytes(_MOST_BYTES):
            far.sendall(more)
    with suppress(OSError):
        far.shutdown(socket.SHUT_RDWR)
