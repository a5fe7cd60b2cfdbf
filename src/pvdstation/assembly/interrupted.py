"""Finds a run of a station whose record has no end: one that goes on in another process, or one that was interrupted.

An interrupted run stands in the way of the next one until a person continues it or takes note of it. A later run that
did nothing to the film or the sources does not change that.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.finding import find_run
from pvdstation.assembly.folders import DATABASE, DRY_RUNS, RUNS, data_folder
from pvdstation.model.messages import EventKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.record import by_hand
from pvdstation.record.holding import holder_of, is_held
from pvdstation.record.ledgers import ByHand
from pvdstation.record.links import continued_by, continues, followers
from pvdstation.record.opened import DAMAGED
from pvdstation.record.run_entry import INTERRUPTED, RUNNING, RunEntry
from pvdstation.record.run_file import RunFile, first_files
from pvdstation.record.station_database import StationDatabase

CLEARED = "cleared"
"""Kind of the entry by hand with which a person takes note of an interrupted run."""
HARMLESS = frozenset({"pump_down", "leak_test", "cool", "wait", "wait_until", "ask", "note", "finish"})
"""Kinds of steps that leave film, charge and gas as they were."""


class InTheWay(NamedTuple):
    """A run of the station without an end."""

    path: Path
    is_running: bool
    holder: str  # the process that writes it, in words


class Links(NamedTuple):
    """What a run without an end has to do with others; empty where nothing is."""

    is_running: bool = False
    continues: str = ""
    continued_by: str = ""
    cleared: ByHand | None = None

    @property
    def words(self) -> str:
        """Return the same in a few words."""
        parts = ["running" if self.is_running else ""]
        parts += [f"continues {self.continues}" if self.continues else ""]
        parts += [f"continued by {self.continued_by}" if self.continued_by else ""]
        parts += [f"cleared by {self.cleared.who}" if self.cleared else ""]
        return ", ".join(filter(None, parts))

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        cleared = self.cleared
        return {
            "is_running": self.is_running,
            "continues": self.continues or None,
            "continued_by": self.continued_by or None,
            "cleared": None if cleared is None else {"by": cleared.who, "at": cleared.at, "note": cleared.note},
        }


def in_the_way(folder: Path, station: str) -> InTheWay | None:
    """Return the run of a station that stands in the way of the next one; None when there is none. Raises Refused."""
    for path in reversed(first_files(folder / RUNS)):
        try:
            run = RunFile(path)
            if run.genesis["station"]["name"] != station:
                continue
            if is_held(path):
                return InTheWay(path, is_running=True, holder=holder_of(path))
            if run.end is None:
                return None if cleared_by(folder, run) else InTheWay(path, is_running=False, holder="")
            if has_touched(run):
                return None
        except (Refused, *DAMAGED):
            continue  # nothing tells whose it is; "pvd runs verify" says what is wrong with it
    return None


def has_touched(run: RunFile) -> bool:
    """Return whether a run has begun anything that changes film, charge or gas."""
    begun = (dict(event.values) for event in run.events() if event.kind is EventKind.STEP and event.text == "running")
    return any(values.get("do") not in HARMLESS for values in begun)


def cleared_by(folder: Path, run: RunFile) -> ByHand | None:
    """Return the entry with which a person has taken note of a run."""
    if not any((folder / name).is_file() for name in (DATABASE, by_hand.NAME)):
        return None
    with StationDatabase.looked_at(folder / DATABASE, folder / RUNS, folder / DRY_RUNS) as database:
        entries = database.by_hand(run.genesis["station"]["name"])
    return next((entry for entry in entries if entry.kind == CLEARED and entry.subject == run.run), None)


def links_of(run: RunFile) -> Links:
    """Return what a run has to do with others."""
    before = continues(run)
    if run.end is not None or run.genesis["kind"] != "run":
        return Links(continues=before)
    if is_held(run.path):
        return Links(is_running=True, continues=before)
    return Links(False, before, continued_by(run), cleared_by(run.path.parent.parent, run))  # noqa: FBT003


def links_among(data: str | None, runs: Sequence[RunEntry]) -> dict[str, Links]:
    """Return the links of those runs of a list that have any; only records without an end are looked into."""
    links: dict[str, Links] = {}
    for entry in runs:
        if entry.outcome not in {INTERRUPTED, RUNNING} or entry.kind != "run":
            continue
        try:
            found = links_of(RunFile(find_run(entry.run, data)))
        except (Refused, *DAMAGED):
            continue
        links[entry.run] = found._replace(continues=found.continues or links.get(entry.run, Links()).continues)
        if found.continued_by:
            later = links.get(found.continued_by, Links())
            links[found.continued_by] = later._replace(continues=entry.run)
    return links


def refuse_other_than_interrupted(path: Path, run: RunFile) -> None:
    """Raise Refused unless a run was interrupted and nobody has done anything about it yet."""
    what = _why_not(path, run)
    if what:
        raise Refused([Problem("the run", f"{run.run} {what}", 'See "pvd runs list --outcome interrupted".')])


def _why_not(path: Path, run: RunFile) -> str:
    if run.genesis["kind"] != "run":
        return "is a dry run: no station was interrupted"
    if is_held(path):
        return f"is still going on ({holder_of(path)})"
    if run.end is not None:
        return f"was not interrupted: its end is recorded ({run.end['outcome']})"
    entry = cleared_by(path.parent.parent, run)
    if entry is not None:
        return f"was taken note of by {entry.who} at {entry.at}"
    for other in followers(run):
        if is_held(other.path):
            return f"is not the last one: {other.run} is going on"
        if other.end is None or has_touched(other):
            return f"is not the last one: {other.run} has been on this station since"
    return ""


def clear(text: str, data: str | None, who: str, note: str) -> str:
    """Keep that a person has taken note of an interrupted run; return it in words. Raises Refused."""
    path = find_run(text, data)
    run = RunFile(path)
    if not who.strip():
        raise Refused([Problem("--by", "nobody is named", 'Write for example "--by Mia".')])
    refuse_other_than_interrupted(path, run)
    at = datetime.now(UTC)
    number = f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    station = run.genesis["station"]["name"]
    entry = ByHand(number, at.isoformat(timespec="milliseconds"), station, CLEARED, run.run, who.strip(), note, {})
    folder = path.parent.parent if path.parent.name == RUNS else data_folder(data)
    with StationDatabase.opened(folder / DATABASE, folder / RUNS, folder / DRY_RUNS) as database:
        database.enter(entry)
    return f"{run.run}: {who.strip()} has taken note; the next run starts anew"
