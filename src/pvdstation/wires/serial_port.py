"""A serial port by pyserial: taken exclusively, no flow control, both directions with dead-lines."""

import os
import sys
from contextlib import suppress

from serial import Serial, SerialException, SerialTimeoutException, serial_for_url

from pvdstation.model.clock import MILLISECOND, SECOND, Clock
from pvdstation.model.ports import ORDINARY_LINE, Line
from pvdstation.wires.base import WireLost
from pvdstation.wires.reasons import disconnected, not_connected, not_opened, too_slow, unplugged

if sys.platform == "win32":
    _ERRORS: tuple[type[Exception], ...] = (OSError, ValueError)
else:
    import termios

    # pyserial lets the errors of tcsetattr through; ValueError: a setting that this platform does not have
    _ERRORS = (OSError, ValueError, termios.error)

PARITY = {"none": "N", "even": "E", "odd": "O"}
_SLICE_NS = 20 * MILLISECOND
_LOOK_NS = MILLISECOND


class SerialWire:
    """A serial device, or one of pyserial's URLs (``socket://``, ``loop://``).

    pyserial sets the whole port up anew whenever a time-out changes. So a read waits in slices of one fixed time-out,
    and the time-out of a write is rounded to such a slice.
    """

    def __init__(self, device: str, clock: Clock, line: Line = ORDINARY_LINE) -> None:
        self._device = device
        self._clock = clock
        self._line = line
        self._port: Serial | None = None
        self._is_url = "://" in device
        self._last_byte_ns = -line.silence_ns

    def open(self) -> None:
        """Take the port exclusively and forget what has arrived before. Raises WireLost."""
        self.close()
        try:
            port = self._configured()
            port.open()
        except _ERRORS as error:
            why = not_connected(self._device, _cause(error)) if self._is_url else not_opened(self._device, error)
            raise WireLost(why) from error
        self._port = port

    def close(self) -> None:
        """Give the port back."""
        port, self._port = self._port, None
        if port is None:
            return
        connection = getattr(port, "_socket", None)
        with suppress(*_ERRORS):
            port.close()
        if connection is not None:  # pyserial leaves it open when the peer was faster
            connection.close()

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Hand all bytes to the port before the dead-line. Raises WireLost."""
        port = self._taken()
        if self._line.silence_ns:
            self._clock.wait_until(self._last_byte_ns + self._line.silence_ns)
        try:
            allowed_s = max(deadline_ns - self._clock.now_ns(), _SLICE_NS) // _SLICE_NS * _SLICE_NS / SECOND
            if port.write_timeout != allowed_s:
                port.write_timeout = allowed_s
            port.write(data)
            self._last_byte_ns = self._clock.now_ns()
        except SerialTimeoutException as error:
            raise self._lost(too_slow(self._name, len(data))) from error
        except _ERRORS as error:
            raise self._lost(self._gone(error)) from error

    def read(self, deadline_ns: int) -> bytes:
        """Return at least one byte as soon as there is one, or nothing at the dead-line. Raises WireLost."""
        data = self._read(deadline_ns)
        if data:
            self._last_byte_ns = self._clock.now_ns()
        return data

    def _read(self, deadline_ns: int) -> bytes:
        port = self._taken()
        clock = self._clock
        try:
            while not (waiting := port.in_waiting):
                now_ns = clock.now_ns()
                left_ns = deadline_ns - now_ns
                if left_ns <= 0:
                    return b""
                if left_ns <= _SLICE_NS:
                    clock.wait_until(now_ns + min(left_ns, _LOOK_NS))
                elif first := port.read(1):
                    return first + (port.read(rest) if (rest := port.in_waiting) else b"")
            return port.read(waiting)
        except _ERRORS as error:
            raise self._lost(self._gone(error)) from error

    def _configured(self) -> Serial:
        line = self._line
        port = serial_for_url(
            self._device,
            do_not_open=True,
            baudrate=line.baud,
            bytesize=line.data_bits,
            parity=PARITY[line.parity],
            stopbits=line.stop_bits,
            timeout=_SLICE_NS / SECOND,
            write_timeout=_SLICE_NS / SECOND,
            xonxoff=False,
            rtscts=False,
            dsrdtr=False,
            # Two readers would each get part of the bytes (safety D.15); Windows has no other way of opening.
            exclusive=True if os.name == "posix" else None,
        )
        # The system raises both lines when it opens the port; any other value would be an edge, and may reset a device.
        port.dtr = True
        port.rts = True
        return port

    @property
    def _name(self) -> str:
        return self._device if self._is_url else f"the port {self._device}"

    def _gone(self, error: Exception) -> str:
        return disconnected(self._device, _cause(error)) if self._is_url else unplugged(self._device, error)

    def _taken(self) -> Serial:
        if self._port is None:
            raise WireLost(f"{self._name} is closed")
        return self._port

    def _lost(self, text: str) -> WireLost:
        self.close()
        return WireLost(text)


def _cause(error: Exception) -> Exception:
    """Return the system's error behind pyserial's, which keeps its text only."""
    behind = error.__context__
    return behind if isinstance(error, SerialException) and isinstance(behind, OSError) else error
