"""Meets the core that runs a station, or says in one sentence why not."""

from pvdstation.assembly.core.meeting import Where, meet
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.sources import read_station
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client, News
from pvdstation.desk.line import DeskError, NobodyThere
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Ended, Events
from pvdstation.model.messages import EventKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import refused

NOBODY = "no core runs for this station"
OVER = frozenset({"idle", "stopped", "aborted", "complete", "interrupted"})
"""States in which no run is active."""
_FIRST_S = 5.0


class Unmet(Exception):
    """There is no core to talk to; it has been told, and this is the exit code."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code


class Standing:
    """The first moment that a core shows, and all that it has told before: the news up to the first snapshot."""

    def __init__(self, client: Client) -> None:
        """Take them. Raises DeskError when the core shows nothing."""
        self.told: list[News] = []
        while not isinstance(news := client.news(_FIRST_S), Snapshot):
            if news is None:
                raise DeskError("the core of this station shows nothing")
            self.told.append(news)
        self.told.append(news)
        self.snapshot = news

    @property
    def last_request(self) -> int:
        """Return the number of the last event of the run that was a request; 0 when there is none."""
        told = [news.events for news in self.told if isinstance(news, Events) and news.run == self.snapshot.run]
        asked = (event.number for events in told for event in events if event.kind is EventKind.REQUEST)
        return max(asked, default=0)

    @property
    def has_told_end(self) -> bool:
        """Return whether the run that is shown has ended, and how is told."""
        return any(isinstance(news, Ended) and news.run == self.snapshot.run for news in self.told)

    @property
    def is_over(self) -> bool:
        """Return whether the run that is shown has ended, or there is none."""
        return self.has_told_end or self.snapshot.state in OVER


def where_of(station: str | None, data: str | None) -> Where:
    """Return which core is meant. Raises Refused when there is no such station."""
    read_station(station)
    return Where(data_folder(data), station)


def met(streams: Streams, station: str | None, data: str | None, name: str, *, watch: bool = True) -> Client:
    """Return a connection to the core that runs. Raises Unmet."""
    try:
        return meet(where_of(station, data), name, watch=watch)
    except (DeskError, Refused) as error:
        raise unmet(streams, error) from None


def unmet(streams: Streams, error: DeskError | Refused) -> Unmet:
    """Tell why nothing can be asked of a core; return it as what ends the command."""
    match error:
        case Refused():
            problems = error.problems
        case NobodyThere():
            write = '"pvd run" and "pvd ui" start one; --station and --data say which station is meant.'
            problems = [Problem("the station", NOBODY, write)]
        case _:
            problems = [Problem("the core", str(error))]
    return Unmet(finish_refused(streams, refused(problems), []))
