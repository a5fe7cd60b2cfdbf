"""What a screen has done for it in a child process: ``pvd`` itself, asked for JSON, and ended when it is not wanted."""

import json
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from pvdstation.cli.children import Child, Finished
from pvdstation.desk.errands import Curve, ErrandError, Errands, Foreseen, RunListed, Told
from pvdstation.desk.start import Start

POINTS = 2000
"""Of one curve, at most."""
REPORTS = "reports"
"""Folder of the reports that a screen has asked for, in the data folder."""
_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")


def errands_of(data: Path, station: str | None) -> Errands:
    """Return the errands of a data folder; ``station`` is what was typed, None the packaged simulated one."""
    return Errands(
        runs=partial(_runs, data),
        show=partial(_show, data),
        report=partial(_report, data),
        curves=partial(_curves, data),
        dry_run=partial(_dry_run, data, station),
    )


def _runs(data: Path) -> tuple[RunListed, ...]:
    listed = _document(_done("runs", "list", "--json", "--data", str(data)))["runs"]
    return tuple(
        RunListed(run["run"], run["started"], run["recipe"], run["mode"], _ended(run), "; ".join(run["samples"]))
        for run in listed
    )


def _ended(run: dict[str, Any]) -> str:
    is_plain = run["outcome"] in {"complete", "running"} or not run["reason"]
    return str(run["outcome"]) if is_plain else f"{run['outcome']}: {run['reason']}"


def _show(data: Path, run: str) -> str:
    return _done("runs", "show", _named(run), "--data", str(data)).out


def _report(data: Path, run: str) -> Path:
    file = data / REPORTS / f"{_named(run)}.html"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ErrandError(f"{file.parent} cannot be made: {error.strerror}") from None
    _done("runs", "report", run, "-o", str(file), "--force", "--data", str(data))
    return file


def _curves(data: Path, run: str, stop: Event | None = None) -> tuple[Curve, ...]:
    words = ("runs", "curves", _named(run), "--json", "--points", str(POINTS), "--data", str(data))
    return tuple(
        Curve(c["name"], c["unit"], tuple(c["at_s"]), tuple(math.nan if v is None else v for v in c["values"]))
        for c in _document(_done(*words, stop=stop))["curves"]
    )


def _dry_run(data: Path, station: str | None, start: Start, stop: Event, told: Told) -> Foreseen:
    child = Child(("dry-run", *_options(data, station, start), "--", start.recipe))
    last: dict[str, Any] = {}

    def hear(line: str) -> bool:
        said = _said(line)
        if said is None:
            return False
        last.update(said)
        told(float(said["done"]), str(said.get("step", "")))
        return True

    ended = child.finish(stop, hear)
    if "outcome" not in last:  # nothing was started
        if ended.code == 2:
            return Foreseen("refused", ended.err, "")
        raise ErrandError(_why(ended))
    run = last["run"] or ""
    return Foreseen(last["outcome"], ended.out, run, _curves(data, run, stop) if run else ())


def _options(data: Path, station: str | None, start: Start) -> Iterator[str]:
    """Yield the words before the recipe, as they are typed."""
    yield from ("--progress", "--data", str(data), "--seed", str(start.seed))
    if station is not None:
        yield from ("--station", station)
    if not start.is_kept:
        yield "--no-record"
    for option, values in (("--set", start.sets), ("--answer", start.answers), ("--fault", start.faults)):
        for value in values:
            yield from (option, value)


def _said(line: str) -> dict[str, Any] | None:
    """Return what a line of ``--progress`` says; None for any other."""
    if not line.startswith('{"done":'):
        return None
    said = json.loads(line)
    return said if isinstance(said, dict) else None


def _done(*words: str, stop: Event | None = None) -> Finished:
    """Run a command to its end. Raises ErrandError with what it said when it did not do it."""
    ended = Child(words).finish(stop or Event())
    if ended.code != 0:
        raise ErrandError(_why(ended))
    return ended


def _why(ended: Finished) -> str:
    return ended.err.strip() or f"pvd ended with exit code {ended.code} and said nothing"


def _document(ended: Finished) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out)
    return found


def _named(run: str) -> str:
    """Return a run's id as it is; what is none never becomes a path or an option. Raises ErrandError."""
    if not _RUN_ID.fullmatch(run):
        raise ErrandError(f'"{run[:60]}" is not the id of a run')
    return run
