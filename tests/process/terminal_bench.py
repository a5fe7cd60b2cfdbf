"""Terminals with ``pvd`` in them: each a pseudo-terminal in a session of its own, that may be read, closed or left."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from core_bench import gone

PATIENCE_S = 30.0
ROWS, COLUMNS = 24, 100
_IN_IT = """
import os, runpy, signal, sys
if sys.argv.pop(1) == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.close(os.open(os.ttyname(0), os.O_RDWR))  # the first terminal that a session's leader opens is that of the session
runpy.run_module("pvdstation", run_name="__main__", alter_sys=True)
"""
_ESCAPES = re.compile(rb"\x1b(\[[0-9;:?<>=$]*[A-Za-z~]|\][^\x07]*\x07|[()].|.)")


class Terminal:
    """One terminal. With ``is_read`` everything is taken that it is told; else its buffer fills, and stays full."""

    def __init__(self, *arguments: str, is_read: bool = True, nohup: bool = False) -> None:
        self._master, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        os.set_blocking(self._master, False)
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _IN_IT, "nohup" if nohup else "", *arguments],
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
            env={**environment, "TERM": "xterm-256color"},
        )
        os.close(end)
        self._seen = bytearray()
        self._is_over = False
        self._reader = Thread(target=self._read, daemon=True)
        if is_read:
            self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def text(self) -> str:
        """Return all that it was told, without the escapes between."""
        return _ESCAPES.sub(b"", bytes(self._seen)).decode(errors="replace")

    @property
    def state(self) -> str:
        """Return the letter of the process's state: T is stopped."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def until(self, words: str) -> None:
        """Wait until it has been told something."""
        until(lambda: words in self.text, lambda: f"{words!r} never came: {self.text[-2000:]}")

    def read_on(self) -> str:
        """Return what lies in its buffer, and read from now on."""
        with suppress(BlockingIOError):
            while data := os.read(self._master, 65536):
                self._seen += data
        found = self.text
        self._reader.start()
        return found

    def close(self) -> None:
        """Close the window; whoever is in it is hung up on."""
        self._is_over = True
        if self._reader.ident is not None:
            self._reader.join()
        os.close(self._master)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def end(self) -> None:
        """Leave nothing of it."""
        if self.process.poll() is None:
            self.kill()
        if not self._is_over:
            self.close()

    def _read(self) -> None:
        while not self._is_over:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self._seen += os.read(self._master, 65536)
                except OSError:  # nobody is in it any more
                    return


def until(holds: Callable[[], object], says: Callable[[], str] = lambda: "it never came") -> None:
    """Look again and again until something holds."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, says()
        time.sleep(0.02)


def has_gone(terminal: Terminal) -> bool:
    """Return whether the process in a terminal has ended."""
    return gone(terminal.pid)
