"""``pvd core``: the process that drives a station. ``pvd run`` and ``pvd ui`` start it; a service manager may, too."""

import json
from pathlib import Path

from pvdstation.assembly.as_found import Found
from pvdstation.assembly.core.meeting import Where
from pvdstation.assembly.core.process import run_core
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.known import Known
from pvdstation.assembly.preparation import Prepared
from pvdstation.cli.after_crash import gone_words, why_not
from pvdstation.cli.interrupted_text import offer, sentences
from pvdstation.desk.start import Start
from pvdstation.model.problems import Problem


def core(data: str | None, station: str | None, first: str | None, *, is_heard: bool) -> int:
    """Be the core until the end; return the exit code."""
    start = None if first is None else Start.of_form(json.loads(first))
    return run_core(Where(Path(data_folder(data)), station), start, offered_in_words, is_heard=is_heard)


def offered_in_words(known: Known, prepared: Prepared, off: Found) -> tuple[Problem, list[str]]:
    """Return what a person can do about an interrupted run, and what is known of it."""
    return offer(known, why_not(known, prepared)), [*sentences(known, off), *gone_words(prepared)]
