"""What all exports tell in the same way: steps and when they ran, state of the run, wall time."""

from bisect import bisect_right
from collections import deque
from datetime import datetime, timedelta
from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind
from pvdstation.record.bodies import fields_of
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import PlannedStep, steps_of
from pvdstation.record.results import StepResult
from pvdstation.record.run_entry import NOT_ENDED
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry

_ENDED = frozenset({"complete", "skipped", "stopped", "aborted"})
_ANSWERS = "answers: "
BEFORE = "idle"
"""State of the run until its first event says another."""


class Chapter(NamedTuple):
    """One step of the procedure; times are None when it was never begun."""

    step: PlannedStep
    result: StepResult
    start_s: float | None
    end_s: float | None


class Story:
    """A run from its start to its end; of an interrupted one, to its last scan."""

    def __init__(self, record: RunFile) -> None:
        self.is_simulated = record.genesis["mode"] == "simulated"
        self.ended_ns = _ended_ns(record)
        self.wall = WallTime(record)
        self.plan = record.document(Entry.PLAN)
        steps = steps_of(self.plan)
        gathering = Gathering(steps)
        gathering.take(record.events())
        bands = {band.number: band for band in gathering.bands(self.ended_ns)}
        results = {result.index: result for result in gathering.steps(self.ended_ns)}
        self.chapters = tuple(
            Chapter(step, results[step.index], *((band.start_s, band.end_s) if band else (None, None)))
            for step in steps
            for band in [bands.get(step.index)]
        )
        end = record.end or {}
        self.outcome: str = end.get("outcome", "interrupted")
        self.cause: str = end.get("cause", "")
        self.reason: str = end.get("reason", NOT_ENDED)

    @property
    def title(self) -> str:
        """Return the recipe's name, marked when nothing of it is real."""
        return f"SIMULATED: {self.plan['name']}" if self.is_simulated else str(self.plan["name"])


class WallTime:
    """Wall time of the run's own seconds. A record without clock entries (a dry run) counts on from its start."""

    def __init__(self, record: RunFile) -> None:
        clocks = [(row.at_ns, fields_of(row.body)) for row in record.rows(Entry.CLOCK)]
        self._anchors = [(at_ns, datetime.fromisoformat(body["wall"]), body["speed"]) for at_ns, body in clocks]
        if not self._anchors:
            self._anchors = [(0, datetime.fromisoformat(record.genesis["started"]), 1.0)]
        self._from = [anchor[0] for anchor in self._anchors]

    def at(self, at_ns: int) -> str:
        """Return the wall time of a moment as ISO 8601 with its offset, ms."""
        run_ns, wall, speed = self._anchors[max(0, bisect_right(self._from, at_ns) - 1)]
        moment = wall + timedelta(seconds=(at_ns - run_ns) / SECOND / speed)
        return moment.isoformat(timespec="milliseconds")


class Progress:
    """State of the run and step that runs, asked scan by scan in order of time."""

    def __init__(self, record: RunFile) -> None:
        kinds = (EventKind.RUN, EventKind.STEP)
        self._waiting = deque(event for event in record.events() if event.kind in kinds)
        self._state = BEFORE
        self._step: int | None = None

    def at(self, at_ns: int) -> tuple[str, int | None]:
        """Return state and step number as the decision of that scan left them."""
        while self._waiting and self._waiting[0].at_ns <= at_ns:
            event = self._waiting.popleft()
            if event.kind is EventKind.RUN:
                self._state = event.text
            else:
                self._step = None if event.text in _ENDED else int(event.source.removeprefix("step "))
        return self._state, self._step


def identities(record: RunFile) -> dict[str, str]:
    """Return what each instrument said it is, by link."""
    said = (notice for notice in record.notices() if notice.text.startswith(_ANSWERS))
    return {notice.link: notice.text.removeprefix(_ANSWERS) for notice in said}


def _ended_ns(record: RunFile) -> int:
    end = next(record.rows(Entry.END), None)
    if end is not None:
        return end.at_ns
    last = deque(record.scans(), maxlen=1)
    return last[0].at_ns if last else 0
