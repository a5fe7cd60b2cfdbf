"""A served station in another process, and short ways to talk to it."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import run_here

SERVE = [sys.executable, "-c", "from pvdsim.cli import main; main()", "serve", "--json"]
PVD = [sys.executable, "-m", "pvdstation"]
HERE = [sys.executable, str(Path(run_here.__file__))]
"""The same, but what ``pvd run`` runs is run by that very process: it drives and can be killed, as a core can."""
PATIENCE_S = 20.0


class Served:
    """A ``pvd-sim serve`` that runs."""

    def __init__(self, process: subprocess.Popen[str], listing: dict, station: Path) -> None:
        self.process = process
        self.listing = listing
        self.station = station
        self.urls = {entry["name"]: entry["url"] for entry in listing["instruments"]}
        self.control = listing["control"]

    def number(self, name: str) -> int:
        """Return the TCP port of an instrument."""
        digits = "".join(c if c.isdigit() else " " for c in self.urls[name].split("127.0.0.1")[1]).split()
        return int(digits[0])

    def connect(self, name: str) -> socket.socket:
        """Return a connection to an instrument."""
        return socket.create_connection(("127.0.0.1", self.number(name)), timeout=PATIENCE_S)

    def channel(self) -> "Channel":
        """Return a connection to the control channel."""
        return Channel(self.control)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; return its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err


class Channel:
    """The control channel, as a program of somebody else would use it."""

    def __init__(self, url: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=PATIENCE_S)
        self._lines = self._socket.makefile("rb")

    def say(self, line: bytes) -> dict:
        self._socket.sendall(line + b"\n")
        return json.loads(self._lines.readline())

    def ask(self, verb: str, argument: object = None) -> dict:
        return self.say(json.dumps({verb: argument}).encode())

    def hello(self) -> dict:
        return self.ask("hello")["answer"]

    def until(self, holds, patience_s: float = PATIENCE_S) -> dict:
        """Ask until something holds for what the simulator says of itself."""
        left = int(patience_s / 0.02)
        while not holds(hello := self.hello()):
            left -= 1
            assert left, hello
            select.select([], [], [], 0.02)
        return hello

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@contextmanager
def served(tmp_path: Path, *arguments: str) -> Iterator[Served]:
    """Serve the packaged station, or the one of ``--station``, until the block ends."""
    station = tmp_path / "served.toml"
    process = subprocess.Popen(
        [*SERVE, "--station-out", str(station), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    try:
        first = process.stdout.readline()
        assert first, process.stderr.read()
        yield Served(process, json.loads(first), station)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_S)


def start_core(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """Start ``pvd`` in a process of its own, which is the core of what it runs."""
    return subprocess.Popen(
        [*HERE, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def start_pvd(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """Start ``pvd`` in a process of its own; what it runs is run by a core."""
    return subprocess.Popen(
        [*PVD, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def run_core(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``pvd`` to its end in a process of its own, which is the core of what it runs."""
    return subprocess.run(
        [*HERE, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )


def read_until(process: subprocess.Popen[str], words: str, stream: str = "stdout") -> str:
    """Read lines until one has the words."""
    seen = ""
    for line in getattr(process, stream):
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} never came; {seen!r}")


def received(connection: socket.socket, end: bytes = b"\n") -> bytes:
    """Return bytes until an end; what came when the other side closed."""
    held = b""
    while not held.endswith(end):
        try:
            more = connection.recv(4096)
        except ConnectionError:
            break
        if not more:
            break
        held += more
    return held
