"""The text of a recipe, with a mark at each line that something is to be said about."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widgets import TextArea

from pvdstation.tui.recipe.looking import Message

_STYLE = {"✗": "bold red underline", "!": "underline", "·": ""}
_HINT = "Write a recipe as on paper: 300 nm Zn at 0.5 nm/s, then 100 nm Li, then N2 to 500 mbar for 3 min"


class RecipeText(TextArea):
    """TOML or the notation; a sign beside the line number says that a message belongs to it."""

    DEFAULT_CSS = """
    RecipeText { border: none; padding: 0; height: 1fr; background: $background; }
    RecipeText:focus { border: none; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(
            id=id, soft_wrap=True, show_line_numbers=True, tab_behavior="focus", placeholder=_HINT, theme="css"
        )
        self._messages: dict[int, list[Message]] = {}

    def mark(self, messages: Sequence[Message]) -> None:
        """Mark the places of messages, and no others."""
        self._messages = {}
        for message in messages:
            if message.line is not None:
                self._messages.setdefault(message.line - 1, []).append(message)
        self._line_cache.clear()
        self.refresh()

    @property
    def marks(self) -> dict[int, str]:
        """Return the sign at each marked line, from 1."""
        return {line + 1: messages[0].sign for line, messages in self._messages.items()}

    def go_to(self, message: Message) -> None:
        """Put the cursor at a message's place."""
        if message.line is None:
            return
        line = min(message.line, self.document.line_count) - 1
        column = min((message.column or 1) - 1, len(self.document.get_line(line)))
        self.move_cursor((line, column), center=True)

    def get_line(self, line_index: int) -> Text:
        """Return a line with its messages' words underlined."""
        line = super().get_line(line_index)
        for message in self._messages.get(line_index, ()):
            begin = (message.column or 1) - 1
            line.stylize(_STYLE[message.sign], begin, min(begin + message.span, len(line)))
        return line

    def _render_line(self, y: int) -> Strip:
        strip = super()._render_line(y)
        sign = self._sign_at(y)
        if not sign or not self.show_line_numbers:
            return strip
        width = self.gutter_width
        gutter = "".join(segment.text for segment in strip.crop(0, width))
        marked = Segment(f"{gutter[: width - 2]}{sign} ", self.get_component_rich_style("text-area--gutter"))
        return Strip.join([Strip([marked], width), strip.crop(width)])

    def _sign_at(self, y: int) -> str:
        row = y + self.scroll_offset.y
        for line, messages in self._messages.items():
            if line < self.document.line_count and self.wrapped_document.location_to_offset((line, 0)).y == row:
                return messages[0].sign
        return ""
