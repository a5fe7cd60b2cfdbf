"""Gathers a result from the events of a run as they pass by."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import AlarmResult, RateResult, StepResult, TogetherResult

_ENDED = frozenset({"complete", "skipped", "stopped", "aborted"})
_MEASURED = frozenset(field.name for field in fields(StepResult)) - {"index", "implied", "do", "text"}

_ASKED = frozenset({"material", "target_nm", "on_film_nm", "gas", "target_mbar", "limit_mbar_s", "question"})

Truth = Callable[[], Mapping[str, float]]


class Band(NamedTuple):
    """One step on the time axis."""

    number: int
    do: str
    start_s: float
    end_s: float


class _Open:
    """A step that has begun."""

    __slots__ = ("ended_ns", "films_nm", "started_ns", "state", "values")

    def __init__(self, started_ns: int, films_nm: Mapping[str, float]) -> None:
        self.started_ns = started_ns
        self.films_nm = films_nm  # true films at its start, at its end the differences; NaN when nobody knows
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
            self._begun[event.source] = _Open(event.at_ns, self._films_nm(step))
        begun = self._begun[event.source]
        begun.state = event.text
        self.current = step
        if event.text in _ENDED and begun.ended_ns is None:
            self.current = None
            begun.ended_ns = event.at_ns
            begun.films_nm = {name: nm - begun.films_nm[name] for name, nm in self._films_nm(step).items()}
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
        values = dict(event.values)
        state = values.get("state")
        if state in {"shelved", "unshelved"}:
            return
        if state not in {"gone", "acknowledged"}:
            priority = str(values["priority"]) if "priority" in values else None
            self._alarms.append(AlarmResult(event.kind.value, event.source, event.text, at_s, priority=priority))
            return
        for place, alarm in enumerate(self._alarms):
            if alarm.source != event.source:
                continue
            if state == "gone" and alarm.went_s is None:
                self._alarms[place] = replace(alarm, went_s=at_s)
            elif state == "acknowledged" and alarm.acknowledged_s is None:
                self._alarms[place] = replace(alarm, acknowledged_s=at_s, acknowledged_by=str(values["by"]))

    def _films_nm(self, step: PlannedStep) -> dict[str, float]:
        """Return the true films of a layer's materials, the first-named one first; none of one begun before."""
        if self._truth is None or step.do != "deposit" or "on_film_nm" in step.asked:
            return {}
        names = [step.asked["material"], *(other["source"] for other in step.asked.get("together", ()))]
        truth = self._truth()
        return {name: truth.get(f"film.{name}", math.nan) for name in names}

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
            if "remarks" in measured:
                measured["remarks"] = tuple(str(measured["remarks"]).split("; "))
            films_nm = begun.films_nm if begun.ended_ns is not None else {}
            measured.update(_parts(begun.values, films_nm))
            true_nm = films_nm.get(str(step.asked.get("material")), math.nan)
            if math.isfinite(true_nm):
                measured["true_nm"] = true_nm
        return StepResult(index=step.index, implied=step.implied, do=step.do, text=step.text, **measured)  # type: ignore[arg-type]


def _parts(values: Mapping[str, float | str], films_nm: Mapping[str, float]) -> dict[str, object]:
    """Return the parts of a result that stand several times: the other sources, the rates of a layer with ramps."""
    named: dict[str, dict[str, dict[str, Any]]] = {"together": {}, "rates": {}}
    for name, value in values.items():
        group, _, rest = name.partition(".")
        if group in named and _is_known(value):
            which, _, field = rest.partition(".")
            named[group].setdefault(which, {})[field] = value
    for name, reached in named["together"].items():
        if math.isfinite(films_nm.get(name, math.nan)):
            reached["true_nm"] = films_nm[name]
    together = tuple(TogetherResult(**reached) for reached in named["together"].values())
    rates = tuple(RateResult(**rate) for rate in named["rates"].values())
    return ({"together": together} if together else {}) | ({"rates": rates} if rates else {})


def _is_known(value: object) -> bool:
    """Return whether a value is one: NaN and infinity say that nothing was measured."""
    return not isinstance(value, float) or math.isfinite(value)


def _trigger(event: Event) -> dict[str, object]:
    """Return signal, value and limit of a trip; null stands for a value that was unknown."""
    values = {name: value for name, value in event.values if name in {"signal", "value", "age_s", "limit"}}
    return {name: value if _is_known(value) else None for name, value in values.items()}


def _end_ns(begun: _Open, now_ns: int) -> int:
    return begun.ended_ns if begun.ended_ns is not None else now_ns
