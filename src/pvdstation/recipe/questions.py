"""Questions of a procedure: which there are, and what answers them. Yes is 1, no is 0."""

import math

from pvdstation.recipe.procedure import Procedure, Question, WaitUntil, Work
from pvdstation.recipe.spelling import pressure_text, rounded, time_text

_YES_NO = {"yes": 1.0, "y": 1.0, "true": 1.0, "1": 1.0, "no": 0.0, "n": 0.0, "false": 0.0, "0": 0.0}
_LONGEST = 40


def questions_of(procedure: Procedure) -> dict[str, Question]:
    """Return every question that the procedure may ask, by its id."""
    asked = [question for step in procedure.steps if (question := question_of(step.work)) is not None]
    return {question.id: question for question in asked}


def question_of(work: Work) -> Question | None:
    """Return what a step may ask."""
    if isinstance(work, Question):
        return work
    if isinstance(work, WaitUntil) and work.otherwise == "ask":
        text = f"{band_text(work)} not reached within {time_text(work.timeout_s)}: go on all the same?"
        return Question(work.id, text, is_yes_no=True)
    return None


def band_text(work: WaitUntil) -> str:
    """Return in words what is waited for."""
    noun = "pressure" if work.of == "pressure" else "fore-line pressure"
    ends = [f"above {pressure_text(work.least_mbar)}"] if work.least_mbar > 0 else []
    ends += [f"below {pressure_text(work.most_mbar)}"] if math.isfinite(work.most_mbar) else []
    held = f" for {time_text(work.hold_s)}" if work.hold_s else ""
    return f"{noun} {' and '.join(ends)}{held}"


def kind_text(question: Question) -> str:
    """Return in words what can be answered: "yes or no", "10 to 500 mg"."""
    if question.is_yes_no:
        return "yes or no"
    unit = f" {question.answer_unit}" if question.answer_unit else ""
    match question.least, question.most:
        case None, None:
            return f"a number{' of' + unit if unit else ''}"
        case least, None if least is not None:
            return f"at least {rounded(least)}{unit}"
        case None, most if most is not None:
            return f"at most {rounded(most)}{unit}"
        case least, most:
            return f"{rounded(least or 0.0)} to {rounded(most or 0.0)}{unit}"


def answer_text(question: Question, value: float) -> str:
    """Return an answer as people write it: "yes", "20 mg"."""
    if question.is_yes_no:
        return "yes" if value else "no"
    return f"{rounded(value, 6)} {question.answer_unit}".rstrip()


def unfit(question: Question, value: float | str | None) -> str:
    """Return why a value does not answer the question; empty when it does."""
    shown = f'"{value[:_LONGEST]}"' if isinstance(value, str) else rounded(value, 6) if value is not None else "nothing"
    if isinstance(value, str) or value is None or not math.isfinite(value):
        return f"{shown} is no number: {_wanted(question)}"
    least = 0.0 if question.is_yes_no else question.least
    most = 1.0 if question.is_yes_no else question.most
    is_within = (least is None or value >= least) and (most is None or value <= most)
    if is_within and not (question.is_yes_no and value not in (0.0, 1.0)):
        return ""
    return f"{shown} does not answer it: {_wanted(question)}"


def read_answer(question: Question, text: str) -> float:
    """Return the answer that a person wrote, with or without the unit. Raises ValueError with a sentence."""
    words = text.strip()
    if question.is_yes_no:
        value = _YES_NO.get(words.casefold())
        if value is None:
            raise ValueError(f'"{words[:_LONGEST]}" does not answer it: {_wanted(question)}')
        return value
    number = words.removesuffix(question.answer_unit).strip() if question.answer_unit else words
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f'"{words[:_LONGEST]}" is no number: {_wanted(question)}') from None
    wrong = unfit(question, value)
    if wrong:
        raise ValueError(wrong)
    return value


def _wanted(question: Question) -> str:
    return f"write {kind_text(question)}"
