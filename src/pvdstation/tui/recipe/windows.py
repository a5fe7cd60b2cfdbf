"""Small windows over the Recipe page: which file to open, and whether to do something that cannot be undone."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

_WINDOW = """
    {name} { align: center middle; }
    {name} > Vertical { width: 90; max-width: 92%; height: auto; max-height: 92%; padding: 0 1; }
    {name} > Vertical { border: heavy $foreground; }
    {name} Static { height: auto; }
    {name} Input { height: 1; border: none; padding: 0; margin-bottom: 1; background: $boost; }
    {name} Input:focus { border: none; text-style: underline; }
    {name} OptionList { height: auto; max-height: 16; border: none; padding: 0; background: $background; }
    {name} OptionList:focus > .option-list--option-highlighted { text-style: reverse bold; }
"""


class OpenWindow(ModalScreen[str | None]):
    """Lists the recipes of a folder; its result is the path that was chosen or written, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]
    DEFAULT_CSS = _WINDOW.replace("{name}", "OpenWindow")

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        super().__init__()
        self._folder = folder
        self._paths = paths

    def compose(self) -> ComposeResult:
        """Lay out the list and the line for a path."""
        with Vertical() as box:
            box.border_title = "Open a recipe"
            yield Static(Content(f"Path or name (Enter opens it), or choose below from {self._folder}"))
            yield Input(id="path")
            yield OptionList(*(Option(Content(path.name), id=str(path)) for path in self._paths), id="recipes")
            yield Static(Content.styled("Tab: path or list · Enter: open · Esc: leave it as it is", "dim"))

    def on_mount(self) -> None:
        """Begin in the list where there is one."""
        self.query_one("#recipes", OptionList).highlighted = 0 if self._paths else None
        self.query_one("#recipes" if self._paths else "#path").focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value)

    def action_leave(self) -> None:
        """Close it without a result."""
        self.dismiss(None)


class SureWindow(ModalScreen[bool]):
    """Asks whether something shall be done; only y does it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", "Yes"), Binding("n,escape", "no", "No")]
    DEFAULT_CSS = _WINDOW.replace("{name}", "SureWindow")

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay out the question and its answers."""
        with Vertical():
            yield Static(Content(self._question), id="question")
            yield Static(Content.assemble("\n", ("y", "bold"), f" {self._yes}   ", ("n", "bold"), " leave it as it is"))

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003 - the window's answer

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(False)  # noqa: FBT003 - the window's answer
