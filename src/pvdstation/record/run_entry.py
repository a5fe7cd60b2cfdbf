"""What the station database keeps of one run, read from its record."""

import math
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.model.problems import Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.record.cause import Cause
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import PlannedStep, steps_of
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.usage import source_uses

INTERRUPTED = "interrupted"
RUNNING = "running"
"""Outcome of a record without an end that a living process holds; nobody but a reader says so, and only for now."""
UNREADABLE = "unreadable"
NOT_ENDED = "its record has no end: it still runs, or it was interrupted"


class RunEntry(NamedTuple):
    """One row of the index."""

    run: str
    kind: str = ""  # "run" or "dry run"
    mode: str = ""
    station: str = ""
    recipe: str = ""
    recipe_sha256: str = ""
    materials: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()  # name and id of each
    operator: str = ""
    started: str = ""  # ISO, UTC
    ended: str = ""
    plant_s: float | None = None
    outcome: str = ""
    cause: str = ""
    reason: str = ""
    head_number: int = 0
    head_hash: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return {**self._asdict(), "materials": list(self.materials), "samples": list(self.samples)}


class CrystalLife(NamedTuple):
    """One crystal over one run, % of life left; None where it was not read."""

    sensor: str
    life_in_pct: float | None
    life_out_pct: float | None


class Charge(NamedTuple):
    """One boat over one run; None where nobody knows."""

    source: str
    film_nm: float
    used_mg: float
    rate_nm_s: float | None
    power_w: float | None
    peak_w: float | None = None
    hot_mohm: float | None = None


class Booked(NamedTuple):
    """One run with all that goes into the ledgers; nothing of it for dry runs."""

    entry: RunEntry
    crystals: tuple[CrystalLife, ...] = ()
    charges: tuple[Charge, ...] = ()
    tooling: Mapping[str, float] = {}  # %, by sensor, as the station file had it
    by_hand: tuple[Mapping[str, Any], ...] = ()  # entries by hand, as they were known at the start


def booked(path: Path) -> Booked:
    """Read a run's record; what is no readable record becomes an entry that says so."""
    try:
        run = RunFile(path)
        entry = _entry(run)
        return _with_ledgers(run, entry) if entry.kind == "run" else Booked(entry)
    except Refused as refusal:
        return Booked(RunEntry(path.stem, outcome=UNREADABLE, reason=refusal.problems[0].what))
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        return Booked(RunEntry(path.stem, outcome=UNREADABLE, reason=f"it is damaged: {error}"))


def _entry(run: RunFile) -> RunEntry:
    genesis, about, end = run.genesis, run.document(Entry.ABOUT), run.end
    number, digest = run.head()
    ended = {"outcome": INTERRUPTED, "cause": Cause.INTERRUPTED.value, "reason": NOT_ENDED} if end is None else end
    return RunEntry(
        run.run,
        genesis["kind"],
        genesis["mode"],
        genesis["station"]["name"],
        genesis["recipe"]["name"],
        genesis["recipe"]["sha256"],
        tuple(dict.fromkeys(_materials(steps_of(run.document(Entry.PLAN))))),
        tuple(" ".join(part for part in (s["name"], s["id"]) if part) for s in about["samples"]),
        about["operator"],
        genesis["started"],
        ended.get("ended", ""),
        end["result"]["plant_s"] if end else None,
        ended["outcome"],
        ended["cause"],
        ended["reason"],
        number,
        digest.hex(),
    )


def _materials(plan: tuple[PlannedStep, ...]) -> list[str]:
    return [str(step.asked[name]) for step in plan for name in ("material", "gas") if name in step.asked]


def _with_ledgers(run: RunFile, entry: RunEntry) -> Booked:
    station = load_station(run.station, "the station of the record")
    end = run.end
    crystals = _crystals(end["crystals"]) if end else _crystals_of_samples(run, station)
    charges = _charges(end["sources"]) if end else _charges_of_events(run, station)
    tooling = {str(number): sensor.tooling for number, sensor in station.sensor.items()}
    return Booked(entry, crystals, charges, tooling, tuple(run.document(Entry.LEDGER).get("by_hand", ())))


def _crystals(fields: Mapping[str, Mapping[str, Any]]) -> tuple[CrystalLife, ...]:
    return tuple(CrystalLife(sensor, life["life_in_pct"], life["life_out_pct"]) for sensor, life in fields.items())


def _charges(fields: Mapping[str, Mapping[str, Any]]) -> tuple[Charge, ...]:
    return tuple(Charge(source, **use) for source, use in fields.items())


def _crystals_of_samples(run: RunFile, station: Station) -> tuple[CrystalLife, ...]:
    """Return each crystal's life of a run without an end: its first and its last good reading."""
    names = {str(number): f"sensor.{number}.life" for number in station.sensor}
    columns = run.samples(list(names.values())).values
    lives = []
    for sensor, column in zip(names, columns, strict=True):
        good = [life for life in column if not math.isnan(life)]
        lives.append(CrystalLife(sensor, good[0] if good else None, good[-1] if good else None))
    return tuple(lives)


def _charges_of_events(run: RunFile, station: Station) -> tuple[Charge, ...]:
    plan = steps_of(run.document(Entry.PLAN))
    gathering, last_ns = Gathering(plan), 0
    for event in run.events():
        gathering.take((event,))
        last_ns = event.at_ns
    uses = source_uses(station, plan, gathering.steps(last_ns))
    return _charges({use.source: use.as_json() for use in uses})
