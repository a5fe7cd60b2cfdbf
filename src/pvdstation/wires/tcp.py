"""A TCP connection: own socket, dead-lines for everything, a pulled cable noticed within seconds."""

import errno
import socket
from contextlib import suppress

from pvdstation.model.clock import SECOND, Clock
from pvdstation.wires.base import WireLost
from pvdstation.wires.reasons import closed_by_peer, disconnected, not_connected, too_slow

CONNECT_S = 2.0
"""How long an address may take to accept a connection."""
_CHUNK = 4096
_OPTIONS = (  # where the platform has them (safety D.17)
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_NODELAY", 1),  # a question after a command must not wait for the command's ACK
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 5),  # s
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 1),  # s
    ("IPPROTO_TCP", "TCP_KEEPCNT", 3),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 5000),  # ms that sent bytes may stay unacknowledged
)


def set_options(connection: socket.socket) -> None:
    """Send at once, and notice a dead peer within seconds. Raises OSError."""
    for level, name, value in _OPTIONS:
        if hasattr(socket, name):
            connection.setsockopt(getattr(socket, level), getattr(socket, name), value)


def is_own_echo(connection: socket.socket) -> bool:
    """Return whether the connection leads to itself: a free port of this computer can, and echoes. Raises OSError."""
    return bool(connection.getsockname() == connection.getpeername())


class TcpWire:
    """A TCP port of an instrument or a device server."""

    def __init__(self, host: str, number: int, clock: Clock) -> None:
        self._address = (host, number)
        self._where = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
        self._clock = clock
        self._socket: socket.socket | None = None

    @property
    def own_number(self) -> int:
        """Return the number of our own end, by which the other side knows us. Raises WireLost."""
        return int(self._connected().getsockname()[1])

    def open(self) -> None:
        """Connect. Raises WireLost."""
        self.close()
        try:
            connection = socket.create_connection(self._address, timeout=CONNECT_S)
        except (OSError, UnicodeError) as error:
            raise WireLost(not_connected(self._where, error)) from error
        try:
            set_options(connection)
            if is_own_echo(connection):
                raise ConnectionRefusedError(errno.ECONNREFUSED, "connected with itself")
        except OSError as error:
            connection.close()
            raise WireLost(not_connected(self._where, error)) from error
        self._socket = connection

    def close(self) -> None:
        """End the connection for both sides; small devices have few."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Send all bytes before the dead-line. Raises WireLost."""
        connection = self._connected()
        try:
            connection.settimeout(self._left_s(deadline_ns))
            connection.sendall(data)
        except OSError as error:
            text = too_slow(self._where, len(data)) if _is_deadline(error) else disconnected(self._where, error)
            raise self._lost(text) from error

    def read(self, deadline_ns: int) -> bytes:
        """Return at least one byte as soon as there is one, or nothing at the dead-line. Raises WireLost."""
        connection = self._connected()
        while True:
            try:
                connection.settimeout(self._left_s(deadline_ns))
                data = connection.recv(_CHUNK)
            except OSError as error:
                if not _is_deadline(error):
                    raise self._lost(disconnected(self._where, error)) from error
                if self._clock.now_ns() >= deadline_ns:
                    return b""
                continue
            if not data:
                raise self._lost(closed_by_peer(self._where))
            return data

    def _left_s(self, deadline_ns: int) -> float:
        return max(deadline_ns - self._clock.now_ns(), 0) / SECOND

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise WireLost(f"the connection to {self._where} is closed")
        return self._socket

    def _lost(self, text: str) -> WireLost:
        self.close()
        return WireLost(text)


def _is_deadline(error: OSError) -> bool:
    """Return whether our own time is over; a time-out of the connection itself carries a number."""
    return isinstance(error, BlockingIOError) or (isinstance(error, TimeoutError) and error.errno is None)
