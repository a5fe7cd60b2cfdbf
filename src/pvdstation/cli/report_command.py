"""``pvd runs report``: one run, or two side by side, as one HTML file or as Markdown."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.finding import find_run
from pvdstation.cli.exits import ExitCode
from pvdstation.cli.files import file_problems
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.export.new_file import new_file
from pvdstation.record.opened import DAMAGED
from pvdstation.record.report.compare import Comparison, compare
from pvdstation.record.report.methods import methods
from pvdstation.record.report.telling import Told, tell
from pvdstation.record.report.writing import FORMS, report_of, report_of_two, written
from pvdstation.record.results import refused
from pvdstation.record.run_file import RunFile, Unreadable


class Wanted(NamedTuple):
    """What is to be written."""

    output: str | None
    pictures: bool  # of Markdown: as files beside it
    force: bool  # replace what is there


def run_report(streams: Streams, text: str, other: str | None, data: str | None, wanted: Wanted) -> ExitCode:
    """Write the report and name it, with ``--json`` print its story instead; return the exit code."""
    try:
        paths = [find_run(named, data) for named in (text, other) if named is not None]
        try:
            told, *second = [tell(RunFile(path)) for path in paths]
        except Unreadable as refusal:
            finish_refused(streams, refused(refusal.problems), [])
            return ExitCode.TRIPPED
        except DAMAGED as error:
            return _damaged(streams, paths, error)
        beside = compare(told, second[0]) if second else None
        if wanted.output is not None or not streams.json:
            path = _path(told, beside, wanted.output)
            _write(path, told, beside, wanted)
            streams.note(f"report: {path}") if streams.json else streams.show(str(path))
    except Refused as refusal:
        return finish_refused(streams, refused(refusal.problems), [])
    except OSError as error:
        what = f"{error.filename or wanted.output or 'the report'} cannot be written: {error.strerror}"
        return finish_refused(streams, refused([Problem("--output", what)]), [])
    if streams.json:
        streams.document(_document(told, beside))
    return ExitCode.COMPLETE


def _damaged(streams: Streams, paths: Sequence[Path], error: Exception) -> ExitCode:
    where = " or ".join(str(path) for path in paths)
    problem = Problem(where, f"it is damaged: {error}", f'See "pvd runs verify {paths[0]}".')
    finish_refused(streams, refused([problem]), [])
    return ExitCode.TRIPPED


def _path(told: Told, beside: Comparison | None, output: str | None) -> Path:
    runs = [told.story.heading.run, *([beside.second.story.heading.run] if beside is not None else [])]
    return Path(output or f"{'-'.join(Path(run).name for run in runs)}.html")


def _write(path: Path, told: Told, beside: Comparison | None, wanted: Wanted) -> None:
    form = path.suffix.lower()
    problems = file_problems("--output", str(path))
    if form not in FORMS:
        problems.append(Problem("--output", f'"{path}" does not end in .html or .md', f'Write "{path.stem}.html".'))
    if wanted.pictures and form == ".html":
        problems.append(Problem("--pictures", "HTML has its pictures inside", "Leave it out, or write a .md file."))
    if problems:
        raise Refused(problems)
    is_drawn = form == ".html" or wanted.pictures
    page = report_of(told, is_drawn=is_drawn) if beside is None else report_of_two(beside, is_drawn=is_drawn)
    pictures = {figure.name: f"{path.stem}-{figure.name}.svg" for figure in page.figures}
    if wanted.pictures:
        for figure in page.figures:
            _write_file(path.with_name(pictures[figure.name]), figure.svg, wanted)
    _write_file(path, written(page, form, pictures), wanted)


def _write_file(path: Path, text: str, wanted: Wanted) -> None:
    with new_file(path, replace=wanted.force) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _document(told: Told, beside: Comparison | None) -> dict[str, object]:
    if beside is not None:
        return beside.as_json()
    return {**told.story.as_json(), "methods": methods(told.story)}
