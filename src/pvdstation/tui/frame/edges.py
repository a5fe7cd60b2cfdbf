"""The frame as widgets: its lines are drawn anew only when they have changed."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import ContentSwitcher, Static

from pvdstation.tui.frame.lines import alarm_line, foot, keys_line, question_line
from pvdstation.tui.frame.sight import LIVE, Sight
from pvdstation.tui.frame.state import state
from pvdstation.tui.frame.top import top
from pvdstation.tui.page import PAGES


class Line(Static):
    """Text that is drawn anew only when it has changed."""

    def __init__(self, id_: str) -> None:
        super().__init__("", id=id_, markup=False)
        self._put = Content("")

    def put(self, content: Content) -> None:
        """Show this from now on."""
        if not content.is_same(self._put):
            self._put = content
            self.update(content)


class Frame(Container):
    """Everything around the pages."""

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight
        self._page = ""
        self._of_page: tuple[tuple[str, str], ...] = ()
        self._said = ""

    def compose(self) -> ComposeResult:
        """Lay out the lines above and below the pages."""
        self._top, self._state, self._question = Line("top"), Line("state"), Line("question")
        self._alarm, self._message, self._keys, self._foot = Line("alarm"), Line("said"), Line("keys"), Line("foot")
        yield self._top
        with Vertical(id="sides"):
            yield self._state
            yield self._question
            yield ContentSwitcher(id="pages")
            yield self._alarm
            yield self._message
            yield self._keys
        yield self._foot

    def see(self, sight: Sight) -> None:
        """Show what is so now."""
        self._sight = sight
        self._draw()

    def turn_to(self, page: str, keys: tuple[tuple[str, str], ...]) -> None:
        """Show which page is open, and its keys."""
        self._page, self._of_page = page, keys
        self._draw()

    def say(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence until the next one."""
        self._said = text
        self._message.put(Content.styled(text, "bold $warning" if is_bad else ""))

    def unsay(self, beginning: str) -> None:
        """Take a sentence away, if it still stands."""
        if self._said.startswith(beginning):
            self.say("")

    @on(Resize)
    def _draw(self) -> None:
        sight, width = self._sight, self.size.width
        inner = max(width - 4, 1)
        self.screen.set_class(sight.mode == LIVE, "-live")
        self.screen.set_class(bool(sight.lost), "-old")
        self._top.put(top(sight, width))
        self._state.put(state(sight, inner))
        question = question_line(sight.snapshot)
        self._question.display = bool(question.plain)
        self._question.put(question)
        self._alarm.put(alarm_line(sight, inner))
        self._keys.put(keys_line(sight, self._of_page, inner))
        self._foot.put(foot(sight, PAGES, self._page, width))
