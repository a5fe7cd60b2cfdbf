"""The guardian of a core, as its core sees it: started, fed once per completed scan, and sent home."""

import json
import os
import select
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from pvdstation.assembly.guardian_orders import guardian_document
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station

if sys.platform != "win32":
    import fcntl
    import termios

READY_S = 10.0
GOODBYE_S = 5.0
MOST_UNHEARD = 40
"""Beats that a guardian may leave lying: one that stands still looks after nothing, and is as good as gone."""
_BEAT = b".\n"


class Guardian:
    """The guardian of one core, in a process and session of its own."""

    def __init__(self, station: Station, record: Path, core: int | None = None) -> None:
        """``core`` is the process that it ends; this one if nothing is said."""
        self._document = guardian_document(station, os.getpid() if core is None else core, record)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready. Raises Refused with what it lacks."""
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-m", "pvdstation.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            cwd="/",
        )
        with suppress(BrokenPipeError):
            self._write(json.dumps(self._document).encode() + b"\n")
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)  # a guardian that stands must not stop a scan
        said = self._first_words(process)
        if said != "ready":
            process.kill()
            self._close()
            what = said or f"it was not ready within {READY_S:g} s"
            raise Refused([Problem("guardian", what, "Correct the port, or see that its record can be written.")])

    @property
    def is_alive(self) -> bool:
        """Return whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def beat(self) -> bool:
        """Say that a scan has been completed; return whether somebody is there to hear it."""
        try:
            self._write(_BEAT)
            return self._unheard() <= MOST_UNHEARD
        except OSError:
            return False

    def _unheard(self) -> int:
        """Return how many beats lie in the pipe. Raises OSError."""
        if self._process is None or self._process.stdin is None:
            return 0
        (number,) = struct.unpack("i", fcntl.ioctl(self._process.stdin, termios.FIONREAD, bytes(4)))
        return int(number) // len(_BEAT)

    def end(self) -> bool:
        """Say goodbye and wait for its end; return whether it went without touching anything."""
        process = self._process
        if process is None:
            return False
        with suppress(OSError):
            self._write(b"bye\n")
        try:
            return process.wait(GOODBYE_S) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            self._close()

    def _write(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            raise BrokenPipeError
        if self._process.stdin.write(line) is None:
            raise BlockingIOError

    @staticmethod
    def _first_words(process: subprocess.Popen[bytes]) -> str:
        if process.stdout is None or not select.select([process.stdout], [], [], READY_S)[0]:
            return ""
        return process.stdout.readline().decode(errors="replace").strip()

    def _close(self) -> None:
        process = self._process
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GOODBYE_S)
