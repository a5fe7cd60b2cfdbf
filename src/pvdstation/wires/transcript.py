"""The transcript of a link: every byte of a wire with its time and direction, one line of text per write or read."""

from contextlib import suppress
from threading import Lock
from typing import Protocol, TextIO

from pvdstation.model.clock import SECOND, Clock
from pvdstation.wires.base import Wire, WireLost


class Lines(Protocol):
    """Where lines of text go."""

    def write(self, line: str, /) -> object:
        """Write a line. Raises OSError, and ValueError when it is closed."""
        ...


class SharedText:
    """A text that the wires of several threads write, line by line; it remembers why it has ended."""

    def __init__(self, text: TextIO) -> None:
        self.fault = ""
        """Why the transcript has ended before its links, in words."""
        self._text = text
        self._lock = Lock()

    def write(self, line: str) -> None:
        """Write a line. Raises OSError, and ValueError when it is closed."""
        with self._lock:
            try:
                self._text.write(line)
            except OSError as error:
                self._ended(error)
                raise

    def close(self) -> None:
        """Close the text; never raises."""
        with self._lock:
            try:
                self._text.flush()
            except (OSError, ValueError) as error:
                self._ended(error)
            with suppress(OSError):
                self._text.close()

    def _ended(self, error: Exception) -> None:
        self.fault = self.fault or getattr(error, "strerror", None) or str(error)


class TranscriptWire:
    """A wire that writes down what passes. Several may share one text; a text that cannot be written ends silently.

    A line is: seconds, link, ``>`` sent or ``<`` received, the bytes in hex, and the bytes as text with dots for what
    has no sign. Opening, closing and the loss of the wire stand between them after ``-``.
    """

    def __init__(self, wire: Wire, name: str, clock: Clock, text: Lines) -> None:
        self.fault = ""
        """Why the transcript has ended before its wire, in words."""
        self._wire = wire
        self._name = name
        self._clock = clock
        self._text = text

    def open(self) -> None:
        """Take the port. Raises WireLost."""
        try:
            self._wire.open()
        except WireLost as lost:
            self._line("-", f"not opened: {lost}")
            raise
        self._line("-", "opened")

    def close(self) -> None:
        """Give the port back."""
        self._wire.close()
        self._line("-", "closed")

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Send all bytes before the dead-line. Raises WireLost."""
        self._line(">", _spelt(data))
        try:
            self._wire.write(data, deadline_ns)
        except WireLost as lost:
            self._line("-", f"lost: {lost}")
            raise

    def read(self, deadline_ns: int) -> bytes:
        """Return at least one byte as soon as there is one, or nothing at the dead-line. Raises WireLost."""
        try:
            data = self._wire.read(deadline_ns)
        except WireLost as lost:
            self._line("-", f"lost: {lost}")
            raise
        if data:
            self._line("<", _spelt(data))
        return data

    def _line(self, sign: str, what: str) -> None:
        if self.fault:
            return
        try:
            self._text.write(f"{self._clock.now_ns() / SECOND:13.6f} {self._name:<8} {sign} {what}\n")
        except (OSError, ValueError) as error:  # disk full, or closed: the link matters more
            self.fault = str(error)


def _spelt(data: bytes) -> str:
    signs = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    return f"{data.hex(' ').upper()}  |{signs}|"
