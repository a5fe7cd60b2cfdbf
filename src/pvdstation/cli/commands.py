"""The commands and their options: what ``--help`` teaches. What a command does is imported when it is run."""

from typing import Annotated

import typer

from pvdstation.cli.calibration_commands import tooling, tune
from pvdstation.cli.core_commands import (
    TakeCharge,
    abort,
    ack,
    answer,
    attach,
    by_hand,
    hold,
    override,
    pause,
    quit_core,
    resume,
    set_output,
    shelve,
    skip,
    status,
    stop,
)
from pvdstation.cli.ledger_commands import ledger
from pvdstation.cli.runs_commands import runs
from pvdstation.cli.start_options import O2, Data, H2o, Lots, Note, Operator, Samples
from pvdstation.cli.streams import Streams

_ABOUT = """Recipe and process control for a thermal-evaporation (PVD) station in a glovebox.

A recipe is one line, as people write it on paper, or a file that ends in .toml:

\b
  pvd dry-run "300 nm Zn at 0.5 nm/s, then 100 nm Li,
               then N2 to 500 mbar for 3 min"

Start with check (read what would happen), then dry-run (see it happen on the simulated station in seconds)."""

_EXIT_CODES = (
    "Exit codes: 0 complete · 2 refused · 3 ended by the operator · 4 tripped or aborted by an interlock or fault · "
    "5 safe state not confirmed · 6 instrument not reachable · 70 internal error"
)

app = typer.Typer(
    name="pvd",
    help=_ABOUT,
    epilog=_EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    rich_markup_mode=None,
)

Recipe = Annotated[
    str,
    typer.Argument(metavar="RECIPE", help="A file if it ends in .toml, else the recipe itself in quotes."),
]
Station = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE", help='Packaged ("sim", "sim-host-loop", "example") or a station file; default sim.'
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, max=2**32 - 1, help="Seed of all simulated noise; the same seed, the same run.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help='Set a parameter of the recipe, as li_thickness="200 nm"; may be given again.',
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="SPEC",
        help='Break something in the simulated station, for example "t=600s crystal.1 fail"; may be given again. '
        "pvd-sim --help lists everything that can break.",
    ),
]
Answers = Annotated[
    list[str] | None,
    typer.Option(
        "--answer",
        metavar="ID=VALUE",
        help='Answer a question of the recipe: "colour=yes"; may be given again. Simulated stations only.',
    ),
]
Transcript = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write every byte of every link with its time and direction, line by line."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]


@app.callback()
def pvd(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Show the version; the help of all commands is the application's own."""
    if version:
        from importlib.metadata import version as installed

        context.ensure_object(Streams).show(f"pvd {installed('pvdstation')}")
        raise typer.Exit


@app.command()
def ui(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    recipes: Annotated[
        str | None, typer.Option(metavar="DIR", help='Where recipes are looked for first; default "recipes" here.')
    ] = None,
    *,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Ask before STOP and ABORT, instead of the key twice within a second.")
    ] = False,
) -> None:
    """Show the station on this terminal: six pages, every key in the footer, "?" for what each does now.

    Attaches to the core that runs this station, or starts one. Leaving the screen, closing the terminal or losing the
    connection changes nothing for the core: it goes on, and "pvd ui" brings the screen back.

    \b
    Examples:
      pvd ui
      pvd ui --station station.toml
    """
    from pvdstation.cli.ui_command import run_ui

    raise typer.Exit(run_ui(context.ensure_object(Streams), station, data, recipes, confirm=confirm))


@app.command(hidden=True)
def core(
    station: Station = None,
    data: Data = None,
    *,
    ready: Annotated[bool, typer.Option("--ready", hidden=True, help="Print one JSON line when it is.")] = False,
    first: Annotated[str | None, typer.Option(hidden=True, help="Start of the first run, as JSON.")] = None,
) -> None:
    """Be the process that drives a station, until "pvd quit" or a signal ends it.

    "pvd run" and "pvd ui" start it by themselves. A service manager starts it with the machine.

    \b
    Example:
      pvd core --station station.toml
    """
    from pvdstation.cli.core_command import core as be_core

    raise typer.Exit(be_core(data, station, first, is_heard=ready))


@app.command()
def check(
    context: typer.Context,
    recipe: Recipe,
    station: Station = None,
    sets: Sets = None,
    data: Data = None,
    *,
    json: Json = False,
) -> None:
    """Show everything a recipe would do, and touch no instrument.

    Lists every step with the implied ones (pump down, condition, cool, isolate, evacuate), why it is there, how long
    it takes and the limits it uses. A recipe with mistakes is refused with every mistake at once: where, what, and
    what to write instead.

    \b
    Examples:
      pvd check "300 nm Zn at 0.5 nm/s, then 100 nm Li"
      pvd check recipes/lzln.toml
      pvd check recipes/li-thickness-series.toml --set li_thickness="200 nm"
    """
    del json  # read before the command line is parsed: refusals of it are JSON too
    from pvdstation.cli.check_command import run_check

    raise typer.Exit(run_check(context.ensure_object(Streams), recipe, station, sets or (), data))


