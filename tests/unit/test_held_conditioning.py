"""Where our own ramps and soaks go on after a hold, and what a start clears."""

import pytest
from control_bench import FRAME, HEALTHY, NOW_NS, SIGNALS, STATION, outputs, view

from pvdstation.control.core import Control
from pvdstation.control.owners import Power
from pvdstation.control.owners.face import Loop
from pvdstation.control.owners.host import HostOwner
from pvdstation.control.state import Course
from pvdstation.control.states import Mode
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Image, Request, SupplyLevel, Verb
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe

ZN = FRAME.by_name["Zn"]
OWNER = HostOwner((ZN,))
# the packaged profile: 25.8 % in 60 s, 60 s, 41.7 % in 60 s, 180 s; the source shutter opens 10 s before the end


def begins_s(passed_s: float, measured_pct: float, held_s: float, drive_pct: float | None = None) -> float:
    """Return where the profile goes on, s."""
    drive = measured_pct if drive_pct is None else drive_pct
    v = view(
        {**HEALTHY, "supply.1.current": measured_pct, "supply.1.mode": 2},
        outputs(supply=(SupplyLevel(on=True, current_a=drive, foldback=False), outputs().supply[1])),
    )
    frozen = Power("frozen", NOW_NS - round(held_s * SECOND), loops=(Loop(drive),), passed_ns=round(passed_s * SECOND))
    tick = OWNER.condition(frozen, v)
    return (NOW_NS - tick.power.since_ns) / SECOND


@pytest.mark.parametrize(
    ("passed_s", "measured_pct", "held_s", "wanted_s"),
    [
        (30.0, 12.9, 20.0, 30.0),  # ramp 1, at the power it was frozen at
        (30.0, 8.6, 20.0, 20.0),  # the supply gives less: from what is measured
        (30.0, 12.9, 200.0, 30.0),  # a ramp has no soak to begin again
        (30.0, 25.0, 20.0, 30.0),  # never further than it was
        (90.0, 25.8, 20.0, 90.0),  # soak 1, short: goes on
        (90.0, 25.8, 59.0, 90.0),
        (90.0, 25.8, 60.0, 60.0),  # long: the soak again
        (90.0, 12.9, 20.0, 30.0),  # it has fallen out of its soak: from its ramp
        (150.0, 33.75, 20.0, 150.0),  # ramp 2
        (200.0, 41.7, 20.0, 200.0),  # soak 2
        (200.0, 41.7, 90.0, 180.0),
        (355.0, 41.7, 20.0, 350.0),  # the source shutter has its whole lead again
    ],
)
def test_a_held_profile_goes_on_from_what_is_measured(
    passed_s: float, measured_pct: float, held_s: float, wanted_s: float
) -> None:
    assert begins_s(passed_s, measured_pct, held_s) == pytest.approx(wanted_s, abs=0.01)


def test_the_power_after_a_hold_is_never_above_that_of_the_hold() -> None:
    assert begins_s(30.0, 40.0, 20.0, drive_pct=12.9) == pytest.approx(30.0)


@pytest.mark.parametrize("stage", ["show", "arm", "energise", "off"])
def test_without_current_there_is_nothing_to_freeze(stage: str) -> None:
    assert not OWNER.keeps_heat(Power(stage, 0, loops=(Loop(),)))


# --- an interrupted run ---


def asked(mode: Mode, verb: Verb) -> tuple[Course, list[str]]:
    """Return the course after a request, and the answers."""
    procedure = check_recipe(load_recipe("10 nm Zn at 0.5 nm/s"), STATION).procedure
    core = Control(STATION, SIGNALS, procedure)
    before = core.start(NOW_NS)
    course = Course(mode, NOW_NS, is_started=True, step=2, cause="power", reason="the computer went away")
    v = view(HEALTHY, outputs())
    decision = core.step(
        before._replace(course=course, io_armed=True), Image(v.readings, ()), (Request(verb, "Ada"),), NOW_NS
    )
    assert not any(level.on for level in decision.outputs.supply)
    answers = [event.text for event in decision.events if event.kind is EventKind.REQUEST]
    return decision.state.course, answers


def test_a_new_run_out_of_an_interrupted_one_begins_with_every_check_of_a_start() -> None:
    course, answers = asked(Mode.INTERRUPTED, Verb.START)
    assert answers == ["start: accepted"]
    assert (course.mode, course.step, course.is_started, course.cause) == (Mode.STARTING, 0, False, "")


def test_clear_forgets_an_interrupted_run() -> None:
    course, _answers = asked(Mode.INTERRUPTED, Verb.CLEAR)
    assert (course.mode, course.step, course.cause) == (Mode.IDLE, 0, "")


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.PAUSE, Verb.HOLD, Verb.STOP])
def test_nothing_else_leads_out_of_an_interrupted_run(verb: Verb) -> None:
    course, answers = asked(Mode.INTERRUPTED, verb)
    assert answers == [f"{verb}: refused, not possible while interrupted"]
    assert course.mode is Mode.INTERRUPTED
