"""What must be true of the record's folder before a run may begin."""

import os
import shutil

import pytest

from pvdstation.record.preflight import SPARE_BYTES, check_folder, file_system

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:1 - nfs4 server:/home rw
31 30 0:41 / /home/lab\\040disk rw - xfs /dev/sdb rw
32 22 0:42 / /mnt rw - ext4 /dev/sdc rw
33 32 0:43 / /mnt rw - cifs //server/share rw
"""


@pytest.fixture
def disk(monkeypatch):
    def has(free):
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(0, 0, free))

    has(10**12)
    return has


def test_a_local_folder_with_room_is_taken_and_left_as_it_was(tmp_path, disk):
    assert check_folder(tmp_path, 3600) == []
    assert list(tmp_path.iterdir()) == []


def test_room_is_wanted_for_three_times_the_plan_and_a_gigabyte(tmp_path, disk):
    wanted = 3 * 15_000_000 * 10 + SPARE_BYTES  # ten hours
    disk(wanted)
    assert check_folder(tmp_path, 36_000) == []
    disk(wanted - 1)
    (problem,) = check_folder(tmp_path, 36_000)
    assert problem.what == "1.45 GB are free, but the record of this plan wants 1.45 GB"


def test_what_cannot_be_written_or_is_not_there_is_a_problem(tmp_path, disk, monkeypatch):
    assert [problem.what for problem in check_folder(tmp_path / "none", 1)] == ["there is no such folder"]

    def fail(handle):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fsync", fail)
    (problem,) = check_folder(tmp_path, 1)
    assert problem.what == "nothing can be written there: Read-only file system"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/data", "ext4"),
        ("/home/lab", "nfs4"),
        ("/home/lab disk/runs", "xfs"),
        ("/mnt/runs", "cifs"),
        ("/mnt2", "ext4"),
    ],
)
def test_the_last_mount_over_a_folder_says_what_it_lies_on(folder, kind, tmp_path):
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert file_system(type(tmp_path)(folder), tmp_path / "mountinfo") == kind


def test_a_folder_on_another_computer_is_a_problem(tmp_path, disk, monkeypatch):
    monkeypatch.setattr("pvdstation.record.preflight.file_system", lambda folder: "nfs4")
    (problem,) = check_folder(tmp_path, 1)
    assert problem.what == "it lies on another computer (nfs4)"
