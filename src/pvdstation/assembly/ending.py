"""How a run ended: its outcome, the one cause, and the value that the cause was seen by."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pvdstation.control.rules import INTERLOCKS
from pvdstation.control.supervisor import CONTROL_CYCLE
from pvdstation.record.cause import Cause, cause_of
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import Outcome, StepResult
from pvdstation.record.targets import Missed, missed_targets

RULES = frozenset(rule.name for rule in (*INTERLOCKS, CONTROL_CYCLE))
_OUTCOMES: dict[str, Outcome] = {
    "complete": "complete",
    "stopped": "stopped",
    "aborted": "aborted",
    "aborting": "aborted",  # given up: the safe state was not confirmed
}


class Ending(NamedTuple):
    """Outcome, cause, reason in words, and trigger."""

    outcome: Outcome
    cause: Cause
    reason: str
    trigger: Mapping[str, object] | None = None


def ending_of(gathering: Gathering, plan: Sequence[PlannedStep], steps: Sequence[StepResult]) -> Ending:
    """Return how a run ended that came to its end."""
    outcome = _OUTCOMES.get(gathering.state, "stopped")
    missed = missed_targets(plan, steps) if outcome == "complete" else []
    if missed:
        first = missed[0]
        return Ending("stopped", Cause.TARGET_MISSED, first.text, _trigger(first))
    cause = cause_of(gathering.cause or "complete", RULES)
    return Ending(outcome, cause, gathering.reason or "it did not end", gathering.trigger())


def left_off(gathering: Gathering, unreached: Mapping[str, str], *, gave_up: bool) -> Ending:
    """Return how a run ended that was left off: by its operator, by silent links (why, by name), or by nobody."""
    if gave_up:
        return Ending("stopped", Cause.OPERATOR, gathering.reason or "ended by the operator")
    if unreached:
        text = "; ".join(f"{name} is not reached: {fault}" for name, fault in unreached.items())
        return Ending("stopped", Cause.NOT_REACHABLE, gathering.reason or text, {"links": dict(unreached)})
    return Ending("stopped", Cause.NO_END, gathering.reason or "it did not end", gathering.trigger())


def _trigger(missed: Missed) -> dict[str, object]:
    known = None if math.isnan(missed.value) else missed.value
    return {"step": missed.step, "signal": missed.name, "value": known, "limit": missed.target}
