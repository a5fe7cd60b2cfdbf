"""Writes a report as Markdown: every table; pictures are named where they lie beside it."""

import re
from collections.abc import Iterator, Mapping

from pvdstation.record.report.pages import Figure, Page, Paragraph, Section, Table
from pvdstation.record.report.wording import visible

SIMULATED = "SIMULATED: the plant and its instruments were simulated; the numbers are estimates, and no film was made."
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
_NOTHING: Mapping[str, str] = {}


def markdown(page: Page, pictures: Mapping[str, str] = _NOTHING) -> str:
    """Return the page; ``pictures`` gives the file of a picture by its name, the others are left out."""
    return "\n".join(_lines(page, pictures)) + "\n"


def _lines(page: Page, pictures: Mapping[str, str]) -> Iterator[str]:
    yield f"# {_text(page.title)}"
    yield ""
    if page.is_simulated:
        yield f"> **{_text(SIMULATED)}**"
        yield ""
    yield f"**{_text(page.outcome.upper())}**"
    yield ""
    for sentence in page.summary:
        yield f"- {_text(sentence)}"
    yield ""
    yield _text(page.subtitle)
    for section in page.sections:
        yield from _section(section, pictures)


def _section(section: Section, pictures: Mapping[str, str]) -> Iterator[str]:
    parts = [part for part in section.parts if not isinstance(part, Figure) or part.name in pictures]
    if not parts:
        return
    yield ""
    yield f"## {_text(section.title)}"
    for part in parts:
        yield ""
        if isinstance(part, Paragraph):
            yield f"> {_text(part.text)}" if part.kind == "quote" else _text(part.text)
        elif isinstance(part, Table):
            yield from _table(part)
        else:
            yield f"![{_text(part.caption)}]({pictures[part.name]})"


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(_text(cell) for cell in table.head)} |"
    yield f"|{'---|' * len(table.head)}"
    for number, row in enumerate(table.rows):
        cells = [_text(cell) for cell in row]
        if number in table.abnormal:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        yield f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    return _MARKS.sub(r"\\\1", visible(text))
