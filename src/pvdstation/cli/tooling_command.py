"""``pvd tooling``: what measured thicknesses say about the tooling factors of a run."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from pvdstation.assembly.about import login_name
from pvdstation.assembly.tooling import WorkedOut, accept, work_out
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.ledgers import ToolingRow
from pvdstation.record.results import refused
from pvdstation.record.tooling import Factor


def run_tooling(
    streams: Streams,
    run: str,
    measured: Sequence[str],
    layer: int | None,
    data: str | None,
    by: str | None,
    since: str | None,
    note: str,
    *,
    accepts: bool,
) -> ExitCode:
    """Work the factors out, show them, and enter them when they are accepted; return the exit code."""
    try:
        if not accepts and (since is not None or note or by is not None):
            what = "they belong to a factor that is accepted"
            raise Refused([Problem("--by, --from, --note", what, "Add --accept, or leave them out.")])
        worked = work_out(run, data, measured, layer)
        entered = accept(worked, data, login_name() if by is None else by, since, note) if accepts else []
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        outcome = "accepted" if accepts else "worked out"
        streams.document({"outcome": outcome, **worked.as_json(), "entered": entered, "errors": []})
    streams.show(*_shown(worked), *(Text(f"entered: {line}") for line in entered))
    return ExitCode.COMPLETE


def _shown(worked: WorkedOut) -> list[Text | Table | str]:
    parts: list[Text | Table | str] = [Text(f"{worked.run} ({worked.kind}) on {worked.station}", style="bold")]
    for factor, history in zip(worked.factors, worked.history, strict=True):
        parts += ["", _factor(factor), *_history(factor, history)]
    parts += ["", *(Text(text) for text in worked.remarks)] if worked.remarks else []
    write = "\n".join(factor.lines for factor in worked.factors)
    return [*parts, "", Text(f"To use it, write into the station file:\n{write}")]


def _factor(factor: Factor) -> Table:
    film = factor.film
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, show_edge=False)
    table.add_row("sensor", f"{factor.sensor}, layer {film.layer} ({film.material})")
    table.add_row("indicated", f"{film.indicated_nm:.2f} nm")
    values = "; ".join(map(str, factor.measured))
    mean = "" if len(factor.measured) == 1 else f", mean {factor.mean_nm:.2f} nm"
    table.add_row("measured", f"{values}{mean}")
    table.add_row("tooling", f"{factor.old_pct:g} % × {factor.mean_nm / film.indicated_nm:.4f}")
    table.add_row("new", Text(factor.shown, style="bold"))
    table.add_row("", Text(factor.because, style="dim"))
    return table


def _history(factor: Factor, rows: Sequence[ToolingRow]) -> list[Text]:
    known = [row for row in rows if row.factor_pct is not None]
    lines = []
    for row in known:
        change = 100 * (factor.factor_pct / (row.factor_pct or factor.factor_pct) - 1)
        whose = f"since {row.run}" if row.run else f"by {row.who}"
        at = row.at[:16].replace("T", " ")
        words = f"  {at:<16}  {row.factor_pct:g} % {whose}; the new one differs by {change:+.1f} %"
        lines.append(Text(words, style="dim"))
    return lines
