"""The first line: SIMULATED or LIVE, then what runs, or the first cause of its end, or that the core has gone."""

from textual.content import Content

from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.figures import time_of_day
from pvdstation.tui.frame.sight import LIVE, SIMULATED, TRIPPED, Sight, between

_EDGES = 16
"""Characters of the first line that are neither mode, state, cause nor clock."""
_LABELS = {SIMULATED: "bold $background on $simulated", LIVE: "bold $background on $live"}


def top(sight: Sight, width: int) -> Content:
    """Return the upper edge of the frame."""
    line = sight.line
    label = Content.styled(f" {_mode(sight)} ", _LABELS.get(sight.mode, "bold reverse"))
    parts = [part for part in _parts(sight, width) if part.plain]
    joint = Content.styled(" ━━ ", line)
    left = Content.assemble(("┏━", line), label, joint, joint.join(parts), (" ", line))
    right = Content.assemble((" ", line), _clock(sight), (" ━┓", line))
    return between(left, right, width, "━", line)


def _mode(sight: Sight) -> str:
    return f"{sight.mode} {sight.pace}".strip()


def _clock(sight: Sight) -> Content:
    shown = sight.snapshot
    if shown is None:
        return Content("")
    old = "OLD " if sight.lost else ""
    return Content.styled(f"{old}{time_of_day(shown.wall_s)}", "bold")


def _parts(sight: Sight, width: int) -> list[Content]:
    shown = sight.snapshot
    if sight.lost:
        return [Content.styled(f"DISCONNECTED: {sight.lost}", "bold $error")]
    if shown is None:
        return [Content(sight.station), Content.styled("meeting its core", "$grey")]
    if shown.cause is not None:
        return [_cause(sight, shown, width)]
    if not shown.run:
        return [Content(shown.station), Content.styled("no run", "$grey")]
    sample = f"run {shown.run}" + (f" · sample {shown.sample}" if shown.sample else "")
    room = width - len(sample) - len(sight.pace) - 34
    recipe = Content.styled(shown.recipe, "bold").truncate(max(room, 12), ellipsis=True)
    return [recipe, Content(sample)]


def _cause(sight: Sight, shown: Snapshot, width: int) -> Content:
    """Return the state that the run was brought to and the first cause; by its rule where there is no room for all."""
    style = "bold $error" if shown.state in TRIPPED else "bold $warning"
    rule = shown.cause.rule if shown.cause is not None else ""
    is_short = bool(rule) and not has_room(sight, shown, width)
    return Content.styled(f"{shown.state.upper()}: {f'rule {rule}' if is_short else cause_text(shown)}", style)


def cause_text(shown: Snapshot) -> str:
    """Return the first cause with its rule and time; empty when there is none."""
    cause = shown.cause
    if cause is None:
        return ""
    rule = f" ({cause.rule})" if cause.rule and cause.rule not in cause.text else ""
    return f"{cause.text}{rule}, {time_of_day(cause.wall_s)}"


def has_room(sight: Sight, shown: Snapshot, width: int) -> bool:
    """Return whether the whole first cause stands in the first line."""
    words = f"{_mode(sight)}{shown.state}{cause_text(shown)}{_clock(sight).plain}"
    return len(words) + _EDGES <= width
