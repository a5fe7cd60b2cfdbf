"""What must be true of the record's folder before a run may begin."""

import errno
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryFile

from pvdstation.model.problems import Problem

BYTES_PER_S = 15e6 / 3600
"""The most that a record grows by: 15 MB/h, 40 signals that all change at 4 Hz (tests/bench/journal_size.py)."""
MARGIN = 3
SPARE_BYTES = 1_000_000_000
NETWORKS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "glusterfs", "fuse.sshfs")
"""File systems on another computer: locks and fsync may mean nothing there, and the cable may be pulled."""


def check_folder(folder: Path, plan_s: float) -> list[Problem]:
    """Return what keeps a durable record of ``plan_s`` seconds from being written in a folder.

    Free for it must be three times what the plan needs, and 1 GB (safety reference E.8).
    """
    if not folder.is_dir():
        return [Problem(str(folder), "there is no such folder", "Give one that exists with --data DIR.")]
    return [*_room(folder, plan_s), *_writable(folder), *_local(folder)]


def _room(folder: Path, plan_s: float) -> list[Problem]:
    wanted = plan_s * BYTES_PER_S * MARGIN + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free >= wanted:
        return []
    what = f"{free / 1e9:.2f} GB are free, but the record of this plan wants {wanted / 1e9:.2f} GB"
    return [Problem(str(folder), what, "Make room, or give a folder on another disk with --data DIR.")]


def _writable(folder: Path) -> list[Problem]:
    try:
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"\0")
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return []  # said already
        what = f"nothing can be written there: {error.strerror}"
        return [Problem(str(folder), what, "Give a folder that you may write to with --data DIR.")]
    return []


def _local(folder: Path) -> list[Problem]:
    kind = file_system(folder)
    if kind not in (*NETWORKS, "share"):
        return []
    return [
        Problem(str(folder), f"it lies on another computer ({kind})", "Give a folder on a local disk with --data DIR.")
    ]


def file_system(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of file system a folder lies on; "" where that cannot be known (macOS)."""
    if sys.platform == "win32":
        return "share" if folder.resolve().drive.startswith("\\\\") else ""
    try:
        lines = mounts.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    found, length = "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split(" ")[4].replace("\\040", " "))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= length:  # the last mount on a point covers
            found, length = after.split(" ")[0], len(point.parts)
    return found
