"""The seat of a station's core: a kernel lock in the data folder, whose text says where the core is met.

The socket's own folder depends on who looks (a login, a service and a cron job have different ones); the data folder is
the same for all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pvdstation.model.problems import Problem, Refused
from pvdstation.record.holding import ENDING, lock_file


class Taken(Exception):
    """Another core has the seat."""


def seat_of(data: Path, socket: Path) -> Path:
    """Return the file of a station's seat; the socket is named by the same hash."""
    return data / f"core-{socket.stem}{ENDING}"


@contextmanager
def seated(seat: Path, socket: Path) -> Iterator[None]:
    """Take the seat as long as the block lasts; the kernel gives it back. Raises Taken, Refused."""
    try:
        file = seat.open("a+", encoding="utf-8")
    except OSError as error:
        write = "Name another folder with --data or PVD_DATA."
        raise Refused([Problem("the data folder", f"{seat} cannot be written: {error.strerror}", write)]) from None
    with file:
        try:
            lock_file(file, is_shared=False, waits=False)
        except OSError:
            raise Taken(str(seat)) from None
        file.truncate(0)
        file.write(str(socket))
        file.flush()
        yield


def met_at(seat: Path) -> Path | None:
    """Return the socket of the core that has the seat; None when nobody has it."""
    try:
        with seat.open("r+", encoding="utf-8") as file:
            try:
                lock_file(file, is_shared=True, waits=False)
            except OSError:
                said = file.read().strip()
                return Path(said) if said else None
    except OSError:
        return None
    return None
