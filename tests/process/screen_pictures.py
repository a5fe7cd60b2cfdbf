"""Screens of a terminal as SVG: small, without a font from anywhere, and their words can be read back."""

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

WIDE, HIGH, EDGE = 8.4, 17, 8
_INK, _PAPER = (208, 208, 208), (16, 16, 16)
_FONT = "14px 'DejaVu Sans Mono',Menlo,Consolas,monospace"
_TAG = re.compile(r"<[^>]*>")


def picture(coloured: str, title: str) -> str:
    """Return a screen, its colours as escapes, as SVG."""
    console = Console(width=1000, color_system="truecolor", legacy_windows=False)
    rows = [list(console.render(line, console.options.update(no_wrap=True))) for line in AnsiDecoder().decode(coloured)]
    columns = max(sum(segment.cell_length for segment in row) for row in rows)
    width, height = columns * WIDE + 2 * EDGE, len(rows) * HIGH + 2 * EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>text{{font:{_FONT};white-space:pre;fill:{_hex(_INK)}}}.b{{font-weight:bold}}</style>",
        f'<rect width="100%" height="100%" rx="6" fill="{_hex(_PAPER)}"/>',
    ]
    for number, row in enumerate(rows):
        lines += _row(row, EDGE + number * HIGH)
    return "\n".join((*lines, "</svg>", ""))


def words_of(svg: Path) -> str:
    """Return the text of a picture, row by row."""
    rows = [line for line in svg.read_text("utf-8").splitlines() if line.startswith("<text")]
    return "\n".join(unescape(_TAG.sub("", row)) for row in rows)


def _row(row: list[Segment], top: float) -> Iterator[str]:
    """Give the paper of a row where it is not that of the picture, then its text."""
    spans, column = [], 0
    for segment in Segment.simplify(row):
        text, cells = segment.text.rstrip("\n"), segment.cell_length
        ink, paper = _colours(segment.style or Style())
        left, wide = EDGE + column * WIDE, cells * WIDE
        if paper != _PAPER:
            yield f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{HIGH}" fill="{_hex(paper)}"/>'
        if text.strip():
            weight = ' class="b"' if segment.style and segment.style.bold else ""
            fill = f' style="fill:{_hex(ink)}"' if ink != _INK else ""
            place = f'x="{left:.1f}" textLength="{wide:.1f}"'
            spans.append(f"<tspan {place}{fill}{weight}>{escape(text, quote=False)}</tspan>")
        else:
            spans.append(text)
        column += cells
    yield f'<text y="{top + 13}">{"".join(spans)}</text>'


def _colours(style: Style) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    ink, paper = _rgb(style.color, _INK), _rgb(style.bgcolor, _PAPER)
    if style.dim:
        ink = tuple((a + b) // 2 for a, b in zip(ink, paper, strict=True))  # type: ignore[assignment]
    return (paper, ink) if style.reverse else (ink, paper)


def _rgb(colour: Color | None, usual: tuple[int, int, int]) -> tuple[int, int, int]:
    return usual if colour is None or colour.is_default else tuple(colour.get_truecolor())  # type: ignore[return-value]


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
