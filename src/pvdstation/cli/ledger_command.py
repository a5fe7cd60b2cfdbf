"""``pvd ledger``: crystals, charges and tooling over the runs of a station."""

from collections.abc import Callable, Sequence

from rich.table import Table
from rich.text import Text

from pvdstation.assembly.about import login_name
from pvdstation.assembly.station_records import enter_charge, enter_crystal, show_ledgers
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Refused
from pvdstation.record.ledgers import ChargeRow, CrystalRow, Ledgers, ToolingRow
from pvdstation.record.results import refused


def run_ledger_show(streams: Streams, data: str | None, station: str | None) -> ExitCode:
    """Show the ledgers; return the exit code."""
    try:
        found = show_ledgers(data, station)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        streams.document({"stations": [ledgers.history() for ledgers in found]})
    if not found:
        streams.show("no run and no entry yet")
    for ledgers in found:
        streams.show(*_shown(ledgers))
    return ExitCode.COMPLETE


def run_ledger_charge(
    streams: Streams,
    data: str | None,
    station: str | None,
    source: str,
    amount: str,
    by: str | None,
    lot: str,
    note: str,
) -> ExitCode:
    """Enter a charge; return the exit code."""
    return _entered(streams, lambda who: enter_charge(data, station, source, amount, who, lot, note), by)


def run_ledger_crystal(
    streams: Streams, data: str | None, station: str | None, sensor: str, by: str | None, note: str
) -> ExitCode:
    """Enter the change of a crystal; return the exit code."""
    return _entered(streams, lambda who: enter_crystal(data, station, sensor, who, note), by)


def _entered(streams: Streams, enter: Callable[[str], str], by: str | None) -> ExitCode:
    who = login_name() if by is None else by
    try:
        words = enter(who)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        streams.document({"outcome": "entered", "what": words, "by": who})
    streams.show(f"{words}; entered by {who}" if who else words)
    return ExitCode.COMPLETE


def _shown(ledgers: Ledgers) -> list[Text | Table]:
    parts: list[Text | Table] = [Text(ledgers.station, style="bold")]
    parts += [_crystal_table(sensor, rows) for sensor, rows in ledgers.crystals.items()]
    parts += [_charge_table(source, rows) for source, rows in ledgers.charges.items()]
    parts += [_tooling_table(sensor, rows) for sensor, rows in ledgers.tooling.items()]
    return parts + [Text(text, style="bold red") for text in ledgers.trends().values()]


def _crystal_table(sensor: str, rows: Sequence[CrystalRow]) -> Table:
    table = _table(f"crystal {sensor}", "life in", "life out")
    for row in rows:
        words = row.run if row.what == "run" else f"{row.what} {_who(row.who, row.note)}"
        table.add_row(_when(row.at), _number(row.life_in_pct, "%"), _number(row.life_out_pct, "%"), Text(words))
    return table


def _charge_table(source: str, rows: Sequence[ChargeRow]) -> Table:
    table = _table(f"charge of {source}", "in the boat", "used", "power")
    for row in rows:
        words = row.run if row.what == "run" else f"charged {_who(row.who, row.note)} {row.lot}".strip()
        power = _number(row.power_w, "W")
        table.add_row(_when(row.at), _number(row.charge_mg, "mg"), _number(row.used_mg, "mg"), power, Text(words))
    return table


def _tooling_table(sensor: str, rows: Sequence[ToolingRow]) -> Table:
    table = _table(f"tooling of sensor {sensor}", "factor")
    for row in rows:
        words = f"since {row.run}" if row.run else _who(row.who, row.note)
        table.add_row(_when(row.at), _number(row.factor_pct, "%"), Text(words))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    return table


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.1f} {unit}"


def _who(who: str, note: str) -> str:
    said = f"by {who}" if who else ""
    return f"{said}: {note}" if said and note else said or note
