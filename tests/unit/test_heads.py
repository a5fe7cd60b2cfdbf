"""The last rows of runs that never came to an end are kept, too: a tail that was cut off from one is missed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from journal_bench import RUN, SIGNALS, opening, scan

from pvdstation.assembly.station_records import check_record
from pvdstation.record.bodies import document
from pvdstation.record.heads import head_at_rest
from pvdstation.record.holding import Hold
from pvdstation.record.journal import InlineJournal
from pvdstation.record.journal_file import JournalFile
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry
from pvdstation.record.station_database import StationDatabase


@pytest.fixture
def crashed(tmp_path) -> Path:
    """Return the record of a run that was interrupted."""
    (tmp_path / "runs").mkdir()
    journal = InlineJournal(tmp_path / "runs", opening(), SIGNALS, is_durable=True)
    for number in range(1, 60):
        journal.record(scan(number, number))
    journal._writer.close()
    return tmp_path / "runs" / f"{RUN}.sqlite"


def keep_heads(record: Path) -> None:
    """Do what the next run does as it begins."""
    folder = record.parent.parent
    with StationDatabase.opened(folder / "station.sqlite", record.parent) as database:
        database.keep_heads(record.parent)


def cut(path: Path, number: int) -> None:
    """Remove the rows from a number on."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("entry", "scan"):
            (sql,) = connection.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (f"{table}_is_not_removed",)
            ).fetchone()
            connection.execute(f"DROP TRIGGER {table}_is_not_removed")
            connection.execute(f"DELETE FROM {table} WHERE number >= ?", (number,))  # noqa: S608
            connection.execute(sql)


def test_a_tail_that_was_cut_off_from_an_interrupted_run_is_missed(crashed) -> None:
    keep_heads(crashed)
    number = RunFile(crashed).head()[0]
    assert check_record(str(crashed), None, with_replay=False).verdict.state == "interrupted"
    cut(crashed, number)
    keep_heads(crashed)  # what was kept once stays
    (flaw,) = check_record(str(crashed), None, with_replay=False).verdict.flaws
    assert f"the station database knows a row {number} " in flaw.what
    assert "the tail was cut off" in flaw.what


def test_rows_that_a_later_file_has_written_again_are_no_head(crashed) -> None:
    row = list(RunFile(crashed).rows())[-5]
    later = crashed.with_name(f"{RUN}.2.sqlite")
    file = JournalFile(later, after=row.hash, next_number=row.number + 1, is_durable=False)
    after = {"number": row.number, "hash": row.hash.hex()}
    file.append(Entry.GENESIS, row.at_ns, document({"run": RUN, "segment": 2, "after": after}))
    file.commit()
    file.abandon()
    assert head_at_rest(crashed) == (RUN, row.number + 1, file.head.hex())
    keep_heads(crashed)
    assert check_record(str(crashed), None, with_replay=False).verdict.state == "interrupted"


def test_a_run_that_goes_on_and_one_that_cannot_be_read_have_no_head_yet(crashed) -> None:
    hold = Hold(crashed)
    held = head_at_rest(crashed)
    hold.release()
    assert held is None
    later = crashed.with_name(f"{RUN}.2.sqlite")
    later.touch()  # begun, and nothing came into it
    assert head_at_rest(crashed) is not None
    later.write_bytes(b"no database" * 1000)
    assert head_at_rest(crashed) is None
