"""Times, names and cells of a table as the pages write them: always the same width, nothing lost but to an ellipsis."""

import math
from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from pvdstation.desk.snapshot import Snapshot
from pvdstation.model.clock import SECOND
from pvdstation.recipe.spelling import duration
from pvdstation.tui.figures import UNKNOWN

BAD, CARE, QUIET = "bold $error", "bold $warning", "dim"
"""Styles of what is wrong, of what wants a look, and of what is only there for reference; never without a word."""

LABEL = 11
"""Columns of a label."""


def span(seconds: float) -> str:
    """Return a length of time that is not over before it has begun: "12 s", "6 min 00 s", "1 h 02 min"."""
    return duration(max(seconds, 0.0))


def since(snapshot: Snapshot, at_ns: int) -> str:
    """Return how long ago a moment of the run's clock is."""
    return span((snapshot.now_ns - at_ns) / SECOND)


def left(snapshot: Snapshot, until_ns: int) -> str:
    """Return how long it is to a moment of the run's clock."""
    return span((until_ns - snapshot.now_ns) / SECOND)


def wall_of(snapshot: Snapshot, at_ns: int) -> float:
    """Return when a moment of the run's clock was, s since 1970, at the present pace of that clock."""
    pace = snapshot.speed if snapshot.speed > 0 and math.isfinite(snapshot.speed) else 1.0
    return snapshot.wall_s - (snapshot.now_ns - at_ns) / SECOND / pace


def cell(text: str, width: int, style: str = "") -> Content:
    """Return a text in exactly so many columns, cut with an ellipsis."""
    shown = text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…"
    return Content.styled(set_cell_size(shown, max(width, 0)), style)


def labelled(label: str, text: str, width: int, style: str = "") -> Content:
    """Return a text with its label before it, folded so that every line of it begins below the first."""
    lines = wrap(text, max(width - LABEL, 20)) or [""]
    rest = "".join(f"\n{' ' * LABEL}{line}" for line in lines[1:])
    return Content.assemble((f"{label:<{LABEL}}", QUIET), (f"{lines[0]}{rest}", style))


def amount(value: float, form: str) -> str:
    """Return an amount in its form; a dash when nobody knows it."""
    return UNKNOWN if math.isnan(value) else form.format(value)


def problem_lines(problems: tuple[Mapping[str, Any], ...]) -> list[str]:
    """Return what is wrong with a start, one line each: where, what, and what to write instead."""
    return [
        " ".join(part for part in (f"{problem.get('where', '')}:", str(problem.get("what", ""))) if part != ":")
        + (f". {problem['write']}" if problem.get("write") else "")
        for problem in problems
    ]
