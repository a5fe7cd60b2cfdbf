"""A result that has travelled as JSON is the result that was sent, to the digits that are shown."""

from pvdstation.cli.exits import exit_code
from pvdstation.model.problems import Problem
from pvdstation.record.cause import Cause
from pvdstation.record.read_back import result_of
from pvdstation.record.results import (
    AlarmResult,
    Named,
    RateResult,
    RunResult,
    StepResult,
    TogetherResult,
    refused,
)

LAYER = StepResult(
    3,
    implied=False,
    do="deposit",
    text="30 nm Zn with Li",
    state="complete",
    ended_because="thickness reached",
    duration_s=66.0,
    indicated_nm=30.1,
    remarks=("spit of 0.4 nm Zn at 12.3 nm", "completed by time: crystal 1 failed"),
    together=(TogetherResult("Li", indicated_nm=3.1),),
    rates=(RateResult(0.2, 0.21, 0.01), RateResult(0.5)),
)
ENDED = RunResult(
    outcome="stopped",
    reason="stop by pvd 17",
    mode="simulated",
    safe=True,
    run="20260314-091500-a3f2",
    recipe=Named("Zn", "ab"),
    station=Named("sim", "cd"),
    seed=1,
    plant_s=412.5,
    wall_s=2.1,
    steps=(LAYER,),
    alarms=(AlarmResult("alarm", "n2_valve", "it is open", 3.0, priority="high"),),
    cause=Cause.OPERATOR,
    trigger={"signal": "door", "value": None},
    by_operator=True,
    record_fault=Problem("the record", "its end could not be written: disk full"),
)


def test_a_result_is_read_back_as_it_was() -> None:
    assert result_of(ENDED.as_json()) == ENDED


def test_links_that_were_never_reached_are_told_and_give_the_same_exit_code() -> None:
    silent = RunResult("stopped", "sqc is not reached", "live", None, None, None, None, None, 10.0, 10.0)
    silent = result_of({**silent.as_json(), "unreachable": ["sqc"], "cause": "instrument not reachable"})
    assert silent.unreachable == ("sqc",)
    assert result_of(silent.as_json()) == silent
    assert exit_code(silent) == 6
    assert "unreachable" not in ENDED.as_json()


def test_a_refusal_keeps_its_problems() -> None:
    refusal = refused([Problem("line", "what", "write", "a.toml", 3, 4)], mode="simulated", seed=2)
    assert result_of(refusal.as_json()) == refusal


def test_what_a_later_version_knows_is_left_out() -> None:
    document = ENDED.as_json()
    document["steps"] = [{**LAYER.as_json(), "colour": "blue"}]
    assert result_of({**document, "weather": "fine"}) == ENDED
