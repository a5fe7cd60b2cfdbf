"""What is allowed for a time only: a form asks for minutes, a name and a reason, and a request follows."""

from textual.screen import Screen

from pvdstation.model.messages import Verb
from pvdstation.tui.page import Desk
from pvdstation.tui.parts.form import Field, Filled, Form, number_of

OVERRIDDEN = "The rule counts as met for this time, whatever is measured. It is recorded with your name."


class Timed:
    """Asks for a time, a name and a reason, and remembers the name for the next time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._person = ""

    def override(self, screen: Screen[object], rule: str, most_min: float) -> None:
        """Ask to have a rule count as met for a time."""
        self.ask(screen, Verb.OVERRIDE, rule, f"Override the rule {rule}", OVERRIDDEN, most_min)

    def ask(self, screen: Screen[object], verb: Verb, about: str, title: str, text: str, most_min: float) -> None:
        """Ask a person, then the core."""
        fields = (
            Field("minutes", f"Minutes, at most {most_min:g}", most=most_min, is_above=True),
            Field("person", "Your name", self._person),
            Field("reason", "Why"),
        )

        def filled_in(filled: Filled | None) -> None:
            if filled is not None:
                self._person = filled["person"]
                minutes = number_of(filled["minutes"])
                self._desk.ask(verb, about, minutes, person=self._person, reason=filled["reason"])

        screen.app.push_screen(Form(title, text, fields, verb.value), filled_in)
