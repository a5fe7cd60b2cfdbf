"""The journal while the disk fails or is slow: nothing that was taken is lost, and nobody waits who must not."""

import errno
import os
import sqlite3
from threading import Event as Flag

import pytest
from journal_bench import END, PERIOD_NS, RUN, SIGNALS, disk_that, note, opening, scan, until

from pvdstation.model.clock import SECOND
from pvdstation.model.problems import Refused
from pvdstation.record import keeping
from pvdstation.record.backlog import Backlog
from pvdstation.record.bodies import fields_of
from pvdstation.record.journal import InlineJournal, ThreadedJournal
from pvdstation.record.keeping import Keeper, Row
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.verification import Anchor, verify

FILE = f"{RUN}.sqlite"
FULL = sqlite3.OperationalError("database or disk is full")
BROKEN = sqlite3.OperationalError("disk I/O error")


def sqlite_error(code):
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError(f"SQLite {code}")
    error.sqlite_errorcode = code
    return error


class Disk:
    """Fails as it is told: at the next so many statements that begin with a word, or in some files."""

    def __init__(self, monkeypatch):
        self.word = ""
        self.times = 0
        self.error = BROKEN
        self.commits = []
        disk_that(monkeypatch, self.act)

    def fail(self, word, times=1, error=BROKEN):
        self.word, self.times, self.error = word, times, error

    def act(self, sql, path):
        if self.times and sql.startswith(self.word):
            self.times -= 1
            raise self.error
        if sql == "COMMIT":
            self.commits.append(path.name)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.fixture
def stand(tmp_path):
    """A keeper of three rows with a clock of its own."""

    class Stand:
        now_s = 0.0
        path = tmp_path / FILE

        def keeper(self):
            genesis = opening().genesis
            return Keeper(tmp_path, RUN, genesis, [signals()], is_durable=True, now_s=lambda: self.now_s)

        def notices(self):
            return [notice.at_ns // PERIOD_NS for notice in RunFile(self.path).notices()]

    return Stand()


def signals():
    return Row(Entry.SIGNALS, 0, b'{"signals":[]}')


def told(number):
    return Row(Entry.NOTICE, number * PERIOD_NS, b'{"link":"sqc","text":"lost","is_lost":true}')


def end_of(keeper):
    keeper.append(Entry.END, 9 * SECOND, b"{}")
    return keeper.finish()


@pytest.mark.parametrize("word", ["COMMIT", "INSERT", "BEGIN"])
@pytest.mark.parametrize("error", [BROKEN, FULL, OSError(errno.EIO, "Input/output error")])
def test_after_one_failure_the_next_file_holds_all_that_was_not_durable(stand, disk, word, error):
    keeper = stand.keeper()
    keeper.append(*told(1))
    assert keeper.commit()
    disk.fail(word, error=error)
    keeper.append(*told(2))
    keeper.append(*told(3))
    assert keeper.commit()
    assert keeper.segment == 2
    head = end_of(keeper)
    assert stand.notices() == [1, 2, 3]
    verdict = verify(stand.path, [Anchor(head, "the caller")])
    assert (verdict.state, verdict.files) == ("whole", (FILE, f"{RUN}.2.sqlite"))
    genesis = [fields_of(row.body) for row in RunFile(stand.path).rows(Entry.GENESIS)]
    assert [(g["segment"], g["after"] and g["after"]["number"]) for g in genesis] == [(1, None), (2, 3)]
    assert str(error) in genesis[1]["because"]


def test_a_file_that_has_failed_is_never_committed_to_again(stand, disk):
    keeper = stand.keeper()
    disk.fail("COMMIT")
    for number in range(1, 6):
        keeper.append(*told(number))
        keeper.commit()
    end_of(keeper)
    assert disk.commits == [FILE] + [f"{RUN}.2.sqlite"] * (len(disk.commits) - 1)
    assert len(disk.commits) >= 6


def test_while_nothing_can_be_written_it_is_tried_again_and_leaves_nothing_behind(stand, disk, tmp_path):
    keeper = stand.keeper()
    keeper.append(*told(1))
    disk.fail("COMMIT", times=4)  # this file, and three tries with the next one
    tries = []
    while not keeper.commit():
        if not tries or disk.times < tries[-1][1]:
            tries.append((stand.now_s, disk.times))
        stand.now_s += 0.5
    assert tries == [(0.0, 2), (1.0, 1), (3.0, 0)]
    assert stand.now_s == 8.0  # 1 s, 2 s and 5 s after one another
    end_of(keeper)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{RUN}.2.sqlite", FILE]
    assert stand.notices() == [1]


def test_a_second_failure_opens_a_third_file(stand, disk):
    keeper = stand.keeper()
    for number in range(1, 4):
        keeper.append(*told(number))
        if number > 1:
            disk.fail("COMMIT")
        assert keeper.commit()
    end_of(keeper)
    assert keeper.segment == 3
    assert stand.notices() == [1, 2, 3]
    assert verify(stand.path).state == "whole"


def test_an_end_that_nothing_takes_is_an_error_and_what_was_durable_stays_readable(stand, disk):
    keeper = stand.keeper()
    keeper.append(*told(1))
    keeper.commit()
    keeper.append(*told(2))
    disk.fail("COMMIT", times=99)
    with pytest.raises(OSError, match=r"the end of the run .* could not be written: disk I/O error"):
        end_of(keeper)
    assert stand.notices() == [1]
    assert verify(stand.path).state == "interrupted"


def test_a_disk_that_fails_in_the_opening_refuses_the_run(stand, disk, tmp_path):
    disk.fail("COMMIT")
    with pytest.raises(Refused, match="no record can be begun here: disk I/O error"):
        stand.keeper()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Make room, or give a folder on another disk"),
        (sqlite_error(sqlite3.SQLITE_FULL), "Make room, or give a folder on another disk"),
        (PermissionError(errno.EACCES, "Permission denied"), "Give a folder that you may write to"),
        (sqlite_error(sqlite3.SQLITE_READONLY | 4 << 8), "Give a folder that you may write to"),
        (OSError(errno.ENOLCK, "No locks available"), "Give a folder on a local disk"),
        (sqlite_error(sqlite3.SQLITE_IOERR), "Give a folder on a local disk"),
    ],
    ids=str,
)
def test_what_is_advised_follows_from_what_is_wrong(stand, disk, error, advice):
    disk.fail("COMMIT", error=error)
    with pytest.raises(Refused) as refused:
        stand.keeper()
    assert refused.value.problems[0].write.startswith(advice)


