"""Alarms as a list, and one of them in full: words for every state, so that nothing depends on a colour."""

from collections.abc import Iterator, Mapping

from textual.content import Content

from pvdstation.desk.snapshot import AlarmShown, OverrideShown, Snapshot
from pvdstation.tui.figures import time_of_day
from pvdstation.tui.parts.rows import Row
from pvdstation.tui.parts.words import BAD, CARE, QUIET, cell, labelled, left, since

ORDER = ("unacknowledged", "returned", "latched", "acknowledged", "shelved", "suppressed")
"""States of ISA-18.2 as the list has them; what waits for a person stands first."""
_PRIORITIES = ("critical", "high", "medium", "low")
_MEANS = {
    "unacknowledged": "it is there, and nobody has said yet that he knows",
    "returned": "it has gone by itself, and nobody has said yet that he knows",
    "latched": "its cause has gone; what it did stays until the run is resumed or cleared",
    "acknowledged": "it is there, and somebody knows of it",
    "shelved": "put aside for a time",
    "suppressed": "a more severe alarm says the same, or its rule is overridden",
}
_MARKS = {"unacknowledged": "!!", "returned": "! ", "latched": "L ", "shelved": "S "}
OVERRIDE = "override "
"""Before the rule's name in the key of an overridden rule's row."""


def is_open(alarm: AlarmShown) -> bool:
    """Return whether an alarm waits for somebody to say that he knows."""
    return alarm.state in ("unacknowledged", "returned")


def in_order(alarms: tuple[AlarmShown, ...]) -> list[AlarmShown]:
    """Return alarms as the list has them: by state, then by priority, then as they came."""
    return sorted(alarms, key=lambda a: (_place(a.state, ORDER), _place(a.priority, _PRIORITIES), a.came_ns))


def alarm_rows(snapshot: Snapshot, walls: Mapping[tuple[str, int], float], width: int) -> Iterator[Row]:
    """Give a row for each alarm and for each overridden rule."""
    first = snapshot.cause.rule if snapshot.cause else ""
    is_narrow = width < 100
    name_width, time_width = (17, 6) if is_narrow else (26, 9)
    for alarm in in_order(snapshot.alarms):
        text = Content.assemble(
            cell(_MARKS.get(alarm.state, ""), 3, BAD),
            cell(alarm.state.upper() if alarm.state == ORDER[0] else alarm.state, 15, _style(alarm)),
            cell(alarm.priority, 9 if not is_narrow else 7, _style(alarm)),
            cell(time_of_day(walls[alarm.name, alarm.came_ns])[: time_width - 1], time_width),
            cell("1st" if alarm.name == first else "", 4, "bold"),
            cell(alarm.name, name_width, "bold" if is_open(alarm) else ""),
            " ",
            alarm.text,
        )
        yield Row(alarm.name, text)
    for override in snapshot.overrides:
        yield Row(f"{OVERRIDE}{override.rule}", _override_row(snapshot, override, name_width, is_narrow=is_narrow))


def _override_row(snapshot: Snapshot, override: OverrideShown, name_width: int, *, is_narrow: bool) -> Content:
    return Content.assemble(
        cell("O ", 3, CARE),
        cell("overridden", 15, CARE),
        cell(f"{left(snapshot, override.until_ns)} left", 17 if is_narrow else 22),
        cell(override.rule, name_width),
        f" rule counts as met: {override.reason}",
    )


def summary(snapshot: Snapshot) -> Content:
    """Return how many alarms there are, how many wait for a person, and what came first."""
    count, waiting = len(snapshot.alarms), sum(is_open(alarm) for alarm in snapshot.alarms)
    parts = [f"{count or 'No'} alarm{'' if count == 1 else 's'}"]
    if count:
        parts.append(f"{waiting or 'none'} wait{'s' if waiting == 1 else ''} for you")
    if snapshot.overrides:
        overridden = len(snapshot.overrides)
        parts.append(f"{overridden} rule{'' if overridden == 1 else 's'} overridden")
    if snapshot.cause is not None:
        parts.append(f"first cause: {snapshot.cause.rule}")
    return Content.styled(" · ".join(parts), BAD if waiting else "bold")


def alarm_in_full(snapshot: Snapshot, alarm: AlarmShown, wall_s: float, width: int) -> Content:
    """Return all that is known of an alarm, and what may be done about it."""
    is_first = snapshot.cause is not None and snapshot.cause.rule == alarm.name
    first = "   FIRST CAUSE" if is_first else ""
    lines = [Content.assemble((alarm.name, "bold"), f"   priority {alarm.priority}", (first, "bold"))]
    lines.append(labelled("WHAT", alarm.text, width))
    lines.append(labelled("DO", alarm.fix or "look at what it names", width, "bold"))
    for label, text in (("CAUSE", alarm.cause), ("FOLLOWS", alarm.consequence)):
        if text:
            lines.append(labelled(label, text, width))
    lines.append(labelled("CAME", f"{since(snapshot, alarm.came_ns)} ago, at {time_of_day(wall_s)}", width))
    lines.append(labelled("STATE", f"{alarm.state}{_by(snapshot, alarm)}: {_MEANS.get(alarm.state, '')}", width))
    lines.append(labelled("YOU MAY", " · ".join(_may(alarm)), width))
    return Content("\n").join(lines)


def override_in_full(snapshot: Snapshot, override: OverrideShown, width: int) -> Content:
    """Return who has overridden a rule, why, and for how long yet."""
    return Content("\n").join(
        [
            Content.assemble((override.rule, "bold"), "   overridden: it counts as met, whatever is measured"),
            labelled("WHO", override.person, width),
            labelled("WHY", override.reason, width),
            labelled("LEFT", left(snapshot, override.until_ns), width, "bold"),
            labelled("YOU MAY", "U: put it in force again now", width),
        ]
    )


def _may(alarm: AlarmShown) -> Iterator[str]:
    if is_open(alarm):
        yield "Enter: acknowledge"
    if alarm.state == "shelved":
        yield "U: bring it back"
    elif alarm.shelf_min is not None:
        yield f"S: shelve, at most {alarm.shelf_min:g}\u00a0min"
    else:
        yield "not shelve: it is urgent, or has acted"
    if alarm.override_min is not None:
        yield f"R: override the rule, at most {alarm.override_min:g}\u00a0min"


def _by(snapshot: Snapshot, alarm: AlarmShown) -> str:
    by = f" by {alarm.by}" if alarm.by else ""
    until = "" if alarm.until_ns is None else f", {left(snapshot, alarm.until_ns)} left"
    return f"{by}{until}{f' ({alarm.reason})' if alarm.reason else ''}"


def _style(alarm: AlarmShown) -> str:
    if not is_open(alarm):
        return QUIET if alarm.state in ("shelved", "suppressed") else ""
    return BAD if alarm.priority in ("critical", "high") else CARE


def _place(word: str, words: tuple[str, ...]) -> int:
    return words.index(word) if word in words else len(words)
