"""Clients' ends of ports: TCP sockets and pseudo-terminals, never blocking."""

import os
import select
import socket
import struct
import sys
from typing import Protocol

_READ_BYTES = 65536
_RESET = struct.pack("ii", 1, 0)


class Stream(Protocol):
    """One client of a port."""

    client: int
    """The client's own port, by which a driver says which connection is its; 0 where there is only one."""

    def fileno(self) -> int:
        """Return what a selector can wait for."""
        ...

    def take(self) -> bytes | None:
        """Return bytes that have come, b"" when there are none now, None when the client has gone."""
        ...

    def give(self, data: bytes) -> bool:
        """Send bytes; return whether the client is still there."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class SocketStream:
    """A client that has connected to a TCP port."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(0)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connected
        self.client: int = connected.getpeername()[1]

    def fileno(self) -> int:
        """Return the socket's number."""
        return self._socket.fileno()

    def take(self) -> bytes | None:
        """Return bytes that have come, b"" when there are none now, None when the client has gone."""
        try:
            return self._socket.recv(_READ_BYTES) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def give(self, data: bytes) -> bool:
        """Send bytes; a client that reads so little that they do not fit has gone."""
        try:
            return self._socket.send(data) == len(data)
        except OSError:
            return False

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def refuse(connected: socket.socket) -> None:
    """Reset a connection that the instrument does not take."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connected.close()


class PtyStream:
    """The simulated instrument's end of a pseudo-terminal; its client is whoever has the other end open."""

    client = 0

    def __init__(self) -> None:
        if sys.platform == "win32":
            raise OSError("there are no pseudo-terminals on Windows")
        import tty  # noqa: PLC0415 - POSIX only

        self._master, other = os.openpty()
        self.path = os.ttyname(other)
        tty.setraw(other)
        os.close(other)  # from now on a hang-up says that nobody has it open
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)

    def fileno(self) -> int:
        """Return the number of the instrument's end."""
        return self._master

    @property
    def is_open(self) -> bool:
        """Return whether somebody has the other end open."""
        return not any(events & select.POLLHUP for _, events in self._poll.poll(0))

    def take(self) -> bytes | None:
        """Return bytes that have come, b"" when there are none now, None when nobody has the other end open."""
        try:
            return os.read(self._master, _READ_BYTES) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def give(self, data: bytes) -> bool:
        """Send bytes; those that do not fit are lost, as on a line that nobody reads."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        os.close(self._master)
