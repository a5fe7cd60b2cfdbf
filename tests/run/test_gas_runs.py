"""A small fill: one scan of flow is 7 % of its target."""

import pytest
from station_bench import QUICK, StationBench

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind

TARGET_MBAR = 20.0


@pytest.mark.parametrize("seed", [1, 4])
def test_a_small_fill_and_its_top_ups_stay_within_two_per_cent_above_the_target(seed: int) -> None:
    bench = StationBench(f"N2 to {TARGET_MBAR:g} mbar for 20 s", QUICK, seed=seed).run()
    gas = next(dict(event.values) for event in bench.of_kind(EventKind.STEP) if "held_s" in dict(event.values))
    assert bench.state == "complete"
    assert gas["top_ups"] in (1, 2)
    assert gas["reached_mbar"] == pytest.approx(TARGET_MBAR, rel=0.01)
    assert gas["held_s"] == pytest.approx(20, abs=0.3)
    highest_mbar = max(sample.chamber_mbar for sample in bench.samples if sample.now_ns > SECOND)
    assert 0.98 * TARGET_MBAR < highest_mbar < 1.02 * TARGET_MBAR
    assert bench.of_kind(EventKind.ALARM, EventKind.TRIP) == []
