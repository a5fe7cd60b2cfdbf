"""A report as headings, paragraphs, tables and pictures: what HTML and Markdown are both written from."""

from typing import NamedTuple


class Paragraph(NamedTuple):
    """Text; ``kind`` is "plain", "quote" (ready to be copied) or "abnormal"."""

    text: str
    kind: str = "plain"


class Table(NamedTuple):
    """A table; a row that is ``abnormal`` stands out."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    abnormal: frozenset[int] = frozenset()  # numbers of rows
    kind: str = "plain"  # "sheet": the first column names what stands beside it


class Figure(NamedTuple):
    """A picture; ``name`` is short, for file names."""

    name: str
    caption: str
    svg: str


class Section(NamedTuple):
    """A heading with what stands below it."""

    title: str
    parts: tuple[Paragraph | Table | Figure, ...]


class Page(NamedTuple):
    """A whole report. The outcome comes first."""

    title: str
    subtitle: str
    outcome: str  # one word
    is_normal: bool
    is_simulated: bool
    summary: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def figures(self) -> list[Figure]:
        """Return every picture, in order."""
        return [part for section in self.sections for part in section.parts if isinstance(part, Figure)]
