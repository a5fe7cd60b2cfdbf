"""What is still due after a hold: a pause that had been asked for, the pre-coat, a crystal that lasts."""

import pytest
from control_bench import FRAME, HEALTHY, NOW_NS, SIGNALS, STATION, outputs, packaged, view

from pvdstation.control.core import Control
from pvdstation.control.crystal_rate import Track
from pvdstation.control.owners import Power
from pvdstation.control.owners.face import Loop
from pvdstation.control.state import Course, State
from pvdstation.control.states import Mode
from pvdstation.control.steps.base import Drive
from pvdstation.control.steps.condition import ConditionState, Heating
from pvdstation.control.steps.deposit import Deposit
from pvdstation.control.steps.growth import Growth
from pvdstation.control.steps.layer_state import DepositState
from pvdstation.control.view import Frame
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind, Image, Request, Verb
from pvdstation.model.signals import SignalMap
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.recipe.procedure import Deposit as Order

CORE = Control(STATION, SIGNALS, check_recipe(load_recipe("10 nm Zn at 0.5 nm/s"), STATION).procedure)
PUMP, CONDITION, LAYER = 0, 1, 2
OWN_LOOP = packaged("sim-host-loop")
HOST = Frame(OWN_LOOP, SignalMap(OWN_LOOP))
COATED = Order("Zn", "Zn", 300.0, 0.5, 10.0, 5.0, 180.0, "hold", pre_coat_s=60.0)


def after(mode: Mode, step: int, *verbs: Verb, is_pause_due: bool = False) -> tuple[State, list[str]]:
    """Return the memory after a scan with requests in the middle of a step, and the states that it went through."""
    v = view(HEALTHY, outputs())
    course = Course(mode, NOW_NS, is_started=True, step=step, is_pause_due=is_pause_due)
    before = CORE.start(NOW_NS)._replace(
        course=course._replace(step_state=CORE.logic[step].begin(v)), io_armed=True, sources=v.sources
    )
    requests = tuple(Request(verb, "Ada") for verb in verbs)
    decision = CORE.step(before, Image(v.readings, ()), requests, NOW_NS)
    return decision.state, [event.text for event in decision.events if event.kind is EventKind.RUN]


def test_a_pause_that_waits_for_its_unit_outlasts_a_hold() -> None:
    held, states = after(Mode.PAUSING, CONDITION, Verb.HOLD)
    assert states[0] == "holding"
    assert held.course.is_pause_due
    resumed, states = after(Mode.RESTARTING, CONDITION, is_pause_due=True)
    assert states == ["running", "pausing"]
    assert (resumed.course.mode, resumed.course.is_pause_due) == (Mode.PAUSING, False)


def test_a_hold_takes_the_place_of_a_pause_that_acts_at_once() -> None:
    assert not after(Mode.PAUSING, PUMP, Verb.HOLD)[0].course.is_pause_due


def test_a_pause_that_was_taken_back_is_forgotten() -> None:
    assert not after(Mode.PAUSING, CONDITION, Verb.RESUME, Verb.HOLD)[0].course.is_pause_due


def heated(logic: Deposit, exposed_nm: float) -> DepositState:
    """Return a pre-coated layer after a cold hold, at the end of its second conditioning."""
    passed_ns = round(logic.w.source.condition.total_s * SECOND)
    power = Power("heat", NOW_NS - passed_ns, loops=(Loop(41.7),))
    heating = ConditionState(power, (Heating(track=Track(counter=1, rate_nm_s=0.45)),))
    v = view(HEALTHY, outputs())
    state = logic.begin(v)._replace(stage="reheat", coated_ns=60 * SECOND, openings=1, heating=heating)
    return state._replace(growths=(Growth(film_nm=exposed_nm),))


@pytest.mark.parametrize("exposed_nm", [0.0, 120.0])
def test_after_a_hold_without_energy_the_source_is_pre_coated_again(exposed_nm: float) -> None:
    logic = Deposit(HOST.by_name["Zn"], COATED)
    after_it = logic.tick(heated(logic, exposed_nm), view(HEALTHY, outputs()), Drive.RUN).state
    assert (after_it.stage, after_it.coated_ns, after_it.growths[0].film_nm) == ("capture", 0, exposed_nm)


@pytest.mark.parametrize(
    ("film_nm", "lacks"),
    [
        (0.0, "crystal 1 has 0.5 % of its life left"),
        (290.0, ""),  # enough for the 10 nm that are missing
        (299.9, ""),  # nothing is heated any more
    ],
)
def test_a_cold_hold_is_not_resumed_on_a_crystal_that_would_not_last(film_nm: float, lacks: str) -> None:
    logic = Deposit(FRAME.by_name["Zn"], COATED)
    v = view({**HEALTHY, "sensor.1.frequency": 5_005_000.0}, outputs())
    state = logic.begin(v)._replace(stage="cut", openings=1, growths=(Growth(film_nm=film_nm),))
    assert logic.tick(state, v, Drive.HOLD).lacks.startswith(lacks)
    assert bool(logic.tick(state, v, Drive.HOLD).lacks) == bool(lacks)
