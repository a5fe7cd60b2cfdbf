"""The journal of a run: takes every scan, keeps it, and says how far it is durable.

Two shells around one logic. In stepped time nobody waits, and the disk is written in the thread of the scan. On the
real clock a thread of its own writes, and nothing that the scan calls waits for a disk.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Notice, Scanned
from pvdstation.model.signals import LONG_AGO, SignalMap
from pvdstation.record.backlog import Backlog, WallWatch
from pvdstation.record.bodies import document, event_body, notice_body
from pvdstation.record.keeping import Keeper, Row
from pvdstation.record.packing import Packer
from pvdstation.record.schema import SCAN, Entry

COMMIT_EVERY_S = 1.0
FINISH_S = 60.0
"""How long the end waits for a disk that does not answer."""


class Opening(NamedTuple):
    """What a record begins with; everything a reader needs to understand the rest."""

    run: str  # the run's id: also the name of its file
    genesis: Mapping[str, object]
    recipe: bytes
    station: bytes
    plan: Mapping[str, object]
    about: Mapping[str, object]
    ledger: Mapping[str, object]


class Writer:
    """Takes from the backlog, packs, appends and commits. Not for several threads at once."""

    def __init__(self, folder: Path, opening: Opening, signals: SignalMap, *, is_durable: bool) -> None:
        self._keeper = Keeper(folder, opening.run, opening.genesis, _rows(opening, signals), is_durable=is_durable)
        speed = opening.genesis.get("speed")
        pace = float(speed) if isinstance(speed, int | float) and speed > 0 else 1.0
        self.backlog = Backlog(WallWatch(pace) if is_durable else None)
        self.durable = (-1, LONG_AGO)
        """Number of the last event and time of the last scan that are durable. Any thread may read it."""
        self._packer = Packer(len(signals))
        self._appended_event, self._appended_ns = self.durable

    @property
    def is_failing(self) -> bool:
        """Tell whether there is no file to write to at present."""
        return self._keeper.is_failing

    @property
    def segment(self) -> int:
        """Return the number of the file that is written or tried."""
        return self._keeper.segment

    def append(self) -> None:
        """Append what waits. While the disk fails it goes on waiting: only the backlog knows what may be left out."""
        waiting, keeper = self.backlog.waiting, self._keeper
        while waiting and not keeper.is_failing:
            self._append(waiting.popleft())

    def commit(self) -> None:
        """Make durable what was appended, as far as the disk lets us."""
        if self._keeper.commit():
            self.durable = (self._appended_event, self._appended_ns)

    def finish(self, at_ns: int, end: bytes) -> bytes:
        """Append what waits and the end, and close the file for good. Raises OSError when it cannot be written."""
        self.backlog.close_gap(at_ns)
        for item in self.backlog.waiting:
            self._append(item)
        self.backlog.waiting.clear()
        self._keeper.append(Entry.END, at_ns, end)
        head = self._keeper.finish()
        self.durable = (self._appended_event, self._appended_ns)
        return head

    def close(self) -> None:
        """Let go of the file as it is."""
        self._keeper.close()

    def _append(self, item: Scanned | Notice | Row) -> None:
        append = self._keeper.append
        if isinstance(item, Scanned):
            append(SCAN, item.at_ns, self._packer.pack(item))
            for event in item.events:
                append(Entry.EVENT, event.at_ns, event_body(event))
            self._appended_ns = item.at_ns
            if item.events:
                self._appended_event = item.events[-1].number
        elif isinstance(item, Notice):
            append(Entry.NOTICE, item.at_ns, notice_body(item))
        else:
            append(*item)


class InlineJournal:
    """A journal in the thread of the scan, for stepped time, where nobody waits.

    ``is_durable``: FULL, and a commit at once when something has happened (paced runs); else one transaction per second
    of wall time, and what was handed over counts as durable, so that the same seed gives the same run (dry runs).
    Raises Refused by a folder in which nothing can be begun.
    """

    def __init__(self, folder: Path, opening: Opening, signals: SignalMap, *, is_durable: bool) -> None:
        self._writer = Writer(folder, opening, signals, is_durable=is_durable)
        self._is_durable = is_durable
        self._handed_over = -1
        self._commit_s = monotonic() + COMMIT_EVERY_S
        self._pending = Pending()

    def record(self, scanned: Scanned) -> None:
        """Append one scan with its events."""
        writer = self._writer
        if writer.backlog.scan(scanned):
            self._pending.add(scanned.at_ns)
        writer.append()
        if scanned.events:
            self._handed_over = scanned.events[-1].number
        if (scanned.events and self._is_durable) or writer.is_failing or monotonic() >= self._commit_s:
            writer.commit()
            self._commit_s = monotonic() + COMMIT_EVERY_S

    def notice(self, notice: Notice) -> None:
        """Append a link's notice."""
        self._writer.backlog.notice(notice)

    def durable(self) -> int:
        """Return the number of the last event that is durable; -1 when none is."""
        return self._writer.durable[0] if self._is_durable else self._handed_over

    def age_s(self, now_ns: int) -> float:
        """Return for how long the oldest scan has waited for a disk that fails, s; 0 while the scan waits for it."""
        age_s = self._pending.age_s(now_ns, self._writer.durable[1])
        return age_s if self._writer.is_failing else 0.0

    def segment(self) -> int:
        """Return the number of the file that is written; above 1, an earlier one has failed."""
        return self._writer.segment

    def finish(self, at_ns: int, end: Mapping[str, object]) -> bytes:
        """Append the end, close the file for good and return the hash of its last row. Raises OSError."""
        return self._writer.finish(at_ns, document(end))


