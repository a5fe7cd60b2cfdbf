"""What begins from a page without a recipe: work by hand, and an interrupted run that goes on."""

from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import BY_HAND, Start
from pvdstation.desk.talk import Answer, Refused
from pvdstation.tui.parts.form import Field, Filled, Form
from pvdstation.tui.parts.words import problem_lines

_CONTINUED = (
    "What is on the substrate stays and is not made again; every check of a fresh start is before it.\n"
    "Read what is known of it first: Esc, then Enter."
)


def by_hand_form(snapshot: Snapshot, person: str) -> Form:
    """Return the form that a session by hand begins with."""
    kind = "a SIMULATED" if snapshot.is_simulated else "the LIVE"
    text = f"This is {kind} station: {snapshot.station}. Nothing moves until you ask for it."
    fields = (Field("person", "Your name", person), Field("note", "What for", is_needed=False))
    return Form("Begin a session by hand", text, fields, "begin")


def by_hand_start(snapshot: Snapshot, filled: Filled) -> Start:
    """Return what a session by hand is asked with."""
    return _start(snapshot, filled)._replace(kind=BY_HAND)


def continue_form(run: str, person: str) -> Form:
    """Return the form that an interrupted run is continued with."""
    fields = (Field("person", "Your name", person), Field("note", "What you have seen", is_needed=False))
    return Form(f"Continue {run}", _CONTINUED, fields, "continue")


def continue_start(snapshot: Snapshot, run: str, filled: Filled) -> Start:
    """Return what an interrupted run is asked to go on with."""
    return _start(snapshot, filled)._replace(continues=run)


def answer_text(answer: Answer) -> str:
    """Return an answer in lines, with every problem of a start that was refused."""
    if not isinstance(answer, Refused):
        return answer.text or "Accepted."
    return "\n".join((f"Refused: {answer.text}", *problem_lines(answer.problems)))


def _start(snapshot: Snapshot, filled: Filled) -> Start:
    return Start(
        speed=snapshot.speed if snapshot.is_simulated else 1.0,
        is_live=not snapshot.is_simulated,
        operator=filled["person"],
        note=filled["note"],
    )
