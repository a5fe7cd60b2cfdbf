"""Recorded runs as a list, and which of them a filter leaves."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from pvdstation.desk.errands import RunListed
from pvdstation.tui.parts.rows import Row
from pvdstation.tui.parts.words import BAD, QUIET, cell

_CALM = ("complete", "running")
INTERRUPTED = "interrupted"


def filtered(runs: Sequence[RunListed], text: str) -> tuple[RunListed, ...]:
    """Return the runs that have every word of a text somewhere, newest first."""
    words = text.casefold().split()
    fitting = (run for run in runs if all(word in "\n".join(run).casefold() for word in words))
    return tuple(sorted(fitting, key=lambda run: (run.started, run.run), reverse=True))


def run_rows(runs: Sequence[RunListed], width: int) -> Iterator[Row]:
    """Give a row for each run."""
    is_wide = width >= 110
    mode_width = 11 if is_wide else 6
    spare = max(width - 22 - mode_width, 30)
    id_width = min(max((len(run.run) for run in runs), default=8) + 2, 34) if is_wide else 0
    outcome, recipe = (spare - id_width) * 4 // 10, (spare - id_width) * 3 // 10
    for run in runs:
        is_calm = run.outcome.startswith(_CALM)
        text = Content.assemble(
            cell(run.started[:16].replace("T", " "), 18),
            _mode(run, mode_width),
            cell(run.run, id_width, QUIET),
            cell(run.outcome if is_calm else f"! {run.outcome}", outcome - 1, "" if is_calm else BAD),
            " ",
            cell(run.recipe, recipe - 1),
            f" {run.sample}",
        )
        yield Row(run.run, text)


def _mode(run: RunListed, width: int) -> Content:
    word = run.mode.upper()
    is_simulated = word.startswith("SIM")
    return cell(word if len(word) < width else word[:3], width, QUIET if is_simulated else "bold")
