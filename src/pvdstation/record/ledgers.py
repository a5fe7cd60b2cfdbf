"""Crystals, charges and tooling over the runs of one station: worked out from the runs and from entries by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, NamedTuple, Self

from pvdstation.recipe.power import SAME_RATE, Seen
from pvdstation.record.run_entry import Charge, CrystalLife

LIFE_JUMP_PCT = 5.0
"""A crystal whose life is so much better than at the end of the run before has been changed, %."""
TREND = 0.10
"""A change of the power at the layer's rate that is worth a sentence."""
TREND_RUNS = 3
"""With how many runs before it is compared."""


class ByHand(NamedTuple):
    """Something that a person has entered."""

    id: str
    at: str  # ISO, UTC
    station: str
    kind: str  # "crystal", "charge" or "tooling"
    subject: str  # number of the sensor, or name of the source
    who: str
    note: str
    fields: Mapping[str, Any]  # charge: mg, lot

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return an entry from the fields of its JSON."""
        return cls(**fields)

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return self._asdict()


class RunLedger(NamedTuple):
    """What one run did to crystals and boats."""

    run: str
    started: str
    crystals: tuple[CrystalLife, ...]
    charges: tuple[Charge, ...]
    tooling: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CrystalRow:
    """A run of a crystal, or its change."""

    at: str
    what: str  # "run", "changed" or "noticed"
    run: str = ""
    life_in_pct: float | None = None
    life_out_pct: float | None = None
    who: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A run of a boat, or its charging."""

    at: str
    what: str  # "run" or "charged"
    run: str = ""
    charge_mg: float | None = None  # in the boat then, by what was weighed in and the model
    used_mg: float | None = None
    film_nm: float | None = None
    rate_nm_s: float | None = None
    power_w: float | None = None
    peak_w: float | None = None
    hot_mohm: float | None = None
    who: str = ""
    lot: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ToolingRow:
    """A tooling factor and since when it is valid, or what a person has said about it."""

    at: str  # ISO, UTC; a date where a person has named one
    factor_pct: float | None
    run: str = ""  # whose station file had it first
    who: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ledgers:
    """All ledgers of one station, each row by row from the oldest."""

    station: str
    crystals: Mapping[str, Sequence[CrystalRow]]
    charges: Mapping[str, Sequence[ChargeRow]]
    tooling: Mapping[str, Sequence[ToolingRow]]

    def trends(self) -> dict[str, str]:
        """Return one sentence per source whose power at the layer's rate has changed."""
        return {name: text for name, rows in self.charges.items() if (text := power_trend(name, rows))}

    def life_pct(self) -> dict[int, float]:
        """Return the life left on each crystal after its last run, %; none where it was changed since."""
        left: dict[int, float] = {}
        for sensor, rows in self.crystals.items():
            last = rows[-1]
            life = last.life_in_pct if last.life_out_pct is None else last.life_out_pct
            if life is not None:
                left[int(sensor)] = life
        return left

    def charge_mg(self) -> dict[str, float]:
        """Return what is left in each boat that was charged by hand, mg, by the consumption model."""
        return {name: rows[-1].charge_mg for name, rows in self.charges.items() if rows[-1].charge_mg is not None}

    def seen(self) -> dict[str, list[Seen]]:
        """Return what the runs have measured of each boat's power, from the oldest."""
        return {
            name: [Seen(row.run, row.hot_mohm, row.rate_nm_s, row.peak_w) for row in rows if row.what == "run"]
            for name, rows in self.charges.items()
        }

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON: the last row of each, and the trends."""
        return {
            "station": self.station,
            "crystals": {name: _fields(rows[-1]) for name, rows in self.crystals.items()},
            "charges": {name: _fields(rows[-1]) for name, rows in self.charges.items()},
            "tooling": {name: _fields(rows[-1]) for name, rows in self.tooling.items()},
            "trends": self.trends(),
        }

    def history(self) -> dict[str, object]:
        """Return the fields of the JSON with every row."""
        ledgers: dict[str, Mapping[str, Sequence[CrystalRow | ChargeRow | ToolingRow]]] = {
            "crystals": self.crystals, "charges": self.charges, "tooling": self.tooling,
        }  # fmt: skip
        rows = {
            name: {subject: [_fields(row) for row in rows] for subject, rows in ledger.items()}
            for name, ledger in ledgers.items()
        }
        return {"station": self.station, **rows, "trends": self.trends()}


def ledgers(station: str, runs: Sequence[RunLedger], entries: Iterable[ByHand]) -> Ledgers:
    """Return the ledgers; runs and entries in order of time."""
    by_hand = list(entries)
    return Ledgers(station, _crystals(runs, by_hand), _charges(runs, by_hand), _tooling(runs, by_hand))


def power_trend(source: str, rows: Sequence[ChargeRow]) -> str:
    """Return what to say about the power a boat needs for its rate; empty when there is nothing to say."""
    measured = [row for row in rows if row.power_w is not None and row.rate_nm_s]
    if len(measured) < 2:
        return ""
    last = measured[-1]
    before = [row.power_w for row in measured[:-1] if _is_same_rate(row, last)][-TREND_RUNS:]
    if not before or last.power_w is None:
        return ""
    usual_w = median(power for power in before if power is not None)
    change = last.power_w / usual_w - 1
    if abs(change) <= TREND:
        return ""
    runs = "run" if len(before) == 1 else f"{len(before)} runs"
    shown = f"{source}: {last.power_w:.1f} W for {last.rate_nm_s:g} nm/s, {abs(change) * 100:.0f} %"
    if change > 0:
        return f"{shown} more than in the last {runs}: the boat is cracking or nearly empty"
    return f"{shown} less than in the last {runs}: the boat has thinned, or the crystal sees more vapour than it did"


def _is_same_rate(row: ChargeRow, last: ChargeRow) -> bool:
    return bool(row.rate_nm_s and last.rate_nm_s) and abs(row.rate_nm_s / last.rate_nm_s - 1) <= SAME_RATE  # type: ignore[operator]


def _crystals(runs: Sequence[RunLedger], entries: Sequence[ByHand]) -> dict[str, list[CrystalRow]]:
    rows: dict[str, list[CrystalRow]] = {}
    for run in runs:
        for crystal in run.crystals:
            row = CrystalRow(run.started, "run", run.run, crystal.life_in_pct, crystal.life_out_pct)
            rows.setdefault(crystal.sensor, []).append(row)
    for entry in entries:
        if entry.kind == "crystal":
            rows.setdefault(entry.subject, []).append(CrystalRow(entry.at, "changed", who=entry.who, note=entry.note))
    return {sensor: _noticed(sorted(rows[sensor], key=lambda row: row.at)) for sensor in sorted(rows)}


def _noticed(rows: Sequence[CrystalRow]) -> list[CrystalRow]:
    """Return the rows with a change before each run that begins with much more life than there was."""
    complete: list[CrystalRow] = []
    left: float | None = None
    for row in rows:
        is_better = left is not None and row.life_in_pct is not None and row.life_in_pct > left + LIFE_JUMP_PCT
        if is_better:
            note = f"life was {left:g} % and is {row.life_in_pct:g} %; nobody entered a change"
            complete.append(CrystalRow(row.at, "noticed", row.run, note=note))
        complete.append(row)
        if row.what == "changed":
            left = None
        elif row.life_out_pct is not None or row.life_in_pct is not None:
            left = row.life_out_pct if row.life_out_pct is not None else row.life_in_pct
    return complete


def _charges(runs: Sequence[RunLedger], entries: Sequence[ByHand]) -> dict[str, list[ChargeRow]]:
    rows: dict[str, list[ChargeRow]] = {}
    for run in runs:
        for use in run.charges:
            used = use._asdict()
            row = ChargeRow(run.started, "run", run.run, **{name: used[name] for name in used if name != "source"})
            rows.setdefault(use.source, []).append(row)
    for entry in entries:
        if entry.kind == "charge":
            fields = entry.fields
            row = ChargeRow(
                entry.at, "charged", charge_mg=fields["mg"], who=entry.who, lot=fields["lot"], note=entry.note
            )
            rows.setdefault(entry.subject, []).append(row)
    return {source: _left(sorted(rows[source], key=lambda row: row.at)) for source in sorted(rows)}


def _left(rows: Sequence[ChargeRow]) -> list[ChargeRow]:
    """Return the rows with what is left in the boat after each run, since it was charged."""
    complete: list[ChargeRow] = []
    left: float | None = None
    for row in rows:
        if row.what == "charged":
            left = row.charge_mg
        elif left is not None:
            left = round(max(0.0, left - (row.used_mg or 0.0)), 2)
        complete.append(ChargeRow(**{**asdict(row), "charge_mg": left}))
    return complete


def _tooling(runs: Sequence[RunLedger], entries: Sequence[ByHand]) -> dict[str, list[ToolingRow]]:
    rows: dict[str, list[ToolingRow]] = {}
    for run in runs:
        for sensor, factor in run.tooling.items():
            of_sensor = rows.setdefault(sensor, [])
            if not of_sensor or of_sensor[-1].factor_pct != factor:
                of_sensor.append(ToolingRow(run.started, factor, run.run))
    for entry in entries:
        if entry.kind == "tooling":
            valid_from = str(entry.fields.get("from") or entry.at)
            said = ToolingRow(valid_from, entry.fields.get("factor_pct"), who=entry.who, note=entry.note)
            rows.setdefault(entry.subject, []).append(said)
    return {sensor: sorted(rows[sensor], key=lambda row: row.at) for sensor in sorted(rows)}


def _fields(row: CrystalRow | ChargeRow | ToolingRow) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if value not in (None, "")}
