"""Whole runs with a relay of the SQC-310 in series with the substrate shutter's I/O contact: released in every exit."""

import tomllib
from importlib.resources import files

import pytest
from station_bench import EXPOSED, QUICK, Sample, StationBench, asks

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Verb

LAYER = "5 nm Zn at 0.5 nm/s"
SQC = tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8"))["sqc"]
WITH_RELAY = {**QUICK, "sqc": SQC | {"shutter_relay": 5}}
SHUTTER = "substrate shutter"


def is_open(sample: Sample) -> bool:
    return sample.positions[SHUTTER] == 1.0


def relay_is_on(bench: StationBench) -> bool:
    return bench.instrument("sqc").relays.is_on(5)


def test_layer_is_deposited_and_the_relay_given_back():
    seen = []
    bench = StationBench(LAYER, WITH_RELAY, script=[(EXPOSED, lambda bench: seen.append(relay_is_on(bench)))]).run()
    assert (bench.state, bench.verdict["safe"]) == ("complete", 1.0)
    assert seen == [True]
    assert any(map(is_open, bench.samples))
    assert bench.world.truth()["film.Zn"] == pytest.approx(5.0, abs=0.1)
    assert not relay_is_on(bench)
    assert not bench.instrument("sqc").relays._remote  # unlocked, not only off


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.ABORT])
def test_relay_is_given_back_when_the_run_is_ended(verb):
    bench = StationBench(LAYER, WITH_RELAY, script=[(EXPOSED, asks(verb))]).run()
    assert bench.verdict["safe"] == 1.0
    assert not bench.instrument("sqc").relays._remote
    assert not is_open(bench.samples[-1])


def test_shutter_closes_by_its_io_contact_when_the_unit_falls_silent():
    bench = StationBench(LAYER, WITH_RELAY, script=[(EXPOSED, lambda bench: bench.cut("sqc"))]).run()
    cut_ns = bench.script_times[0]
    assert relay_is_on(bench)  # nobody can reach it
    closed = bench.first_sample(lambda sample: sample.positions[SHUTTER] == 0.0, cut_ns)
    assert closed.now_ns - cut_ns < 3 * SECOND
    assert bench.samples[-1].currents[0] < 0.05
