"""Tooling: from a run and what was measured of its films to new factors, beside the history, and into it."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pvdstation.assembly.finding import find_run
from pvdstation.assembly.station_records import enter_tooling, tooling_of
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station
from pvdstation.record.ledgers import ToolingRow
from pvdstation.record.opened import DAMAGED, OpenedRun, opened
from pvdstation.record.plan import steps_of
from pvdstation.record.precision import rounded
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.tooling import Factor, find_film, new_factor, read_measured

_FAR = 1.5
"""A factor that changes by so much is rather a mistake."""
_CLEAR = 2.0
"""So many sigma are a difference."""


class WorkedOut(NamedTuple):
    """New factors of one run."""

    run: str
    kind: str  # "run" or "dry run"
    station: str
    factors: tuple[Factor, ...]
    history: tuple[tuple[ToolingRow, ...], ...]  # of each factor's sensor, from the oldest
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        rows = [
            {
                **factor.as_json(),
                "history": [{"at": row.at, "factor_pct": row.factor_pct} for row in history],
                "change_pct": rounded("change_pct", 100 * (factor.factor_pct / factor.old_pct - 1)),
            }
            for factor, history in zip(self.factors, self.history, strict=True)
        ]
        return {
            "run": self.run, "kind": self.kind, "station": self.station, "tooling": rows,
            "remarks": list(self.remarks),
        }  # fmt: skip


def work_out(text: str, data: str | None, measured: Sequence[str], layer: int | None) -> WorkedOut:
    """Return the factors that measured thicknesses make of a run. Raises Refused."""
    if not measured:
        raise Refused([Problem("--measured", "nothing was measured", 'Write for example --measured "Zn=305 nm".')])
    values = [read_measured(one) for one in measured]
    run = _opened(text, data)
    station = load_station(run.file.station, "the station of the record")
    document = run.file.document(Entry.PLAN)
    plan, works = steps_of(document), document["works"]
    factors = []
    for material in dict.fromkeys(value.material.casefold() for value in values):
        ones = [value for value in values if value.material.casefold() == material]
        film = find_film(plan, works, run.result.steps, ones[0].material, layer)
        factors.append(new_factor(station, film, ones))
    history = tuple(tuple(tooling_of(data, station.name, factor.sensor)) for factor in factors)
    remarks = [text for pair in zip(factors, history, strict=True) for text in _remarks(station, *pair)]
    return WorkedOut(run.id, run.kind, station.name, tuple(factors), history, tuple(remarks))


def accept(worked: WorkedOut, data: str | None, who: str, since: str | None, note: str) -> list[str]:
    """Enter the factors into the tooling history; return in words what was entered. Raises Refused."""
    if worked.kind != "run":
        what = "a dry run has no film that anybody could measure"
        raise Refused([Problem("--accept", what, "Leave --accept out, or name a run.")])
    if not who.strip():
        raise Refused([Problem("--by", "nobody accepts the factor", "Write --by with a name.")])
    valid_from = _date(since)
    for factor in worked.factors:
        fields = {**factor.as_json(), "from": valid_from, "run": worked.run}
        said = f"{factor.shown} from {worked.run}: {'; '.join(map(str, factor.measured))}, "
        said += f"indicated {factor.film.indicated_nm:.1f} nm"
        text = f"{note.strip()} ({said})" if note.strip() else said
        enter_tooling(data, worked.station, str(factor.sensor), who.strip(), text, fields)
    return [f"sensor {one.sensor} of {worked.station}: {one.factor_pct:.1f} % from {valid_from or 'now'} on"
            for one in worked.factors]  # fmt: skip


def _opened(text: str, data: str | None) -> OpenedRun:
    path = find_run(text, data)
    try:
        return opened(RunFile(path))
    except DAMAGED as error:
        raise Refused([Problem(str(path), f"it is damaged: {error}", f'See "pvd runs verify {path}".')]) from error


def _date(text: str | None) -> str:
    if text is None:
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        what = f'"{text[:30]}" is no date'
        raise Refused([Problem("--from", what, 'Write for example "--from 2026-03-01".')]) from None


def _remarks(station: Station, factor: Factor, history: Sequence[ToolingRow]) -> list[str]:
    remarks = []
    ratio = factor.factor_pct / factor.old_pct
    if not 1 / _FAR <= ratio <= _FAR:
        remarks.append(f"sensor {factor.sensor}: {ratio:.2f} times the old factor; is the unit of the thickness right?")
    present = next((row.factor_pct for row in reversed(history) if row.factor_pct is not None), None)
    if present is not None and abs(present - factor.old_pct) > 0.05:
        text = f"the run had {factor.old_pct:g} %, the history ends with {present:g} %; the new factor is of the run's"
        remarks.append(f"sensor {factor.sensor}: {text}")
    if factor.uncertainty_pct and abs(factor.factor_pct - factor.old_pct) < _CLEAR * factor.uncertainty_pct:
        text = "the old factor is within twice the uncertainty: nothing has to be changed"
        remarks.append(f"sensor {factor.sensor}: {text}")
    owner = station.source[factor.film.source].rate_loop
    if owner == "sqc":
        whole = round(factor.factor_pct)
        remarks.append(f"sensor {factor.sensor}: the SQC-310 itself takes whole per cent and will be given {whole} %")
    return remarks
