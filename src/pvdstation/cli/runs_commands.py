"""``pvd runs``: the records of runs, and what can be had from them."""

from typing import Annotated

import typer

from pvdstation.cli.start_options import Data
from pvdstation.cli.streams import Streams
from pvdstation.record.export.formats import Format

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


@runs.command()
def export(
    context: typer.Context,
    run: Run,
    form: Annotated[Format, typer.Option("--format", help="Table, NeXus file or NOMAD archive.")],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file to write; default the run's id, here."),
    ] = None,
    data: Data = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Json = False,
) -> None:
    """Write one run as a CSV table, an HDF5 file in NeXus form, or a NOMAD archive.

    csv: one row per scan, units in the header. hdf5: every sample with its time and quality, recipe and station.
    nomad: ThermalEvaporation of nomad-material-processing. The file is written whole or not at all.

    \b
    Examples:
      pvd runs export last --format csv -o zn.csv
      pvd runs export last --format nomad -o zn.archive.json
    """
    del json
    from pvdstation.cli.export_command import run_export

    raise typer.Exit(run_export(context.ensure_object(Streams), run, data, form, output, force=force))
