"""Runs the core again on what a record says it saw, and compares what it decides with what it decided then."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import SignalMap
from pvdstation.model.toml import load_station
from pvdstation.record.bodies import event_body
from pvdstation.record.packing import Scan
from pvdstation.record.plan import procedure_of
from pvdstation.record.run_file import Row, RunFile
from pvdstation.record.schema import Entry


class Difference(NamedTuple):
    """The first thing that is decided otherwise now."""

    scan: int  # from 1
    at_s: float
    field: str
    recorded: str
    now: str

    def __str__(self) -> str:
        return f"scan {self.scan} at {self.at_s:.3f} s, {self.field}: recorded {self.recorded}, now {self.now}"


class Replayed(NamedTuple):
    """What a replay has compared."""

    scans: int
    difference: Difference | None
    gap_s: float | None
    """Where scans were dropped because the disk did not keep up: the replay ends there."""


def replay(run: RunFile) -> Replayed:
    """Compare outputs, actions and events of every scan, bit for bit. Raises Refused by a record it cannot run."""
    count, gap_ns = 0, gap_of(run)
    for count, again in enumerate(decided_again(run, core_of(run)), start=1):
        if again.difference is not None:
            return Replayed(count, again.difference, None)
    return Replayed(count, None, None if gap_ns is None else gap_ns / SECOND)


class Again(NamedTuple):
    """One recorded scan, what is decided on it now, and the first thing that was decided otherwise then."""

    scan: Scan
    decision: Decision
    difference: Difference | None


def decided_again(run: RunFile, core: Control) -> Iterator[Again]:
    """Yield every scan up to the first that is decided otherwise, or that was dropped."""
    gap_ns = gap_of(run)
    events = _Events(run)
    state = None
    for count, scan in enumerate(run.scans(), start=1):
        if gap_ns is not None and scan.at_ns >= gap_ns:
            return
        if state is None:
            state = core.start(scan.at_ns)
        decision = core.step(state, scan.image, scan.requests, scan.at_ns)
        state = decision.state
        found = _difference(scan, decision, events.of(scan.at_ns))
        difference = None if found is None else Difference(count, scan.at_ns / SECOND, *found)
        yield Again(scan, decision, difference)
        if difference is not None:
            return


def gap_of(run: RunFile) -> int | None:
    """Return when scans were dropped for the first time, ns; None when all are there."""
    return next((row.at_ns for row in run.rows(Entry.GAP)), None)


def core_of(run: RunFile) -> Control:
    """Return the core of a run as its record describes it. Raises Refused by one that this version cannot run."""
    try:
        station = load_station(run.station, "the station of the record")
        procedure = procedure_of(run.document(Entry.PLAN))
    except (ValueError, KeyError, TypeError) as error:
        what = f"its procedure cannot be read by this version: {error}"
        raise Refused([Problem(str(run.path), what, "Replay it with the version that wrote it.")]) from error
    signals = SignalMap(station)
    if tuple(signals) != run.signals:
        what = "its signals are not those of this version"
        raise Refused([Problem(str(run.path), what, "Replay it with the version that wrote it.")])
    return Control(station, signals, procedure)


class _Events:
    """The recorded events, scan by scan."""

    def __init__(self, run: RunFile) -> None:
        self._groups: Iterator[tuple[int, Iterator[Row]]] = groupby(run.rows(Entry.EVENT), key=lambda row: row.at_ns)
        self._next = self._take()

    def of(self, at_ns: int) -> list[bytes]:
        """Return the bodies of the events of a scan; scans are asked for in order."""
        if self._next is None or self._next[0] != at_ns:
            return []
        bodies = self._next[1]
        self._next = self._take()
        return bodies

    def _take(self) -> tuple[int, list[bytes]] | None:
        found = next(self._groups, None)
        return None if found is None else (found[0], [row.body for row in found[1]])


def _difference(scan: Scan, decision: Decision, events: list[bytes]) -> tuple[str, str, str] | None:
    for name, recorded, now in zip(scan.outputs._fields, scan.outputs, decision.outputs, strict=True):
        if recorded != now and repr(recorded) != repr(now):
            return f"output {name}", repr(recorded), repr(now)
    if scan.actions != decision.actions:
        return "actions", repr(scan.actions), repr(decision.actions)
    for place, event in enumerate(decision.events):
        body = event_body(event)
        if place >= len(events):
            return f"event {event.number}", "no event", body.decode()
        if body != events[place]:
            return f"event {event.number}", events[place].decode(), body.decode()
    if len(events) > len(decision.events):
        return "events", events[len(decision.events)].decode(), "no event"
    return None
