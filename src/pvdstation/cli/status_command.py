"""``pvd status``: one moment of a station in plain lines, and with --watch what changes from then on."""

from rich.text import Text

from pvdstation.assembly.core.meeting import meet
from pvdstation.cli.asking_command import Place
from pvdstation.cli.changes import changes
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.meeting import NOBODY, Standing, unmet, where_of
from pvdstation.cli.run_lines import RunLines
from pvdstation.cli.status_text import status_lines
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client
from pvdstation.desk.frames import FrameError
from pvdstation.desk.line import DeskError, Gone, NobodyThere
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Events
from pvdstation.model.problems import Refused

_LOOK_S = 0.2


def run_status(streams: Streams, place: Place, *, watches: bool) -> ExitCode:
    """Show what a station does now; return the exit code: 0 also where no core runs."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            with meet(where_of(*place), "pvd status") as client:
                shown = Standing(client).snapshot
                _show(streams, shown, watches=watches)
                if watches:
                    _watch(streams, client, shown, interrupts)
        except NobodyThere:
            _show_nobody(streams)
        except (DeskError, Refused) as error:
            return unmet(streams, error).code
    return ExitCode.COMPLETE


def _show(streams: Streams, shown: Snapshot, *, watches: bool) -> None:
    if streams.json and watches:
        streams.row(shown.as_json())
    elif streams.json:
        streams.document(shown.as_json())
    streams.show(*(Text(line) for line in status_lines(shown)))


def _show_nobody(streams: Streams) -> None:
    if streams.json:
        streams.document({"state": "no core", "text": NOBODY})
    streams.show(NOBODY)


def _watch(streams: Streams, client: Client, shown: Snapshot, interrupts: Interrupts) -> None:
    """Print what happens and what changes, a line for each and nothing twice, until Ctrl+C or the core's end."""
    lines = RunLines(streams, is_live=False)
    while not interrupts.stop:
        try:
            news = client.news(_LOOK_S)
        except Gone as gone:
            if not _met_again(streams, client, gone):
                return
            continue
        except FrameError:
            continue
        if isinstance(news, Snapshot):
            if streams.json:
                streams.row(news.as_json())
            for text in () if streams.json else changes(shown, news):
                lines.changed(news.now_ns, text)
            shown = news
        elif isinstance(news, Events) and not streams.json:
            lines.events(news.events)
            lines.questions(news.events)


def _met_again(streams: Streams, client: Client, gone: Gone) -> bool:
    """Connect again after a core has dropped who did not listen; False: it has ended."""
    try:
        client.reconnect()
    except DeskError as error:
        streams.note(f"{gone}; {error}")
        return False
    return True
