"""The Recipe page without its errands: the text, what is found in it while it is written, and what is seen of it."""

import asyncio
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static, TextArea

from pvdstation.tui.page import Desk, Page
from pvdstation.tui.recipe.editor import RecipeText
from pvdstation.tui.recipe.foreseeing import DryRunPanel
from pvdstation.tui.recipe.looking import Message, Seen, Written, look_at
from pvdstation.tui.recipe.messages import Messages
from pvdstation.tui.recipe.parameters import ParameterForm
from pvdstation.tui.recipe.steps import procedure_table

CHECKED_AFTER_S = 0.3
"""After the last key, so that nobody's typing is disturbed."""
_WIDE = 100
_VIEWS = {"procedure": "Procedure", "parameters": "Parameters", "dry": "Dry run"}


class WritingPage(Page):
    """The text on one side; procedure, parameters or dry run on the other, or in its place where it is narrow."""

    DEFAULT_CSS = """
    WritingPage { layout: vertical; }
    WritingPage #recipe-title { height: 1; text-style: bold; }
    WritingPage #recipe-body { height: 1fr; }
    WritingPage #written { width: 1fr; }
    WritingPage #seen { width: 1fr; border-left: solid $foreground 30%; padding-left: 1; }
    WritingPage #view-title { height: 1; }
    WritingPage #views { height: 1fr; }
    WritingPage #steps { height: auto; }
    WritingPage.-narrow #seen { border-left: none; padding-left: 0; display: none; }
    WritingPage.-narrow.-looking #seen { display: block; }
    WritingPage.-narrow.-looking #written { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.path: Path | None = None
        self.seen = Seen(Written(""))
        self.refused: tuple[Message, ...] = ()
        """What the core has said against a start of this text."""
        self.known: str | None = None
        """What the file held when it was read or written last."""
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out text and messages, and beside them what is seen in the text."""
        yield Static("", id="recipe-title", markup=False)
        with Horizontal(id="recipe-body"):
            with Vertical(id="written"):
                yield RecipeText(id="text")
                yield Messages(id="messages")
            with Vertical(id="seen"):
                yield Static("", id="view-title", markup=False)
                with ContentSwitcher(initial="procedure", id="views"):
                    with VerticalScroll(id="procedure", can_focus=False):
                        yield Static("", id="steps")
                    yield ParameterForm(id="parameters")
                    yield DryRunPanel(id="dry")

    def on_mount(self) -> None:
        """Begin with an empty text."""
        self.tell_titles()
        self.show_seen(self.seen)

    def on_resize(self) -> None:
        """Show text and view side by side where there is room."""
        self.set_class(self.size.width < _WIDE, "-narrow")
        self.call_after_refresh(self._show_procedure)

    @property
    def text(self) -> str:
        """Return the text as it stands."""
        return self.query_one("#text", RecipeText).text

    @property
    def is_dirty(self) -> bool:
        """Return whether the text is not what its file holds."""
        return self.text != (self.known or "")

    @property
    def view(self) -> str:
        """Return what is seen beside the text."""
        return self.query_one("#views", ContentSwitcher).current or ""

    def written(self) -> Written:
        """Return the text with the values of its parameters."""
        return Written(self.text, self.path, self.query_one(ParameterForm).sets)

    @on(TextArea.Changed, "#text")
    @on(ParameterForm.Changed)
    def _changed(self) -> None:
        """Look at the text when nothing has been typed for a moment."""
        self.refused = ()
        self.tell_titles()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(
            CHECKED_AFTER_S, lambda: self.run_worker(self.look(), group="look", exclusive=True)
        )

    async def look(self) -> Seen:
        """Check the text in a thread, and show what was found unless it has been changed meanwhile."""
        written = self.written()
        seen = await asyncio.to_thread(look_at, written, self.desk.place.station)
        if written == self.written():
            self.seen = seen
            await self.query_one(ParameterForm).fill(seen.recipe)
            self.show_seen(seen)
        return seen

    def show_seen(self, seen: Seen) -> None:
        """Show what was found: marks in the text, messages, procedure."""
        messages = (*self.refused, *seen.messages)
        self.query_one("#text", RecipeText).mark(messages)
        self.query_one("#messages", Messages).fill(verdict_of(seen, self.refused), messages)
        self._show_procedure()
        self.tell_titles()

    def _show_procedure(self) -> None:
        steps = self.query_one("#steps", Static)
        width = self.query_one("#seen").size.width or self.size.width
        checked = self.seen.checked
        empty = f"{self.seen.bad} to be put right first: m goes to the next one" if self.seen.bad else "No recipe yet."
        steps.update(Content(empty) if checked is None else procedure_table(checked, width))

    def tell_titles(self) -> None:
        """Show which text it is, whether it is saved, and what is seen beside it."""
        name = self.path.name if self.path else "a new recipe"
        form = "file" if self.written().is_file else "one-line notation"
        saved = "  * not saved" if self.is_dirty and self.text.strip() else ""
        self.query_one("#recipe-title", Static).update(Content(f" {name}   {form if self.text.strip() else ''}{saved}"))
        titles = [f"[{word}]" if self.view == view else f" {word} " for view, word in _VIEWS.items()]
        self.query_one("#view-title", Static).update(Content(" ".join(titles)))

    def action_view(self, view: str) -> None:
        """Show procedure, parameters or dry run."""
        self.query_one("#views", ContentSwitcher).current = view
        self.set_class(True, "-looking")  # noqa: FBT003 - Textual's own argument
        self.tell_titles()
        self.call_after_refresh(self._show_procedure)
        if view == "parameters":
            self.call_after_refresh(self._to_parameters)

    def _to_parameters(self) -> None:
        for field in self.query("ParameterForm Input"):
            field.focus()
            return

    def action_edit(self) -> None:
        """Go to the text."""
        self.remove_class("-looking")
        self.query_one("#text").focus()

    def action_message(self) -> None:
        """Go to the place of the next message."""
        message = self.query_one("#messages", Messages).next()
        if message is None:
            self.desk.say("there is no message with a place in the text")
            return
        self.action_edit()
        self.query_one("#text", RecipeText).go_to(message)

    def action_scroll(self, by: int) -> None:
        """Scroll what is seen beside the text."""
        self.query_one(f"#{self.view}", VerticalScroll).scroll_relative(y=by, animate=False)


def verdict_of(seen: Seen, refused: tuple[Message, ...] = ()) -> str:
    """Return in a line what is to be said of a text."""
    if refused:
        return f"start refused: {_count(len(refused), 'problem')}"
    if seen.bad:
        return _count(seen.bad, "problem")
    if seen.checked is None:
        return "nothing to check yet"
    found = ((len(seen.checked.warnings), "warning"), (len(seen.checked.notes), "remark"))
    return ", ".join(["ok", *(_count(number, noun) for number, noun in found if number)])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
