"""Manual: every output by hand within the interlocks; nothing is shown that is not read back."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Resize

from pvdstation.desk.snapshot import OutputShown, Snapshot, SourceShown
from pvdstation.desk.talk import Answer, Refused
from pvdstation.model.messages import Verb
from pvdstation.tui.page import Desk, Page
from pvdstation.tui.parts.asked import AskedOutputs
from pvdstation.tui.parts.beginning import answer_text, by_hand_form, by_hand_start
from pvdstation.tui.parts.by_hand import chosen, head, live, may_begin, power_form
from pvdstation.tui.parts.form import Filled, Form, number_of
from pvdstation.tui.parts.line import Line
from pvdstation.tui.parts.moving import MOVES, Moving
from pvdstation.tui.parts.outputs import (
    DOWN,
    UP,
    heading,
    is_by_hand,
    output_rows,
    source_named,
    word_for,
)
from pvdstation.tui.parts.rows import Rows
from pvdstation.tui.parts.timed import Timed
from pvdstation.tui.parts.words import BAD

WIDE = 110
"""Columns from which the chosen output stands beside the table."""
WIDER = 160
SPARE = 12
"""Lines beyond the outputs with which their groups stand apart."""
WHY_COLUMNS = {"": 0, "-wide": 42, "-wider": 70}
"""Columns of the chosen output beside the table."""
SET = "set"


class ManualPage(Moving, Page):
    """A table of all outputs, the chosen one beside it, and the keys that move it."""

    TITLE = "Manual"
    KEYS = (
        ("↑ ↓", "choose"),
        ("B", "begin"),
        ("O", "open, on"),
        ("C", "close, off"),
        ("Enter", "power"),
        ("R", "override"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        ("o", "up", "open, on, run"),
        ("c", "down", "close, off, stop"),
        ("enter", "number", "power in %"),
        ("r", "override", "override the rule"),
        ("b", "begin", "begin by hand"),
    ]
    DEFAULT_CSS = f"""
    ManualPage {{ layout: vertical; }}
    ManualPage #head {{ height: auto; }}
    ManualPage.-wide #head {{ margin-bottom: 1; }}
    ManualPage #body {{ layout: vertical; height: 1fr; }}
    ManualPage #columns {{ height: 1; }}
    ManualPage #table {{ height: 4fr; }}
    ManualPage #why {{ height: 3fr; min-height: 6; border-top: solid $foreground 50%; }}
    ManualPage.-wide #body {{ layout: horizontal; }}
    ManualPage.-wide #table {{ width: 1fr; height: 1fr; }}
    ManualPage.-wide #why {{
        width: {WHY_COLUMNS["-wide"]}; height: 1fr; border-top: none; border-left: solid $foreground 50%;
        padding-left: 1;
    }}
    ManualPage.-wider #why {{ width: {WHY_COLUMNS["-wider"]}; }}
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._snapshot: Snapshot | None = None
        self._asked = AskedOutputs()
        self._timed = Timed(desk)
        self._begin_refused = ""
        self._form: tuple[str, Form] | None = None
        self._person = ""

    def compose(self) -> ComposeResult:
        """Lay out what the page is about, the table, and the chosen output."""
        yield Line(id="head", text="Nothing is known yet.")
        with Container(id="body"):
            with Container(id="table"):
                yield Line(id="columns")
                yield Rows(id="outputs", empty="No outputs are known.")
            with VerticalScroll(id="why"):
                yield Line(id="chosen")

    def on_resize(self, event: Resize) -> None:
        """Put the chosen output beside the table where there is room."""
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.width >= WIDER, "-wider")
        if self._snapshot is not None:
            self.show(self._snapshot)

    # --- what is shown ---

    def keep(self, snapshot: Snapshot) -> None:
        """Drop what is read back by now, and bring the form's live values up to date."""
        self._snapshot = snapshot
        self._asked.see(snapshot)
        if self._form is not None:
            name, form = self._form
            source = self._source(name)
            if source is not None:
                form.tell(live(source))

    def show(self, snapshot: Snapshot) -> None:
        """Show the outputs of a moment."""
        self.keep(snapshot)
        text = head(snapshot, is_brief=not self._why_columns)
        if self._begin_refused and may_begin(snapshot):
            text = Content.assemble(text, "\n", (self._begin_refused, BAD))
        self.query_one("#head", Line).put(text)
        width = self.size.width - self._why_columns
        self.query_one("#columns", Line).put(heading(snapshot, width))
        is_spaced = self.size.height >= len(snapshot.outputs) + SPARE
        self._outputs.fill(tuple(output_rows(snapshot, self._asked.told.pending, width, is_spaced=is_spaced)))
        self._show_chosen()

    def lost(self) -> None:
        """Say that what stands here is old, and that nothing can be asked."""
        self._asked.forget()
        text = "No connection: what stands here is old, and nothing can be set. The core goes on without this screen."
        self.query_one("#head", Line).put(Content.styled(text, BAD))

    @on(Rows.Moved, "#outputs")
    def _show_chosen(self) -> None:
        output = self._output
        text = Content("")
        if self._snapshot is not None and output is not None:
            beside = self._why_columns
            width = (beside or self.size.width) - 3
            text = chosen(self._snapshot, output, self._asked.told, width, is_brief=not beside)
        self.query_one("#chosen", Line).put(text)

    @property
    def moved(self) -> Rows:
        """Return the list that the cursor keys move."""
        return self._outputs

    @property
    def _outputs(self) -> Rows:
        return self.query_one("#outputs", Rows)

    @property
    def _why_columns(self) -> int:
        """Return how many columns the chosen output has beside the table; 0: it stands below."""
        return WHY_COLUMNS["-wider" if self.has_class("-wider") else "-wide" if self.has_class("-wide") else ""]

    @property
    def _output(self) -> OutputShown | None:
        outputs = self._snapshot.outputs if self._snapshot is not None else ()
        return next((output for output in outputs if output.name == self._outputs.chosen), None)

    def _source(self, name: str) -> SourceShown | None:
        snapshot = self._snapshot
        return None if snapshot is None else source_named(snapshot, name)

    def _ready(self) -> OutputShown | None:
        """Return the chosen output if a session by hand is on; else say why nothing can be set."""
        if self._snapshot is None or not is_by_hand(self._snapshot):
            self.desk.say("Nothing is set by hand now: no session by hand is on.", is_bad=True)
            return None
        return self._output

    # --- what a person does ---

    def action_up(self) -> None:
        """Open, switch on or run the chosen output."""
        self._set(UP)

    def action_down(self) -> None:
        """Close, switch off or stop the chosen output."""
        self._set(DOWN)

    def _set(self, words: tuple[str, ...]) -> None:
        output = self._ready()
        if output is None:
            return
        word = word_for(output, words)
        if word:
            self._ask(output.name, word, word)
        else:
            self.desk.say(f"{output.name} cannot be told to {words[0]}.", is_bad=True)

    def action_number(self) -> None:
        """Ask for the power of the chosen source."""
        output = self._ready()
        if output is None:
            return
        if not output.number:
            self.desk.say(f"{output.name} takes no number: O and C move it.")
            return
        form = power_form(output, self._source(output.name))
        self._form = (output.name, form)
        self.app.push_screen(form, lambda filled: self._powered(output.name, filled))

    def _powered(self, name: str, filled: Filled | None) -> None:
        self._form = None
        if filled is not None:
            value = number_of(filled["power"])
            self._ask(name, value, f"{value:g} %")

    def _ask(self, name: str, value: float | str, words: str) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        self._asked.ask(name, words, snapshot.now_ns)
        self.desk.ask(SET, name, value, answered=lambda answer: self._answered(name, value, answer))
        self.show(snapshot)

    def _answered(self, name: str, value: float | str, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self._asked.refuse(name, answer.text)
            self.desk.say(f"{name}: refused; why stands beside the table.", is_bad=True)
        else:
            self._asked.take(name, is_read_back=isinstance(value, str))
        if self._snapshot is not None:
            self.show(self._snapshot)

    def action_override(self) -> None:
        """Have the rule that refuses the chosen output count as met for a time."""
        output = self._ready()
        if output is None:
            return
        if output.override_min is None or not output.rule:
            self.desk.say("No rule that refuses it now can be overridden.", is_bad=True)
            return
        self._timed.override(self.screen, output.rule, output.override_min)

    def action_begin(self) -> None:
        """Begin a session by hand."""
        snapshot = self._snapshot
        if snapshot is None or not may_begin(snapshot):
            self.desk.say("A session by hand begins on an idle station only.", is_bad=True)
            return
        self.app.push_screen(by_hand_form(snapshot, self._person), self._begun)

    def _begun(self, filled: Filled | None) -> None:
        snapshot = self._snapshot
        if filled is None or snapshot is None:
            return
        self._person = filled["person"]
        self._begin_refused = ""
        self.desk.say("A session by hand is asked for …")
        form = by_hand_start(snapshot, filled).as_form()
        self.desk.ask(Verb.START, form=form, answered=self._begin_answered)

    def _begin_answered(self, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self._begin_refused = answer_text(answer)
        self.desk.say(answer.text or "accepted", is_bad=isinstance(answer, Refused))
        if self._snapshot is not None:
            self.show(self._snapshot)
