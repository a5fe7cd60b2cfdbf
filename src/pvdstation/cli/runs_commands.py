"""``pvd runs``: the records of runs, and what can be had from them."""

from typing import Annotated

import typer

from pvdstation.cli.start_options import Data
from pvdstation.cli.streams import Streams

runs = typer.Typer(help="The records of runs: list, show and verify them.", no_args_is_help=True, rich_markup_mode=None)

Run = Annotated[
    str, typer.Argument(metavar="RUN", help='Id of a run, a beginning that only one has, "last", or a file.')
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]


@runs.command()
def show(context: typer.Context, run: Run, data: Data = None, *, json: Json = False) -> None:
    """Show one run: outcome first, steps, time line, alarms.

    \b
    Example:
      pvd runs show last
    """
    del json
    from pvdstation.cli.runs_show_command import run_show

    raise typer.Exit(run_show(context.ensure_object(Streams), run, data))
