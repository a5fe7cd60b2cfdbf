"""Scans, an opening and disks that fail, for tests of the record."""

import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from threading import Event as Flag
from tomllib import loads

from pvdstation.model.clock import MILLISECOND
from pvdstation.model.messages import Event, EventKind, Image, Notice, Scanned, all_off
from pvdstation.model.signals import Quality, Reading, SignalMap
from pvdstation.model.station import Station
from pvdstation.record import journal_file
from pvdstation.record.journal import Opening

STATION = Station.model_validate(loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8")))
SIGNALS = SignalMap(STATION)
RUN = "20260102-030405-cafe"
PERIOD_NS = 250 * MILLISECOND
END = {"outcome": "complete", "cause": "complete", "reason": "", "trigger": None, "safe": True, "result": {}}


def opening(run: str = RUN, speed: float | None = None) -> Opening:
    """Return what a record begins with."""
    genesis = {"format": 1, "run": run, "segment": 1, "after": None, "previous_run": None, "speed": speed}
    return Opening(run, genesis, b"300 nm Zn at 0.5 nm/s", b"[station]\n", {"steps": []}, {"operator": "M."}, {})


def scan(number: int, *events: int) -> Scanned:
    """Return the scan of that number, with a value of its own on every signal, and events of these numbers."""
    at_ns = number * PERIOD_NS
    readings = tuple(Reading(number + i / 100, Quality.GOOD, at_ns - i, number) for i in range(len(SIGNALS)))
    outputs = all_off(len(SIGNALS.source_shutter), len(SIGNALS.supply), at_ns + 1_000_000_000)
    told = tuple(Event(event, at_ns, EventKind.NOTE, "test", f"event {event}") for event in events)
    return Scanned(at_ns, Image(readings, ()), (), outputs, (), told)


def note(number: int) -> Notice:
    """Return a notice of a link."""
    return Notice(number * PERIOD_NS, "sqc", "answers: SQC-310")


def disk_that(monkeypatch, act: Callable[[str, Path], None]) -> None:
    """Have ``act`` called with every statement that goes to SQLite, and the file it goes to; it may raise or wait."""
    connect = sqlite3.connect

    def connected(path, **options):
        class Disk(sqlite3.Connection):
            def execute(self, sql, *parameters):
                act(sql, Path(path))
                return super().execute(sql, *parameters)

        return connect(path, factory=Disk, **options)

    monkeypatch.setattr(journal_file.sqlite3, "connect", connected)


def until(claim: Callable[[], bool]) -> None:
    """Wait until something that another thread does has come true; fails after 10 s."""
    pause, patience_s = Flag(), 10.0
    while not claim():
        pause.wait(0.002)
        patience_s -= 0.002
        assert patience_s > 0, "it never came true"
