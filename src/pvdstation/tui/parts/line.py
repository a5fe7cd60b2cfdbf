"""Text on a page that is told several times a second and drawn only when it is another one."""

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """One or more lines of text; hidden while there are none, where that is wanted."""

    def __init__(self, *, id: str, text: str = "", hides: bool = False) -> None:  # noqa: A002 - Textual's word
        self._put = Content(text)
        self._hides = hides
        super().__init__(self._put, id=id)
        self.display = bool(text) or not hides

    def put(self, text: Content) -> None:
        """Show a text."""
        if not text.is_same(self._put):
            self._put = text
            self.update(text)
            self.display = bool(text) or not self._hides
