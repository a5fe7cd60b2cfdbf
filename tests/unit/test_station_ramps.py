"""Ramps that the interlocks could not judge are refused with the station file, with the time to write instead."""

from importlib.resources import files

import pytest

from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station

PACKAGED = (files("pvdstation") / "stations" / "sim.toml").read_text("utf-8")
ZN = PACKAGED.index("[source.Zn]")


def changed(was: str, now: str) -> bytes:
    """Return the packaged station with one change in its first source."""
    head, zn = PACKAGED[:ZN], PACKAGED[ZN:]
    assert was in zn
    return (head + zn.replace(was, now, 1)).encode()


@pytest.mark.parametrize(("was", "now", "where", "write"), [
    ('ramp = "30 s"', 'ramp = "2 s"', "source.Zn.idle.ramp", "Write at least 7 s."),
    ('"25.8 %", time = "60 s"', '"25.8 %", time = "3 s"', "source.Zn.condition.ramp1.time", "Write at least 4 s."),
    ('"25.8 %", time = "60 s"', '"25.8 %", time = "4 s"', "source.Zn.condition.ramp1.time", "Write at least 5 s."),
    ('"25.8 %", time = "60 s"', '"2 %", time = "4 s"', None, ""),
    ('ramp = "30 s"', 'ramp = "7 s"', None, ""),
])  # fmt: skip
def test_a_ramp_that_no_rule_can_follow_is_refused(was, now, where, write) -> None:
    if where is None:
        assert load_station(changed(was, now), "sim.toml")
        return
    with pytest.raises(Refused) as refused:
        load_station(changed(was, now), "sim.toml")
    assert where in [problem.where for problem in refused.value.problems]
    assert write in [problem.write for problem in refused.value.problems]
