"""The journal while the disk does what it should: rows, durability, the wall clock, the one file at the end."""

import sqlite3
import stat
from contextlib import closing

import pytest
from journal_bench import END, PERIOD_NS, RUN, SIGNALS, disk_that, note, opening, scan, until

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Image
from pvdstation.model.problems import Refused
from pvdstation.model.signals import UNREAD
from pvdstation.record.backlog import WallWatch
from pvdstation.record.bodies import fields_of
from pvdstation.record.journal import InlineJournal, ThreadedJournal
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.verification import Anchor, verify

FILE = f"{RUN}.sqlite"


def dry(folder):
    return InlineJournal(folder, opening(), SIGNALS, is_durable=False)


def paced(folder):
    return InlineJournal(folder, opening(speed=10.0), SIGNALS, is_durable=True)


def threaded(folder):
    return ThreadedJournal(folder, opening(), SIGNALS)


KINDS = pytest.mark.parametrize("kind", [dry, paced, threaded])


@KINDS
def test_everything_handed_over_is_read_back_in_order(kind, tmp_path):
    journal = kind(tmp_path)
    scans = [scan(1, 0), scan(2), scan(3, 1, 2), scan(4)]
    for scanned in scans:
        journal.record(scanned)
    journal.notice(note(4))
    head = journal.finish(9 * PERIOD_NS, END)
    record = RunFile(tmp_path / FILE)
    assert [read.image for read in record.scans()] == [scanned.image for scanned in scans]
    assert [read.outputs for read in record.scans()] == [scanned.outputs for scanned in scans]
    assert list(record.events()) == [event for scanned in scans for event in scanned.events]
    assert list(record.notices()) == [note(4)]
    assert (record.recipe, record.station) == (b"300 nm Zn at 0.5 nm/s", b"[station]\n")
    assert record.end == END
    assert record.head()[1] == head
    assert verify(record.path, [Anchor(head, "the caller")]).state == "whole"


@KINDS
def test_the_finished_record_is_one_file_that_nobody_may_write(kind, tmp_path):
    journal = kind(tmp_path)
    journal.record(scan(1, 0))
    journal.finish(PERIOD_NS, END)
    (file,) = tmp_path.iterdir()
    assert file.name == FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o440


@KINDS
def test_a_record_is_never_written_over(kind, tmp_path):
    kind(tmp_path).finish(0, END)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(Refused, match="File exists"):
        kind(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


@KINDS
def test_what_is_not_a_folder_is_refused_before_anything_begins(kind, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="no record can be begun here"):
        kind(tmp_path / "file")


@KINDS
def test_an_end_that_is_no_json_is_refused_and_the_journal_goes_on(kind, tmp_path):
    journal = kind(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.finish(0, {"reason": float("nan")})
    journal.record(scan(1, 0))
    journal.finish(PERIOD_NS, END)
    assert verify(tmp_path / FILE).state == "whole"


@pytest.mark.parametrize("kind", [paced, threaded])
def test_an_intent_is_durable_before_the_journal_says_so(kind, tmp_path):
    journal = kind(tmp_path)
    assert journal.durable() == -1
    journal.record(scan(1, 0, 1))
    if kind is threaded:
        until(lambda: journal.durable() == 1)
    assert journal.durable() == 1
    assert [event.number for event in RunFile(tmp_path / FILE).events()] == [0, 1]
    journal.finish(0, END)


def test_a_dry_run_counts_as_durable_what_was_handed_over(tmp_path):
    journal = dry(tmp_path)
    journal.record(scan(1, 0, 1))
    assert (journal.durable(), journal.age_s(10 * SECOND), journal.segment()) == (1, 0.0, 1)
    journal.finish(0, END)


@pytest.mark.parametrize(("kind", "level"), [(dry, "OFF"), (paced, "FULL"), (threaded, "FULL")])
def test_only_what_must_outlive_a_power_cut_waits_for_the_disk(kind, level, tmp_path, monkeypatch):
    said = []
    disk_that(monkeypatch, lambda sql, path: said.append(sql))
    kind(tmp_path).finish(0, END)
    assert [sql for sql in said if "synchronous =" in sql] == [f"PRAGMA synchronous = {level}"]


@pytest.mark.parametrize("table", ["entry", "scan"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET at_ns = at_ns + 1 WHERE number > 1", "DELETE FROM {} WHERE number > 1"])
def test_rows_are_neither_changed_nor_removed(sql, table, tmp_path):
    journal = paced(tmp_path)
    journal.record(scan(1, 0))
    with closing(sqlite3.connect(tmp_path / FILE)) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(sql.format(table))
    journal.finish(0, END)


def test_a_reader_does_not_keep_the_run_from_its_end(tmp_path):
    journal = paced(tmp_path)
    journal.record(scan(1, 0))
    with closing(sqlite3.connect(tmp_path / FILE, timeout=0)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entry").fetchone()
        journal.record(scan(2, 1))
        journal._writer._keeper._file._connection.execute("PRAGMA busy_timeout = 10")
        journal.finish(PERIOD_NS, END)
    assert verify(tmp_path / FILE).state == "whole"


def test_the_wall_clock_is_noted_at_the_start_and_when_it_leaves_what_it_promised():
    wall = [1_800_000_000 * SECOND]
    watch = WallWatch(speed=2.0, wall_ns=lambda: wall[0])
    assert fields_of(watch.look(0))["wall"] == "2027-01-15T08:00:00.000+00:00"
    wall[0] += 5 * SECOND
    assert watch.look(10 * SECOND) is None
    wall[0] += SECOND + 1  # somebody has set it
    assert fields_of(watch.look(10 * SECOND))["wall_ns"] == wall[0]
    assert watch.look(10 * SECOND) is None


def test_the_wall_clock_is_in_a_durable_record_alone(tmp_path):
    found = []
    for kind in (dry, paced, threaded):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        journal = kind(folder)
        journal.record(scan(1))
        journal.finish(PERIOD_NS, END)
        found.append(sum(1 for _ in RunFile(folder / FILE).rows(Entry.CLOCK)))
    assert found == [0, 1, 1]


def test_an_hour_at_4_hz_with_40_signals_that_all_change_stays_below_15_mb(tmp_path):
    journal = dry(tmp_path)
    at_rest = (UNREAD,) * (len(SIGNALS) - 40)
    for number in range(1, 1201):  # 5 min
        scanned = scan(number)
        journal.record(scanned._replace(image=Image((*scanned.image.readings[:40], *at_rest), ())))
    journal.finish(0, END)
    assert (tmp_path / FILE).stat().st_size * 12 < 15e6


def test_the_same_dry_run_has_the_same_hash(tmp_path):
    heads = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        journal = dry(tmp_path / name)
        for number in range(1, 20):
            journal.record(scan(number, number - 1))
        heads.append(journal.finish(9 * SECOND, END))
    assert heads[0] == heads[1]
