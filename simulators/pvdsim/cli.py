"""The command ``pvd-sim``: the simulated station on real ports, for people, other software and tests."""

import json
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pvdsim.control_channel import ask
from pvdsim.faults.catalogue import faults_help
from pvdsim.serve import Server
from pvdsim.serve_catalogue import catalogue
from pvdsim.serve_station import Source, read_source, served_text
from pvdsim.world import open_world
from pvdstation.model.problems import Problem, Refused

REFUSED, NOT_REACHABLE, INTERRUPTED = 2, 6, 3
_ABOUT = """Simulated instruments of a thermal-evaporation (PVD) station, on real ports.

\b
  pvd-sim serve --station-out served.toml
  pvd run "300 nm Zn at 0.5 nm/s" --station served.toml --speed 60"""

# a paragraph that begins with this mark keeps its lines
_FAULTS = "\n\n".join(f"\b\n{paragraph}" for paragraph in re.split("\n{2,}", faults_help().strip()))

app = typer.Typer(
    name="pvd-sim",
    help=_ABOUT,
    epilog=f"Exit codes: 0 ended · 2 refused · 6 no simulator there\n\n{_FAULTS}",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def serve(
    station: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE", help='Packaged station ("sim", "sim-host-loop") or a simulated station file.'
        ),
    ] = "sim",
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all noise.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.01, max=1000.0, help="Plant time per real time while nobody drives it.")
    ] = 1.0,
    station_out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the station file with the ports that it got, for pvd run.")
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help='TCP port of an instrument or of "control"; repeatable. Else chosen.'),
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help='Break something: "t=600s crystal.1 fail"; repeatable.')
    ] = None,
    *,
    pty: Annotated[
        bool, typer.Option("--pty", help="Serial instruments (SQC-310, gauges, turbo) as pseudo-terminals. POSIX only.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="First line of stdout: every instrument's name, protocol and URL as JSON.")
    ] = False,
) -> None:
    """Serve every instrument on a port of this computer until Ctrl+C.

    Each takes as many clients as the real one: the SQC-310, gauges and turbo one, a GENESYS+ supply three, the coupler
    fifteen; one more is reset. What a client has set stays when it goes. The plant stands at time 0 until the first
    client comes, then goes on by the clock at --speed. "pvd run --speed 60" drives it over the control channel instead.

    \b
    Examples:
      pvd-sim serve
      pvd-sim serve --port io=1502, then: mbpoll -m tcp -p 1502 -a 1 -t 1 -r 1 -c 8 127.0.0.1
      pvd-sim serve --speed 10 --pty --station-out served.toml
    """
    try:
        code = _serve(read_source(station), seed, speed, station_out, port or [], fault or [], pty=pty, as_json=as_json)
    except Refused as refusal:
        raise typer.Exit(_refuse(refusal.problems)) from None
    raise typer.Exit(code)


@app.command()
def fault(
    url: Annotated[str, typer.Argument(metavar="URL", help="Control URL that pvd-sim serve shows.")],
    spec: Annotated[str, typer.Argument(metavar="SPEC", help='What breaks, and when; see "pvd-sim --help".')],
) -> None:
    """Break something in a simulator that is running; "pvd-sim --help" has the grammar.

    \b
    Example:
      pvd-sim fault tcp://127.0.0.1:40001 "t=now crystal.1 fail"
    """
    try:
        ask(url, "fault", spec)
    except Refused as refusal:
        raise typer.Exit(_refuse(refusal.problems)) from None
    except (OSError, ValueError) as error:
        typer.echo(f"no simulator answers at {url}: {error}", err=True)
        raise typer.Exit(NOT_REACHABLE) from None


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)


def _serve(
    source: Source,
    seed: int,
    speed: float,
    station_out: str | None,
    ports: Sequence[str],
    faults: Sequence[str],
    *,
    pty: bool,
    as_json: bool,
) -> int:
    world = open_world(source.values, seed)
    world.faults.add(*faults)
    instruments = catalogue(source.station)
    numbers = _numbers(ports, [*(served.name for served in instruments), "control"])
    about = {"station": source.station.name, "seed": seed}
    try:
        server = Server(world, instruments, about, pace=speed, with_ptys=pty, numbers=numbers)
    except OSError as error:
        return _refuse([Problem("a port", f"cannot be opened: {error.strerror or error}", "Choose another number.")])
    try:
        if station_out is not None:
            _write(station_out, served_text(source, server.urls, server.control_url))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: server.end())
        _show(server, as_json=as_json)
        server.run()
    finally:
        server.close()
    return 0


def _show(server: Server, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(server.listing))
        return
    rows = [(entry["name"], entry["protocol"], entry["url"]) for entry in server.listing["instruments"]]
    for name, protocol, url in [*rows, ("control", "JSON lines", server.control_url)]:
        typer.echo(f"{name:10}{protocol:18}{url}")
    typer.echo("Ctrl+C ends it.", err=True)


def _numbers(ports: Sequence[str], known: Sequence[str]) -> dict[str, int]:
    numbers = {}
    problems = []
    for text in ports:
        name, _, digits = text.partition("=")
        if name not in known:
            problems.append(Problem("--port", f'"{name}" is no instrument', f"Write one of {', '.join(known)}."))
        elif not (digits.isascii() and digits.isdigit() and int(digits) <= 65535):
            problems.append(Problem("--port", f'"{text}" has no port number', f'Write for example "{name}=1502".'))
        else:
            numbers[name] = int(digits)
    if problems:
        raise Refused(problems)
    return numbers


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        what = f'"{file}" cannot be written: {error.strerror}'
        raise Refused([Problem("--station-out", what, "Name a file in a folder that exists.")]) from None


def _refuse(problems: Sequence[Problem]) -> int:
    for problem in problems:
        place = f"{problem.file}:{problem.line}: " if problem.line else ""
        typer.echo(f"{place}{problem.where}: {problem.what}. {problem.write}".rstrip(), err=True)
    return REFUSED
