"""One child process of a screen: ``pvd`` with some words, read as it writes, ended when nobody wants it any more."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import IO, NamedTuple

from pvdstation.desk.errands import ErrandError

_LOOK_S = 0.05
_PATIENCE_S = 2.0
"""From SIGTERM to SIGKILL. A dry run ends at once, and closes its record."""
CANCELLED = "cancelled"

Hear = Callable[[str], bool]
"""Takes a line of stderr and returns whether it was for the caller; others are kept as what the command said."""


class Finished(NamedTuple):
    """How a child has ended, and what it wrote."""

    code: int
    out: str
    err: str


class Child:
    """A running ``pvd``. It knows of no terminal: it reads nothing and writes into pipes."""

    def __init__(self, words: Iterable[str]) -> None:
        """Start it. Raises ErrandError."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very program, with words of the house
                [sys.executable, "-m", "pvdstation", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONUTF8": "1"},
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ErrandError(f"no child process could be started: {error.strerror}") from None

    def finish(self, stop: Event, hear: Hear = lambda _line: False) -> Finished:
        """Wait for its end, and hand over each line of stderr. Raises ErrandError when it was stopped."""
        written: list[str] = []
        complained: list[str] = []
        readers = [
            Thread(target=_read, args=(self._process.stdout, lambda _line: False, written), daemon=True),
            Thread(target=_read, args=(self._process.stderr, hear, complained), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            self._wait(stop)
        finally:
            self._end()
            for reader in readers:
                reader.join()
        if stop.is_set():
            raise ErrandError(CANCELLED)
        return Finished(self._process.returncode, "".join(written), "".join(complained))

    def _wait(self, stop: Event) -> None:
        while self._process.poll() is None and not stop.is_set():
            try:
                self._process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                continue

    def _end(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _read(stream: IO[str] | None, hear: Hear, kept: list[str]) -> None:
    if stream is None:
        return
    with stream:
        kept.extend(line for line in stream if not hear(line))
