"""What can I do here? Every key, what it does to shutters, power and clock now, and the same on the command line."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from pvdstation.tui.frame.sight import Sight
from pvdstation.tui.keys import TWICE_S, URGENT_KEYS, VERB_KEYS, Key

_SCREEN_KEYS = (
    ("1 … 6", "open the pages"),
    ("F5", "answer the question that waits (pvd answer)"),
    ("F7", "take charge; while there is no core: connect, or start one"),
    ("F10, q", "leave the screen; the run goes on"),
    ("Esc", "back to the page, out of a field or a window"),
    ("Tab", "to the next field"),
    ("Ctrl+P", "all of this by its words"),
    ("Ctrl+Z", "put the screen aside; fg brings it back, and the run goes on meanwhile"),
)
_WIDTH = 8
_LONGEST = 64  # what the window holds on 80 columns


class HelpWindow(ModalScreen[None]):
    """Shows the help; any way out closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter,space", "close", show=False)]

    def __init__(self, sight: Sight, page: str, of_page: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.sight = sight
        self.page = page
        self.of_page = of_page

    def compose(self) -> ComposeResult:
        """Lay out the text, which scrolls where it is longer than the window."""
        with VerticalScroll(id="window"):
            yield Static(help_text(self.sight, self.page, self.of_page))

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)


def help_text(sight: Sight, page: str, of_page: tuple[tuple[str, str], ...]) -> Content:
    """Return the whole help as text."""
    state = sight.state or "not connected"
    parts = [Content.styled(f"{sight.mode} · {state}: what each key does now", "bold")]
    parts += [_verb(sight, key) for key in (*URGENT_KEYS, *VERB_KEYS)]
    start = sight.verb("start")
    if start is not None:
        parts.append(_entry("3", "Start a recipe", start.sentence, "pvd run RECIPE", is_on=start.is_allowed))
    if of_page:
        parts += [Content(""), Content.styled(f"On this page ({page.capitalize()})", "bold")]
        parts += [_plain(key, word) for key, word in of_page]
    parts += [Content(""), Content.styled("Everywhere", "bold"), *(_plain(*entry) for entry in _SCREEN_KEYS)]
    return Content("\n").join(parts)


def _verb(sight: Sight, key: Key) -> Content:
    verb = sight.verb(key.verb)
    sentence = "" if verb is None else verb.sentence
    if key in URGENT_KEYS:
        keys = f"{key.shown} twice within {TWICE_S:g} s, or Ctrl+{key.other[-1].upper()} twice"
        sentence = f"{keys}; {sentence}".removesuffix("; ")
    return _entry(key.shown, key.word, sentence, key.command, is_on=verb is None or verb.is_allowed)


def _entry(key: str, word: str, sentence: str, command: str, *, is_on: bool) -> Content:
    style = "bold" if is_on else "$grey"
    return Content.assemble((f"{key:<{_WIDTH}}{word}", style), (f"  {command}\n", "$grey"), _hung(sentence))


def _hung(text: str) -> str:
    indent = " " * _WIDTH
    return "\n".join(wrap(text, _LONGEST, initial_indent=indent, subsequent_indent=indent))


def _plain(key: str, word: str) -> Content:
    return Content.assemble((f"{key:<{_WIDTH}}", "bold"), word)
