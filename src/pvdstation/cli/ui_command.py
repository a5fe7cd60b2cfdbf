"""``pvd ui``: the screen of a station. It shows and asks; the core process controls."""

import signal
import sys
from pathlib import Path

from pvdstation.assembly.core.meeting import NotStarted, address, meet_or_start
from pvdstation.assembly.sources import read_station
from pvdstation.cli.errands import errands_of
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.meeting import where_of
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client
from pvdstation.desk.line import NobodyThere
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.toml import load_station
from pvdstation.record.results import refused
from pvdstation.tui.app import StationApp
from pvdstation.tui.page import Place

_NO_TERMINAL = Problem(
    "pvd ui",
    "the screen needs a terminal, and stdin or stdout is none",
    'Without one, "pvd status --watch" tells the same in plain lines.',
)


def run_ui(streams: Streams, station: str | None, data: str | None, recipes: str | None, *, confirm: bool) -> ExitCode:
    """Show the screen until the person leaves it; return the exit code."""
    try:
        where = where_of(station, data)
        source = read_station(station)
        loaded = load_station(source.content, source.file)
        socket = address(where)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return finish_refused(streams, refused([_NO_TERMINAL]), [])

    def meet() -> Client:
        try:
            return meet_or_start(where, "ui").client
        except NotStarted as error:
            problems = [Problem(p["where"], p["what"], p["write"]) for p in error.problems]
            if not problems:
                raise NobodyThere(error.text) from None
            raise Refused(problems) from None

    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # even under nohup: a screen without its terminal is nobody's
    place = Place(loaded, where.data, _recipes(recipes), socket)
    StationApp(place, errands_of(where.data, station), meet, confirm=confirm).run()
    streams.note('the screen has gone, the core goes on: "pvd status" shows it, "pvd ui" brings the screen back')
    return ExitCode.COMPLETE


def _recipes(named: str | None) -> Path:
    """Return the folder in which recipes are looked for first."""
    if named is not None:
        return Path(named).resolve()
    beside = Path("recipes")
    return beside.resolve() if beside.is_dir() else Path.cwd()
