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


@runs.command("list")
def list_(
    context: typer.Context,
    material: Annotated[str | None, typer.Option(metavar="NAME", help="With this material or gas.")] = None,
    sample: Annotated[str | None, typer.Option(metavar="TEXT", help="With this in a sample's name or id.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this day on (UTC).")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Up to this day, with it (UTC).")] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="WORD", help="With this outcome or cause: complete, stopped, interlock …")
    ] = None,
    data: Data = None,
    *,
    dry: Annotated[bool, typer.Option("--dry", help="Dry runs instead of runs; the newest 50 are kept.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read every record anew.")] = False,
    json: Json = False,
) -> None:
    """List the recorded runs, newest first.

    The index is brought up to date by itself, and made anew from the records where it is missing or broken.

    \b
    Examples:
      pvd runs list --material Li --since 2026-03-01
      pvd runs list --dry
    """
    del json
    from pvdstation.assembly.station_records import Filter
    from pvdstation.cli.runs_list_command import run_list

    wanted = Filter(material, sample, since, until, outcome, dry)
    raise typer.Exit(run_list(context.ensure_object(Streams), data, wanted, anew=rebuild))


@runs.command()
def verify(
    context: typer.Context,
    run: Annotated[list[str], typer.Argument(metavar="RUN...", help='Ids, beginnings of them, "last", or files.')],
    data: Data = None,
    *,
    replay: Annotated[
        bool, typer.Option("--replay", help="Also let the core decide every scan again, and compare.")
    ] = False,
    json: Json = False,
) -> None:
    """Check that records are whole: every row, the chain through all of them, and its head as it is kept elsewhere.

    Names the first row that is wrong. With --replay, the core is given every recorded image and request again, and each
    output, action and event must be the same, bit for bit. Exit code 4 when a record is damaged or decided otherwise.

    \b
    Examples:
      pvd runs verify last --replay
      pvd runs verify /media/usb/20260314-091500-a3f2.sqlite
    """
    del json
    from pvdstation.cli.runs_verify_command import run_verify

    raise typer.Exit(run_verify(context.ensure_object(Streams), run, data, with_replay=replay))


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
def curves(
    context: typer.Context,
    run: Run,
    points: Annotated[
        int, typer.Option(min=4, max=100_000, metavar="N", help="At most so many points per curve.")
    ] = 2000,
    data: Data = None,
    *,
    json: Json = False,
) -> None:
    """Show the curves of one run: rate, thickness and power of each source, and the pressure.

    --json prints them, with the smallest and the largest value of each stretch; null is a gap. The thickness is that on
    the substrate: of each layer from the first opening of the substrate shutter.

    \b
    Example:
      pvd runs curves last --json --points 500
    """
    del json
    from pvdstation.cli.runs_curves_command import run_curves

    raise typer.Exit(run_curves(context.ensure_object(Streams), run, data, points))


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


@runs.command()
def report(
    context: typer.Context,
    run: Run,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file to write: .html or .md; default RUN.html, here."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="RUN", help="Put a second run beside it, with overlaid curves.")
    ] = None,
    data: Data = None,
    *,
    pictures: Annotated[bool, typer.Option("--pictures", help="Markdown: also write its pictures beside it.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Json = False,
) -> None:
    """Write the report of one run, or of two side by side, for people and papers.

    Outcome first, then layers, gas, alarms, a methods paragraph for a paper, plots, the procedure, hashes. HTML is one
    file that needs nothing else and prints on A4. Markdown has the tables, and its pictures beside it when they are
    asked for. --json prints the same facts, and writes a file only when one is named.

    \b
    Examples:
      pvd runs report last
      pvd runs report last -o lzln.md
      pvd runs report last --compare 20260314-0915 -o both.html
    """
    del json
    from pvdstation.cli.report_command import Wanted, run_report

    wanted = Wanted(output, pictures, force)
    raise typer.Exit(run_report(context.ensure_object(Streams), run, compare, data, wanted))
