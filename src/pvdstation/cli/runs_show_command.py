"""``pvd runs show``: one run as it was, outcome first."""

from collections.abc import Iterator, Mapping

from rich.text import Text

from pvdstation.assembly.finding import find_run
from pvdstation.assembly.interrupted import Links, links_of
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.result_text import alarm_lines, clock, closing, heading, steps_table
from pvdstation.cli.streams import Streams
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.opened import DAMAGED, OpenedRun, opened
from pvdstation.record.precision import rounded
from pvdstation.record.results import refused
from pvdstation.record.run_file import RunFile, Unreadable

_SHOWN = frozenset(EventKind) - {EventKind.STAGE, EventKind.INTENT, EventKind.OUTPUT, EventKind.ACTION}
_ABNORMAL = frozenset({EventKind.ALARM, EventKind.TRIP})


def run_show(streams: Streams, text: str, data: str | None) -> ExitCode:
    """Show a run; return the exit code."""
    try:
        path = find_run(text, data)
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    try:
        run = opened(RunFile(path))
    except (Unreadable, *DAMAGED) as error:
        what = error.problems[0].what if isinstance(error, Unreadable) else f"it is damaged: {error}"
        finish_refused(streams, refused([Problem(str(path), what, f'See "pvd runs verify {path}".')]), [])
        return ExitCode.TRIPPED
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    links = links_of(run.file)
    if streams.json:
        streams.document({**run.as_json(), "links": links.as_json()})
    result = run.result
    names = result.recipe, result.station
    shown = [name.name if name else "" for name in names]
    ended = closing(result, is_running=links.is_running)
    streams.show(heading(shown[0], shown[1], result.mode or ""), ended, "", *_head(run, links), "")
    streams.show(steps_table(result), "", *alarm_lines(result.alarms), "", *_time_line(run), "", *_foot(run))
    return ExitCode.COMPLETE


def _head(run: OpenedRun, links: Links) -> Iterator[Text]:
    about, cause = run.about, run.result.cause
    samples = "; ".join(_joined(sample) for sample in about["samples"])
    glovebox = (("H2O", about["glovebox"]["h2o_ppm"]), ("O2", about["glovebox"]["o2_ppm"]))
    air = [f"{name} {ppm:g} ppm" for name, ppm in glovebox if ppm is not None]
    lots = "; ".join(f"{name} {_joined(lot)}" for name, lot in about["lots"].items())
    lines = {
        "run": f"{run.id} ({run.kind})",
        "cause": "" if cause is None else f"{cause.value}{_trigger(run)}",
        "started": run.started,
        "ended": run.ended or "not in the record",
        "operator": about["operator"],
        "samples": samples,
        "glovebox": ", ".join(air),
        "lots": lots,
        "note": about["note"],
        "links": links.words,
    }
    return (Text(f"{name:<9} {text}") for name, text in lines.items() if text)


def _joined(parts: Mapping[str, str]) -> str:
    return ", ".join(part for part in parts.values() if part)


def _trigger(run: OpenedRun) -> str:
    trigger = run.result.trigger
    if not trigger:
        return ""
    parts = [f"{name} {rounded(name, value)}" for name, value in trigger.items() if value is not None]
    return f" ({', '.join(parts)})"


def _time_line(run: OpenedRun) -> list[Text]:
    told = [(event.at_ns, _words(event), event.kind in _ABNORMAL) for event in run.events if event.kind in _SHOWN]
    told += [(notice.at_ns, f"{notice.link}: {notice.text}", notice.is_lost) for notice in run.notices]
    told.sort(key=lambda line: line[0])
    return [
        Text(f"{clock(at_ns / SECOND)}  {words}", style="red" if is_abnormal else "")
        for at_ns, words, is_abnormal in told
    ]


def _words(event: Event) -> str:
    values = dict(event.values)
    more = values.get("ended_because") or values.get("text") or ""
    return f"{event.source}: {event.text}{f', {more}' if more else ''}"


def _foot(run: OpenedRun) -> list[Text]:
    number, digest = run.file.head()
    files = ", ".join(str(path) for path in run.file.segments)
    return [Text(f"files     {files}"), Text(f"last row  {number}, SHA-256 {digest.hex()}")]
