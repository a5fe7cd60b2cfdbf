"""``pvd runs curves``: the curves of a run in few points, for screens and other programs."""

from collections.abc import Sequence

from rich.table import Table

from pvdstation.assembly.finding import find_run
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.opened import DAMAGED
from pvdstation.record.report.curves import known
from pvdstation.record.report.screen_curves import ScreenCurve, screen_curves
from pvdstation.record.results import refused
from pvdstation.record.run_file import RunFile, Unreadable


def run_curves(streams: Streams, text: str, data: str | None, points: int) -> ExitCode:
    """Show what curves there are, with ``--json`` print them; return the exit code."""
    try:
        run = RunFile(find_run(text, data))
        curves = screen_curves(run, points)
    except Unreadable as refusal:
        finish_refused(streams, refused(refusal.problems), [])
        return ExitCode.TRIPPED
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    except DAMAGED as error:
        problem = Problem(text, f"it is damaged: {error}", f'See "pvd runs verify {text}".')
        finish_refused(streams, refused([problem]), [])
        return ExitCode.TRIPPED
    if streams.json:
        streams.document({"run": run.run, "curves": [curve.as_json() for curve in curves]})
    streams.show(_table(curves))
    return ExitCode.COMPLETE


def _table(curves: Sequence[ScreenCurve]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for title in ("curve", "unit", "points", "least", "most"):
        table.add_column(title, justify="left" if title in {"curve", "unit"} else "right", no_wrap=True)
    for curve in curves:
        good = known(curve.values)
        ends = (f"{min(good):.4g}", f"{max(good):.4g}") if good else ("", "")
        table.add_row(curve.name, curve.unit, str(len(curve.values)), *ends)
    return table
