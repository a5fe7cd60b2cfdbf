"""A layer on a station with none of the packaged I/O, gauge controller and turbo drive."""

import tomllib
from importlib.resources import files

import pytest

import pvdstation

PACKAGED = (
    files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8")
    .replace('base_pressure = "2e-6 mbar"', 'base_pressure = "1e-5 mbar"')
    .replace('pressure = "1e-5 mbar", hold = "60 s"', 'pressure = "1e-5 mbar", hold = "5 s"')
)  # fmt: skip
"""Less vacuum, and less waiting for it: the layer is what counts."""
BOARDS = """
port = "sim:io"
map = "generic"
transport = "rtu"
baud = 57600
parity = "none"
units = 3
addresses = { inputs = 0, inputs_per_unit = 8, outputs = 0, outputs_per_unit = 8, read_back = 0 }
external_watchdog = { what = "relay in the 24 V of the outputs", proved = "simulated" }
"""
GAUGES = """[gauges]
port = "sim:gauges"
model = "VGC402"
unit = "Torr"
full_range = 1
capacitance = 2
settings = { FIL = "1,1", OFS = "0,0", CAL = "1.000,1.000" }
read_deadline = "0.5 s"

[gauges2]
port = "sim:gauges2"
model = "VGC401"
unit = "Pa"
foreline = 1
read_deadline = "0.5 s"

"""


@pytest.fixture
def packaged(tmp_path):
    path = tmp_path / "packaged.toml"
    path.write_text(PACKAGED, encoding="utf-8")
    return path


@pytest.fixture
def station(tmp_path):
    head, _, rest = PACKAGED.partition("[gauges]")
    text = head + GAUGES + rest[rest.index("[turbo]") :]
    text = text.replace('\nport = "sim:io"\n', BOARDS).replace('"beacon",\n]', '"beacon", "heartbeat",\n]')
    text = text.replace('port = "sim:turbo"\n', 'port = "sim:turbo"\nmodel = "TC 400"\n')
    assert tomllib.loads(text)["io"]["do"][-1] == "heartbeat"
    path = tmp_path / "other.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_layer_is_the_same_on_other_instruments(station, packaged):
    recipe = "20 nm Li at 0.5 nm/s"
    here, there = (pvdstation.dry_run(recipe, station=str(file)) for file in (station, packaged))
    assert here.outcome == there.outcome == "complete"
    layers = [next(step for step in result.steps if step.do == "deposit") for result in (here, there)]
    assert layers[0].true_nm == pytest.approx(20.0, abs=0.3)
    assert layers[0].true_nm == pytest.approx(layers[1].true_nm, abs=0.2)
    assert layers[0].duration_s == pytest.approx(layers[1].duration_s, abs=10.0)