def test_room_is_kept_back_until_the_run_has_been_stopped(stand, disk, tmp_path, monkeypatch):
    free = []
    monkeypatch.setattr(keeping.Ballast, "release", lambda ballast: free.append(stand.now_s))
    keeper = stand.keeper()
    keeper.append(*told(1))
    disk.fail("COMMIT", times=99, error=FULL)
    while stand.now_s < 60 and not free:
        keeper.commit()
        stand.now_s += 1.0
    assert free == [43.0]  # the first try after 40 s: the rules have stopped the run at 30 s
    keeper.close()


def test_the_ballast_takes_its_room_from_the_disk_and_gives_it_back(tmp_path):
    ballast = keeping.Ballast(tmp_path)
    assert os.fstat(ballast._file.fileno()).st_blocks * 512 >= keeping.BALLAST_BYTES
    assert list(tmp_path.iterdir()) == []  # no name: it goes with the process
    ballast.release()
    assert ballast._file.closed


# --- the two shells ---


def test_in_stepped_time_the_age_grows_while_the_disk_fails_and_nothing_counts_as_durable(tmp_path, disk):
    journal = InlineJournal(tmp_path, opening(), SIGNALS, is_durable=True)
    journal.record(scan(1, 0))
    assert (journal.durable(), journal.age_s(PERIOD_NS), journal.segment()) == (0, 0.0, 1)
    disk.fail("COMMIT", times=99)
    journal.record(scan(2, 1))
    journal.record(scan(3, 2))
    assert (journal.durable(), journal.segment()) == (0, 2)
    assert journal.age_s(12 * PERIOD_NS) == 2.5
    disk.times = 0
    journal.finish(4 * PERIOD_NS, END)
    assert journal.durable() == 2
    record = RunFile(tmp_path / FILE)
    assert [event.number for event in record.events()] == [0, 1, 2]
    assert [read.image for read in record.scans()] == [scan(1).image, scan(2).image, scan(3).image]


def test_a_live_run_gets_its_alarm_and_loses_nothing_by_one_failed_commit(tmp_path, disk):
    journal = ThreadedJournal(tmp_path, opening(), SIGNALS)
    journal.record(scan(1, 0))
    until(lambda: journal.durable() == 0)
    disk.fail("COMMIT")
    journal.record(scan(2, 1))
    until(lambda: journal.durable() == 1)
    assert journal.segment() == 2
    journal.finish(3 * PERIOD_NS, END)
    assert [event.number for event in RunFile(tmp_path / FILE).events()] == [0, 1]
    assert verify(tmp_path / FILE).state == "whole"


