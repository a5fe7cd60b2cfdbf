"""The state table over its full product."""

from itertools import product

import pytest

from pvdstation.control.states import ENDED, GOING_ON, NEXT, Cue, Mode, after

# Typed in by hand from the table of states and commands: row, then where each cue leads. Everything else is refused.
ROWS = {
    "idle": {"start": "starting", "abort": "aborting"},
    "starting": {"hold": "holding", "stop": "stopping", "abort": "aborting", "settled": "running"},
    "running": {
        "pause": "pausing",
        "hold": "holding",
        "stop": "stopping",
        "abort": "aborting",
        "settled": "completing",
    },
    "pausing": {
        "resume": "running",
        "hold": "holding",
        "stop": "stopping",
        "abort": "aborting",
        "settled": "paused",
    },
    "paused": {"resume": "restarting", "hold": "holding", "stop": "stopping", "abort": "aborting"},
    "holding": {"stop": "stopping", "abort": "aborting", "settled": "held"},
    "held": {"resume": "restarting", "stop": "stopping", "abort": "aborting"},
    "restarting": {"hold": "holding", "stop": "stopping", "abort": "aborting", "settled": "running"},
    "stopping": {"abort": "aborting", "settled": "stopped"},
    "stopped": {"clear": "idle", "abort": "aborting"},
    "aborting": {"settled": "aborted"},
    "aborted": {"clear": "idle", "abort": "aborting"},
    "completing": {"stop": "stopping", "abort": "aborting", "settled": "complete"},
    "complete": {"clear": "idle", "abort": "aborting"},
    "interrupted": {"start": "starting", "clear": "idle", "abort": "aborting"},
}


@pytest.mark.parametrize(("mode", "cue"), list(product(Mode, Cue)))
def test_each_state_and_cue_leads_where_the_table_says(mode: Mode, cue: Cue) -> None:
    wanted = ROWS[mode.value].get(cue.value)
    following = after(mode, cue)
    assert (following.value if following is not None else None) == wanted


def test_every_state_has_a_row() -> None:
    assert set(ROWS) == {mode.value for mode in Mode}


def test_every_state_is_entered_by_some_transition_but_that_which_a_crash_leaves() -> None:
    assert {mode for mode in Mode if mode not in NEXT.values()} == {Mode.INTERRUPTED}


def test_abort_is_refused_only_while_it_is_already_under_way() -> None:
    assert [mode for mode in Mode if after(mode, Cue.ABORT) is None] == [Mode.ABORTING]


def test_an_interrupted_run_is_left_by_a_person_alone_and_never_to_a_state_in_which_outputs_rise() -> None:
    left = {cue: after(Mode.INTERRUPTED, cue) for cue in Cue}
    assert {cue for cue, mode in left.items() if mode is not None} == {Cue.START, Cue.CLEAR, Cue.ABORT}
    assert not set(left.values()) & set(GOING_ON)


def test_no_ended_state_leads_to_one_that_energises() -> None:
    for mode, cue in product(ENDED, Cue):
        assert after(mode, cue) in {None, Mode.IDLE, Mode.ABORTING}
