"""Clients that are none of ours: of another version, never done with a message, asking and coming without end."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

from pvdstation.desk.frames import OUT_BYTES, Deframer
from pvdstation.desk.talk import VERSION, Ask, Goodbye, Hello, Refused, TakeCharge, say, told

PATIENCE_S = 10.0
MANY = 10_000
_COMES_AND_GOES = """
import socket, sys
while True:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
"""


class Raw:
    """A connection that says bytes."""

    def __init__(self, address: Path, hello: Hello) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(str(address))
        self.socket.sendall(say(hello))
        self._held = Deframer(OUT_BYTES)

    def until(self, kind: type) -> object:
        """Return the next message of a kind."""
        while True:
            while (payload := self._held.take()) is None:
                data = self.socket.recv(65536)
                assert data, f"no {kind.__name__} came"
                self._held.feed(data)
            message = told(payload)
            if isinstance(message, kind):
                return message

    def close(self) -> None:
        self.socket.close()


@contextmanager
def rude_clients(address: Path) -> Iterator[None]:
    """Let all of them be there at once until the block ends. What they ask for changes nothing in a run."""
    with ExitStack() as stack:
        for visit in (_of_another_version, _in_the_middle_of_a_frame, _announces_100_mb):
            stack.callback(visit(address).close)
        for in_charge in (True, False):
            stack.callback(_floods(address, in_charge=in_charge))
        stack.callback(_comes_and_goes(address))
        yield


def _of_another_version(address: Path) -> Raw:
    raw = Raw(address, Hello(VERSION + 1, "newer", 1))
    raw.socket.sendall(say(Ask(1, "hold")))
    refused = raw.until(Refused)
    assert isinstance(refused, Refused)
    assert "only stop and abort" in refused.text
    return raw


def _in_the_middle_of_a_frame(address: Path) -> Raw:
    raw = Raw(address, Hello(VERSION, "half", 1))
    raw.socket.sendall(say(Ask(1, "hold"))[:-5])
    return raw


def _announces_100_mb(address: Path) -> Raw:
    raw = Raw(address, Hello(VERSION, "big", 1))
    raw.socket.sendall((100_000_000).to_bytes(4, "big") + b"x" * 1000)
    goodbye = raw.until(Goodbye)
    assert isinstance(goodbye, Goodbye)
    assert "100000000 bytes" in goodbye.text
    return raw


def _comes_and_goes(address: Path) -> Callable[[], None]:
    """Connect and leave without a pause."""
    process = subprocess.Popen([sys.executable, "-c", _COMES_AND_GOES, str(address)], stderr=subprocess.DEVNULL)

    def end() -> None:
        process.kill()
        process.wait()

    return end


def _floods(address: Path, *, in_charge: bool) -> Callable[[], None]:
    """Ask as fast as the socket takes it and read no answer."""
    raw = Raw(address, Hello(VERSION, "flood", 1, watch=not in_charge))
    if in_charge:
        raw.socket.sendall(say(TakeCharge(0)))

    def pour() -> None:
        with suppress(OSError):  # it was dropped, or the test is over
            raw.socket.settimeout(None)
            raw.socket.sendall(say(Ask(1, "ack", "nothing")) * MANY)

    thread = Thread(target=pour, daemon=True)
    thread.start()

    def end() -> None:
        with suppress(OSError):
            raw.socket.shutdown(socket.SHUT_RDWR)
        thread.join()
        raw.close()

    return end
