"""A guarded station: a served simulator, a core at full power in a process of its own, and the plant's own truth."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serve_bench import PATIENCE_S, Channel, Served

from pvdstation.assembly.guardian_orders import guardian_document
from pvdstation.model.toml import load_station

ZERO_A = 1e-3
"""True current that is none: the supply's output capacitor discharges without end."""
CORE = Path(__file__).with_name("powered_core.py")


def wait_until(holds, patience_s: float = PATIENCE_S) -> float:
    """Return after how long something holds, s."""
    begun_s = time.monotonic()
    while not holds():
        assert time.monotonic() - begun_s < patience_s
        select.select([], [], [], 0.01)
    return time.monotonic() - begun_s


class Guarded:
    """A core at full power and its guardian."""

    def __init__(self, process: subprocess.Popen[str], guardian: int, record: Path, channel: Channel) -> None:
        self.process = process
        self.guardian = guardian
        self.record = record
        self._channel = channel

    def current_a(self) -> float:
        return self._channel.ask("truth")["answer"]["current.1"]

    def seconds_to_zero(self, patience_s: float = 3.0) -> float:
        """Return how long the boat's true current takes to become zero, s."""
        return wait_until(lambda: abs(self.current_a()) < ZERO_A, patience_s)

    def told(self) -> str:
        """Return the record when the guardian has ended."""
        wait_until(lambda: not self._is_running())
        return self.record.read_text(encoding="utf-8")

    def _is_running(self) -> bool:
        """Return whether the guardian is a process that is no zombie: its core may be there and not look after it."""
        try:
            return Path(f"/proc/{self.guardian}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def resident_mb(self) -> float:
        """Return the memory that the guardian holds, MB."""
        (line,) = [
            text for text in Path(f"/proc/{self.guardian}/status").read_text().splitlines() if text.startswith("VmRSS")
        ]
        return int(line.split()[1]) / 1024


@contextmanager
def guarded(here: Served, record: Path, **changes: object) -> Iterator[Guarded]:
    """Bring a served station to full power under a guardian; afterwards neither of them runs."""
    station = load_station(here.station.read_bytes(), here.station.name)
    document = record.with_suffix(".json")
    document.write_text(json.dumps(guardian_document(station, 0, record) | changes))
    sqc = here.urls["sqc"] if here.urls["sqc"].startswith("/") else str(here.number("sqc"))
    places = [str(here.number("supply1")), str(here.number("io")), sqc]
    process = subprocess.Popen(
        [sys.executable, "-I", str(CORE), str(document), *places], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    channel = here.channel()
    guardian = 0
    try:
        words = process.stdout.readline().split()
        assert words[:2] == ["full", "power"], words
        guardian = int(words[2])
        one = Guarded(process, guardian, record, channel)
        wait_until(lambda: one.current_a() > 50)
        yield one
    finally:
        process.kill()
        process.communicate()
        channel.close()
        if guardian and Path(f"/proc/{guardian}").exists():
            os.kill(guardian, 9)
