"""A file that is there whole or not at all, and never in place of another one by accident."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pvdstation.model.problems import Problem, Refused


@contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Yield an empty file beside ``path`` to be written; it takes the name when the block ends without an error.

    Raises Refused when ``path`` is there and must not be replaced, OSError when it cannot be written.
    """
    if path.exists() and not replace:
        raise Refused([_taken(path)])
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.open("xb").close()
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        _take_the_name(part, path, replace=replace)
    finally:
        part.unlink(missing_ok=True)


def _take_the_name(part: Path, path: Path, *, replace: bool) -> None:
    if replace:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)  # refuses a name that somebody has taken meanwhile; rename would not
    except FileExistsError as error:
        raise Refused([_taken(path)]) from error
    except (OSError, NotImplementedError):  # a file system without hard links
        if path.exists():
            raise Refused([_taken(path)]) from None
        part.rename(path)


def _taken(path: Path) -> Problem:
    return Problem("--output", f'"{path}" exists', "Name another file, or add --force to replace it.")
