"""Prints how big a record gets, what a scan costs, and how long its entries take to be read.

40 signals that all change at 4 Hz, and an event every 10 s; then the same for 10 hours.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from journal_bench import END, PERIOD_NS, SIGNALS, opening, scan

from pvdstation.model.messages import Image, Scanned
from pvdstation.model.signals import UNREAD
from pvdstation.record.journal import InlineJournal
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.verification import verify

CHANGING = 40
PER_HOUR = 4 * 3600
AT_REST = (UNREAD,) * (len(SIGNALS) - CHANGING)


def changing(number: int) -> Scanned:
    """Return a scan in which 40 signals are new, every 40th with an event."""
    whole = scan(number, *([number // 40 - 1] if number % 40 == 0 else []))
    return whole._replace(image=Image((*whole.image.readings[:CHANGING], *AT_REST), ()))


def write(folder: Path, hours: int, *, is_durable: bool = False) -> tuple[Path, float]:
    """Return a record and the seconds of CPU that the journal took for it."""
    run = f"hours-{hours}-{is_durable}"
    journal = InlineJournal(folder, opening(run, speed=1e9), SIGNALS, is_durable=is_durable)
    cpu_s = 0.0
    for number in range(1, hours * PER_HOUR + 1):
        scanned = changing(number)
        began_s = time.process_time()
        journal.record(scanned)
        cpu_s += time.process_time() - began_s
    journal.finish(hours * PER_HOUR * PERIOD_NS, END)
    return folder / f"{run}.sqlite", cpu_s


def show(path: Path) -> int:
    """Read what ``pvd runs show`` needs: every entry, no scan. Return how many events there are."""
    record = RunFile(path)
    record.document(Entry.PLAN)
    assert record.end is not None
    return len([*record.events(), *record.notices()])


def measured(what: str, work) -> None:
    began_s = time.process_time()
    found = work()
    sys.stdout.write(f"{what}: {time.process_time() - began_s:.2f} s of CPU ({found})\n")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        for hours, is_durable in ((1, False), (1, True), (10, False)):
            path, cpu_s = write(Path(folder), hours, is_durable=is_durable)
            size, scans = path.stat().st_size / 1e6, hours * PER_HOUR
            level = "FULL" if is_durable else "OFF"
            sys.stdout.write(f"{hours} h, {level}: {size:.1f} MB, {cpu_s / scans * 1e6:.0f} µs of CPU per scan\n")
        measured("entries of 10 h", lambda: f"{show(path)} events and notices")
        measured(
            "samples of 10 h, one signal", lambda: f"{len(RunFile(path).samples([SIGNALS.all[0].name]).at_s)} scans"
        )
        measured("verify of 10 h", lambda: verify(path).state)
