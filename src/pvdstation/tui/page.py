"""What every page of the screen is, and what the app does for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from textual.containers import Container

from pvdstation.desk.errands import Errands
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer
from pvdstation.model.messages import Event
from pvdstation.model.station import Station

PAGES = ("overview", "trends", "recipe", "alarms", "manual", "runs")
"""Module and class of each: pages.trends has TrendsPage. Digits open them in this order."""
Answered = Callable[[Answer], None]


class Place(NamedTuple):
    """Where the screen is: the station that it shows, as its file says, and the data folder."""

    station: Station
    data: Path
    recipes: Path
    """Folder in which recipes are looked for first."""
    address: Path
    """Where its core is met: STOP and ABORT go there over a connection of their own."""


class Desk(Protocol):
    """What a page may ask of the app. Nothing here waits: an answer comes back in the app's own thread."""

    place: Place
    errands: Errands

    def ask(
        self,
        verb: str,
        about: str = "",
        value: float | str | None = None,
        *,
        person: str = "",
        reason: str = "",
        form: dict[str, Any] | None = None,
        answered: Answered | None = None,
    ) -> None:
        """Ask the core for something; the answer is shown in the app's message line, or handed to ``answered``."""
        ...

    def say(self, text: str, *, is_bad: bool = False) -> None:
        """Show a sentence in the message line until the next one."""
        ...


class Page(Container, can_focus=True):
    """One of the six pages. ``show`` comes up to five times a second, and only while the page is visible.

    The page itself has the focus when it is opened and after Escape, so that its bindings and the digits are heard;
    ``FIRST`` names what has it instead.
    """

    TITLE: ClassVar[str] = ""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of this page and what they do, for the footer and for "?"."""
    FIRST: ClassVar[str] = ""
    """Selector of the widget that has the focus when the page is opened; empty: the page itself."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def show(self, snapshot: Snapshot) -> None:
        """Show a moment of the station."""

    def keep(self, snapshot: Snapshot) -> None:
        """Take every snapshot, visible or not: what a page gathers over time."""

    def happened(self, run: str, events: tuple[Event, ...]) -> None:
        """Take what has happened, visible or not."""

    def lost(self) -> None:
        """The core has gone: show that what stands here is old."""
