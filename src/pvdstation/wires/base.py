"""What a wire is: bytes out, bytes in, both with a dead-line, and one error when it is gone."""

from typing import Protocol


class WireLost(Exception):
    """The port is gone, refused or taken; the text is one sentence for a person."""


class Wire(Protocol):
    """A port. Every wire is driven through the same contract test."""

    def open(self) -> None:
        """Take the port exclusively. Raises WireLost."""
        ...

    def close(self) -> None:
        """Give the port back; never raises."""
        ...

    def write(self, data: bytes, deadline_ns: int) -> None:
        """Send all bytes before the dead-line. Raises WireLost."""
        ...

    def read(self, deadline_ns: int) -> bytes:
        """Return at least one byte as soon as there is one, or nothing at the dead-line. Raises WireLost."""
        ...
