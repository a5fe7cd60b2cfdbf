"""``pvd attach``: the run that is on, followed to its end, with its exit code."""

from pvdstation.cli.asking_command import Place
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.following import Following
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.meeting import Standing, Unmet, met, unmet, where_of
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.result_text import heading
from pvdstation.cli.run_end import finish_followed
from pvdstation.cli.streams import Streams
from pvdstation.desk.line import DeskError
from pvdstation.model.problems import Problem
from pvdstation.record.results import refused


def run_attach(streams: Streams, place: Place) -> ExitCode:
    """Follow the active run, or show how the last one ended; return its exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            with met(streams, *place, "pvd attach") as client:
                standing = Standing(client)
                shown = standing.snapshot
                if standing.is_over and not standing.has_told_end:
                    problem = Problem("the station", "no run is on", '"pvd runs list" shows those that were.')
                    return finish_refused(streams, refused([problem]), [])
                streams.show(heading(shown.recipe, shown.station, "simulated" if shown.is_simulated else "live"), "")
                following = Following(client, shown.run, streams, interrupts, told=standing.told)
                return finish_followed(streams, following, where_of(*place), shown.run)
        except Unmet as unable:
            return unable.code
        except DeskError as error:
            return unmet(streams, error).code
