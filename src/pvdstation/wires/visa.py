"""A VISA resource by PyVISA with pyvisa-py: ``TCPIP::…::SOCKET`` and ``ASRL…::INSTR``. VISA stays in this file.

What pyvisa-py 0.8.1 does, measured, and what is done about it: a refused port opens without error, and a peer that has
closed looks like silence (the socket itself is asked); a write to a peer that does not read waits for ever (written in
pieces, each when there is room); a time-out loses what was read of an answer and gives its rest to the next question,
and times are wall time, which may step back (VISA is asked to read only what is there already; our own clock waits).
A session with a missed answer is ended at once, never cleared, never used again.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from select import select
from typing import Any

from pyvisa import ResourceManager
from pyvisa.constants import ControlFlow, Parity, StatusCode, StopBits
from pyvisa.errors import Error, VisaIOError
from pyvisa.resources import MessageBasedResource, SerialInstrument

from pvdstation.model.clock import MILLISECOND, SECOND, Clock
from pvdstation.model.ports import ORDINARY_LINE, Line, parse_port
from pvdstation.wires.base import WireLost
from pvdstation.wires.reasons import closed_by_peer, disconnected, not_connected, not_opened, too_slow, unplugged
from pvdstation.wires.tcp import CONNECT_S, is_own_echo, set_options

_PARITY = {"none": Parity.none, "even": Parity.even, "odd": Parity.odd}
_STOP_BITS = {1: StopBits.one, 2: StopBits.two}
_TIMED_OUT = str(int(StatusCode.error_timeout))
_LOOK_NS = MILLISECOND
_PIECE = 512


class VisaWire:
    """A VISA session that is begun anew after every question without an answer."""

    def __init__(self, resource: str, clock: Clock, line: Line = ORDINARY_LINE) -> None:
        self._resource = resource
        self._where = parse_port(resource).target
        self._clock = clock
        self._line = line
        self._session: MessageBasedResource | None = None
        self._connection: socket.socket | None = None  # of a TCPIP session, for what pyvisa-py does not offer
        self._is_open = False
        self._has_asked = False  # in this session

    def open(self) -> None:
        """Begin a session and prove, as far as possible, that somebody is there. Raises WireLost."""
        self.close()
        with self._one_error(self._refusal):
            self._begin()
        self._is_open = True

    def close(self) -> None:
        """End the session."""
        self._is_open = False
        self._end()

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Send all bytes before the dead-line. Raises WireLost."""
        session = self._current()
        self._has_asked = True
        with self._one_error(self._loss):
            if self._connection is not None:
                self._send(session, self._connection, data, deadline_ns)
            else:
                self._send_serially(session, data, deadline_ns)

    def read(self, deadline_ns: int) -> bytes:
        """Return at least one byte as soon as there is one, or nothing at the dead-line. Raises WireLost."""
        session = self._current()
        is_waiting = self._clock.now_ns() < deadline_ns
        data = b""
        with self._one_error(self._loss):
            if self._connection is not None:
                data = self._receive(session, self._connection, deadline_ns)
            elif isinstance(session, SerialInstrument):
                data = self._receive_serially(session, deadline_ns)
        if not data and is_waiting and self._has_asked:
            self._end()  # the next call begins anew: what still comes is nobody's answer
        return data

    # --- one session ---

    def _begin(self) -> None:
        if not self._is_serial:  # pyvisa-py would leave a socket behind when nobody has this name
            host, _, number = self._where.rpartition(":")
            socket.getaddrinfo(host, int(number), socket.AF_INET, socket.SOCK_STREAM)
        session = ResourceManager("@py").open_resource(self._resource, open_timeout=round(CONNECT_S * 1000))
        if not isinstance(session, MessageBasedResource):
            raise TypeError(f"{self._resource} takes no messages")
        self._session = session
        self._has_asked = False
        library: Any = session.visalib
        interface = library.sessions[session.session].interface
        if isinstance(session, SerialInstrument):
            interface.exclusive = True if os.name == "posix" else None
            self._set_line(session)
        else:
            _require_connected(interface)
            set_options(interface)
            self._connection = interface

    def _set_line(self, session: SerialInstrument) -> None:
        session.flow_control = ControlFlow.none
        session.baud_rate = self._line.baud
        session.data_bits = self._line.data_bits
        session.parity = _PARITY[self._line.parity]
        session.stop_bits = _STOP_BITS[self._line.stop_bits]

    def _current(self) -> MessageBasedResource:
        """Return the session; a new one where the last one ended with a missed answer. Raises WireLost."""
        if not self._is_open:
            raise WireLost(f"the VISA session with {self._where} is closed")
        if self._session is None:
            with self._one_error(self._refusal):
                self._begin()
        assert self._session is not None  # noqa: S101 - begun above
        return self._session

    def _end(self) -> None:
        session, self._session = self._session, None
        self._connection = None
        if session is not None:
            with suppress(Error, OSError):  # gone already
                session.close()

    # --- bytes ---

    def _send(self, session: MessageBasedResource, connection: socket.socket, data: bytes, deadline_ns: int) -> None:
        for start in range(0, len(data), _PIECE):
            left_s = (deadline_ns - self._clock.now_ns()) / SECOND
            is_over = left_s < 0 < start  # the first piece may be late, as with any other wire
            if is_over or not select([], [connection], [], max(left_s, 0))[1]:
                raise WireLost(too_slow(self._where, len(data) - start))
            session.write_raw(data[start : start + _PIECE])

    def _send_serially(self, session: MessageBasedResource, data: bytes, deadline_ns: int) -> None:
        session.timeout = max((deadline_ns - self._clock.now_ns()) // MILLISECOND, 1)
        try:
            session.write_raw(data)
        except VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                raise WireLost(too_slow(f"the port {self._where}", len(data))) from error
            raise

    def _receive(self, session: MessageBasedResource, connection: socket.socket, deadline_ns: int) -> bytes:
        while not select([connection], [], [], max(deadline_ns - self._clock.now_ns(), 0) / SECOND)[0]:
            if self._clock.now_ns() >= deadline_ns:
                return b""
        if not connection.recv(1, socket.MSG_PEEK):
            raise WireLost(closed_by_peer(self._where))
        return session.read_bytes(1)

    def _receive_serially(self, session: SerialInstrument, deadline_ns: int) -> bytes:
        clock = self._clock
        while not (waiting := session.bytes_in_buffer):
            now_ns = clock.now_ns()
            if now_ns >= deadline_ns:
                return b""
            clock.wait_until(min(now_ns + _LOOK_NS, deadline_ns))
        return session.read_bytes(waiting)

    # --- errors ---

    @contextmanager
    def _one_error(self, sentence: Callable[[Exception], str]) -> Iterator[None]:
        try:
            yield
        except WireLost:
            self.close()
            raise
        except Exception as error:  # pyvisa-py raises VisaIOError, SerialException, OSError, and Exception itself
            self.close()
            raise WireLost(sentence(error)) from error

    @property
    def _is_serial(self) -> bool:
        return self._resource.upper().startswith("ASRL")

    def _refusal(self, error: Exception) -> str:
        if self._is_serial:
            return not_opened(self._where, error)
        return not_connected(self._where, TimeoutError() if _TIMED_OUT in str(error) else error)

    def _loss(self, error: Exception) -> str:
        if isinstance(error, Error):
            return f"the VISA session with {self._where} is lost: {getattr(error, 'description', error)}"
        return unplugged(self._where, error) if self._is_serial else disconnected(self._where, error)


def _require_connected(connection: socket.socket) -> None:
    """Raise OSError when the connection was refused, or leads to itself."""
    number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number or is_own_echo(connection):
        number = number or errno.ECONNREFUSED
        raise OSError(number, os.strerror(number))
