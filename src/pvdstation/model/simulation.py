"""What a simulated station offers to the wires and the runtime. pvdsim implements it; nothing here knows how."""

from collections.abc import Mapping
from typing import Protocol

Replies = list[tuple[int, bytes]]
"""Bytes an instrument sends, each with the time (ns) at which its last byte has arrived."""


class Instrument(Protocol):
    """A simulated instrument: bytes in, bytes out, at times that are handed in."""

    due_ns: int
    """When it next does something unasked (measuring period, watchdog, stream); far future when never."""

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes that arrive at ``now_ns`` and return what it answers, and when."""
        ...

    def advance_to(self, now_ns: int) -> Replies:
        """Do what falls due up to ``now_ns`` and return what it sends unasked."""
        ...


class World(Protocol):
    """A plant with its instruments, moved only by whoever drives its time."""

    names: tuple[str, ...]
    """Instruments that a port ``sim:NAME`` can name."""

    def advance_to(self, now_ns: int) -> None:
        """Move plant and instruments to ``now_ns``; going back is refused."""
        ...

    def receive(self, name: str, data: bytes, now_ns: int) -> Replies:
        """Hand bytes to an instrument at ``now_ns`` (not before the world's time) and return its replies."""
        ...

    def collect(self, name: str) -> Replies:
        """Return, once, what the instrument has sent unasked up to the world's time."""
        ...

    def add_faults(self, *texts: str) -> None:
        """Break things, each as one line of text says. Raises Refused with every problem of every text."""
        ...

    def truth(self) -> Mapping[str, float]:
        """Return what only a simulation knows, by name.

        ``film.<material>`` nm of true film on the substrate · ``pressure.chamber`` mbar · ``pressure.foreline`` mbar ·
        ``current.<boat>`` A · ``charge.<material>`` mg left · ``rate.<material>`` nm/s leaving towards the substrate
        (shutters not counted) · ``li3n`` nm (an estimate).
        """
        ...


class OpenWorld(Protocol):
    """The entry point ``pvdstation.simulators``: builds a world from the station file's ``[simulation]`` table."""

    def __call__(self, station: Mapping[str, object], seed: int) -> World:
        """Build the world, seeded per component.

        ``station`` is the whole station file as plain values (as tomllib reads it). Raises ``Refused`` with every
        problem of the ``[simulation]`` table.
        """
        ...
