"""What was done to a record is found and named: a row edited, removed, moved or added, a tail cut off, a file torn."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from journal_bench import END, PERIOD_NS, RUN, SIGNALS, disk_that, opening, scan

from pvdstation.model.problems import Refused
from pvdstation.record.journal import InlineJournal
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import CREATE, FIRST, SCAN, chained
from pvdstation.record.verification import Anchor, verify

FILE = f"{RUN}.sqlite"
SCANS = 30
TRIGGERS = CREATE[CREATE.index("CREATE TRIGGER") :]


def drop_triggers(connection):
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A record that was closed in good order: opening 1-7, clock 8, scans with an event each from 9, end 69."""
    folder = tmp_path_factory.mktemp("whole")
    journal = InlineJournal(folder, opening(speed=1e9), SIGNALS, is_durable=True)
    for number in range(1, SCANS + 1):
        journal.record(scan(number, number - 1))
    return folder / FILE, journal.finish((SCANS + 1) * PERIOD_NS, END)


@pytest.fixture
def forged(whole, tmp_path):
    """Do something to a copy as somebody would who knows SQLite, and return the verdict."""

    def forge(sql, *, anchors=(), restore=True):
        path = tmp_path / FILE
        shutil.copy(whole[0], path)
        path.chmod(0o600)
        with closing(sqlite3.connect(path)) as connection, connection:
            drop_triggers(connection)
            if callable(sql):
                sql(connection)
            else:
                connection.executescript(sql)
            if restore:
                connection.executescript(TRIGGERS)
        return verify(path, anchors)

    return forge


def test_a_sound_record_has_no_flaws(whole):
    path, head = whole
    verdict = verify(path, [Anchor(head, "the caller", 69), Anchor(head, "the next run")])
    assert (verdict.state, verdict.rows, verdict.flaws, verdict.remarks) == ("whole", 69, (), ())
    assert (verdict.head.number, verdict.head.hash, verdict.end) == (69, head, END)


def test_one_sample_that_was_edited_is_named(forged):
    (flaw,) = forged("UPDATE scan SET body = substr(body, 1, 20) || x'42' || substr(body, 22) WHERE number = 21").flaws
    assert (flaw.number, flaw.table, flaw.kind, flaw.at_ns) == (21, "scan", "scan", 7 * PERIOD_NS)
    assert str(flaw).startswith(f'{FILE}: row 21 (table scan, "scan" at 1.750 s): its contents or its hash were')


CHANGES = [
    "at_ns = at_ns + 1",
    "kind = 'notice'",
    "body = x''",
    "body = 'a'",
    "at_ns = 'noon'",
    "hash = x'00'",
    "hash = 7",
]


@pytest.mark.parametrize("change", CHANGES)
def test_anything_of_an_entry_that_was_edited_is_found(forged, change):
    flaw = forged(f"UPDATE entry SET {change} WHERE number = 20").flaws[0]  # noqa: S608
    assert (flaw.number, flaw.table) == (20, "entry")
    assert "changed" in flaw.what


def test_rows_that_were_removed_are_named(forged):
    (one,) = forged("DELETE FROM scan WHERE number = 31").flaws
    assert (one.number, one.what) == (32, "row 31 is missing before it")
    (more,) = forged("DELETE FROM scan WHERE number IN (31, 33); DELETE FROM entry WHERE number = 32").flaws
    assert (more.number, more.what) == (34, "rows 31 to 33 are missing before it")


def test_two_rows_that_changed_places_are_found(forged):
    swap = "UPDATE scan SET number = {} WHERE number = {};"
    verdict = forged(swap.format(-1, 21) + swap.format(21, 23) + swap.format(23, -1))
    assert [flaw.number for flaw in verdict.flaws][:1] == [21]
    assert verdict.state == "damaged"


def test_a_row_that_was_added_is_found(forged):
    verdict = forged("INSERT INTO scan SELECT 20, at_ns, body, hash FROM scan WHERE number = 21")
    assert any("there twice" in flaw.what and flaw.number == 20 for flaw in verdict.flaws)
    later = forged("INSERT INTO entry SELECT 70, at_ns, 'event', body, hash FROM entry WHERE number = 20")
    assert {"it comes after the end"} < {flaw.what for flaw in later.flaws}


CUT = "DELETE FROM entry WHERE number > 40; DELETE FROM scan WHERE number > 40"


def test_a_tail_that_was_cut_off_a_finished_file_is_found(forged):
    bare = forged(CUT)
    assert (bare.state, bare.head.number) == ("damaged", 40)
    assert [flaw.what for flaw in bare.flaws] == [
        "it was closed in good order, yet its end is not there: the tail was cut off"
    ]


def cut(connection):
    """Cut the tail off, and leave the file as a killed program does."""
    connection.commit()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(CUT)


