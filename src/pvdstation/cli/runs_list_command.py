"""``pvd runs list``: every recorded run, newest first."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from pvdstation.assembly.interrupted import Links, links_among
from pvdstation.assembly.station_records import OUTCOMES, Filter, list_runs
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.cli.wording import duration
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.cause import Cause
from pvdstation.record.results import refused
from pvdstation.record.run_entry import RUNNING, RunEntry

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2})?)?)?)?")
_GOOD = frozenset({"complete", RUNNING})


def run_list(streams: Streams, data: str | None, wanted: Filter, *, anew: bool) -> ExitCode:
    """Show the runs; return the exit code."""
    dates = (("--since", wanted.since), ("--until", wanted.until))
    problems = [
        Problem(option, f'"{date}" is no date', 'Write for example "2026-03-14" (UTC).')
        for option, date in dates
        if date is not None and not _is_date(date)
    ]
    words = dict.fromkeys((*OUTCOMES, *(cause.value for cause in Cause)))
    if wanted.outcome is not None and wanted.outcome not in words:
        what = f'"{wanted.outcome}" is no outcome and no cause'
        problems.append(Problem("--outcome", what, f"Write one of: {', '.join(words)}."))
    if problems:
        return finish_refused(streams, refused(problems), [])
    try:
        runs = list_runs(data, wanted, anew=anew)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    links = links_among(data, runs)
    if streams.json:
        streams.document({"runs": [{**run.as_json(), **links.get(run.run, Links()).as_json()} for run in runs]})
    streams.show(_table(runs, links) if runs else Text("no such run" if any(wanted[:-1]) else "no run yet"))
    return ExitCode.COMPLETE


def _is_date(text: str) -> bool:
    """Return whether a text is a date, or the beginning of one: year, month, day, hour and minute, second."""
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text + "0000-01-01"[len(text) :])
    except ValueError:
        return False
    return True


def _table(runs: Sequence[RunEntry], links: Mapping[str, Links]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("run (UTC)", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("recipe", ratio=3, overflow="fold")
    table.add_column("samples", ratio=2, overflow="fold")
    for run in runs:
        took = duration(run.plant_s) if run.plant_s is not None else ""
        style = "" if run.outcome in _GOOD else "bold red"
        link = links.get(run.run, Links())
        words = "" if link.is_running else link.words
        recipe = f"{run.recipe} ({words})" if words else run.recipe
        table.add_row(run.run, Text(run.outcome, style=style), took, Text(recipe), Text("; ".join(run.samples)))
    return table
