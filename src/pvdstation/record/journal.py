"""The journal of a run: takes every scan, keeps it, and says how far it is durable."""

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from pvdstation.model.messages import Notice, Scanned
from pvdstation.model.signals import SignalMap
from pvdstation.record.bodies import document, event_body, notice_body
from pvdstation.record.journal_file import JournalFile
from pvdstation.record.packing import Packer
from pvdstation.record.run_file import SUFFIX
from pvdstation.record.schema import FIRST, Entry

COMMIT_EVERY_S = 1.0


class Opening(NamedTuple):
    """What a record begins with; everything a reader needs to understand the rest."""

    run: str  # the run's id: also the name of its file
    genesis: Mapping[str, object]
    recipe: bytes
    station: bytes
    plan: Mapping[str, object]
    about: Mapping[str, object]
    ledger: Mapping[str, object]


class InlineJournal:
    """A journal in the thread of the scan, for stepped time, where nobody waits."""

    def __init__(self, folder: Path, opening: Opening, signals: SignalMap, *, is_durable: bool) -> None:
        path = folder / f"{opening.run}{SUFFIX}"
        self._file = JournalFile(path, after=FIRST, next_number=1, is_durable=is_durable)
        self._packer = Packer(len(signals))
        self._is_durable = is_durable
        self._durable = -1
        self._commit_s = monotonic() + COMMIT_EVERY_S
        for kind, body in _opening_entries(opening, signals):
            self._file.append(kind, 0, body)
        self._file.commit()

    def record(self, scanned: Scanned) -> None:
        """Append one scan with its events."""
        self._file.append_scan(scanned.at_ns, self._packer.pack(scanned))
        for event in scanned.events:
            self._file.append(Entry.EVENT, event.at_ns, event_body(event))
        if (scanned.events and self._is_durable) or monotonic() >= self._commit_s:
            self._file.commit()
            self._commit_s = monotonic() + COMMIT_EVERY_S
        if scanned.events:
            self._durable = scanned.events[-1].number

    def notice(self, notice: Notice) -> None:
        """Append a link's notice."""
        self._file.append(Entry.NOTICE, notice.at_ns, notice_body(notice))

    def durable(self) -> int:
        """Return the number of the last event that is durable; -1 when none is."""
        return self._durable

    def age_s(self, now_ns: int) -> float:
        """Return 0: the scan waits for the disk."""
        del now_ns
        return 0.0

    def segment(self) -> int:
        """Return the number of the file that is written."""
        return 1

    def finish(self, at_ns: int, end: Mapping[str, object]) -> bytes:
        """Append the end, close the file for good and return the hash of its last row."""
        self._file.append(Entry.END, at_ns, document(end))
        self._file.finish()
        return self._file.head


def _opening_entries(opening: Opening, signals: SignalMap) -> list[tuple[Entry, bytes]]:
    return [
        (Entry.GENESIS, document(opening.genesis)),
        (Entry.RECIPE, opening.recipe),
        (Entry.STATION, opening.station),
        (Entry.PLAN, document(opening.plan)),
        (Entry.ABOUT, document(opening.about)),
        (Entry.LEDGER, document(opening.ledger)),
        (Entry.SIGNALS, document({"signals": [list(signal) for signal in signals]})),
    ]
