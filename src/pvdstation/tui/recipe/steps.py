"""The expanded procedure as a table: every step that the station will do, implied ones too, and what it all takes."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pvdstation.recipe.check import Checked
from pvdstation.recipe.power import Power, most_at_once
from pvdstation.tui.parts.words import span

_NARROW = 64
IMPLIED = "+"
"""Before the number of a step that the recipe does not name."""


def procedure_table(checked: Checked, width: int) -> RenderableType:
    """Return the table and its sums; on a narrow panel reason and power stand below the step."""
    is_wide = width >= _NARROW
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_edge=False, expand=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("step", ratio=5, overflow="fold")
    if is_wide:
        table.add_column("because", ratio=2, overflow="fold")
    table.add_column("about", justify="right", no_wrap=True)
    rows = zip(checked.procedure.steps, checked.limits_used, checked.powers, strict=True)
    for step, limits, powers in rows:
        text = Text(step.text, style="" if step.implied else "bold")
        more = [*([] if is_wide or not step.implied else [step.because]), limits, *(_power(power) for power in powers)]
        small = " · ".join(part for part in more if part)
        if small:
            text.append(f"\n  {small}", style="not bold dim")
        number = f"{IMPLIED if step.implied else ''}{step.index}"
        table.add_row(number, text, *([Text(step.because)] if is_wide else []), brief(step.estimate_s))
    return Group(
        Text("  ".join(sums(checked))), Text(f"{IMPLIED} is implied: the recipe does not name it", "dim"), table
    )


def sums(checked: Checked) -> Iterator[str]:
    """Yield what the whole takes: time, charge, life of the crystals, power."""
    yield f"about {brief(checked.total_s)}"
    for charge in checked.charges:
        yield f"{charge.source} {charge.needed_mg:.0f} of {charge.available_mg:.0f} mg"
    for use in checked.crystals:
        places = 1 if use.before_pct - use.after_pct >= 1 else 2
        yield f"crystal {use.sensor} {use.before_pct:.{places}f} → {use.after_pct:.{places}f} %"
    expected_w, most_w = most_at_once(checked.powers)
    if most_w:
        yield (
            f"power about {_watts(expected_w)}, at most {_watts(most_w)}" if expected_w else f"at most {_watts(most_w)}"
        )


def brief(seconds: float) -> str:
    """Return a duration as an estimate deserves: "12 s", "4.5 min", "1 h 05 min"."""
    if 50 <= seconds < 600:
        return f"{round(seconds / 30) / 2:g} min"
    return f"{seconds / 60:.0f} min" if 600 <= seconds < 5940 else span(seconds)


def _power(power: Power) -> str:
    if power.expected_w is not None:
        return f"about {_watts(power.expected_w)}"
    least = "at most" if power.least_w is None else f"{_watts(power.least_w)} to"
    return f"{least} {_watts(power.most_w)}"


def _watts(power_w: float) -> str:
    return f"{power_w:.1f} W" if power_w < 10 else f"{power_w:.0f} W"
