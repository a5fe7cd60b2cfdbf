"""A list with a cursor: one line per row, the chosen one marked by a sign and not by colour alone."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from pvdstation.tui.parts.words import cell

CURSOR = "▶ "


class Row(NamedTuple):
    """One line; ``key`` is what it is about, by which the cursor stays with it; empty: it cannot be chosen."""

    key: str
    text: Content


class Rows(ScrollView, can_focus=False):
    """Shows rows; the page moves the cursor. It stays with its row, wherever that goes."""

    DEFAULT_CSS = """
    Rows { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Moved(Message):
        """The cursor is at another row."""

        def __init__(self, rows: "Rows") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "Rows":
            """Return the list, for selectors."""
            return self.rows

    def __init__(self, *, id: str, empty: str = "", has_cursor: bool = True) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._place = 0
        self._empty = Content.styled(empty, "dim")
        self._has_cursor = has_cursor

    @property
    def chosen(self) -> str:
        """Return the key of the row at the cursor; empty: there is none."""
        return self._rows[self._place].key if self._rows else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the rows as plain text."""
        return tuple(row.text.plain.rstrip() for row in self._rows)

    def fill(self, rows: Sequence[Row], empty: str | None = None) -> None:
        """Show other rows; the cursor stays with its row while that is there, else at its place."""
        before = self.chosen
        if empty is None and _are_same(rows, self._rows):
            return
        if empty is not None:
            self._empty = Content.styled(empty, "dim")
        self._rows = tuple(rows)
        places = {row.key: place for place, row in enumerate(self._rows)}
        self._place = places.get(before, min(self._place, max(len(self._rows) - 1, 0)))
        self.virtual_size = Size(self.size.width, len(self._rows))
        self._keep_in_view()
        self.refresh()
        if self.chosen != before:
            self.post_message(self.Moved(self))

    def move(self, by: int) -> None:
        """Move the cursor by so many rows, as far as there are any; without a cursor, what is seen."""
        if not self._has_cursor:
            self.scroll_relative(y=by, animate=False)
            return
        place = self._choosable(min(max(self._place + by, 0), max(len(self._rows) - 1, 0)), 1 if by > 0 else -1)
        if place != self._place:
            self._place = place
            self._keep_in_view()
            self.refresh()
            self.post_message(self.Moved(self))

    @property
    def page(self) -> int:
        """Return how many rows are seen at once."""
        return max(self.size.height - 1, 1)

    def render_line(self, y: int) -> Strip:
        """Return one line of what is seen."""
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if place >= len(self._rows):
            text = self._empty if not self._rows and y == 0 else Content("")
        else:
            text = self._marked(place, width)
        strips = Visual.to_strips(self, text, width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width)

    def _marked(self, place: int, width: int) -> Content:
        text = self._rows[place].text
        if not self._has_cursor:
            return text.truncate(width, ellipsis=True)
        if place != self._place:
            return Content.assemble(" " * len(CURSOR), text).truncate(width, ellipsis=True)
        return cell(f"{CURSOR}{text.plain}", width, "bold reverse")  # its colours would tear the line to pieces

    def _choosable(self, place: int, step: int) -> int:
        """Return the place of the next row that can be chosen; where there is none, the present one."""
        while 0 <= place < len(self._rows):
            if self._rows[place].key:
                return place
            place += step
        return self._place

    def _keep_in_view(self) -> None:
        if self._has_cursor:
            self.scroll_to_region(Region(0, self._place, 1, 1), animate=False, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self._rows))
        self._keep_in_view()

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is."""
        self.move(event.y + self.scroll_offset.y - self._place)


def _are_same(rows: Sequence[Row], others: Sequence[Row]) -> bool:
    """Return whether rows look the same; equal contents may still have other styles."""
    return len(rows) == len(others) and all(
        row.key == other.key and row.text.is_same(other.text) for row, other in zip(rows, others, strict=True)
    )
