"""``pvd runs verify``: whether records are whole, and whether the core would decide the same again."""

from collections.abc import Sequence

from rich.text import Text

from pvdstation.assembly.station_records import Checked, check_record
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Refused
from pvdstation.record.results import refused


def run_verify(streams: Streams, texts: Sequence[str], data: str | None, *, with_replay: bool) -> ExitCode:
    """Check every record; return the exit code."""
    try:
        found = [check_record(text, data, with_replay=with_replay) for text in texts]
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if streams.json:
        streams.document({"runs": [_document(checked) for checked in found]})
    for checked in found:
        streams.show(*_lines(checked))
    return ExitCode.COMPLETE if all(checked.is_sound for checked in found) else ExitCode.TRIPPED


def _lines(checked: Checked) -> list[Text]:
    verdict = checked.verdict
    style = "bold red" if verdict.flaws else ""
    files = "1 file" if len(verdict.files) == 1 else f"{len(verdict.files)} files"
    lines = [Text(f"{verdict.run}: {verdict.state}, {verdict.rows} rows in {files}", style=style)]
    lines += [Text(f"  {flaw}", style="red") for flaw in verdict.flaws]
    lines += [Text(f"  {remark}") for remark in verdict.remarks]
    if verdict.head is not None:
        lines.append(Text(f"  last row {verdict.head.number}, SHA-256 {verdict.head.hash.hex()}"))
    if checked.replayed is not None:
        lines += _replay_lines(checked)
    return lines


def _replay_lines(checked: Checked) -> list[Text]:
    replayed = checked.replayed
    if replayed is None:
        return []
    if replayed.difference is not None:
        return [Text(f"  replay: {replayed.difference}", style="bold red")]
    until = "" if replayed.gap_s is None else f", up to {replayed.gap_s:.3f} s, where scans were dropped"
    return [Text(f"  replay: {replayed.scans} scans give the same decisions, bit for bit{until}")]


def _document(checked: Checked) -> dict[str, object]:
    verdict, replayed = checked.verdict, checked.replayed
    fields: dict[str, object] = {
        "run": verdict.run,
        "state": verdict.state,
        "files": list(verdict.files),
        "rows": verdict.rows,
        "head": None if verdict.head is None else {"number": verdict.head.number, "hash": verdict.head.hash.hex()},
        "flaws": [flaw._asdict() for flaw in verdict.flaws],
        "remarks": list(verdict.remarks),
    }
    if replayed is not None:
        difference = replayed.difference
        fields["replay"] = {
            "scans": replayed.scans,
            "difference": None if difference is None else difference._asdict(),
            "gap_s": replayed.gap_s,
        }
    return fields
