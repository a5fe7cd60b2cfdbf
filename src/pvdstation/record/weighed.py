"""What was in the boats when a run began, and of which lot: what a person said at its start, else the ledger."""

from collections.abc import Mapping
from typing import Any

from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry


def charges_mg(ledger: Mapping[str, Any]) -> dict[str, float]:
    """Return the charges by source, mg, by a record's ledger; only of boats of which somebody has kept count."""
    rows = (ledger.get("charges") or {}).items()
    return {source: float(row["charge_mg"]) for source, row in rows if row.get("charge_mg") is not None}


def lots_of(record: RunFile) -> dict[str, dict[str, str]]:
    """Return lot and purity by source or gas; what was said at the start of the run stands before the ledger."""
    said = record.document(Entry.ABOUT).get("lots") or {}
    return {**_lots_entered(record.document(Entry.LEDGER)), **said}


def _lots_entered(ledger: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the lots of the newest charges: "442, 99.99 %" is a lot and its purity, as ``--lot`` takes it."""
    charged = [entry for entry in ledger.get("by_hand") or () if entry["kind"] == "charge"]  # oldest first
    lots = {}
    for source, text in {entry["subject"]: entry["fields"].get("lot") or "" for entry in charged}.items():
        lot, _, purity = (part.strip() for part in text.partition(","))
        if lot:
            lots[source] = {"lot": lot.removeprefix("lot ").strip(), "purity": purity}
    return lots
