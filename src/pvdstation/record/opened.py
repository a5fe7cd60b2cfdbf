"""A recorded run as a typed object, for notebooks and commands. Entries are read at once, scans when asked."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, Notice
from pvdstation.record.cause import Cause
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import steps_of
from pvdstation.record.read_back import step_of
from pvdstation.record.results import Named, RunResult, table
from pvdstation.record.run_entry import NOT_ENDED
from pvdstation.record.run_file import RunFile, Samples
from pvdstation.record.schema import Entry

DAMAGED = (sqlite3.Error, ValueError, KeyError, TypeError)
"""What reading a damaged record raises, beside Refused."""


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """One run: what was planned and said, what came out, what happened, and every sample."""

    id: str
    kind: str  # "run" or "dry run"
    started: str  # ISO, UTC
    ended: str  # empty without an end
    result: RunResult
    genesis: Mapping[str, Any]
    about: Mapping[str, Any]
    ledger: Mapping[str, Any]  # crystals, charges and tooling at the start
    crystals: Mapping[str, Any]  # life in and out, by sensor
    sources: Mapping[str, Any]  # what each boat gave, by source
    events: tuple[Event, ...]
    notices: tuple[Notice, ...]
    file: RunFile

    @property
    def signals(self) -> tuple[str, ...]:
        """Return the names of all signals."""
        return tuple(signal.name for signal in self.file.signals)

    def as_json(self) -> dict[str, object]:
        """Return the JSON document: everything but events and samples."""
        number, digest = self.file.head()
        return {
            "run": self.id,
            "kind": self.kind,
            "started": self.started,
            "ended": self.ended or None,
            "about": self.about,
            "software": self.genesis["software"],
            "crystals": self.crystals,
            "sources": self.sources,
            "result": self.result.as_json(),
            "events": len(self.events),
            "files": [str(path) for path in self.file.segments],
            "head": {"number": number, "hash": digest.hex()},
        }

    def samples(self, *names: str) -> Samples:
        """Return signals over the run, one value per scan. Raises KeyError by a name that it does not have."""
        return self.file.samples(names)

    def to_pandas(self, *names: str) -> Any:
        """Return a pandas DataFrame, one row per scan: at_s and every signal, or those that are named; NaN is not good.

        Raises KeyError by a name that the run does not have, ImportError without pandas.
        """
        chosen = names or self.signals
        samples = self.file.samples(chosen)
        columns = ("at_s", *chosen)
        rows = zip(samples.at_s, *samples.values, strict=True)
        return table(dict(zip(columns, row, strict=True)) for row in rows)


def opened(run: RunFile) -> OpenedRun:
    """Read a run's entries. Raises Refused, and one of ``DAMAGED`` by a damaged one."""
    end = run.end
    events = tuple(run.events())
    return OpenedRun(
        id=run.run,
        kind=run.genesis["kind"],
        started=run.genesis["started"],
        ended=end["ended"] if end else "",
        result=_result(run, end, events),
        genesis=run.genesis,
        about=run.document(Entry.ABOUT),
        ledger=run.document(Entry.LEDGER),
        crystals=end["crystals"] if end else {},
        sources=end["sources"] if end else {},
        events=events,
        notices=tuple(run.notices()),
        file=run,
    )


def _result(run: RunFile, end: Mapping[str, Any] | None, events: Sequence[Event]) -> RunResult:
    gathering = Gathering(steps_of(run.document(Entry.PLAN)))
    gathering.take(events)
    genesis = run.genesis
    last_ns = run.last_ns()
    steps = gathering.steps(last_ns)
    if end is not None:
        steps = tuple(step_of(written) for written in end["result"]["steps"])
    return RunResult(
        outcome=end["outcome"] if end else "stopped",
        reason=end["reason"] if end else NOT_ENDED,
        mode=genesis["mode"],
        safe=end["safe"] if end else None,
        run=run.run,
        recipe=Named(genesis["recipe"]["name"], genesis["recipe"]["sha256"]),
        station=Named(genesis["station"]["name"], genesis["station"]["sha256"]),
        seed=genesis["seed"],
        plant_s=end["result"]["plant_s"] if end else last_ns / SECOND,
        wall_s=end["wall_s"] if end else 0.0,
        steps=steps,
        alarms=gathering.alarms(),
        cause=Cause(end["cause"]) if end else Cause.INTERRUPTED,
        trigger=end["trigger"] if end else None,
        by_operator=end is not None and end["cause"] == Cause.OPERATOR,
    )
