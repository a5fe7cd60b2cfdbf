"""One page alone, with a desk that keeps what is asked for: what a page does follows from what it is told.

def test_enter_acknowledges():
    async def person(bench, pilot):
        await pilot.press("enter")
        assert bench.asked == [Wanted("ack", "water_flow")]

    PageBench(AlarmsPage).drive(person, TRIPPED)
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from pvdstation.desk.errands import Errands, Foreseen
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer
from pvdstation.tui.page import Answered, Page, Place
from pvdstation.tui.parts.rows import Rows


class Wanted(NamedTuple):
    """What has been asked for."""

    verb: str
    about: str = ""
    value: float | str | None = None
    person: str = ""
    reason: str = ""
    form: dict[str, Any] | None = None


ERRANDS = Errands(
    runs=lambda: (),
    show=lambda run: f"the run {run}",
    report=lambda run: Path(f"/records/{run}.html"),
    curves=lambda _run: (),
    dry_run=lambda *_: Foreseen("complete", "", ""),
)
Person = Callable[["PageBench", Pilot[None]], Awaitable[None]]


class PageBench(App[None]):
    """A page in an app of its own."""

    def __init__(self, kind: type[Page], errands: Errands = ERRANDS, place: Place | None = None) -> None:
        super().__init__()
        self.place = place
        self.errands = errands
        self.asked: list[Wanted] = []
        self.said: list[str] = []
        self.answered: Answered | None = None
        self.page = kind(self)

    def compose(self) -> ComposeResult:
        yield self.page

    def ask(self, verb, about="", value=None, *, person="", reason="", form=None, answered=None):
        self.asked.append(Wanted(verb, about, value, person, reason, form))
        self.answered = answered

    def say(self, text: str, *, is_bad: bool = False) -> None:
        self.said.append(text)

    async def answer(self, pilot: Pilot[None], answer: Answer) -> None:
        """Answer the last request."""
        assert self.answered is not None
        self.answered(answer)
        await pilot.pause()

    async def fill(self, pilot: Pilot[None], **written: str) -> None:
        """Write into the lines of the form over the page, and press Enter in the last of them."""
        for name, text in written.items():
            self.screen.query_one(f"#{name}", Input).value = text
        self.screen.query_one(f"#{name}", Input).focus()
        await pilot.press("enter")

    async def tell(self, pilot: Pilot[None], snapshot: Snapshot) -> None:
        """Show another moment."""
        self.page.keep(snapshot)
        self.page.show(snapshot)
        await pilot.pause()

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the rows of a list of the page."""
        return self.page.query_one(f"#{name}", Rows).lines

    def text(self, name: str) -> str:
        """Return what a part of the page or of the form over it shows."""
        return str(self.screen.query_one(f"#{name}").visual)

    def drive(self, person: Person, snapshot: Snapshot | None = None, size: tuple[int, int] = (120, 30)) -> None:
        """Let a person act on the page."""
        asyncio.run(self._drive(person, snapshot, size))

    async def _drive(self, person: Person, snapshot: Snapshot | None, size: tuple[int, int]) -> None:
        async with self.run_test(size=size) as pilot:
            self.page.focus()
            if snapshot is not None:
                await self.tell(pilot, snapshot)
            await person(self, pilot)
