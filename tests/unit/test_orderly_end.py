"""What an orderly end waits for: the fore-line valve as far as it can open; without air the end says so, and comes."""

import pytest
from control_bench import HEALTHY, NOW_NS, SIGNALS, STATION, outputs, view

from pvdstation.control.core import Control
from pvdstation.control.state import Course
from pvdstation.control.states import Mode
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Image
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe

CORE = Control(STATION, SIGNALS, check_recipe(load_recipe("10 nm Zn at 0.5 nm/s"), STATION).procedure)
OPEN, CLOSED = 1, 0


def ended(mode: Mode, waited_s: float = 1.0, **contacts: float) -> tuple[str, dict[str, float | str]]:
    """Return the state that follows, and what its event says."""
    before = CORE.start(NOW_NS)
    course = Course(mode, NOW_NS - round(waited_s * SECOND), is_started=True, is_confirming=True)
    names = {name.replace("turbo_speed", "turbo.speed"): value for name, value in contacts.items()}
    image = Image(view({**HEALTHY, **names}, outputs()).readings, ())
    decision = CORE.step(before._replace(course=course, io_armed=True), image, (), NOW_NS)
    moves = [event for event in decision.events if event.kind is EventKind.RUN]
    return decision.state.course.mode.value, dict(moves[-1].values) if moves else {}


@pytest.mark.parametrize(("mode", "end"), [(Mode.STOPPING, "stopped"), (Mode.COMPLETING, "complete")])
def test_an_orderly_end_comes_with_the_turbo_backed(mode: Mode, end: str) -> None:
    state, values = ended(mode, foreline_valve=OPEN)
    assert (state, values["safe"], "not_backed" in values) == (end, 1.0, False)


@pytest.mark.parametrize("mode", [Mode.STOPPING, Mode.COMPLETING])
def test_a_fore_line_valve_that_can_open_is_waited_for_and_then_a_person_is_needed(mode: Mode) -> None:
    assert ended(mode, foreline_valve=CLOSED) == (mode.value, {})
    state, values = ended(mode, 31.0, foreline_valve=CLOSED)
    assert state == "aborting"
    assert values == {}


@pytest.mark.parametrize("missing", ["compressed_air", "backing_running"])
def test_one_that_cannot_open_is_not_waited_for_and_the_end_says_it(missing: str) -> None:
    state, values = ended(Mode.STOPPING, foreline_valve=CLOSED, **{missing: 0})
    assert (state, values["safe"]) == ("stopped", 1.0)
    assert values["not_backed"] == "turbo turns, fore-line valve closed"


def test_a_turbo_that_stands_needs_no_backing() -> None:
    state, values = ended(Mode.STOPPING, foreline_valve=CLOSED, turbo_speed=0)
    assert (state, "not_backed" in values) == ("stopped", False)