@app.command()
def dry_run(
    context: typer.Context,
    recipe: Recipe,
    station: Station = None,
    sets: Sets = None,
    seed: Seed = 1,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw rate, thickness, power and pressure over time: .png, .svg or .pdf."),
    ] = None,
    events: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every event as one JSON line, the same for the same seed.")
    ] = None,
    transcript: Transcript = None,
    fault: Faults = None,
    operator: Operator = None,
    sample: Samples = None,
    h2o: H2o = None,
    o2: O2 = None,
    lot: Lots = None,
    note: Note = "",
    data: Data = None,
    answer: Answers = None,
    *,
    no_record: Annotated[bool, typer.Option("--no-record", help="Keep no record of this dry run.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="Write how far it is as JSON lines on stderr, for a program that waits.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a recipe on the simulated station, as fast as it computes.

    The same engine, the same drivers and the same bytes as on a real station; only time is stepped and the
    instruments are simulated. Prints, per step, what was asked, what was reached and how long it took.
    Ctrl+C ends it at once. Its record stays: the newest 50 dry runs are kept ("pvd runs list --dry").

    \b
    Examples:
      pvd dry-run "100 nm Li at 0.5 nm/s, then N2 to 500 mbar for 3 min"
      pvd dry-run recipes/lzln.toml --plot lzln.png
    """
    del json
    from pvdstation.assembly.about import Said
    from pvdstation.cli.dry_run_command import DryRun, run_dry
    from pvdstation.cli.files import Files
    from pvdstation.cli.keeping import Keeping

    files = Files(plot, events, transcript)
    keeping = Keeping(Said(operator, sample or (), h2o, o2, lot or (), note), data, is_kept=not no_record)
    streams = context.ensure_object(Streams)
    wished = DryRun(seed, fault or (), sets or (), answer or (), progress)
    raise typer.Exit(run_dry(streams, recipe, station, wished, files, keeping))


@app.command()
def run(
    context: typer.Context,
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="A file if it ends in .toml, else the recipe itself in quotes."),
    ] = None,
    station: Station = None,
    sets: Sets = None,
    going_on: Annotated[
        str | None,
        typer.Option("--continue", metavar="RUN", help="Go on from a run that was interrupted, as a new run."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(min=0.01, max=10000.0, help="Times real time; simulated stations only. 1 is the real clock."),
    ] = 1.0,
    seed: Seed = 1,
    transcript: Transcript = None,
    fault: Faults = None,
    operator: Operator = None,
    sample: Samples = None,
    h2o: H2o = None,
    o2: O2 = None,
    lot: Lots = None,
    note: Note = "",
    data: Data = None,
    answer: Answers = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask for real instruments explicitly.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return when the run has begun, and print its id.")] = False,
    json: Json = False,
) -> None:
    """Run a recipe in real or scaled time and follow it.

    Checks it, and lets the core of the station run it: a process of its own, which is started if there is none, and
    goes on whatever becomes of this terminal. Prints one line per step, stage and alarm; "pvd attach", "pvd status"
    and "pvd stop" find the run from any terminal.

    Ctrl+C is a controlled stop (shutters close first, then power goes down); a second Ctrl+C within 10 s aborts.
    A station with real ports is run only with --live, and only where its guardian and its watchdogs stand.
    Refused while another run is active. Where the core dies while it is followed, the exit code is 5: nobody has
    confirmed a safe state.
    After a crash, everything is switched off first, and the run is refused with what is known of the one before: it is
    continued with --continue, or somebody takes note of it with "pvd clear".

    \b
    Examples:
      pvd run "300 nm Zn at 0.5 nm/s" --speed 60
      pvd run recipes/lzln.toml --station our-station.toml --live --sample "LZ 17"
      pvd run recipes/lzln.toml --station our-station.toml --live --detach
      pvd run --continue 20260314-091500-a3f2 --station our-station.toml
    """
    del json
    from pvdstation.assembly.about import login_name
    from pvdstation.cli.asking_command import Place
    from pvdstation.cli.run_command import run_start
    from pvdstation.desk.start import Start

    if going_on is not None and sets:
        raise typer.BadParameter("a run that goes on has the parameters that it had", param_hint="--set")
    if going_on is None and recipe is None:
        raise typer.BadParameter("there is no recipe", param_hint="RECIPE")
    start = Start(
        recipe=recipe or "",
        sets=tuple(sets or ()),
        answers=tuple(answer or ()),
        faults=tuple(fault or ()),
        speed=speed,
        seed=seed,
        is_live=live,
        transcript=transcript or "",
        continues=going_on or "",
        operator=login_name() if operator is None else operator,
        samples=tuple(sample or ()),
        h2o_ppm=h2o,
        o2_ppm=o2,
        lots=tuple(lot or ()),
        note=note,
    )
    raise typer.Exit(run_start(context.ensure_object(Streams), start, Place(station, data), detaches=detach))


@app.command()
def clear(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help='An interrupted run: its id, a beginning of it, or "last".'),
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who takes note of it.")] = "",
    note: Note = "",
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Take note of how a run ended: of one that was interrupted, by its id; else of the one that the core shows.

    An interrupted run needs no core: the entry is kept in the station database with name and time, touches no
    instrument, and the next run starts anew. What is on the substrate, in the chamber and in the boats is then yours
    to know: the next run begins with its own checks, and every source counts as hot.
    Without RUN the core is asked to leave the state in which its last run ended.

    \b
    Examples:
      pvd clear last --by Mia --note "sample taken out"
      pvd clear
    """
    del json
    from pvdstation.cli.asking_command import Place, Wish, run_ask

    streams = context.ensure_object(Streams)
    if run is None:
        wish = Wish("clear", person=by, reason=note, takes_charge=take_charge)
        raise typer.Exit(run_ask(streams, Place(station, data), wish))
    from pvdstation.cli.after_crash import run_clear

    raise typer.Exit(run_clear(streams, run, data, by, note))


@app.command()
def probe(
    context: typer.Context,
    station: Station = None,
    transcript: Transcript = None,
    *,
    survey: Annotated[
        bool, typer.Option("--survey", help="Also read all that the SQC-310 can tell, and its fingerprint.")
    ] = False,
    json: Json = False,
) -> None:
    """Ask every instrument who it is, and write no output.

    Connects to every instrument of the station at once, over its real port, and greets it with the driver of a run.
    Prints per link: identity, round-trip time (median), misses, and what happens there if this program vanishes.
    One sentence says why an instrument is not reachable; then the exit code is 6.

    \b
    Examples:
      pvd probe
      pvd probe --station our-station.toml --json
    """
    del json
    from pvdstation.cli.probe_command import run_probe

    raise typer.Exit(run_probe(context.ensure_object(Streams), station, transcript, with_survey=survey))


@app.command()
def init(
    context: typer.Context,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The station file to write.")
    ] = "station.toml",
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing and take every default.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists, without asking.")] = False,
    json: Json = False,
) -> None:
    """Ask a few questions and write a commented station file.

    Name, supplies, materials, who owns the rate loop, and every instrument's port; an empty answer takes the default
    in brackets. Everything else comes from the packaged station "example": each value says what it is, its range,
    and how it is proved on the bench. Answers may also come from a pipe. Ctrl+C leaves nothing behind.

    \b
    Examples:
      pvd init -o our-station.toml
      pvd init --yes -o our-station.toml
    """
    del json
    from pvdstation.cli.init_command import run_init

    raise typer.Exit(run_init(context.ensure_object(Streams), output, yes=yes, force=force))


schemas = typer.Typer(help="Print the JSON schema of a file, for editors.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(schemas, name="schema")
app.add_typer(runs, name="runs")
app.add_typer(ledger, name="ledger")
app.command()(tooling)
app.command()(tune)
for command in (status, attach, pause, hold, resume, stop, abort, skip, ack, shelve, override, answer):
    app.command()(command)
app.command("by-hand")(by_hand)
app.command("set")(set_output)
app.command("quit")(quit_core)


@schemas.command("recipe")
def schema_recipe(context: typer.Context, *, json: Json = False) -> None:
    """Print the JSON schema of the recipe file.

    A file that begins with "#:schema ./recipe.schema.json" is then completed and checked while it is typed, by
    editors that know TOML (taplo, Even Better TOML). The command writes JSON with and without --json.

    \b
    Example:
      pvd schema recipe > recipe.schema.json
    """
    del json
    from pvdstation.cli.schema_command import run_schema_recipe

    raise typer.Exit(run_schema_recipe(context.ensure_object(Streams)))


@schemas.command("station")
def schema_station(context: typer.Context, *, json: Json = False) -> None:
    """Print the JSON schema of the station file.

    A file that begins with "#:schema ./station.schema.json" is then completed and checked while it is typed, by
    editors that know TOML (taplo, Even Better TOML). The command writes JSON with and without --json.

    \b
    Example:
      pvd schema station > station.schema.json
    """
    del json
    from pvdstation.cli.schema_command import run_schema_station

    raise typer.Exit(run_schema_station(context.ensure_object(Streams)))