def test_a_slow_disk_holds_up_nobody_and_its_age_is_seen(tmp_path, monkeypatch):
    gate, reached = Flag(), Flag()
    gate.set()

    def wait(sql, path):
        if sql == "COMMIT":
            reached.set()
            gate.wait()

    disk_that(monkeypatch, wait)
    journal = ThreadedJournal(tmp_path, opening(), SIGNALS)
    journal.record(scan(1, 0))
    until(lambda: journal.durable() == 0)
    gate.clear()
    reached.clear()
    journal.record(scan(2, 1))
    reached.wait(10)  # fsync has begun, and does not return
    for number in range(3, 40):
        journal.record(scan(number, number - 1))
        journal.notice(note(number))
        assert journal.age_s(number * PERIOD_NS) == (number - 2) * 0.25
    assert journal.durable() == 0
    gate.set()
    until(lambda: journal.durable() == 38)
    assert journal.age_s(39 * PERIOD_NS) == 0.0
    journal.finish(40 * PERIOD_NS, END)
    assert [event.number for event in RunFile(tmp_path / FILE).events()] == list(range(39))
    assert verify(tmp_path / FILE).state == "whole"


def test_an_end_that_the_disk_does_not_take_in_time_is_an_error(tmp_path, monkeypatch):
    gate = Flag()
    disk_that(monkeypatch, lambda sql, path: gate.wait() if sql == "COMMIT" and armed else None)
    armed = []
    monkeypatch.setattr("pvdstation.record.journal.FINISH_S", 0.01)
    journal = ThreadedJournal(tmp_path, opening(), SIGNALS)
    armed.append(True)
    journal.record(scan(1, 0))
    with pytest.raises(OSError, match="the disk has not answered"):
        journal.finish(PERIOD_NS, END)
    gate.set()
    journal._thread.join()


def test_an_error_of_the_journals_own_thread_shows_as_age_and_at_the_end(tmp_path):
    journal = ThreadedJournal(tmp_path, opening(), SIGNALS)
    journal.record(scan(1, 0))
    until(lambda: journal.durable() == 0)
    broken = scan(2, 1)
    journal.record(broken._replace(image=broken.image._replace(readings=())))
    journal._thread.join(10)
    assert journal.durable() == 0
    assert journal.age_s(2 * PERIOD_NS + 31 * SECOND) == 31.0
    with pytest.raises(ValueError, match="shorter"):
        journal.finish(3 * PERIOD_NS, END)


# --- the queue ---


def test_a_full_backlog_leaves_out_quiet_scans_says_so_and_keeps_every_event():
    backlog = Backlog(limit=3)
    taken = [backlog.scan(scan(number, *events)) for number, *events in [(1,), (2,), (3,), (4,), (5,), (6, 0), (7,)]]
    assert taken == [True, True, True, False, False, True, False]
    backlog.notice(note(7))
    for _ in range(5):
        backlog.waiting.popleft()
    assert backlog.scan(scan(8))
    kinds = [item.kind if isinstance(item, Row) else type(item).__name__ for item in backlog.waiting]
    assert kinds == ["Notice", Entry.GAP, "Scanned"]
    assert fields_of(backlog.waiting[1].body) == {"dropped": 1, "first_ns": 7 * PERIOD_NS, "last_ns": 7 * PERIOD_NS}


def test_the_gap_stands_before_the_event_that_follows_it():
    backlog = Backlog(limit=1)
    for number in range(1, 5):
        backlog.scan(scan(number))
    backlog.scan(scan(5, 0))
    _, gap, event = backlog.waiting
    assert (fields_of(gap.body)["dropped"], event.events[0].number) == (3, 0)


def test_samples_that_were_left_out_do_not_spoil_those_that_follow(tmp_path, monkeypatch, disk):
    monkeypatch.setattr(Backlog.__init__, "__defaults__", (None, 2))
    journal = InlineJournal(tmp_path, opening(), SIGNALS, is_durable=True)
    journal.record(scan(1, 0))
    disk.fail("COMMIT", times=99)
    journal.record(scan(2, 1))
    for number in range(3, 8):
        journal.record(scan(number))
    disk.times = 0
    journal.finish(9 * PERIOD_NS, END)
    record = RunFile(tmp_path / FILE)
    assert [read.image for read in record.scans()] == [scan(number).image for number in (1, 2, 3, 4)]
    (gap,) = record.rows(Entry.GAP)
    assert fields_of(gap.body)["dropped"] == 3
    assert verify(record.path).state == "whole"
