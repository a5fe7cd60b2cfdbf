"""``pvd core``: the process that drives a station. ``pvd run`` and ``pvd ui`` start it; a service manager may, too."""

import json
from pathlib import Path

from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.process import run_core
from pvdstation.assembly.folders import data_folder
from pvdstation.cli.after_crash import offered_in_words
from pvdstation.desk.start import Start


def core(data: str | None, station: str | None, first: str | None, *, is_heard: bool) -> int:
    """Be the core until the end; return the exit code."""
    start = None if first is None else Start.of_form(json.loads(first))
    return run_core(Where(Path(data_folder(data)), station), start, offered_in_words, is_heard=is_heard)
