"""What a screen has done for it in a child process: dry runs, lists, reports. The core is never asked for these."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import NamedTuple

from pvdstation.desk.start import Start


class ErrandError(Exception):
    """It could not be done; the text is what the command said."""


class Curve(NamedTuple):
    """One quantity of a run against its time. ``at_s`` and ``values`` have the same length; NaN is a gap."""

    name: str  # "rate Zn", "thickness Zn", "power Zn", "pressure"
    unit: str
    at_s: tuple[float, ...]
    values: tuple[float, ...]


class Foreseen(NamedTuple):
    """What a dry run says of a recipe."""

    outcome: str  # "complete", "stopped", "aborted", "refused"
    text: str  # what ``pvd dry-run`` prints
    run: str  # id of its record; empty when there is none
    curves: tuple[Curve, ...] = ()


class RunListed(NamedTuple):
    """One recorded run."""

    run: str
    started: str
    recipe: str
    mode: str
    outcome: str  # in words, with the first cause
    sample: str = ""


Told = Callable[[float, str], None]
"""Takes how much of a dry run is done, 0 to 1, and the step that runs; called in a thread of its own."""


class Errands(NamedTuple):
    """Each blocks until its child process has ended, and raises ErrandError; a set event ends the child."""

    runs: Callable[[], tuple[RunListed, ...]]
    show: Callable[[str], str]
    report: Callable[[str], Path]
    curves: Callable[[str], tuple[Curve, ...]]
    dry_run: Callable[[Start, Event, Told], Foreseen]
