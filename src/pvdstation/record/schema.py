"""The file of a run: two tables, append-only, one hash chain through both.

Rows of both tables share one gap-free number. Each hash covers the hash before it, so a row that was changed, removed,
added or moved is found, and named. A chain alone does not show a tail that was cut off: its head is also written into
the station database and into the next run (safety reference F.11). Tamper-evident, never tamper-proof.
"""

import hashlib
import struct
from enum import StrEnum

FORMAT = 1
"""Version of everything below; a reader refuses a newer one."""
APPLICATION_ID = 0x50564452
"""``PVDR`` in the header of the SQLite file."""
FIRST = bytes(32)
"""What the first row of a run is chained to."""


class Entry(StrEnum):
    """Kinds of rows in ``entry``. A body is UTF-8 JSON, but for the two files as they were read."""

    GENESIS = "genesis"  # format, run, segment, what it follows, versions, mode, seed, wall time of the start
    RECIPE = "recipe"  # the bytes
    STATION = "station"  # the bytes
    PLAN = "plan"  # the expanded procedure
    ABOUT = "about"  # operator, samples, glovebox, lots: what a person typed
    LEDGER = "ledger"  # crystals, charges and tooling as the station database knew them at the start
    SIGNALS = "signals"  # names, units, links, decimals: place in the list = number in the scans
    EVENT = "event"
    NOTICE = "notice"  # what a link says about itself
    CLOCK = "clock"  # wall time, whenever it leaves what the last one promised
    GAP = "gap"  # samples that were dropped because the disk did not keep up
    END = "end"  # outcome, cause, trigger and result


SCAN = "scan"
"""The kind of rows in the table ``scan``, for the chain."""

CREATE = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE scan (
    number INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER entry_is_not_removed BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER scan_is_not_changed BEFORE UPDATE ON scan BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER scan_is_not_removed BEFORE DELETE ON scan BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""

_NUMBERS = struct.Struct("<Qq")


def chained(before: bytes, number: int, at_ns: int, kind: str, body: bytes) -> bytes:
    """Return the SHA-256 of a row: over the hash before it, its number, time and kind, and its body."""
    digest = hashlib.sha256(before)
    digest.update(_NUMBERS.pack(number, at_ns))
    digest.update(kind.encode())
    digest.update(b"\0")
    digest.update(body)
    return digest.digest()