def test_a_tail_that_was_cut_off_an_open_file_shows_by_the_anchor_alone(forged, whole):
    bare = forged(cut)
    assert (bare.state, bare.head.number) == ("interrupted", 40)
    for anchor in (Anchor(whole[1], "the station database", 69), Anchor(whole[1], "the next run")):
        (flaw,) = forged(cut, anchors=[anchor]).flaws
        assert anchor.kept_by in flaw.what
        assert flaw.what.endswith("the tail was cut off")


def rewritten(connection):
    """Change a value and calculate every hash anew."""
    connection.execute("UPDATE entry SET body = x'7b7d' WHERE number = 5")
    head = FIRST
    rows = connection.execute(
        "SELECT number, at_ns, kind, body FROM entry UNION ALL SELECT number, at_ns, 'scan', body FROM scan ORDER BY 1"
    ).fetchall()
    for number, at_ns, kind, body in rows:
        head = chained(head, number, at_ns, kind, body)
        table = SCAN if kind == SCAN else "entry"
        connection.execute(f"UPDATE {table} SET hash = ? WHERE number = ?", (head, number))  # noqa: S608


def test_a_record_that_was_written_anew_shows_by_the_anchor_alone(forged, whole):
    assert forged(rewritten).state == "whole"
    (flaw,) = forged(rewritten, anchors=[Anchor(whole[1], "the next run", 69)]).flaws
    assert flaw.what.endswith("the rows were written anew")


def test_missing_triggers_and_foreign_tables_are_found(forged):
    gone = [flaw.what for flaw in forged("", restore=False).flaws]
    assert len(gone) == 4
    assert "its trigger entry_is_not_changed is missing or was changed" in gone
    more = forged("CREATE TABLE note (text); CREATE INDEX early ON scan (at_ns)")
    assert [flaw.what for flaw in more.flaws] == [
        "it has a index early that no record has",
        "it has a table note that no record has",
    ]


def test_a_body_that_cannot_be_read_is_found_though_its_hash_is_right(forged):
    def spoil(connection):
        connection.execute("UPDATE scan SET body = x'00' WHERE number = 9")
        connection.execute("UPDATE entry SET body = '[]' WHERE number = 10")
        connection.execute("UPDATE entry SET body = CAST(body AS BLOB)")
        rewritten(connection)

    assert [(flaw.number, flaw.what.split(":")[0]) for flaw in forged(spoil).flaws] == [
        (9, "its body cannot be read"),
        (10, "its body cannot be read"),
    ]


def test_a_record_under_another_name_is_named(whole, tmp_path):
    copy = shutil.copy(whole[0], tmp_path / "copy.sqlite")
    verdict = verify(tmp_path / "copy.sqlite")
    assert (verdict.state, verdict.run) == ("whole", RUN)
    assert verdict.remarks == (f'copy.sqlite is the record of "{RUN}" under another name',)
    assert copy


def test_what_is_no_record_is_refused_or_named(tmp_path):
    with pytest.raises(Refused, match="there is no such record"):
        verify(tmp_path / FILE)
    (tmp_path / FILE).write_bytes(b"not a database, and long enough to be looked at by SQLite" * 20)
    assert "it cannot be read: file is not a database" in verify(tmp_path / FILE).flaws[0].what
    (tmp_path / FILE).write_bytes(b"")
    assert verify(tmp_path / FILE).state == "interrupted"


