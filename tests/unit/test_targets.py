"""When a run is complete, and the one cause of every other end."""

import pytest

from pvdstation.assembly.ending import ending_of
from pvdstation.model.messages import Event, EventKind
from pvdstation.record.cause import Cause
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import PlannedStep

LAYER = PlannedStep(1, False, "deposit", "300 nm Zn", "recipe", 600.0, {"material": "Zn", "target_nm": 300.0})
THIN = PlannedStep(1, False, "deposit", "10 nm Zn", "recipe", 20.0, {"material": "Zn", "target_nm": 10.0})
BOTH = PlannedStep(
    1, False, "deposit", "200 nm Zn with Li", "recipe", 500.0,
    {"material": "Zn", "target_nm": 200.0, "rate_nm_s": 0.4, "together": [{"source": "Li", "rate_nm_s": 0.1}]},
)  # fmt: skip
LI = {"together.Li.material": "Li"}
FILL = PlannedStep(1, False, "admit_gas", "N2", "recipe", 180.0, {"gas": "N2", "target_mbar": 500.0, "dwell_s": 180.0})


def end(plan, trip="", verdict="complete", cause="complete", seen=(), **values):
    """Return the ending of a run of one step that reached these values."""
    gathering = Gathering([plan])
    gathering.take([Event(1, 0, EventKind.STEP, "step 1", "running")])
    if trip:
        gathering.take([Event(2, 1, EventKind.TRIP, trip, "lost", (("state", "came"), ("class", "C3"), *seen))])
    gathering.take([Event(3, 2, EventKind.STEP, "step 1", "complete", tuple(values.items()))])
    told = (("cause", cause), ("reason", "why"), ("safe", 1.0))
    gathering.take([Event(4, 3, EventKind.RUN, "run", verdict, told)])
    return ending_of(gathering, [plan], gathering.steps(3))


@pytest.mark.parametrize(
    ("plan", "values"),
    [
        (LAYER, {"indicated_nm": 294.01}),
        (LAYER, {"indicated_nm": 305.99}),
        (THIN, {"indicated_nm": 9.81}),
        (BOTH, {"indicated_nm": 200.0, **LI, "together.Li.indicated_nm": 45.1}),
        (FILL, {"reached_mbar": 509.9, "held_s": 179.1}),
        (FILL, {"reached_mbar": 490.1, "held_s": 184.9}),
    ],
)
def test_a_run_within_its_tolerances_is_complete(plan, values) -> None:
    ending = end(plan, **values)
    assert (ending.outcome, ending.cause, ending.trigger) == ("complete", Cause.COMPLETE, None)


@pytest.mark.parametrize(
    ("plan", "values", "trigger"),
    [
        (LAYER, {"indicated_nm": 293.9}, {"step": 1, "signal": "indicated_nm", "value": 293.9, "limit": 300.0}),
        (LAYER, {}, {"step": 1, "signal": "indicated_nm", "value": None, "limit": 300.0}),
        (THIN, {"indicated_nm": 10.3}, {"step": 1, "signal": "indicated_nm", "value": 10.3, "limit": 10.0}),
        (BOTH, {"indicated_nm": 200.0, **LI, "together.Li.indicated_nm": 55.1},
         {"step": 1, "signal": "together.Li.indicated_nm", "value": 55.1, "limit": 50.0}),
        (BOTH, {"indicated_nm": 200.0},
         {"step": 1, "signal": "together.Li.indicated_nm", "value": None, "limit": 50.0}),
        (FILL, {"reached_mbar": 511.0, "held_s": 180.0},
         {"step": 1, "signal": "reached_mbar", "value": 511.0, "limit": 500.0}),
        (FILL, {"reached_mbar": 500.0, "held_s": 178.9},
         {"step": 1, "signal": "held_s", "value": 178.9, "limit": 180.0}),
        (FILL, {"reached_mbar": 500.0, "held_s": 185.1},
         {"step": 1, "signal": "held_s", "value": 185.1, "limit": 180.0}),
    ],
)  # fmt: skip
def test_a_target_that_was_missed_is_no_complete_run(plan, values, trigger) -> None:
    ending = end(plan, **values)
    assert (ending.outcome, ending.cause, ending.trigger) == ("stopped", Cause.TARGET_MISSED, trigger)
    assert f"step 1 ({plan.text})" in ending.reason


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("operator", Cause.OPERATOR),
        ("water_flow", Cause.INTERLOCK),
        ("control_cycle", Cause.INTERLOCK),
        ("rate_alarm", Cause.ALARM_LIMIT),
        ("hold", Cause.HOLD_TIMED_OUT),
        ("io_link", Cause.LINK_LOST),
        ("start", Cause.NOT_READY),
        ("record_stuck", Cause.RECORD_FAILED),
        ("safe_state", Cause.NOT_CONFIRMED),
        ("capture", Cause.STEP_FAILED),
    ],
)
def test_every_first_cause_has_its_word(name, cause) -> None:
    assert end(LAYER, verdict="stopped", cause=name).cause is cause


def test_the_trigger_is_that_of_the_first_cause() -> None:
    seen = (("signal", "water_flow"), ("value", float("nan")), ("limit", 1.0))
    ending = end(LAYER, "water_flow", "aborted", "water_flow", seen)
    assert ending.trigger == {"rule": "water_flow", "signal": "water_flow", "value": None, "limit": 1.0}
