"""Everything that can be done, to be chosen by its words: title, what it does now, and what does it."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol

from pvdstation.tui.frame.sight import Sight
from pvdstation.tui.keys import URGENT_KEYS, VERB_KEYS
from pvdstation.tui.page import PAGES

Command = tuple[str, str, Callable[[], Awaitable[None] | None]]


class Acting(Protocol):
    """What the app does for its keys."""

    def ask(self, verb: str) -> None:
        """Ask the core for a verb."""
        ...

    def action_open(self, name: str) -> None:
        """Open a page."""
        ...

    def action_answer(self) -> None:
        """Answer a question."""
        ...

    def action_charge(self) -> None:
        """Take charge or connect."""
        ...

    def action_help(self) -> None:
        """Show the help."""
        ...

    def action_quit(self) -> Awaitable[None]:
        """Leave."""
        ...


def commands(app: Acting, sight: Sight) -> Iterator[Command]:
    """Return the verbs with what they do now, the pages, and the rest."""
    for key in (*VERB_KEYS, *URGENT_KEYS):
        verb = sight.verb(key.verb)
        sentence = verb.sentence if verb else f"the same as {key.command}"
        yield f"{key.word} ({key.shown})", sentence, partial(app.ask, key.verb)
    for number, name in enumerate(PAGES, 1):
        yield f"{name.capitalize()} ({number})", f"open the page {name}", partial(app.action_open, name)
    yield "Answer (F5)", "answer the question that waits", app.action_answer
    yield "Take charge or connect (F7)", "so that requests are taken from here", app.action_charge
    yield "Help (?)", "what each key does to shutters, power and clock now", app.action_help
    yield "Leave (F10)", "leave the screen; the run goes on", app.action_quit
