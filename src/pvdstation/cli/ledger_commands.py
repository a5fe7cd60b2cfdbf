"""``pvd ledger``: what was weighed in and changed, and what the runs took."""

from typing import Annotated

import typer

from pvdstation.cli.start_options import Data
from pvdstation.cli.streams import Streams

ledger = typer.Typer(
    help="Crystals, charges and tooling of a station: show them, and enter what was done by hand.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Station = Annotated[
    str | None, typer.Option(metavar="NAME|FILE", help="Packaged station or station file; default sim.")
]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who did it; default the login name.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, or anything else.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]


@ledger.command()
def show(
    context: typer.Context,
    station: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Packaged station or station file; default all known.")
    ] = None,
    data: Data = None,
    *,
    json: Json = False,
) -> None:
    """Show every crystal, charge and tooling factor, run by run. Times are UTC.

    Says in one sentence when a boat needs over 10 % more or less power for its rate than in the runs before. Dry runs
    take nothing from a ledger.

    \b
    Example:
      pvd ledger show
    """
    del json
    from pvdstation.cli.ledger_command import run_ledger_show

    raise typer.Exit(run_ledger_show(context.ensure_object(Streams), data, station))


@ledger.command()
def charge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source in the station file.")],
    amount: Annotated[str, typer.Argument(metavar="MASS", help='What is in the boat now: "1500 mg".')],
    lot: Annotated[str, typer.Option("--lot", metavar="TEXT", help="Its lot and purity.")] = "",
    by: By = None,
    note: Note = "",
    station: Station = None,
    data: Data = None,
    *,
    json: Json = False,
) -> None:
    """Enter what a boat holds from now on, as it was weighed in.

    \b
    Example:
      pvd ledger charge Zn "1500 mg" --lot "442, 99.99 %" --by Mia
    """
    del json
    from pvdstation.cli.ledger_command import run_ledger_charge

    streams = context.ensure_object(Streams)
    raise typer.Exit(run_ledger_charge(streams, data, station, source, amount, by, lot, note))


@ledger.command()
def crystal(
    context: typer.Context,
    sensor: Annotated[str, typer.Argument(metavar="SENSOR", help="Number of the sensor.")],
    by: By = None,
    note: Note = "",
    station: Station = None,
    data: Data = None,
    *,
    json: Json = False,
) -> None:
    """Enter that a crystal has just been changed.

    \b
    Example:
      pvd ledger crystal 1 --by Mia
    """
    del json
    from pvdstation.cli.ledger_command import run_ledger_crystal

    raise typer.Exit(run_ledger_crystal(context.ensure_object(Streams), data, station, sensor, by, note))
