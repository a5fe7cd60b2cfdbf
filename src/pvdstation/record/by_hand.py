"""Entries by hand as lines of a text file beside the station database: what no run has seen yet is there, too."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from pvdstation.record.ledgers import ByHand

NAME = "ledger.jsonl"
"""One JSON object per line, the fields of ``ByHand``; lines are only ever added."""


def append(path: Path, entry: ByHand) -> None:
    """Add an entry; returns when it is durable. Raises OSError."""
    line = json.dumps(entry.as_json(), ensure_ascii=False).encode() + b"\n"
    with path.open("a+b", buffering=0) as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line  # the one before was torn
        file.write(line)
        os.fsync(file.fileno())


def entries(path: Path) -> Iterator[ByHand]:
    """Yield every entry of the file, in order; lines that are none are left out, and so is a file that is not there."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            entry = ByHand.of(json.loads(line))
        except (ValueError, TypeError):
            continue
        if isinstance(entry.fields, dict) and all(isinstance(text, str) for text in entry[:-1]):
            yield entry
