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
    {name} Input { height: 1; border: none; border-left: outer $foreground; padding: 0 1; margin: 1 0; }
    {name} Input:focus { border: none; border-left: outer $foreground; text-style: underline; }
    {name} OptionList { height: auto; max-height: 14; border: none; padding: 0; background: $background; }
    {name} OptionList > .option-list--option-highlighted { text-style: reverse bold; }
"""


class OpenWindow(ModalScreen[str | None]):
    """Lists the recipes of a folder; what is written narrows the list, or is a path. Its result is a path, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]
    DEFAULT_CSS = _WINDOW.replace("{name}", "OpenWindow")

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        super().__init__()
        self._folder = folder
        self._paths = paths

    def compose(self) -> ComposeResult:
        """Lay out the list and the line for a path."""
        with Vertical() as box:
            box.border_title = "Open a recipe"
            box.border_subtitle = "↑ ↓: choose · Enter: open · Esc: leave it as it is"
            yield Static(Content(f"Recipes in {self._folder}; letters narrow the list, a path is opened as it is"))
            yield Input(id="path", placeholder="name or path")
            yield OptionList(id="recipes")

    def on_mount(self) -> None:
        """Begin with the whole list; letters go to the line above it."""
        self._list.can_focus = False
        self._narrow("")
        self.query_one("#path").focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#recipes", OptionList)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value.strip())

    def _narrow(self, text: str) -> None:
        """List what has the text in its name, the names that begin with it first."""
        wanted = text.casefold()
        found = [path for path in self._paths if wanted in path.name.casefold()]
        found.sort(key=lambda path: (not path.name.casefold().startswith(wanted), len(path.name) if wanted else 0))
        self._list.clear_options()
        self._list.add_options([Option(Content(path.name), id=str(path)) for path in found])
        self._list.highlighted = 0 if found else None

    def action_move(self, by: int) -> None:
        """Choose another one."""
        if self._list.option_count:
            self._list.highlighted = ((self._list.highlighted or 0) + by) % self._list.option_count

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        option = self._list.highlighted_option
        chosen = option.id if option is not None else event.value.strip()
        if chosen:
            self.dismiss(chosen)

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
