"""Which kind of door this system has: a Unix socket, or on Windows a named pipe. Both have one face."""

import socket
import sys
from pathlib import Path
from typing import Protocol

if sys.platform == "win32":
    from pvdstation.desk.pipe import PipeDoor as OwnDoor
    from pvdstation.desk.pipe import knock_at_pipe as knock
else:
    from pvdstation.desk.door import Door as OwnDoor
    from pvdstation.desk.door import knock

__all__ = ["AnyDoor", "knock", "open_door"]


class AnyDoor(Protocol):
    """What the server needs of a door."""

    def fileno(self) -> int:
        """Return what a selector can wait for."""
        ...

    def accept(self) -> socket.socket:
        """Return a client that has come. Raises BlockingIOError when there is none, OSError."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def open_door(address: Path) -> AnyDoor:
    """Open the door of an address, as long as no other core holds it. Raises DoorError."""
    return OwnDoor(address)
