"""The screen of a station: six pages in a frame, and what every page may ask for."""

import time
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from pvdstation.desk.client import Client
from pvdstation.desk.errands import Errands
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer, Refused
from pvdstation.tui.asking import NOBODY, ConfirmWindow, QuestionWindow
from pvdstation.tui.connection import Answered, Connection, Heard, Lost, Met
from pvdstation.tui.frame.edges import Frame
from pvdstation.tui.frame.sight import LIVE, SIMULATED, UNKNOWN_MODE, Sight
from pvdstation.tui.help import HelpWindow
from pvdstation.tui.keys import TWICE_S, URGENT_KEYS, VERB_KEYS, Key, Twice
from pvdstation.tui.page import PAGES, Page, Place
from pvdstation.tui.palette import commands
from pvdstation.tui.theme import THEME

SILENT_S = 3.0
"""A core that shows nothing for so long is taken for lost, though the connection stands."""
_LOOK_S = 1.0


class StationApp(App[None]):
    """Shows a station and asks its core; the core knows nothing of it but a client."""

    TITLE = "pvd"
    CSS_PATH = "station.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (160, "-wide")]  # noqa: RUF012 - Textual's face
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - the same
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"open('{name}')", name.capitalize()) for n, name in enumerate(PAGES, 1)),
        *(Binding(k.key, f"verb('{k.verb}')", k.word, priority=True) for k in VERB_KEYS),
        *(Binding(f"{k.key},{k.other}", f"urgent('{k.verb}')", k.word, priority=True) for k in URGENT_KEYS),
        Binding("f5", "answer", "Answer", priority=True),
        Binding("f7", "charge", "Take charge or connect", priority=True),
        Binding("f1", "help", "Help", priority=True),
        Binding("question_mark", "help", show=False),
        Binding("f10,ctrl+q", "quit", "Leave", priority=True),
        Binding("q", "quit", show=False),
        Binding("ctrl+c", "leaving", show=False),
        Binding("ctrl+z", "suspend_process", show=False),
        Binding("escape", "to_page", show=False),
    ]

    def __init__(
        self,
        place: Place,
        errands: Errands,
        meet: Callable[[], Client],
        *,
        confirm: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``meet`` connects to a core or starts one, in a thread; with ``confirm`` STOP and ABORT ask instead."""
        super().__init__()
        self.register_theme(THEME)
        self.theme = THEME.name
        self.place = place
        self.errands = errands
        self.said: list[str] = []
        """What has been said, the last of it at the end."""
        expected = UNKNOWN_MODE if place.station.simulator else SIMULATED if place.station.is_simulated else LIVE
        self.sight = Sight(place.station.name, expected)
        self._connection = Connection(place.address, meet, self.post_message)
        self._pages: dict[str, Page] = {}
        self._confirm = confirm
        self._clock = clock
        self._twice = Twice()
        self._heard_s = clock()
        self._is_connected = False

    def compose(self) -> ComposeResult:
        """Lay out the frame; the pages come once it is drawn."""
        yield Frame(self.sight)

    def on_mount(self) -> None:
        """Meet the core while the frame is being drawn."""
        self._frame = self.query_one(Frame)
        self._switcher = self.query_one("#pages", ContentSwitcher)
        self._connection.start()
        self.set_interval(_LOOK_S, self._look)
        self.call_after_refresh(self._furnish)

    def on_unmount(self) -> None:
        """Leave the core; it goes on."""
        self._connection.close()

    @property
    def shown(self) -> Snapshot | None:
        """Return the newest snapshot; it is old while ``is_lost``."""
        return self.sight.snapshot

    @property
    def is_lost(self) -> bool:
        """Return whether there is no core, or it is silent."""
        return bool(self.sight.lost)

    @property
    def page(self) -> Page | None:
        """Return the page that is visible."""
        return self._pages.get(self._switcher.current or "")

    async def _furnish(self) -> None:
        """Bring in the pages one by one, the first one at once visible."""
        for name in PAGES:
            page = _page(name, self)
            page.id = name
            page.display = False  # until it is opened
            self._pages[name] = page
            await self._switcher.mount(page)
            if name == PAGES[0]:
                self.action_open(name)
        self._hear()

    def action_open(self, name: str) -> None:
        """Show a page."""
        page = self._pages.get(name)
        if page is None:
            return
        self._switcher.current = name
        self.action_to_page()
        self._frame.turn_to(name, page.KEYS)
        if self.shown is not None:
            page.show(self.shown)
        if self.is_lost:
            page.lost()

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
        self._connection.ask(verb, about, value, person, reason, form, answered or self._tells(verb))

    def _tells(self, verb: str) -> Callable[[Answer], None]:
        def tell(answer: Answer) -> None:
            if isinstance(answer, Refused):
                self.say(f"{verb} refused: {answer.text}", is_bad=True)
            else:
                self.say(f"{verb} accepted" + (f": {answer.text}" if answer.text else ""))

        return tell

    def say(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence in the message line until the next one."""
        self.said = [*self.said[-19:], text]
        self._frame.say(text, is_bad=is_bad)

    def action_verb(self, verb: str) -> None:
        """Ask for a verb that needs nothing beside it."""
        self.ask(verb)

    def action_urgent(self, verb: str) -> None:
        """Take the key of STOP or ABORT: the second time within a second it is asked for."""
        key = next(key for key in URGENT_KEYS if key.verb == verb)
        if self._confirm:
            self._ask_first(key)
        elif self._twice.press(verb, self._clock()):
            self._do_urgently(key)
        else:
            self.say(f"{key.shown} again within {TWICE_S:g} s to {key.word}", is_bad=True)
            self.set_timer(TWICE_S, lambda: self._frame.unsay(f"{key.shown} again"))

    def _do_urgently(self, key: Key) -> None:
        self.say(f"{key.word} is being asked for", is_bad=True)
        self.ask(key.verb)

    def _ask_first(self, key: Key) -> None:
        if isinstance(self.screen, ConfirmWindow):
            if self.screen.word == key.word:
                return
            self.screen.dismiss(False)  # noqa: FBT003 - the window's answer: what is asked for last counts
        verb = self.sight.verb(key.verb)

        def confirmed(is_wanted: bool | None) -> None:  # noqa: FBT001 - the window's answer
            if is_wanted:
                self._do_urgently(key)

        self.push_screen(ConfirmWindow(key.word, verb.sentence if verb else ""), confirmed)

    def action_answer(self) -> None:
        """Open the question that waits."""
        questions = () if self.shown is None else self.shown.questions
        if not questions:
            self.say("no question waits")
        elif not isinstance(self.screen, QuestionWindow):
            question = questions[0]

            def answered(value: float | str | None) -> None:
                if value is not None:
                    self.ask("answer", question.id, None if value == NOBODY else value)

            self.push_screen(QuestionWindow(question), answered)

    def action_charge(self) -> None:
        """Take charge; while there is no core, connect to it or start one."""
        if not self._is_connected:
            self._connection.meet_again()
        elif self.sight.is_others:
            self._connection.take_charge(self._tells("take charge"))
        else:
            self.say("nobody else is in charge")

    def action_help(self) -> None:
        """Show what can be done here."""
        if isinstance(self.screen, HelpWindow):
            self.pop_screen()
        else:
            page = self.page
            self.push_screen(HelpWindow(self.sight, page.id or "" if page else "", page.KEYS if page else ()))

    def action_leaving(self) -> None:
        """Say how the screen is left, since Ctrl+C ends nothing here."""
        self.say("q or F10 leaves the screen, and the run goes on; F9 twice stops the run")

    async def action_quit(self) -> None:
        """Leave the screen; control goes on."""
        self.exit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 - Textual's face
        """Return what can be chosen by its words."""
        yield from (SystemCommand(*command) for command in commands(self, self.sight))

    @on(Met)
    def _met(self, message: Met) -> None:
        self._is_connected = True
        self._heard_s = self._clock()
        self._see(self.sight._replace(label=message.label, lost="", problems=(), is_absent=False))

    @on(Lost)
    def _lose(self, message: Lost) -> None:
        self._is_connected = False
        self._see(self.sight._replace(lost=message.text, problems=message.problems, is_absent=message.is_absent))

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
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
        if batch.snapshot is not None and self._is_connected:
            self._heard_s = self._clock()
            self._show(batch.snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        self._see(self.sight._replace(snapshot=snapshot, lost=""))
        for page in self._pages.values():
            page.keep(snapshot)
        if self.page is not None:
            self.page.show(snapshot)

    def _look(self) -> None:
        """Take a silent core for lost."""
        silent_s = self._clock() - self._heard_s
        if self._is_connected and self.shown is not None and silent_s > SILENT_S:
            self._see(self.sight._replace(lost=f"the core has been silent for {silent_s:.0f} s"))

    def _see(self, sight: Sight) -> None:
        was_lost, self.sight = self.is_lost, sight
        self._frame.see(sight)
        if self.is_lost and not was_lost:
            for page in self._pages.values():
                page.lost()


def _page(name: str, desk: StationApp) -> Page:
    module = import_module(f"pvdstation.tui.pages.{name}")
    page: Page = getattr(module, f"{name.capitalize()}Page")(desk)
    return page
