"""``pvd tooling`` and ``pvd tune``: what a station is calibrated with. Both propose, and a person writes."""

from typing import Annotated

import typer

from pvdstation.cli.start_options import Data
from pvdstation.cli.streams import Streams

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]


def tooling(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help='Its id, a beginning of it, "last", or a file.')],
    measured: Annotated[
        list[str] | None,
        typer.Option(metavar="MATERIAL=LENGTH", help='A measured thickness: "Zn=298 nm ± 3 nm"; may be given again.'),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Which layer of the run, where there are several.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who accepts it; default the login name.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Valid from then on: 2026-03-01; default now.")
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why, or anything else.")] = "",
    data: Data = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Enter it into the tooling history.")] = False,
    json: Json = False,
) -> None:
    """Work out new tooling factors from films that were measured outside.

    New = old × measured / indicated, with its uncertainty: of the spread of repeated measurements and of stated
    errors. Shown beside the history of the sensor. The station file stays as it is; the line to write is printed.

    \b
    Examples:
      pvd tooling last --measured "Zn=305 nm" --measured "Zn=309 nm"
      pvd tooling 20260301-09 --measured "Li=98 nm ± 2 nm" --accept --by Mia
    """
    del json
    from pvdstation.cli.tooling_command import run_tooling

    streams = context.ensure_object(Streams)
    raise typer.Exit(run_tooling(streams, run, measured or (), layer, data, by, since, note, accepts=accept))
