"""Real writers that are killed, and real disks that are full: what was acknowledged is there, and the record says more.

The writers run in a process of their own (``journal_writer.py``), since forking one that has threads is not safe.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pvdstation.model.problems import Refused
from pvdstation.record import keeping
from pvdstation.record.journal import InlineJournal
from pvdstation.record.run_file import RunFile
from pvdstation.record.verification import verify

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from journal_bench import END, PERIOD_NS, RUN, SIGNALS, opening, scan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
WRITER = Path(__file__).with_name("journal_writer.py")
ENDED = -2


def written(folder, way):
    done = subprocess.run([sys.executable, WRITER, way, folder], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """At least 100 writers that were killed at random moments, with what each was told, and its verdict."""
    folder = tmp_path_factory.mktemp("killed")
    runs = written(folder, "crash")
    found = [(run, folder / f"{run['run']}.sqlite") for run in runs]
    return [(run, path, verify(path) if path.exists() else None) for run, path in found]


def test_a_hundred_writers_were_killed_in_every_part_of_their_work(killed):
    assert sum(run["killed"] for run, _, _ in killed) >= 100
    assert sum(bool(run["acks"]) for run, _, _ in killed) >= 30
    assert sum(verdict is not None and verdict.state == "interrupted" for _, _, verdict in killed) >= 30


def test_every_event_that_was_acknowledged_is_there(killed):
    for run, path, verdict in killed:
        acknowledged = [ack for ack in run["acks"] if ack != ENDED]
        if acknowledged:
            events = [event.number for event in RunFile(path).events()]
            assert events == list(range(len(events)))
            assert len(events) > acknowledged[-1], run["run"]
        if ENDED in run["acks"]:
            assert verdict.state == "whole"


def test_the_chain_verifies_to_its_last_row_and_the_record_says_that_it_was_interrupted(killed):
    for run, path, verdict in killed:
        if verdict is None:  # killed before there was a file
            assert run["acks"] == []
            continue
        assert verdict.flaws == (), run["run"]
        if verdict.rows and verdict.state == "interrupted":
            assert RunFile(path).end is None
            assert verdict.remarks[-1].startswith("the run never ended: it was interrupted after row")


def test_no_file_is_left_in_a_state_that_only_a_writer_could_mend(killed):
    folder = killed[0][1].parent
    assert [path.name for path in folder.iterdir() if path.name.endswith("-journal")] == []


def test_where_files_may_not_grow_the_record_goes_on_in_others_and_nothing_is_lost(tmp_path):
    (run,) = written(tmp_path, "limit")
    assert run["acks"][-2:] == [599, ENDED]
    assert run["segments"] > 2
    path = tmp_path / "limited.sqlite"
    assert [event.number for event in RunFile(path).events()] == list(range(600))
    assert [read.at_ns for read in RunFile(path).scans()] == [number * PERIOD_NS for number in range(1, 601)]
    assert (verify(path).state, len(verify(path).files)) == ("whole", run["segments"])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 MB, 4 MB of which the ballast leaves."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", folder]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_keeps_its_room_for_the_stop_and_the_end(small_disk, monkeypatch):
    monkeypatch.setattr(keeping, "RETRY_S", (0.0,))
    journal = InlineJournal(small_disk, opening(speed=1e9), SIGNALS, is_durable=True)
    number = 0
    while journal.age_s(number * PERIOD_NS) < 1.0:
        number += 1
        journal.record(scan(number, number - 1))
        assert number < 9000, "the disk never got full"
    assert journal.segment() > 1
    acknowledged = journal.durable()
    assert acknowledged < number - 1  # no intent is let out now
    assert [event.number for event in RunFile(small_disk / f"{RUN}.sqlite").events()] == list(range(acknowledged + 1))
    monkeypatch.setattr(keeping, "STOPPED_S", 0.0)  # the rules have stopped the run
    for _ in range(100):
        number += 1
        journal.record(scan(number, number - 1))
    assert (journal.age_s(number * PERIOD_NS), journal.durable()) == (0.0, number - 1)
    journal.finish(number * PERIOD_NS, END)
    assert verify(small_disk / f"{RUN}.sqlite").state == "whole"
    assert sum(1 for _ in RunFile(small_disk / f"{RUN}.sqlite").events()) == number


def test_a_folder_that_may_not_be_written_refuses_the_run(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write everywhere; test_journal.py takes a file for the folder")
    with pytest.raises(Refused, match="Permission denied"):
        InlineJournal(tmp_path, opening(), SIGNALS, is_durable=True)
