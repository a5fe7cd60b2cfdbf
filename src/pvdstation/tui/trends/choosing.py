"""Chooses the run that the present one is compared with."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from pvdstation.desk.errands import RunListed

MOST_RUNS = 50


class ChooseRun(ModalScreen[str | None]):
    """Lists the last runs; its result is the id of the chosen one, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]
    DEFAULT_CSS = """
    ChooseRun { align: center middle; }
    ChooseRun > Vertical { width: 90%; max-width: 110; height: auto; max-height: 90%; padding: 0 1; }
    ChooseRun > Vertical { border: heavy $foreground; }
    ChooseRun OptionList { height: auto; max-height: 20; border: none; padding: 0; background: $background; }
    ChooseRun OptionList:focus > .option-list--option-highlighted { text-style: reverse bold; }
    ChooseRun .foot { color: $text-muted; margin-top: 1; }
    """

    def __init__(self, runs: Sequence[RunListed]) -> None:
        super().__init__()
        self._runs = runs[:MOST_RUNS]

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical() as box:
            box.border_title = "Ghost: which run is it compared with?"
            yield OptionList(*(Option(_words(run), id=run.run) for run in self._runs))
            yield Static("Enter: this one · Esc: leave it as it is", classes="foot", markup=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_leave(self) -> None:
        """Close it without a result."""
        self.dismiss(None)


def _words(run: RunListed) -> Content:
    sample = f" · {run.sample}" if run.sample else ""
    return Content.assemble((run.run, "bold"), f"  {run.outcome}", (f"  {run.recipe}{sample}", "dim"))
