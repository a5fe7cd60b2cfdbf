"""``pvd hold``, ``ack``, ``answer`` and the like: one request, and the core's answer."""

from typing import NamedTuple

from pvdstation.cli.exits import ExitCode
from pvdstation.cli.meeting import Standing, Unmet, met, unmet
from pvdstation.cli.refusing import finish_refused
from pvdstation.cli.streams import Streams
from pvdstation.desk.client import Client
from pvdstation.desk.line import DeskError, Gone
from pvdstation.desk.snapshot import QuestionShown
from pvdstation.desk.talk import QUIT, Answer
from pvdstation.desk.talk import Refused as RefusedByCore
from pvdstation.model.messages import Verb
from pvdstation.model.problems import Problem
from pvdstation.recipe.procedure import Question
from pvdstation.recipe.questions import read_answer
from pvdstation.record.results import refused

_END_S = 30.0
_TAKE = "Add --take-charge to take it over; everybody who watches is told."


class Wish(NamedTuple):
    """What a person asks for, and of which core."""

    verb: str
    about: str = ""
    value: float | str | None = None
    person: str = ""
    reason: str = ""
    takes_charge: bool = False


class Place(NamedTuple):
    """The options that say which core is meant."""

    station: str | None = None
    data: str | None = None


def run_ask(streams: Streams, place: Place, wish: Wish) -> ExitCode:
    """Ask, and show the answer; return the exit code."""
    try:
        with met(streams, *place, f"pvd {wish.verb}", watch=wish.verb == Verb.ANSWER) as client:
            try:
                if wish.verb == Verb.ANSWER:
                    wish = wish._replace(value=_value(Standing(client).snapshot.questions, wish))
                answer = asked(client, wish)
                return finish_answer(streams, wish.verb, _ended(client, answer) if wish.verb == QUIT else answer)
            except ValueError as wrong:
                return finish_answer(streams, wish.verb, RefusedByCore(0, str(wrong)))
            except DeskError as error:
                raise unmet(streams, error) from None
    except Unmet as unable:
        return unable.code


def asked(client: Client, wish: Wish) -> Answer:
    """Return the core's answer. Raises DeskError. Charge is taken from another client only when that was asked for."""
    if client.in_charge and not client.is_in_charge:
        if not wish.takes_charge:
            return RefusedByCore(0, f"{client.in_charge} is in charge. {_TAKE}")
        taken = client.take_charge(wish.person)
        if isinstance(taken, RefusedByCore):
            return taken
    return client.ask(wish.verb, wish.about, wish.value, person=wish.person, reason=wish.reason)


def finish_answer(streams: Streams, verb: str, answer: Answer) -> ExitCode:
    """Show an answer; return the exit code."""
    if isinstance(answer, RefusedByCore):
        return finish_refused(streams, refused([Problem(verb, answer.text)]), [])
    text = answer.text or f"{verb}: accepted"
    if streams.json:
        streams.document({"outcome": "accepted", "verb": verb, "text": text, "errors": []})
    streams.show(text)
    return ExitCode.COMPLETE


def _value(questions: tuple[QuestionShown, ...], wish: Wish) -> float:
    """Return what was typed as the answer that the question wants. Raises ValueError with a sentence."""
    shown = next((question for question in questions if question.id == wish.about), None)
    if shown is None:
        ids = ", ".join(question.id for question in questions)
        raise ValueError(f'no question "{wish.about}" is open; {f"open: {ids}" if ids else "none is"}')
    question = Question(shown.id, shown.text, shown.is_yes_no, shown.unit, shown.least, shown.most)
    return read_answer(question, str(wish.value))


def _ended(client: Client, answer: Answer) -> Answer:
    """Wait until a core that is to quit has ended. Raises DeskError when it does not."""
    if isinstance(answer, RefusedByCore):
        return answer
    try:
        while client.news(_END_S) is not None:
            pass
    except Gone:
        return answer._replace(text="the core has ended")
    raise DeskError(f"the core has not ended within {_END_S:g} s")
