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


def tune(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source in the station file.")],
    method: Annotated[
        str, typer.Option(metavar="step|relay", help="Step of the power, or an oscillation (host loop only).")
    ] = "step",
    station: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Packaged station or station file; default sim.")
    ] = None,
    rate: Annotated[str | None, typer.Option(metavar="RATE", help='Operating rate; default "0.5 nm/s".')] = None,
    amplitude: Annotated[
        str | None, typer.Option(metavar="SHARE", help='Of full scale, as "1 %"; default 2.5 % of the soak power.')
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.01, max=10000.0, help="Times real time; left out: a dry run, as fast as it computes."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all simulated noise.")] = 1,
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Draw the answer: .png, .svg or .pdf.")] = None,
    data: Data = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; simulated stations only.")] = False,
    json: Json = False,
) -> None:
    """Excite a source and propose the parameters of its rate loop.

    Pumps down, conditions, holds the rate behind the closed substrate shutter, then moves the power a little and fits
    what the rate answers. Shows what will happen with all numbers and asks before anything is switched on.
    Own loop: proposes gain and ti. SQC-310 loop: reports the answer and the manual's I and D; P is left to you.
    Writes nothing: the lines for the station file are printed.

    \b
    Examples:
      pvd tune Zn --station sim-host-loop --plot zn.png
      pvd tune Li --station sim-host-loop --method relay
    """
    del json
    from pvdstation.assembly.tuning import Asked
    from pvdstation.cli.keeping import Keeping
    from pvdstation.cli.tune_command import Pace, run_tune

    streams = context.ensure_object(Streams)
    asked = Asked(source, method, rate, amplitude)
    raise typer.Exit(run_tune(streams, asked, station, Pace(seed, speed, yes), plot, Keeping(data=data)))