def test_a_few_lines_of_python_from_the_manual_check_the_chain(whole, tmp_path):
    page = Path(__file__).parents[2] / "docs" / "reference" / "record.md"
    (lines,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    def by_hand(path):
        done = subprocess.run([sys.executable, "-c", lines, path], check=False, capture_output=True, text=True)
        return done.stdout + done.stderr

    assert by_hand(whole[0]) == f"69 {whole[1].hex()}\n"
    shutil.copy(whole[0], tmp_path / FILE)
    (tmp_path / FILE).chmod(0o600)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        drop_triggers(connection)
        connection.execute("UPDATE scan SET body = x'00' WHERE number = 21")
    assert by_hand(tmp_path / FILE) == "row 21 (scan, 1.750 s) is the first that is wrong\n"


# --- a run in three files, two of which have failed ---


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A record whose disk has failed twice: files from rows 1, 13 and 18."""
    folder, failing = tmp_path_factory.mktemp("three"), []

    def act(sql, path):
        if sql == "COMMIT" and failing:
            raise failing.pop()

    with pytest.MonkeyPatch.context() as patch:
        disk_that(patch, act)
        journal = InlineJournal(folder, opening(speed=1e9), SIGNALS, is_durable=True)
        for number in range(1, 7):
            if number in {3, 5}:
                failing.append(sqlite3.OperationalError("disk I/O error"))
            journal.record(scan(number, number - 1))
    return folder, journal.finish(7 * PERIOD_NS, END)


@pytest.fixture
def copied(three, tmp_path):
    shutil.copytree(three[0], tmp_path, dirs_exist_ok=True)
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    return tmp_path


def edit(path, sql):
    with closing(sqlite3.connect(path)) as connection, connection:
        drop_triggers(connection)
        connection.executescript(sql + ";" + TRIGGERS)


def test_three_files_are_one_chain(three):
    verdict = verify(three[0] / FILE, [Anchor(three[1], "the caller")])
    assert (verdict.state, len(verdict.files), verdict.rows) == ("whole", 3, 23)
    assert [event.number for event in RunFile(three[0] / FILE).events()] == list(range(6))


def test_rows_cut_off_at_the_end_of_an_earlier_file_are_found(copied):
    edit(copied / FILE, "DELETE FROM entry WHERE number = 12")
    flaws = verify(copied / FILE).flaws
    assert [(flaw.file, flaw.number) for flaw in flaws] == [(f"{RUN}.2.sqlite", 13)] * 2
    assert flaws[0].what.startswith("it goes on from row 12, but the file before ends otherwise, at row 11")


def test_what_an_abandoned_file_has_after_the_next_one_begins_does_not_count(copied):
    edit(copied / FILE, "INSERT INTO entry VALUES (13, 0, 'event', x'00', x'00')")
    assert verify(copied / FILE).state == "whole"
    assert [event.number for event in RunFile(copied / FILE).events()] == list(range(6))


def test_a_file_of_the_middle_that_is_gone_or_has_another_ones_name_is_found(copied):
    shutil.move(copied / f"{RUN}.2.sqlite", copied / "aside")
    (flaw, *_) = verify(copied / FILE).flaws
    assert (flaw.file, flaw.number) == (f"{RUN}.3.sqlite", 18)
    assert "it goes on from row 17, but the file before ends otherwise, at row 12" in flaw.what
    shutil.move(copied / f"{RUN}.3.sqlite", copied / f"{RUN}.2.sqlite")
    assert 'it begins file 3 of "' in verify(copied / FILE).flaws[0].what


def test_a_file_that_was_begun_and_holds_nothing_changes_nothing(copied):
    (copied / f"{RUN}.4.sqlite").write_bytes(b"")
    verdict = verify(copied / FILE)
    assert (verdict.state, verdict.remarks) == ("whole", (f"{RUN}.4.sqlite was begun and holds nothing",))
    assert len(RunFile(copied / FILE).segments) == 3


# --- copies that were cut off ---


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The files of a run that goes on."""
    folder = tmp_path_factory.mktemp("running")
    journal = InlineJournal(folder, opening(speed=1e9), SIGNALS, is_durable=True)
    for number in range(1, SCANS + 1):
        journal.record(scan(number, number - 1))
    yield folder
    journal._writer.close()


def test_a_write_ahead_log_that_was_cut_anywhere_leaves_a_prefix_that_reads_as_interrupted(running, tmp_path):
    log = (running / f"{FILE}-wal").read_bytes()
    rows, chance = [], Random(1)
    for size in sorted([0, 20, *(chance.randrange(len(log)) for _ in range(25)), len(log)]):
        shutil.copy(running / FILE, tmp_path / FILE)
        (tmp_path / f"{FILE}-wal").write_bytes(log[:size])
        (tmp_path / f"{FILE}-shm").unlink(missing_ok=True)
        verdict = verify(tmp_path / FILE)
        assert (verdict.state, verdict.flaws) == ("interrupted", ())
        assert "interrupted after row" in verdict.remarks[-1]
        events = [event.number for event in RunFile(tmp_path / FILE).events()]
        assert events == list(range(len(events)))
        rows.append(verdict.rows)
    assert rows == sorted(rows)
    assert (rows[0], rows[-1]) == (7, 68)  # the opening is in the file itself


def test_a_copy_of_the_file_that_was_torn_is_damaged_and_says_how_far_it_can_be_read(whole, tmp_path):
    content = whole[0].read_bytes()
    for pages in (3, 6, len(content) // 4096 - 1):
        (tmp_path / FILE).write_bytes(content[: pages * 4096])
        verdict = verify(tmp_path / FILE, [Anchor(whole[1], "the station database", 69)])
        assert verdict.state == "damaged"
        whats = [flaw.what for flaw in verdict.flaws]
        assert "it cannot be read: database disk image is malformed" in whats
        assert any(what.startswith(f"nothing can be read after row {verdict.rows}") for what in whats)


def test_a_bit_that_flipped_anywhere_in_the_file_is_found(whole, tmp_path):
    content, chance, missed = whole[0].read_bytes(), Random(2), 0
    anchors = [Anchor(whole[1], "the station database", 69)]
    for _ in range(40):
        spoiled = bytearray(content)
        place = chance.randrange(100, len(content))
        spoiled[place] ^= 1 << chance.randrange(8)
        (tmp_path / FILE).write_bytes(spoiled)
        verdict = verify(tmp_path / FILE, anchors)
        if verdict.state != "damaged":  # free room of a page, where there is nothing to be read
            missed += 1
            assert [r.body for r in RunFile(tmp_path / FILE).rows()] == [r.body for r in RunFile(whole[0]).rows()]
    assert missed < 20
