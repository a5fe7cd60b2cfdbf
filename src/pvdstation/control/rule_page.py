"""Every rule as a page of the documentation: what it needs, what it does, and what to do about it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from pvdstation.control.conditions import FRESH_IMAGE, Condition
from pvdstation.control.remedies import remedy_of
from pvdstation.control.rule import Interlock, Overridable
from pvdstation.control.rule_words import RULE_WORDS
from pvdstation.control.rules import INTERLOCKS, PERMISSIVES
from pvdstation.control.scene import Scene
from pvdstation.control.state import first_state
from pvdstation.control.step_words import STEP_WORDS
from pvdstation.control.supervisor import CONTROL_CYCLE
from pvdstation.control.view import Frame, View
from pvdstation.control.why import NO_OVERRIDE, override_text
from pvdstation.model.signals import UNREAD, SignalMap
from pvdstation.model.station import Station

_HEAD = """# Rules

Every rule of the station: what an output needs to start (PM: row of the plant's interlock matrix), what must stay \
true (I: row of the interlock list), and what an operator is told of it. Numbers are those of the packaged station \
`{name}`; each is in the station file, and a default in nm, nm/s, mbar, s, A, W, Hz or %. This page is printed by \
`python tests/unit/test_rule_page.py`, and a test keeps it so.

## To open or to switch on

All conditions must hold, on readings that are fresh and good. Before each of them: {fresh} (PM14).
"""
_KEEP = """
## What must stay true

Judged every scan while it is needed, in this order; the first to act is the first cause. C0 alarm, C1 hold, C2 stop, \
C3 all off, C4 all off with the enable contacts. What acts is latched until the run is resumed or cleared; an alarm \
goes when its claim has held again for the time under "goes after", by its dead-band where it has one.
"""
_DO = "\n## What to do\n"
_STEPS = "\n## Alarms of steps and of the run\n"
_CONDITIONS = """
## Conditions

What each condition needs here (gas: for a target of 500 mbar), and how to bring it about.
"""


def page(station: Station, plain: Mapping[str, Any]) -> str:
    """Return the page for a station; ``plain`` is its file, whose values are shown as they are written."""
    frame = Frame(station, SignalMap(station))
    state = first_state(station, 0)
    unread = (UNREAD,) * len(frame.signals.all)
    v = View(frame, unread, state.last, state.sources, 0, since_gas=False, low_since_ns=None, result=None)
    return "".join(
        (
            _HEAD.format(name=station.name, fresh=FRESH_IMAGE.sentence),
            _table(("Action", "Rule", "Needs", "Override"), _starts()),
            _KEEP,
            _table(
                ("Rule", "Row", "What stays true", "Class", "After", "Goes after", "Set point", "Override"),
                (_keep(rule, station, plain) for rule in (*INTERLOCKS, CONTROL_CYCLE)),
            ),
            _DO,
            _table(("Rule", "Priority", "Cause", "Consequence", "Response"), _words(RULE_WORDS)),
            _STEPS,
            _table(("Alarm", "Priority", "Cause", "Consequence", "Response"), _words(STEP_WORDS)),
            _CONDITIONS,
            _table(("Condition", "Needs", "How"), (_condition(one, v) for one in conditions())),
        )
    )


def conditions() -> tuple[Condition, ...]:
    """Return every condition of a start part or of a keep part of several, once, in the order of the rules."""
    starts = (condition for permissive in PERMISSIVES.values() for condition in permissive.start)
    parts = (condition for rule in INTERLOCKS for condition in rule.parts)
    return tuple(dict.fromkeys((FRESH_IMAGE, *starts, *parts)))


def _starts() -> Iterable[tuple[str, ...]]:
    for permissive in PERMISSIVES.values():
        needs = " · ".join(condition.sentence for condition in permissive.start)
        yield permissive.action, f"`{permissive.name}` ({permissive.ref})", needs, _override(permissive.override)


def _keep(rule: Interlock, station: Station, plain: Mapping[str, Any]) -> tuple[str, ...]:
    energy = "" if rule.with_energy is None else f", with energy C{rule.with_energy:d}"
    closes = f", closes {rule.closes}" if rule.closes else ""
    samples = f", {rule.samples} samples" if rule.samples else ""
    parts = ": " + " · ".join(part.sentence for part in rule.parts) if rule.parts else ""
    band = ", in its dead-band" if rule.clears else ""
    return (
        f"`{rule.name}`",
        rule.ref,
        f"{rule.sentence}{parts}",
        f"C{rule.on_loss:d}{energy}{closes}",
        f"{rule.delay_s(station):g} s{samples if rule.samples > 1 else ''}",
        "latched" if rule.is_latched else f"{rule.off_delay_s:g} s{band}",
        ", ".join(f"`{name}` {value_of(name, station, plain)}" for name in RULE_WORDS[rule.name].set_point),
        _override(rule.override),
    )


def value_of(name: str, station: Station, plain: Mapping[str, Any]) -> str:
    """Return a value of the station by its path, as its file has it, else as its default; ``*``: every one there."""
    head, star, tail = name.partition(".*.")
    if star:
        values = [value_of(f"{head}.{key}.{tail}", station, plain) for key in plain[head]]
        return " / ".join(dict.fromkeys(values))
    written: Any = plain
    known: Any = station
    for key in name.split("."):
        written = written.get(key) if isinstance(written, Mapping) else None
        known = known[int(key) if key.isdigit() else key] if isinstance(known, Mapping) else getattr(known, key)
    if written is None and isinstance(known, BaseModel):
        written = known.model_dump()
    if isinstance(written, Mapping):
        return ", ".join(f"{key} {value}" for key, value in written.items())
    return f"{known:g} (default)" if written is None else str(written)


def _words(words: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, told in words.items():
        yield f"`{name}`", told.priority, told.cause, told.consequence, told.response


def _condition(condition: Condition, v: View) -> tuple[str, ...]:
    remedy = remedy_of(condition)
    return condition.sentence, remedy.value(v, Scene(gas_target_mbar=500.0)), remedy.fix


def _override(limits: Overridable | None) -> str:
    return NO_OVERRIDE.partition(":")[0] if limits is None else override_text(limits).removeprefix("may be overridden ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in lines)
