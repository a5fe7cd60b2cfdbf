"""Where the core of a station is met: the user's runtime folder, or one with mode 0700 in the temporary folder."""

import getpass
import hashlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

RUNTIME_VARIABLE = "XDG_RUNTIME_DIR"


class DoorError(Exception):
    """There is no safe place for the socket, or somebody else holds it; the sentence says what to do."""


def address_of(data: Path, station: Path | str) -> Path:
    """Return where the core of a data folder and a station (its file, or a packaged name) is met. Raises DoorError."""
    named = str(station) if isinstance(station, str) else str(station.resolve())
    name = hashlib.sha256(f"{data.resolve()}\0{named}".encode()).hexdigest()[:16]
    if sys.platform == "win32":
        return Path(rf"\\.\pipe\pvdstation-{getpass.getuser()}-{name}")
    return runtime_folder() / f"{name}.sock"


def runtime_folder() -> Path:
    """Return the folder of sockets, made if need be: ours, not a link, closed to others. Raises DoorError."""
    given = os.environ.get(RUNTIME_VARIABLE, "")
    if os.path.isabs(given) and _is_own(Path(given)):
        folder = Path(given, "pvdstation")
    else:
        folder = Path(tempfile.gettempdir(), f"pvdstation-{os.geteuid()}")
    with suppress(OSError):  # it is there already, or ``verify`` says what is wrong
        folder.mkdir(mode=0o700)
    verify(folder)
    return folder


def _is_own(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def verify(folder: Path) -> None:
    """Refuse a folder that is not ours, is a link, or is open to others. Raises DoorError."""
    try:
        found = folder.lstat()
    except OSError as error:
        raise DoorError(f"the folder of sockets {folder} cannot be used: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise DoorError(
            f"{folder} is not a folder of this user that is closed to others: "
            f'remove it, or "chmod 700 {folder}" when it is yours'
        )
