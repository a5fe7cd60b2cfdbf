"""``pvd check``: everything a recipe would do, before anything happens."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pvdstation.assembly.checks import CheckResult
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.preparation import prepare
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.cli.wording import brief, power_words, watts
from pvdstation.model.problems import Problem
from pvdstation.recipe.check import Checked
from pvdstation.recipe.power import most_at_once
from pvdstation.record.results import RunResult

_WIDE = 90


def run_check(
    streams: Streams, recipe: str, station: str | None, sets: Sequence[str] = (), data: str | None = None
) -> ExitCode:
    """Check and show; return the exit code."""
    prepared = prepare(recipe, station, sets=sets, data=data_folder(data))
    if isinstance(prepared, RunResult):
        return finish_refused(streams, prepared, [])
    result = CheckResult.of(prepared)
    if streams.json:
        streams.document(result.as_json())
    streams.show(
        _heading(result), _steps(result.checked, streams.width), "", _totals(result.checked), *_remarks(result.checked)
    )
    return ExitCode.COMPLETE


def _heading(result: CheckResult) -> Text:
    procedure = result.checked.procedure
    text = Text()
    text.append(procedure.recipe_id if result.checked.recipe.file else "recipe", style="bold")
    version = f"   v{procedure.version}" if result.checked.recipe.file else ""
    text.append(f"  {procedure.name}{version}   sha256 {procedure.sha256[:8]}…\n")
    for parameter in result.checked.recipe.parameters:
        default = f" (default {parameter.default})" if parameter.is_changed else ""
        text.append(f"{parameter.name} = {parameter.value}{default}")
        text.append(f"   {parameter.help}\n", style="dim")
    text.append(f"station: {result.station.name}  ")
    text.append(f"({result.mode.upper()})\n", style="bold reverse")
    return text


def _steps(checked: Checked, width: int) -> Table:
    """Return one row per step; on a narrow terminal the limits stand below the step."""
    is_wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("step" if is_wide else "step, limits used", ratio=5, overflow="fold")
    table.add_column("because", ratio=2, overflow="fold")
    table.add_column("estimate", no_wrap=True)
    if is_wide:
        table.add_column("limits used", ratio=4, overflow="fold")
    for step, used, powers in zip(checked.procedure.steps, checked.limits_used, checked.powers, strict=True):
        limits = ", ".join(filter(None, (used, " + ".join(power_words(power) for power in powers))))
        text = step.text if is_wide or not limits else f"{step.text}\n  {limits}"
        cells: list[RenderableType] = [str(step.index), Text(text), step.because, brief(step.estimate_s)]
        table.add_row(*cells, *([Text(limits)] if is_wide else []), style="dim" if step.implied else "")
    return table


def _totals(checked: Checked) -> Text:
    parts = [f"total about {brief(checked.total_s)}", *_most_power(checked)]
    parts += [f"{use.source} {use.needed_mg:.0f} mg of {use.available_mg:.0f} mg" for use in checked.charges]
    for use in checked.crystals:
        places = 1 if use.before_pct - use.after_pct >= 1 else 2
        parts.append(f"crystal {use.sensor}: {use.before_pct:.{places}f} → {use.after_pct:.{places}f} %")
    return Text("   ".join(parts))


def _most_power(checked: Checked) -> list[str]:
    expected_w, most_w = most_at_once(checked.powers)
    if not most_w:
        return []
    bases = dict.fromkeys(power.basis for powers in checked.powers for power in powers)
    shown = f"about {watts(expected_w)}, at most {watts(most_w)}" if expected_w else f"at most {watts(most_w)}"
    return [f"power {shown} (by {', '.join(bases)})"]


def _remarks(checked: Checked) -> list[Text]:
    lines = [Text(f"note     {_remark(note)}") for note in checked.notes]
    lines += [Text(f"warning  {_remark(warning)}", style="yellow") for warning in checked.warnings]
    count = len(checked.warnings)
    lines.append(Text(f"ok       0 errors, {count} warning{'' if count == 1 else 's'}"))
    return lines


def _remark(found: Problem) -> str:
    place = f"line {found.line}, {found.where}: " if found.line is not None else ""
    return f"{place}{found.what}. {found.write}".rstrip()
