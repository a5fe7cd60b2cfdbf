"""One way to off per port, each in a thread that waits; and the record of everything that it tries."""

import os
import queue
import threading
import time
from contextlib import suppress
from pathlib import Path

from pvdstation.guardian.orders import Port
from pvdstation.guardian.ports import ERRORS, one_round

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
"""Between two tries on a port; doubled from one to the next."""
AGAIN_S = 1.0
"""After the first confirmation everything is sent and read again: what the core sent last may still be on its way."""


class Record:
    """An append-only file, every line on the disk before the next; written apart, so that OFF never waits for it."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        folder = os.open(Path(path).parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Add a line with the time of day and the time since the computer has started, s."""
        now_s = time.time()
        day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s))
        self._lines.put(f"{day}.{int(now_s % 1 * 1000):03d}Z {time.monotonic():.3f} {text}\n".encode())

    def close(self) -> None:
        """Wait, at most 5 s, until everything is on the disk."""
        self._lines.put(None)
        self._thread.join(5)

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError):  # a disk that is full or gone keeps nothing from being switched off
                os.write(self._file, line)
                os.fsync(self._file)


class OffPath(threading.Thread):
    """Waits beside the others; once told, tries on its port until it is read back as off, or its time is over."""

    def __init__(self, port: Port, persist_s: float, record: Record) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._persist_s = persist_s
        self._record = record
        self.is_due = threading.Event()
        self.missing = "nothing was tried"
        """Why it is not confirmed off; empty when it is."""
        self._tries = 0
        self.start()

    def run(self) -> None:
        """Switch off, twice."""
        self.is_due.wait()
        end_s = time.monotonic() + self._persist_s
        if self._succeed(end_s):
            time.sleep(AGAIN_S)
            self._succeed(max(end_s, time.monotonic() + AGAIN_S))

    def _succeed(self, end_s: float) -> bool:
        pause_s = FIRST_PAUSE_S
        while True:
            self._try_once()
            if not self.missing or time.monotonic() >= end_s:
                return not self.missing
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _try_once(self) -> None:
        self._tries += 1
        self._say("begins")
        try:
            self.missing = one_round(self._port, self._say)
        except ERRORS as error:
            self.missing = str(error) or type(error).__name__
        self._say(f"not off: {self.missing}" if self.missing else "read back as off")

    def _say(self, text: str) -> None:
        self._record.say(f"{self._port.name}, try {self._tries}: {text}")
