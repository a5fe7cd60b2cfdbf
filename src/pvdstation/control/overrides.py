"""Overrides: one rule, some minutes, a name and a reason; never more than the rule's own limits allow. Pure.

An override ends by itself: when its time is over, when what it was allowed under is over (a source is hot), or with
the run. Meanwhile its rule counts as met, and no other one does.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from pvdstation.control.conditions import SOURCES_COLD
from pvdstation.control.rule import Overridable
from pvdstation.control.rules import INTERLOCKS, PERMISSIVES
from pvdstation.control.scene import EMPTY
from pvdstation.control.supervisor import CONTROL_CYCLE
from pvdstation.control.view import View
from pvdstation.control.why import NO_OVERRIDE, override_text
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import Request

RULES: Mapping[str, Overridable | None] = {
    **{rule.name: None for rule in PERMISSIVES.values()},
    **{rule.name: None for rule in (*INTERLOCKS, CONTROL_CYCLE)},
    **{rule.name: rule.override for rule in PERMISSIVES.values() if rule.override is not None},
    **{rule.name: rule.override for rule in INTERLOCKS if rule.override is not None},
}
"""Every rule by name, with the limits of its override; None: absolute."""
LONGEST = 200
"""Characters of a name or a reason."""


class Override(NamedTuple):
    """One rule that counts as met for a time."""

    rule: str
    person: str
    reason: str
    until_ns: int


def names(overrides: tuple[Override, ...]) -> frozenset[str]:
    """Return the rules that count as met."""
    return frozenset(override.rule for override in overrides)


def refusal(request: Request, overrides: tuple[Override, ...], v: View) -> str:
    """Return why an override is refused; empty when it is not. Value 0 ends one before its time."""
    if request.about not in RULES:
        return f'there is no rule "{request.about[:40]}"'
    limits = RULES[request.about]
    if limits is None:
        return f"{request.about} is {NO_OVERRIDE}"
    if request.value == 0:
        return "" if request.about in names(overrides) else f"{request.about} is not overridden"
    nobody = unnamed(request)
    if nobody:
        return nobody
    minutes = request.value if isinstance(request.value, float | int) else math.nan
    if not 0 < minutes <= limits.minutes:
        return f"{request.about} {override_text(limits)}: say for how many, more than 0 and at most {limits.minutes:g}"
    return unfit(limits, v)


def unnamed(request: Request) -> str:
    """Return that nobody answers for a request, or at too great length; empty when somebody does."""
    if not request.person.strip() or not request.reason.strip():
        return "it needs the name of a person and a reason"
    is_long = max(len(request.person), len(request.reason)) > LONGEST
    return f"name and reason have at most {LONGEST} characters each" if is_long else ""


def unfit(limits: Overridable, v: View) -> str:
    """Return what does not allow this kind of override now, with its live value; empty when all does."""
    if limits.needs_cold and not SOURCES_COLD.holds(v, EMPTY):
        return f"needs all sources cold ({SOURCES_COLD.shows(v)})"
    if limits.without_lithium and "Li" in v.station.source:
        return "not with lithium mounted (source Li)"
    return ""


def made(request: Request, overrides: tuple[Override, ...], now_ns: int) -> tuple[Override, ...]:
    """Return the overrides with one that is not refused: a new one takes the place of an old one of its rule."""
    kept = tuple(override for override in overrides if override.rule != request.about)
    minutes = float(request.value or 0)
    if minutes == 0:
        return kept
    return (*kept, Override(request.about, request.person, request.reason, now_ns + to_ns(60 * minutes)))


def ended_because(override: Override, v: View) -> str:
    """Return why an override has ended; empty while it lasts."""
    if v.now_ns >= override.until_ns:
        return "its time is over"
    limits = RULES[override.rule]
    return unfit(limits, v) if limits is not None else NO_OVERRIDE


def output_of(rule: str) -> str:
    """Return the output that an ended override closes: it may have opened under it; empty where it opens none."""
    return next((permissive.output for permissive in PERMISSIVES.values() if permissive.name == rule), "")
