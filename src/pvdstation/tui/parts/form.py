"""A form over the page: a few lines to fill in, what they may hold, and nothing that can be confirmed by accident."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from pvdstation.tui.parts.words import BAD

LONGEST = 200
_FEW = 5
"""More lines than these stand without a gap between them."""
Filled = Mapping[str, str]


class Field(NamedTuple):
    """One line of a form. With ``most`` it is a number: what is typed first replaces what is given."""

    name: str
    label: str
    given: str = ""
    least: float = 0.0  # excluded when ``is_above``
    most: float | None = None
    is_above: bool = False
    is_needed: bool = True
    hint: str = ""  # shown while it is empty

    def wrong(self, text: str) -> str:
        """Return what is wrong with a text, and what to write; empty when nothing is."""
        if not text:
            return "it is needed" if self.is_needed else ""
        if len(text) > LONGEST:
            return f"at most {LONGEST} characters"
        return "" if self.most is None else self._out_of_bounds(text, self.most)

    def _out_of_bounds(self, text: str, most: float) -> str:
        value = number_of(text)
        is_in = (value > self.least if self.is_above else value >= self.least) and value <= most
        least = "more than" if self.is_above else "at least"
        return "" if is_in else f"write a number, {least} {self.least:g} and at most {most:g}"


def number_of(text: str) -> float:
    """Return the number that a text is, with a point or a comma; NaN when it is none."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


class Form(ModalScreen[Filled | None]):
    """Asks for fields; its result is what was written, by field, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "leave it"),
        Binding("up", "before", "field before", priority=True),  # what is typed after it goes to that field
        Binding("down", "next", "next field", priority=True),
        ("ctrl+s", "done", "done"),
    ]
    DEFAULT_CSS = """
    Form { align: center middle; }
    Form > VerticalScroll {
        width: 76; max-width: 96%; height: auto; max-height: 96%; border: heavy $foreground; padding: 0 1;
    }
    Form Static { height: auto; }
    Form Horizontal { height: 1; margin-top: 1; }
    Form.-many Horizontal { margin-top: 0; }
    Form .label { width: 26; height: 1; text-overflow: ellipsis; }
    Form .wrong { display: none; padding-left: 26; }
    Form #live, Form #text { margin-bottom: 1; }
    Form.-few #text { margin-bottom: 0; }
    Form Input {
        width: 1fr; height: 1; border: none; border-left: outer $foreground; padding: 0 1; background: $boost;
    }
    Form Input:focus { border: none; border-left: outer $foreground; text-style: underline; }
    """

    def __init__(
        self,
        title: str,
        text: str,
        fields: Sequence[Field],
        done: str,
        live: Content | None = None,
        *,
        begins: str = "",
    ) -> None:
        """``begins`` names the line that has the focus first; else it is the first empty one."""
        super().__init__(classes="-many" if len(fields) > _FEW else "-few")
        self._title = title
        self._text = text
        self._fields = tuple(fields)
        self._done = done
        self._begins = begins
        self._live = live

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        with VerticalScroll(can_focus=False) as box:
            box.border_title = self._title
            box.border_subtitle = f"Enter: next empty line, then {self._done} · Ctrl+S: {self._done} · Esc: leave"
            yield Static(Content(self._text), id="text")
            yield Static(self._live or Content(""), id="live")
            for field in self._fields:
                with Horizontal():
                    yield Static(Content(field.label), classes="label")
                    is_number = field.most is not None
                    yield Input(field.given, field.hint, id=field.name, select_on_focus=is_number)
                yield Static("", id=f"{field.name}-wrong", classes="wrong")

    def on_mount(self) -> None:
        """Begin with the line that is named, else with the first one that is empty."""
        self.query_one("#live").display = self._live is not None
        empty = next((field for field in self._fields if not field.given), self._fields[0])
        self.query_one(f"#{self._begins or empty.name}").focus()

    def tell(self, live: Content) -> None:
        """Show other live values."""
        if self.is_mounted:
            self.query_one("#live", Static).update(live)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Go to the next line; after the last one, end with what is written if all of it fits."""
        names = [field.name for field in self._fields]
        place = names.index(event.input.id or "")
        wrong = {field.name: field.wrong(self._written(field)) for field in self._fields}
        later = [name for name in names[place + 1 :] if wrong[name] or not self._written_in(name)]
        if not wrong[names[place]] and later:
            self._tell_wrong({names[place]: ""})
            self.query_one(f"#{later[0]}").focus()
        else:
            self.action_done()

    def action_done(self) -> None:
        """End with what is written if all of it fits, else say what does not."""
        wrong = {field.name: field.wrong(self._written(field)) for field in self._fields}
        self._tell_wrong(wrong)
        first = next((name for name in wrong if wrong[name]), None)
        if first is None:
            self.dismiss({field.name: self._written(field) for field in self._fields})
        else:
            self.query_one(f"#{first}").focus()

    def _written(self, field: Field) -> str:
        return self._written_in(field.name)

    def _written_in(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _tell_wrong(self, wrong: Mapping[str, str]) -> None:
        for name, what in wrong.items():
            line = self.query_one(f"#{name}-wrong", Static)
            line.update(Content.styled(f"✗ {what}", BAD))
            line.display = bool(what)

    def action_leave(self) -> None:
        """Close it without a result."""
        self.dismiss(None)

    def action_before(self) -> None:
        """Go to the line before."""
        self.focus_previous(Input)

    def action_next(self) -> None:
        """Go to the next line."""
        self.focus_next(Input)
