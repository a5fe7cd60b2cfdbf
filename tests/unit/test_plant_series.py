"""A contact of another instrument in series with the substrate shutter's own: both must be closed to open it."""

import pytest
from plant_bench import simulation

from pvdsim.plant.plant import Plant
from pvdstation.model.clock import SECOND


@pytest.mark.parametrize("first", ["relay", "output"])
def test_the_shutter_opens_with_both_and_closes_with_either(first):
    bench = Plant(simulation(), 1)
    part = bench.parts["substrate shutter"]
    bench.bridge("substrate shutter", closed=False)

    def relay(on):
        bench.bridge("substrate shutter", closed=on)

    def output(on):
        bench.command("substrate shutter", on=on, at_ns=bench.now_ns)

    def after_a_second():
        bench.advance_to(bench.now_ns + SECOND)
        return part.stands_open()

    one, other = (relay, output) if first == "relay" else (output, relay)
    one(True)
    assert not after_a_second()
    other(True)
    assert after_a_second()
    one(False)
    assert not after_a_second()
    one(True)
    assert after_a_second()
    other(False)
    assert not after_a_second()
    assert part.stands_closed()