class ThreadedJournal:
    """A journal with a thread of its own, the only one that writes. Nothing but ``finish`` waits for the disk.

    Raises Refused by a folder in which nothing can be begun.
    """

    def __init__(self, folder: Path, opening: Opening, signals: SignalMap) -> None:
        self._writer = Writer(folder, opening, signals, is_durable=True)
        self._pending = Pending()
        self._woken = Flag()
        self._end: tuple[int, bytes] | None = None
        self._head: bytes | None = None
        self._error: BaseException | None = None
        # A daemon: a program that fails before ``finish`` is not kept alive by its journal.
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def record(self, scanned: Scanned) -> None:
        """Take one scan; with events it is written at once, else within a second. Never waits."""
        if self._writer.backlog.scan(scanned):
            self._pending.add(scanned.at_ns)
        if scanned.events:
            self._woken.set()

    def notice(self, notice: Notice) -> None:
        """Take a link's notice. Never waits."""
        self._writer.backlog.notice(notice)

    def durable(self) -> int:
        """Return the number of the last event that is durable; -1 when none is."""
        return self._writer.durable[0]

    def age_s(self, now_ns: int) -> float:
        """Return for how long the oldest scan that is not durable has waited, s."""
        return self._pending.age_s(now_ns, self._writer.durable[1])

    def segment(self) -> int:
        """Return the number of the file that is written; above 1, an earlier one has failed."""
        return self._writer.segment

    def finish(self, at_ns: int, end: Mapping[str, object]) -> bytes:
        """Append the end, close the file for good, end the thread and return the hash of the last row.

        Raises OSError when the end could not be written, or the disk does not answer within ``FINISH_S``.
        """
        self._end = (at_ns, document(end))
        self._woken.set()
        self._thread.join(FINISH_S)
        if self._error is not None:
            raise self._error
        if self._head is None:
            raise OSError(f"the end of the run could not be written: the disk has not answered for {FINISH_S:.0f} s")
        return self._head

    def _run(self) -> None:
        try:
            while self._end is None:
                self._turn()
            self._head = self._writer.finish(*self._end)
        except BaseException as error:  # noqa: BLE001 - the journal's thread: the age grows, and the rules end the run
            self._error = error
            self._writer.close()

    def _turn(self) -> None:
        writer = self._writer
        writer.append()
        writer.commit()
        self._woken.wait(COMMIT_EVERY_S)
        self._woken.clear()


class Pending:
    """Times of the scans that are not known to be durable. Used by the thread of the scan alone."""

    def __init__(self) -> None:
        self._at_ns: deque[int] = deque()

    def add(self, at_ns: int) -> None:
        """Take the time of a scan that was handed over."""
        self._at_ns.append(at_ns)

    def age_s(self, now_ns: int, durable_ns: int) -> float:
        """Return the age of the oldest scan after ``durable_ns``, s; 0 when there is none."""
        waiting = self._at_ns
        while waiting and waiting[0] <= durable_ns:
            waiting.popleft()
        return (now_ns - waiting[0]) / SECOND if waiting else 0.0


def _rows(opening: Opening, signals: SignalMap) -> list[Row]:
    """Return the rows that follow the genesis."""
    return [
        Row(Entry.RECIPE, 0, opening.recipe),
        Row(Entry.STATION, 0, opening.station),
        Row(Entry.PLAN, 0, document(opening.plan)),
        Row(Entry.ABOUT, 0, document(opening.about)),
        Row(Entry.LEDGER, 0, document(opening.ledger)),
        Row(Entry.SIGNALS, 0, document({"signals": [list(signal) for signal in signals]})),
    ]
