"""A recorded run in words, in place of the list, moved by the same keys."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class RunText(VerticalScroll, can_focus=False):
    """Shows text that may be longer and wider than the screen."""

    DEFAULT_CSS = """
    RunText { display: none; height: 1fr; overflow-x: auto; border-top: solid $foreground 50%; }
    RunText > Static { width: auto; min-width: 100%; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield Static("")

    def open(self, run: str, text: str) -> None:
        """Show the text of a run from its beginning."""
        self.border_title = f"{run}   Esc: back · R: report · ← →: sideways"
        self.query_one(Static).update(Content(text))
        self.scroll_home(animate=False)
        self.display = True

    @property
    def is_open(self) -> bool:
        """Return whether a text is shown."""
        return bool(self.display)

    def close(self) -> None:
        """Show it no longer."""
        self.display = False

    def shift(self, *, lines: int = 0, pages: int = 0, columns: int = 0) -> None:
        """Move what is seen."""
        self.scroll_relative(columns, lines + pages * max(self.size.height - 1, 1), animate=False)
