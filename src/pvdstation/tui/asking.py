"""Small windows over every page: a question that waits for a person, and STOP or ABORT where they are confirmed."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.validation import Number
from textual.widgets import Button, Input, Static

from pvdstation.desk.snapshot import QuestionShown

NOBODY = "nobody"


class QuestionWindow(ModalScreen[float | str | None]):
    """Asks a person; gives the number, NOBODY when nobody can answer, None when it was left open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n", "no", show=False),
        Binding("escape", "later", show=False),
    ]

    def __init__(self, question: QuestionShown) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """Lay out the question, what it can be answered with, and the ways out."""
        with Vertical(id="window"):
            yield Static(self.question.text, id="asked", markup=False)
            yield Static(self._kind(), id="kind", markup=False)
            if not self.question.is_yes_no:
                yield Input(id="number", validators=[Number(self.question.least, self.question.most)])
            yield Static("", id="wrong", markup=False)
            with Horizontal(id="buttons"):
                if self.question.is_yes_no:
                    yield Button("Yes (y)", id="yes")
                    yield Button("No (n)", id="no")
                else:
                    yield Button("Answer (Enter)", id="answer")
                yield Button("Nobody knows", id="nobody")
                yield Button("Later (Esc)", id="later")

    def _kind(self) -> str:
        unit = self.question.unit
        return self.question.kind if unit in self.question.kind else f"{self.question.kind} (in {unit})"

    def action_yes(self) -> None:
        """Answer yes."""
        if self.question.is_yes_no:
            self.dismiss(1.0)

    def action_no(self) -> None:
        """Answer no."""
        if self.question.is_yes_no:
            self.dismiss(0.0)

    def action_later(self) -> None:
        """Leave the question open."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "yes":
                self.action_yes()
            case "no":
                self.action_no()
            case "answer":
                self._number()
            case "nobody":
                self.dismiss(NOBODY)
            case _:
                self.dismiss(None)

    @on(Input.Submitted)
    def _number(self) -> None:
        number = self.query_one("#number", Input)
        result = number.validate(number.value)
        if result is not None and not result.is_valid:
            wrong = f"{number.value or 'nothing'} is no answer: {self._kind()}"
            self.query_one("#wrong", Static).update(wrong)
            number.focus()
        else:
            self.dismiss(float(number.value))


class ConfirmWindow(ModalScreen[bool]):
    """Asks before STOP or ABORT, where that is wanted; gives whether it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", show=False), Binding("n,escape", "no", show=False)]

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__()
        self.word = word
        self.sentence = sentence

    def compose(self) -> ComposeResult:
        """Lay out what would be done, yes and no."""
        with Vertical(id="window"):
            yield Static(f"{self.word}?", id="asked", markup=False)
            yield Static(self.sentence, id="kind", markup=False)
            with Horizontal(id="buttons"):
                yield Button(f"{self.word} (y)", id="yes")
                yield Button("No (n)", id="no")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003 - the window's answer

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(False)  # noqa: FBT003 - the window's answer

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
