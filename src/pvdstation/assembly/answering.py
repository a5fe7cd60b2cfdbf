"""Who answers a question of the run: what was said beforehand, else its default, else nobody."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pvdstation.assembly.preparation import Prepared
from pvdstation.model.messages import Event, EventKind, Notice, Request, Verb
from pvdstation.model.problems import Problem
from pvdstation.recipe.procedure import Procedure
from pvdstation.recipe.questions import questions_of, read_answer

NOBODY = "dry run, where nobody can answer"
OPTION = "--answer"


class Answering(Protocol):
    """Takes the events of a run, and gives answers. All calls come from the thread of the scan."""

    def take(self, events: Sequence[Event]) -> None:
        """Take the events of one scan."""
        ...

    def notice(self, notice: Notice) -> None:
        """Take a link's notice."""
        ...

    def due(self) -> Request | None:
        """Return, once, what is to be answered now."""
        ...


class GivenAnswers:
    """Answers as they were given before the run, by question id; else the default; else that nobody can."""

    def __init__(self, answers: Mapping[str, float] | None = None) -> None:
        self._answers = dict(answers or {})
        self._due: deque[Request] = deque()

    def take(self, events: Sequence[Event]) -> None:
        """Answer every question in its scan."""
        for event in events:
            if event.kind is EventKind.QUESTION:
                self._due.append(self._answer(dict(event.values)))

    def notice(self, notice: Notice) -> None:
        """Ignore."""

    def due(self) -> Request | None:
        """Return, once, what is to be answered now."""
        return self._due.popleft() if self._due else None

    def _answer(self, values: Mapping[str, float | str]) -> Request:
        question, default = str(values["id"]), values.get("default")
        if question in self._answers:
            return Request(Verb.ANSWER, OPTION, question, self._answers[question])
        return Request(Verb.ANSWER, NOBODY if default is None else "its default", question, default)


def given_answers(prepared: Prepared, texts: Sequence[str]) -> tuple[dict[str, float], list[Problem]]:
    """Return answers given before a run, and what is wrong with them: at real instruments a person answers."""
    if texts and prepared.mode == "live":
        what = "answers can be given beforehand on a simulated station only; at real instruments a person looks first"
        return {}, [Problem(OPTION, what, "Leave --answer out, and answer when you are asked.")]
    return read_answers(prepared.checked.procedure, texts)


def read_answers(procedure: Procedure, texts: Iterable[str]) -> tuple[dict[str, float], list[Problem]]:
    """Return answers written as "ID=VALUE" by question, and what is wrong with them."""
    questions, answers = questions_of(procedure), dict[str, float]()
    problems = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        question = questions.get(name)
        if not equals:
            what = f'"{text[:60]}" is not an answer'
            problems.append(Problem(OPTION, what, f'Write for example "{next(iter(questions), "colour")}=yes".'))
        elif question is None:
            asked = f"It asks {', '.join(questions)}." if questions else "It asks nothing."
            problems.append(Problem(OPTION, f'this recipe has no question "{name[:40]}"', asked))
        elif name in answers:
            problems.append(Problem(OPTION, f'"{name}" is answered twice', "Answer each question once."))
        else:
            try:
                answers[name] = read_answer(question, value)
            except ValueError as wrong:
                problems.append(Problem(OPTION, f"{name}: {wrong}", f'It asks "{question.text[:80]}".'))
    return answers, problems
