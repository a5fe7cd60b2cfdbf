"""What the checker says about the text, one message below the other; one of them is the one that was jumped to."""

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from pvdstation.tui.recipe.looking import BAD, Message

_STYLE = {BAD: "bold $error", "!": "bold $warning", "·": "dim"}
MOST_SHOWN = 30


class Messages(VerticalScroll, can_focus=False):
    """Messages in the order of the text, problems before warnings before remarks."""

    DEFAULT_CSS = """
    Messages { height: auto; max-height: 40%; border-top: solid $foreground 30%; }
    Messages Static { height: auto; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.messages: tuple[Message, ...] = ()
        self._title = ""
        self._chosen = -1

    def fill(self, title: str, messages: Sequence[Message]) -> None:
        """Show other messages."""
        if (title, tuple(messages)) == (self._title, self.messages):
            return
        self._title, self.messages, self._chosen = title, tuple(messages), -1
        self._build()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what stands here as plain text."""
        return tuple(str(line.visual) for line in self.query(Static))

    def next(self) -> Message | None:
        """Return the next message that has a place, and mark it; None: there is none."""
        for step in range(1, len(self.messages) + 1):
            place = (self._chosen + step) % len(self.messages)
            if self.messages[place].line is not None:
                self._chosen = place
                self._build()
                return self.messages[place]
        return None

    def _build(self) -> None:
        self.remove_children()
        shown = [Static(Content.styled(self._title, "bold"))]
        for number, message in enumerate(self.messages[:MOST_SHOWN]):
            shown.append(Static(self._line(message, is_chosen=number == self._chosen)))
        more = len(self.messages) - MOST_SHOWN
        if more > 0:
            shown.append(Static(f"… and {more} more"))
        self.mount_all(shown)
        if self._chosen >= 0:
            self.call_after_refresh(self.scroll_to_widget, shown[min(self._chosen, MOST_SHOWN) + 1], animate=False)

    def _line(self, message: Message, *, is_chosen: bool) -> Content:
        place = f"{message.place}: " if message.place else ""
        cursor = "▶" if is_chosen else " "
        return Content.assemble((f"{cursor}{message.sign} ", _STYLE[message.sign]), (place, "bold"), message.text)
