"""Writes a run in any of the forms."""

from pathlib import Path

from pvdstation.record.export.formats import Format
from pvdstation.record.export.new_file import new_file
from pvdstation.record.run_file import RunFile


def export_run(record: RunFile, form: Format, path: Path, *, replace: bool = False) -> None:
    """Write a run in a form; the file is there whole or not at all.

    Raises Refused when ``path`` is there and ``replace`` is false, OSError when it cannot be written.
    """
    with new_file(path, replace=replace) as part:
        if form is Format.CSV:
            from pvdstation.record.export.csv_table import write_csv as write  # noqa: PLC0415 - one form at a time
        elif form is Format.HDF5:
            from pvdstation.record.export.nexus import write_nexus as write  # noqa: PLC0415 - h5py
        else:
            from pvdstation.record.export.nomad import write_nomad as write  # noqa: PLC0415 - one form at a time
        write(record, part)
