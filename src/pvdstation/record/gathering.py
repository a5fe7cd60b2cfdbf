"""Gathers a result from the events of a run as they pass by."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import AlarmResult, StepResult

_ENDED = frozenset({"complete", "skipped", "stopped", "aborted"})
_MEASURED = frozenset(field.name for field in fields(StepResult)) - {"index", "implied", "do", "text"}

_ASKED = frozenset({"material", "target_nm", "gas", "target_mbar", "limit_mbar_s", "question"})

Truth = Callable[[], Mapping[str, float]]


class Band(NamedTuple):
    """One step on the time axis."""

    number: int
    do: str
    start_s: float
    end_s: float


class _Open:
    """A step that has begun."""

    __slots__ = ("ended_ns", "film_nm", "started_ns", "state", "values")

    def __init__(self, started_ns: int, film_nm: float) -> None:
        self.started_ns = started_ns
        self.film_nm = film_nm  # true film at its start, at its end the difference; NaN when nobody knows
        self.ended_ns: int | None = None
        self.state = "running"
        self.values: dict[str, float | str] = {}


class Gathering:
    """Steps, alarms and the end of one run. ``truth`` is asked only when a deposit begins or ends."""

    def __init__(self, steps: Iterable[PlannedStep], truth: Truth | None = None) -> None:
        self._steps = {f"step {step.index}": step for step in steps}
        self._truth = truth
        self._begun: dict[str, _Open] = {}
        self._alarms: list[AlarmResult] = []
        self._triggers: dict[str, Mapping[str, object]] = {}  # by source, of its first trip
        self.current: PlannedStep | None = None
        """The step that runs now."""
        self.state = ""
        """State of the run, as the core names it."""
        self.cause = ""
        """First cause: a rule's name, "operator" or "complete"."""
        self.reason = ""
        self.safe: bool | None = None

    def take(self, events: Iterable[Event]) -> None:
        """Take the events of one scan."""
        for event in events:
            if event.kind is EventKind.STEP:
                self._take_step(event)
            elif event.kind is EventKind.RUN:
                self._take_run(event)
            elif event.kind in (EventKind.ALARM, EventKind.TRIP):
                self._take_alarm(event)

    @property
    def has_begun(self) -> bool:
        """Return whether a step has begun."""
        return bool(self._begun)

    def steps(self, now_ns: int) -> tuple[StepResult, ...]:
        """Return every step of the procedure; one that still runs counts as stopped now."""
        return tuple(self._result(name, step, now_ns) for name, step in self._steps.items())

    def bands(self, now_ns: int) -> tuple[Band, ...]:
        """Return when each begun step ran."""
        return tuple(
            Band(step.index, step.do, begun.started_ns / SECOND, _end_ns(begun, now_ns) / SECOND)
            for name, step in self._steps.items()
            if (begun := self._begun.get(name)) is not None
        )

    def alarms(self) -> tuple[AlarmResult, ...]:
        """Return alarms and trips in the order they came."""
        return tuple(self._alarms)

    def trigger(self) -> Mapping[str, object] | None:
        """Return what the first cause was seen by; None where nothing tripped."""
        return self._triggers.get(self.cause)

    def _take_step(self, event: Event) -> None:
        step = self._steps.get(event.source)
        if step is None:
            return
        if event.source not in self._begun:
            self._begun[event.source] = _Open(event.at_ns, self._film_nm(step))
        begun = self._begun[event.source]
        begun.state = event.text
        self.current = step
        if event.text in _ENDED and begun.ended_ns is None:
            self.current = None
            begun.ended_ns = event.at_ns
            begun.film_nm = self._film_nm(step) - begun.film_nm
            begun.values = dict(event.values)

    def _take_run(self, event: Event) -> None:
        self.state = event.text
        values = dict(event.values)
        self.cause = str(values.get("cause", self.cause))
        self.reason = str(values.get("reason", self.reason))
        if "safe" in values:
            self.safe = bool(values["safe"])

    def _take_alarm(self, event: Event) -> None:
        at_s = event.at_ns / SECOND
        if event.kind is EventKind.TRIP and event.source not in self._triggers:
            self._triggers[event.source] = {"rule": event.source, **_trigger(event)}
        if ("state", "gone") not in event.values:
            self._alarms.append(AlarmResult(event.kind.value, event.source, event.text, at_s))
            return
        for place, alarm in enumerate(self._alarms):
            if alarm.source == event.source and alarm.went_s is None:
                self._alarms[place] = replace(alarm, went_s=at_s)

    def _film_nm(self, step: PlannedStep) -> float:
        if self._truth is None or step.do != "deposit":
            return math.nan
        return self._truth().get(f"film.{step.asked['material']}", math.nan)

    def _result(self, name: str, step: PlannedStep, now_ns: int) -> StepResult:
        begun = self._begun.get(name)
        measured: dict[str, object] = {name: value for name, value in step.asked.items() if name in _ASKED}
        if begun is None:
            measured.update(state="not started", ended_because="", duration_s=0.0)
        else:
            measured.update(
                state=begun.state if begun.ended_ns is not None else "stopped",
                ended_because="" if begun.ended_ns is not None else "interrupted",
                duration_s=(_end_ns(begun, now_ns) - begun.started_ns) / SECOND,
            )
            measured.update(
                {name: value for name, value in begun.values.items() if name in _MEASURED and _is_known(value)}
            )
            if begun.ended_ns is not None and math.isfinite(begun.film_nm):
                measured["true_nm"] = begun.film_nm
        return StepResult(index=step.index, implied=step.implied, do=step.do, text=step.text, **measured)  # type: ignore[arg-type]


def _is_known(value: object) -> bool:
    """Return whether a value is one: NaN and infinity say that nothing was measured."""
    return not isinstance(value, float) or math.isfinite(value)


def _trigger(event: Event) -> dict[str, object]:
    """Return signal, value and limit of a trip; null stands for a value that was unknown."""
    values = {name: value for name, value in event.values if name not in {"state", "class"}}
    return {name: value if _is_known(value) else None for name, value in values.items()}


def _end_ns(begun: _Open, now_ns: int) -> int:
    return begun.ended_ns if begun.ended_ns is not None else now_ns
