"""Results read back from the JSON that was written of them; what only a later version knows is left out."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pvdstation.model.problems import Problem
from pvdstation.record.cause import Cause
from pvdstation.record.results import AlarmResult, Named, RateResult, RunResult, StepResult, TogetherResult

T = TypeVar("T", AlarmResult, RateResult, StepResult, TogetherResult)


def result_of(document: Mapping[str, Any]) -> RunResult:
    """Return a run's result. Raises KeyError, TypeError, ValueError when it is not the document of one."""
    cause = Cause(document["cause"]) if document["cause"] is not None else None
    errors = tuple(problem_of(written) for written in document["errors"])
    is_refused = document["outcome"] == "refused"
    return RunResult(
        outcome=document["outcome"],
        reason=document["reason"],
        mode=document["mode"],
        safe=document["safe"],
        run=document["run"],
        recipe=_named(document["recipe"]),
        station=_named(document["station"]),
        seed=document["seed"],
        plant_s=document["plant_s"],
        wall_s=document["wall_s"],
        steps=tuple(step_of(written) for written in document["steps"]),
        alarms=tuple(_row(AlarmResult, written) for written in document["alarms"]),
        errors=errors if is_refused else (),
        cause=cause,
        trigger=document["trigger"],
        by_operator=cause is Cause.OPERATOR,
        record_fault=errors[0] if errors and not is_refused else None,
        unreachable=tuple(document.get("unreachable", ())),
    )


def step_of(written: Mapping[str, Any]) -> StepResult:
    """Return a step's result."""
    parts: dict[str, Any] = {}
    if "together" in written:
        parts["together"] = tuple(_row(TogetherResult, other) for other in written["together"])
    if "rates" in written:
        parts["rates"] = tuple(_row(RateResult, rate) for rate in written["rates"])
    if "remarks" in written:
        parts["remarks"] = tuple(written["remarks"])
    return _row(StepResult, {**written, **parts})


def problem_of(written: Mapping[str, Any]) -> Problem:
    """Return a problem as it stands in ``errors``."""
    return Problem(**{name: written[name] for name in ("where", "what", "write", "file", "line", "column")})


def _row(kind: type[T], written: Mapping[str, Any]) -> T:
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in written.items() if name in known})


def _named(written: Mapping[str, str] | None) -> Named | None:
    return None if written is None else Named(written["name"], written["sha256"])
