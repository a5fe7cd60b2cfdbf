"""Ports in a station file: refused with their place, or warned of by the checker."""

import re
from importlib.resources import files

import pytest

from pvdstation.model.problems import Refused
from pvdstation.model.toml import load_station
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe

SIM = files("pvdstation.stations").joinpath("sim.toml").read_text(encoding="utf-8").split("\n[simulation")[0]
REAL = re.sub(r'"sim:(\w+)"', r'"tcp://\1.lab:4001"', SIM)


def problems(old, new):
    assert old in REAL
    with pytest.raises(Refused) as refused:
        load_station(REAL.replace(old, new, 1).encode(), "real.toml")
    return refused.value.problems


@pytest.mark.parametrize(
    ("new", "what", "write"),
    [
        ("ttyUSB0", "names no port", "/dev/ttyUSB0"),
        ("tcp://sqc.lab", "which TCP port", "2101"),
        ("GPIB0::7::INSTR", "not supported", "SOCKET"),
        ("", "names no port", "COM3"),
    ],
)
def test_a_port_that_is_none_is_refused_at_its_line(new, what, write):
    (problem,) = problems("tcp://sqc.lab:4001", new)
    assert (problem.where, problem.line is not None) == ("sqc.port", True)
    assert what in problem.what
    assert write in problem.write


def test_one_port_under_two_spellings_is_still_one_port():
    (problem,) = problems("tcp://supply2.lab:4001", "TCPIP::SUPPLY1.lab::4001::SOCKET")
    assert problem.where == "supply.2.port"
    assert "belongs to supply1 already" in problem.what


def test_a_numbered_adapter_is_warned_of_and_not_refused():
    station = load_station(REAL.replace("tcp://turbo.lab:4001", "/dev/ttyUSB0").encode(), "real.toml")
    (warning,) = check_recipe(load_recipe("30 nm Zn at 0.5 nm/s"), station).warnings
    assert (warning.where, warning.file) == ("turbo.port", "real.toml")
    assert "after a restart it may be another instrument" in warning.what
    assert "by-path" in warning.write


def test_a_place_is_not_warned_of():
    station = load_station(REAL.replace("tcp://turbo.lab:4001", "/dev/serial/by-path/usb-0:2-port0").encode(), "x")
    assert check_recipe(load_recipe("30 nm Zn at 0.5 nm/s"), station).warnings == ()
