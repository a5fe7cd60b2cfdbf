"""Requests about the running step, and why they are refused: an answer to its question, or to skip it."""

from collections.abc import Sequence

from pvdstation.control.state import Course
from pvdstation.control.states import SKIPPABLE, STEP_MODES
from pvdstation.control.steps.ask import Asking
from pvdstation.control.steps.base import StepLogic
from pvdstation.model.messages import Request, Verb
from pvdstation.recipe.procedure import Step
from pvdstation.recipe.questions import unfit


def words(request: Request) -> str:
    """Return a request in words: "skip", "answer colour = 1", "set N2 valve = open"."""
    if request.verb is Verb.SKIP:
        return "skip"
    nothing = "nothing" if request.verb is Verb.SET else "nobody can"
    value = nothing if request.value is None else request.value
    shown = f"{value:g}" if isinstance(value, float) else str(value)[:40]
    return f"{request.verb} {request.about[:40]} = {shown}"


def skip_refusal(course: Course, step: Step) -> str:
    """Return why the running step may not be skipped; empty when it may."""
    refused = _no_step(course)
    if refused or step.do in SKIPPABLE:
        return refused
    allowed = _listed(sorted(SKIPPABLE))
    return f"{step.do} is never skipped: what follows relies on it (only {allowed} may be)"


def answer_refusal(course: Course, logic: StepLogic, request: Request) -> str:
    """Return why an answer is not taken; empty when it is. None as its value declines: nobody can answer."""
    refused = _no_step(course)
    if refused:
        return refused
    asking = logic if isinstance(logic, Asking) and logic.reply(course.step_state).is_open else None
    if asking is None:
        return "no question is open"
    if request.about != asking.question.id:
        return f'the open question is "{asking.question.id}", not "{request.about[:40]}"'
    return "" if request.value is None else unfit(asking.question, request.value)


def _no_step(course: Course) -> str:
    if course.mode not in STEP_MODES:
        return f"not possible while {course.mode.value}"
    return "no step is running" if course.step_state is None else ""


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
