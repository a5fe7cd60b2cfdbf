"""Heads of records: the last row of a chain, kept by somebody else too: a tail that was cut off is missed then."""

from pathlib import Path
from typing import NamedTuple

from pvdstation.model.problems import Refused
from pvdstation.record.file_checks import was_only_begun
from pvdstation.record.holding import is_held
from pvdstation.record.opened import DAMAGED
from pvdstation.record.run_file import RunFile, first_number, later_files


class Head(NamedTuple):
    """Number and hash of the last row of a run that nobody writes any more; a record that was cut off has it not."""

    run: str
    number: int
    hash: str


def head_at_rest(path: Path) -> Head | None:
    """Return the head of a record, whether or not it came to its end; None while it is written, or is not readable.

    Rows that a later file has written again do not count. Where one of the files cannot be read, nobody knows which
    rows of the file before it do.
    """
    if is_held(path):
        return None
    if any(first_number(file) is None and not was_only_begun(file) for file in later_files(path)):
        return None
    try:
        run = RunFile(path)
        number, digest = run.head()
        return Head(run.run, int(number), bytes(digest).hex())
    except (Refused, *DAMAGED):
        return None
