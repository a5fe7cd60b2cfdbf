"""A client's connection to the core: whole messages out and in, and clear words for every way in which it ends."""

import socket
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from pvdstation.desk.entrance import knock
from pvdstation.desk.frames import OUT_BYTES, Deframer, FrameError
from pvdstation.desk.place import DoorError
from pvdstation.desk.talk import Said, Told, say, told

_READ_BYTES = 65536


class DeskError(Exception):
    """The core cannot be talked to; the sentence says why."""


class NobodyThere(DeskError):
    """No core runs this station."""


class OtherVersion(DeskError):
    """The core speaks another version: only STOP and ABORT can be asked for."""


class Gone(DeskError):
    """The connection has ended."""


class NoAnswer(DeskError):
    """The core has not answered in time; what was asked for may still happen."""


class Line:
    """One connection. One thread receives; any thread sends."""

    def __init__(self, address: Path, timeout_s: float) -> None:
        """Connect. Raises NobodyThere, DeskError."""
        try:
            self._socket = knock(address, timeout_s)
        except (FileNotFoundError, ConnectionRefusedError):
            raise NobodyThere("nobody runs this station") from None
        except (OSError, DoorError) as error:
            raise DeskError(f"the core of this station cannot be reached: {error}") from None
        self._held = Deframer(OUT_BYTES)
        self._sending = Lock()

    def send(self, message: Said) -> None:
        """Send a message. Raises Gone; FrameError when it is too long."""
        frame = say(message)
        with self._sending:
            try:
                self._socket.sendall(frame)
            except TimeoutError:
                self.hang_up()  # half a message has gone out
                raise Gone("the core does not take what it is asked for: too many requests") from None
            except OSError:
                raise Gone("the connection to the core has ended") from None

    def receive(self) -> Told | dict[str, Any]:
        """Return the next message. Raises TimeoutError, Gone; FrameError for one that is not understood."""
        try:
            while (payload := self._held.take()) is None:
                more = self._socket.recv(_READ_BYTES)
                if not more:
                    raise Gone("the connection to the core has ended")
                self._held.feed(more)
        except TimeoutError:
            raise
        except (OSError, FrameError) as error:
            raise Gone(f"the connection to the core has ended: {error}") from None
        return told(payload)

    def hang_up(self) -> None:
        """End the connection; whoever waits for a message is told."""
        with suppress(OSError):  # it has ended already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the socket; only for the thread that receives, or when none does."""
        self._socket.close()
