"""The screen of a station: six pages in a frame, and what every page may ask for."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Static

from pvdstation.desk.client import Client
from pvdstation.desk.errands import Errands
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer, Refused
from pvdstation.tui.connection import Answered, Connection, Heard, Lost, Met
from pvdstation.tui.page import Page, Place

PAGES = ("overview", "trends", "recipe", "alarms", "manual", "runs")
"""Module and class of each: pages.trends has TrendsPage. Digits open them in this order."""


class StationApp(App[None]):
    """Shows a station and asks its core; the core knows nothing of it but a client."""

    TITLE = "pvd"
    CSS_PATH = "station.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"open('{name}')", name.capitalize()) for n, name in enumerate(PAGES, 1)),
        Binding("f10,q", "quit", "Leave"),
        Binding("escape", "to_page", show=False),
    ]

    def __init__(self, place: Place, errands: Errands, meet: Callable[[], Client]) -> None:
        super().__init__()
        self.place = place
        self.errands = errands
        self.shown: Snapshot | None = None
        """The newest snapshot; it is old while ``is_lost``."""
        self.is_lost = True
        self.said: list[str] = []
        self._connection = Connection(place.address, meet, self.post_message)
        self._pages: dict[str, Page] = {}

    def compose(self) -> ComposeResult:
        """Lay out the frame; the pages come once it is drawn."""
        with Vertical(id="frame"):
            yield Static("", id="head", markup=False)
            yield ContentSwitcher(id="pages")
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Meet the core while the frame is being drawn."""
        self._connection.start()
        self.call_after_refresh(self._furnish)

    def on_unmount(self) -> None:
        """Leave the core; it goes on."""
        self._connection.close()

    @property
    def page(self) -> Page | None:
        """Return the page that is visible."""
        return self._pages.get(self.query_one("#pages", ContentSwitcher).current or "")

    async def _furnish(self) -> None:
        """Bring in the pages one by one, the first one at once visible."""
        switcher = self.query_one("#pages", ContentSwitcher)
        for name in PAGES:
            page = _page(name, self)
            self._pages[name] = page
            page.id = name
            await switcher.mount(page)
            if name == PAGES[0]:
                self.action_open(name)
        self._hear()

    def action_open(self, name: str) -> None:
        """Show a page."""
        page = self._pages.get(name)
        if page is None:
            return
        self.query_one("#pages", ContentSwitcher).current = name
        self.action_to_page()
        if self.shown is not None:
            page.show(self.shown)

    def action_to_page(self) -> None:
        """Give the focus to the page, so that its keys and the digits are heard."""
        page = self.page
        if page is not None:
            (page.query_one(page.FIRST) if page.FIRST else page).focus()

    def ask(
        self,
        verb: str,
        about: str = "",
        value: float | str | None = None,
        *,
        person: str = "",
        reason: str = "",
        form: dict[str, Any] | None = None,
        answered: Callable[[Answer], None] | None = None,
    ) -> None:
        """Ask the core for something; the answer is shown in the message line, or handed to ``answered``."""

        def show(answer: Answer) -> None:
            self.say(f"{verb}: {answer.text or 'accepted'}", is_bad=isinstance(answer, Refused))

        self._connection.ask(verb, about, value, person, reason, form, answered or show)

    def say(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence in the message line until the next one."""
        line = self.query_one("#said", Static)
        line.update(text)
        line.set_class(is_bad, "bad")
        self.said = [*self.said[-19:], text]

    @on(Met)
    def _met(self) -> None:
        self.is_lost = False

    @on(Lost)
    def _lose(self, message: Lost) -> None:
        self.is_lost = True
        for page in self._pages.values():
            page.lost()
        self.say(" ".join((message.text, *message.problems)), is_bad=True)

    @on(Answered)
    def _answer(self, message: Answered) -> None:
        message.answered(message.answer)

    @on(Heard)
    def _hear(self) -> None:
        if len(self._pages) < len(PAGES):
            return
        batch = self._connection.take()
        if batch is None:
            return
        for news in batch.events:
            for page in self._pages.values():
                page.happened(news.run, news.events)
        if batch.snapshot is not None:
            self._show(batch.snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        self.shown = snapshot
        for page in self._pages.values():
            page.keep(snapshot)
        if self.page is not None:
            self.page.show(snapshot)


def _page(name: str, desk: StationApp) -> Page:
    try:
        module = import_module(f"pvdstation.tui.pages.{name}")
    except ModuleNotFoundError:
        return Page(desk)
    page: Page = getattr(module, f"{name.capitalize()}Page")(desk)
    return page
