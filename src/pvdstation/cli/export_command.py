"""``pvd runs export``: a run as CSV, HDF5/NeXus or NOMAD archive."""

import os
from pathlib import Path

from pvdstation.assembly.finding import find_run
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.files import file_problems
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.export.exporting import export_run
from pvdstation.record.export.formats import SUFFIX, Format
from pvdstation.record.opened import DAMAGED
from pvdstation.record.run_file import RunFile, Unreadable
from pvdstation.record.verification import verify


def run_export(
    streams: Streams, text: str, data: str | None, wanted: Format, output: str | None, *, force: bool
) -> ExitCode:
    """Write the file and name it, and say so when the record is damaged; return the exit code."""
    try:
        source = find_run(text, data)
        flaws = verify(source).flaws
        record = RunFile(source)
        path = Path(output or f"{record.run}{SUFFIX[wanted]}")
        _refuse(file_problems("--output", str(path)))
        export_run(record, wanted, path, replace=force)
    except Unreadable as refusal:
        _refused(streams, refusal.problems)
        return ExitCode.TRIPPED
    except Refused as refusal:
        return _refused(streams, refusal.problems)
    except DAMAGED as error:
        problem = Problem(str(source), f"it is damaged: {error}", f'See "pvd runs verify {source}".')
        _refused(streams, [problem])
        return ExitCode.TRIPPED
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)  # h5py writes its own, over four lines
        problem = Problem("--output", f"{error.filename or path} cannot be written: {why}")
        return _refused(streams, [problem])
    if streams.json:
        written = {"run": record.run, "format": wanted.value, "file": str(path), "bytes": path.stat().st_size}
        streams.document({**written, "flaws": [str(flaw) for flaw in flaws]})
    if flaws:
        streams.note(f"THE RECORD IS DAMAGED: {flaws[0]}")
    streams.show(str(path))
    if not path.name.endswith(SUFFIX[wanted]) and wanted is Format.NOMAD:
        streams.note(f"NOMAD reads an archive only from a file that ends in {SUFFIX[wanted]}")
    return ExitCode.COMPLETE


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Refused(problems)


def _refused(streams: Streams, problems: list[Problem]) -> ExitCode:
    if streams.json:
        streams.document({"outcome": "refused", "errors": [problem.as_json() for problem in problems]})
    streams.refuse(problems)
    return ExitCode.REFUSED
