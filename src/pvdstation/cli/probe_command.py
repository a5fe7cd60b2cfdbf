"""``pvd probe``: who answers behind every port, how fast, and what happens if this program vanishes."""

from contextlib import nullcontext

from rich.table import Table
from rich.text import Text

from pvdstation.assembly.probing import LinkFound, ProbeResult, probe
from pvdstation.assembly.world import NoSimulator
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.files import file_problems, open_transcript, transcript_words
from pvdstation.cli.refusals import as_sentence
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.result_text import heading
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.results import refused

_ABNORMAL = "bold red"
_WIDE = 110


def run_probe(streams: Streams, station: str | None, file: str | None = None, *, with_survey: bool = False) -> ExitCode:
    """Ask, show, and write every byte into a file if one is named; return the exit code."""
    waiting = streams.console.status("asking every instrument", spinner="line")
    problems = file_problems("--transcript", file)
    if problems:
        return finish_refused(streams, refused(problems), [])
    try:
        with open_transcript(file, is_followed=True) as text, waiting if streams.console.is_terminal else nullcontext():
            result = probe(station, with_survey=with_survey, transcript=text)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    except OSError as error:
        return finish_refused(streams, refused([Problem("--transcript", f"{file} cannot be written: {error}")]), [])
    except NoSimulator as missing:
        return _no_simulator(streams, str(missing))
    if streams.json:
        streams.document(result.as_json())
    streams.show(heading("probe", result.station.name, result.mode), "", _table(result, streams.width), "")
    streams.show(*_survey(result), *_closing(result))
    if text is not None:
        streams.note(transcript_words(file, text))
    return ExitCode.NOT_REACHABLE if result.unreachable else ExitCode.COMPLETE


def _no_simulator(streams: Streams, text: str) -> ExitCode:
    if streams.json:
        errors = [Problem("the station", text).as_json()]
        streams.document({"outcome": "not reachable", "links": [], "warnings": [], "errors": errors})
    streams.note(text)
    return ExitCode.NOT_REACHABLE


def _table(result: ProbeResult, width: int) -> Table:
    """Return one row per link; on a narrow terminal the port stands below the name, the identity above the effect."""
    is_wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("link" if is_wide else "link, port", ratio=None if is_wide else 5, overflow="fold")
    if is_wide:
        table.add_column("port", ratio=5, overflow="fold")
    table.add_column("identity" if is_wide else "identity, if we vanish", ratio=5, overflow="fold")
    table.add_column("round trip", justify="right", no_wrap=True)
    table.add_column("misses", justify="right", no_wrap=True)
    if is_wide:
        table.add_column("if we vanish", ratio=6, overflow="fold")
    for found in result.links:
        table.add_row(*_cells(found, is_wide=is_wide), style=_ABNORMAL if found.told.fault else "")
    return table


def _cells(found: LinkFound, *, is_wide: bool) -> list[Text]:
    told = found.told
    port = " at ".join(filter(None, (found.port, found.line))) or "no link"
    identity = "NOT REACHABLE" if told.fault else told.identity or "driven by the SQC-310 only"
    trip = "" if told.round_trip_ms is None else f"{told.round_trip_ms:.1f} ms"
    misses = f"{told.misses} of {told.exchanges}" if told.exchanges else ""
    if is_wide:
        return [Text(part) for part in (found.link, port, identity, trip, misses, found.if_we_vanish)]
    return [Text(part) for part in (f"{found.link}\n  {port}", f"{identity}\n  {found.if_we_vanish}", trip, misses)]


def _survey(result: ProbeResult) -> list[Text]:
    """Return what the SQC-310 told, and the table for the station file."""
    if result.survey is None:
        return []
    if not result.survey:
        return [Text("the SQC-310 did not tell everything: ask again\n", style=_ABNORMAL)]
    lines = [Text(f"{found.asked:<12} {found.told}") for found in result.survey]
    lines += [Text("\n[sqc.fingerprint] # raw values of what is compared and never written; as this unit answers")]
    lines += [Text(f'"{asked}" = "{told}"') for asked, told in result.fingerprint.items()]
    return [*lines, Text("")]


def _closing(result: ProbeResult) -> list[Text]:
    lines = [
        Text(" ".join(f"{found.link}: {as_sentence(told.fault)} {told.write}".split()), style="red")
        for found in result.unreachable
        for told in (found.told,)
    ]
    lines += [Text(f"warning  {w.where}: {w.what}. {w.write}", style="yellow") for w in result.warnings]
    asked = sum(found.has_link for found in result.links)
    answering = asked - len(result.unreachable)
    text = Text(f"{answering} of {asked} instruments answer; no output was written")
    return [*lines, text]
