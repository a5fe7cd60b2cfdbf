"""The commands that talk to the core of a station, and their options. What they do is imported when they are run."""

from typing import Annotated

import typer

from pvdstation.cli.exits import ExitCode
from pvdstation.cli.start_options import Data
from pvdstation.cli.streams import Streams

Station = Annotated[str | None, typer.Option(metavar="NAME|FILE", help="The station whose core is meant; default sim.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]
TakeCharge = Annotated[
    bool, typer.Option("--take-charge", help="Take charge from another client; all who watch are told.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return when it is accepted, not when the state is reached.")]
Who = Annotated[str, typer.Option("--who", metavar="NAME", help="Who answers for it.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it stands in the record.")]
Because = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it stands in the record.")]
Minutes = Annotated[float, typer.Argument(metavar="MINUTES", help="For how long; 0 ends it.")]


def status(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: print every change as a line, until Ctrl+C.")] = False,
    json: Json = False,
) -> None:
    """Show what a station does now, in plain sentences.

    One fact per line, for a person, a screen reader or a log. With --watch only what changes is printed from then on,
    nothing is drawn over. With --json the whole snapshot; with --json --watch one snapshot per line.
    Where no core runs it says so: nothing is being controlled, and the exit code is 0.

    \b
    Examples:
      pvd status
      pvd status --watch
      pvd status --station our-station.toml --json
    """
    del json
    from pvdstation.cli.asking_command import Place
    from pvdstation.cli.status_command import run_status

    raise typer.Exit(run_status(context.ensure_object(Streams), Place(station, data), watches=watch))


def attach(context: typer.Context, station: Station = None, data: Data = None, *, json: Json = False) -> None:
    """Follow the run that is on to its end; its exit code is this command's.

    Only watches: Ctrl+C ends the following (exit code 3), and the run goes on. A run that has just ended is shown with
    its exit code, until another one begins. Where there is none, the exit code is 2.

    \b
    Example:
      pvd attach --station our-station.toml
    """
    del json
    from pvdstation.cli.asking_command import Place
    from pvdstation.cli.attach_command import run_attach

    raise typer.Exit(run_attach(context.ensure_object(Streams), Place(station, data)))


def pause(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Let the unit that runs come to its end, then wait; "pvd resume" goes on.

    Condition and deposit are one unit, and so are admit gas and evacuate: a pause waits for their end.

    \b
    Example:
      pvd pause
    """
    del json
    _ask(context, station, data, "pause", takes_charge=take_charge)


def hold(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Close the substrate shutter now and wait; "pvd resume" goes on. After a limited time a hold becomes a stop.

    \b
    Example:
      pvd hold
    """
    del json
    _ask(context, station, data, "hold", takes_charge=take_charge)


def resume(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Go on after a pause or a hold. A refusal lists every condition that is not met, with what to do.

    \b
    Example:
      pvd resume
    """
    del json
    _ask(context, station, data, "resume", takes_charge=take_charge)


def skip(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Leave the running step, where that does no harm.

    \b
    Example:
      pvd skip
    """
    del json
    _ask(context, station, data, "skip", takes_charge=take_charge)


def ack(
    context: typer.Context,
    alarm: Annotated[str, typer.Argument(metavar="[ALARM]", help="Its name; left out: all of them.")] = "",
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Acknowledge alarms: somebody knows of them. What caused them is not changed by it.

    \b
    Examples:
      pvd ack
      pvd ack crystal_life
    """
    del json
    from pvdstation.assembly.about import login_name

    _ask(context, station, data, "ack", alarm, person=login_name(), takes_charge=take_charge)


def shelve(
    context: typer.Context,
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="Its name.")],
    minutes: Minutes,
    who: Who,
    why: Why,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Put an alarm aside for a while; 0 minutes brings it back.

    \b
    Example:
      pvd shelve crystal_life 60 --who Mia --why "changed after this run"
    """
    del json
    _ask(context, station, data, "shelve", alarm, minutes, person=who, reason=why, takes_charge=take_charge)


def override(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Its name.")],
    minutes: Minutes,
    who: Who,
    why: Why,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Let one rule count as met for a while; 0 minutes ends it. Most rules are absolute, and the refusal says so.

    \b
    Example:
      pvd override boat_resistance 30 --who Mia --why "first heating of a new boat"
    """
    del json
    _ask(context, station, data, "override", rule, minutes, person=who, reason=why, takes_charge=take_charge)


def answer(
    context: typer.Context,
    question: Annotated[str, typer.Argument(metavar="ID", help="Of the question, as pvd status shows it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help='"yes", "no", or a number with its unit.')],
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Answer a question of the run.

    \b
    Examples:
      pvd answer colour yes
      pvd answer mass "20 mg"
    """
    del json
    _ask(context, station, data, "answer", question, value, takes_charge=take_charge)


def by_hand(
    context: typer.Context,
    operator: Annotated[str, typer.Option(metavar="NAME", help="Who works; default the login name.")] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="What for.")] = "",
    station: Station = None,
    data: Data = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Real instruments, asked for explicitly.")] = False,
    json: Json = False,
) -> None:
    """Begin a session by hand: every output is moved by "pvd set" or on the screen, within the same interlocks.

    It is a run like any other: recorded, started with every check, ended by "pvd stop" with everything off.

    \b
    Example:
      pvd by-hand --note "new gasket: look for a leak"
    """
    del json
    from pvdstation.cli.asking_command import Place
    from pvdstation.cli.by_hand_command import run_by_hand
    from pvdstation.desk.start import BY_HAND, Start

    start = Start(kind=BY_HAND, operator=operator, note=note, is_live=live)
    raise typer.Exit(run_by_hand(context.ensure_object(Streams), start, Place(station, data)))


def set_output(
    context: typer.Context,
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help='As the screen names it: "N2 valve", "source Zn".')],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="open, closed, on, off, run, stop, or a drive in %.")],
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """Move one output by hand, in a session that "pvd by-hand" has begun; a refusal says every condition.

    \b
    Examples:
      pvd set "roughing valve" open
      pvd set "source Zn" 20
    """
    del json
    try:
        wanted: float | str = float(value.removesuffix("%"))
    except ValueError:
        wanted = value
    _ask(context, station, data, "set", output, wanted, takes_charge=take_charge)


def stop(
    context: typer.Context,
    why: Because = "",
    station: Station = None,
    data: Data = None,
    *,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """End the run in good order: shutters close first, then power goes down. Accepted from everybody, at any time.

    Prints what happens and returns when the run has stopped: exit code 0 with the safe state confirmed, 5 without.

    \b
    Example:
      pvd stop --why "wrong sample"
    """
    del json
    _end(context, station, data, "stop", why, waits=not no_wait)


def abort(
    context: typer.Context,
    why: Because = "",
    station: Station = None,
    data: Data = None,
    *,
    no_wait: NoWait = False,
    json: Json = False,
) -> None:
    """End the run at once: supplies off and shutters closed in one scan. Accepted from everybody, at any time.

    Prints what happens and returns when the run has been aborted: exit code 0 with the safe state confirmed, 5 without.

    \b
    Example:
      pvd abort
    """
    del json
    _end(context, station, data, "abort", why, waits=not no_wait)


def quit_core(
    context: typer.Context,
    station: Station = None,
    data: Data = None,
    *,
    take_charge: TakeCharge = False,
    json: Json = False,
) -> None:
    """End the idle core of a station; on a live one only when its sources are cold.

    \b
    Example:
      pvd quit
    """
    del json
    _ask(context, station, data, "quit", takes_charge=take_charge)


def _ask(
    context: typer.Context,
    station: str | None,
    data: str | None,
    verb: str,
    about: str = "",
    value: float | str | None = None,
    *,
    person: str = "",
    reason: str = "",
    takes_charge: bool,
) -> None:
    from pvdstation.cli.asking_command import Place, Wish, run_ask

    wish = Wish(verb, about, value, person, reason, takes_charge)
    raise typer.Exit(run_ask(context.ensure_object(Streams), Place(station, data), wish))


def _end(context: typer.Context, station: str | None, data: str | None, verb: str, reason: str, *, waits: bool) -> None:
    from pvdstation.cli.asking_command import Place
    from pvdstation.cli.ending_command import run_end
    from pvdstation.model.messages import Verb

    code: ExitCode = run_end(context.ensure_object(Streams), Place(station, data), Verb(verb), reason, waits=waits)
    raise typer.Exit(code)
