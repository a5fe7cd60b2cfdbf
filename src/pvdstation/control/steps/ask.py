"""Ask the operator. A question never answers itself: the answer is a request, with the question's id."""

from typing import Any, NamedTuple

from pvdstation.control.arbiter import safe_levels
from pvdstation.control.steps.base import Drive, Said, Tick, Trouble, Values
from pvdstation.control.view import View
from pvdstation.model.messages import ActionClass, EventKind
from pvdstation.recipe.procedure import Question
from pvdstation.recipe.questions import answer_text, kind_text


class Reply(NamedTuple):
    """What has become of a question."""

    is_asked: bool = False
    value: float | None = None
    is_declined: bool = False  # nobody can answer

    @property
    def is_open(self) -> bool:
        """Return whether an answer is waited for."""
        return self.is_asked and self.value is None and not self.is_declined


def said(question: Question) -> Said:
    """Return the event of a question."""
    numbers = (("least", question.least), ("most", question.most), ("default", question.default))
    values: tuple[tuple[str, float | str], ...] = (("id", question.id), ("answer", kind_text(question)))
    known = tuple((name, value) for name, value in numbers if value is not None)
    return Said(EventKind.QUESTION, question.text, (*values, *known))


def declined(question: Question) -> Trouble:
    """Return the end of a run in which nobody can answer."""
    text = f'nobody can answer "{question.text}" ({question.id})'
    return Trouble(ActionClass.STOP, "no_answer", text)


class Asking:
    """A step that may wait for an answer."""

    question: Question

    def reply(self, state: Any) -> Reply:
        """Return what has become of the question."""
        raise NotImplementedError

    def answered(self, state: Any, value: float | None) -> Any:
        """Return the state with an answer; None: nobody can."""
        raise NotImplementedError


class Ask(Asking):
    """Ask, and wait for the answer; held and paused the question stays open, and its answer is kept."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def begin(self, v: View) -> Reply:
        """Return the state before the question."""
        del v
        return Reply()

    def reply(self, state: Reply) -> Reply:
        """Return what has become of the question."""
        return state

    def answered(self, state: Reply, value: float | None) -> Reply:
        """Return the state with an answer."""
        return state._replace(value=value, is_declined=value is None)

    def tick(self, p: Reply, v: View, drive: Drive) -> Tick:
        """Ask once; go on with the answer when the run does."""
        question, wants = self.question, safe_levels(v)
        text = f"answer to {question.id}"
        if p.is_declined and drive is not Drive.STOP:
            return Tick(p, wants, text, is_cold=True, trouble=declined(question))
        if drive is not Drive.RUN:
            return Tick(p, wants, text, is_settled=True, is_cold=True)
        if p.value is not None:
            return Tick(p, wants, text, done=f"answered {answer_text(question, p.value)}")
        return Tick(p._replace(is_asked=True), wants, text, says=None if p.is_asked else said(question))

    def values(self, p: Reply, v: View) -> Values:
        """Return the answer, in the unit of the question; yes = 1, no = 0."""
        del v
        answer: Values = {} if p.value is None else {"answer": p.value}
        return {"question": self.question.id, **answer}
