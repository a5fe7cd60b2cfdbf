"""A core between runs: it judges, tells and keeps everything off; what ends a run does not end it."""

import pytest
from echo_station import NO_RECIPE, EchoStation

from pvdstation.control.effects import effects
from pvdstation.control.states import Mode
from pvdstation.model.messages import EventKind, Verb


def idle(begins: Mode = Mode.IDLE) -> EchoStation:
    return EchoStation(procedure=NO_RECIPE, begins=begins).go(3)


@pytest.mark.parametrize("begins", [Mode.IDLE, Mode.INTERRUPTED])
def test_it_scans_on_with_everything_off_and_answers(begins: Mode) -> None:
    station = idle(begins)
    for verb in Verb:
        if verb not in (Verb.ABORT, Verb.CLEAR):
            assert "refused" in station.ask(verb, "N2 valve", 1.0).text, verb
    decision = station.scan()
    assert (station.mode, decision.ended) == (begins, False)
    assert not any(level.on for level in decision.outputs.supply)
    assert len(effects(station.core, station.state)) == 8


def test_a_start_without_anything_prepared_is_left_to_the_process_around() -> None:
    assert "a start names what is to be run" in idle().ask(Verb.START).text


def test_what_aborts_an_idle_station_is_cleared_to_idle_again() -> None:
    station = idle()
    station.spoilt["e_stop_ok"] = 0.0
    station.go(3)
    assert station.said(EventKind.TRIP)[0].startswith("E-stop chain healthy: lost")
    station.spoilt.clear()
    assert station.go(5).mode is Mode.ABORTED
    assert station.decision is not None
    assert station.decision.ended
    assert "accepted" in station.ask(Verb.CLEAR).text
    assert (station.mode, station.scan().ended) == (Mode.IDLE, False)


def test_a_session_by_hand_that_has_ended_is_cleared_to_idle_too() -> None:
    station = EchoStation().go(4)
    station.ask(Verb.STOP)
    assert station.go(5).mode is Mode.STOPPED
    station.ask(Verb.CLEAR)
    assert (station.mode, station.scan().ended) == (Mode.IDLE, False)
    assert "begin work by hand first" in station.set("N2 valve", "open").text
