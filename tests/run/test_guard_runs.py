"""What comes over a film, and what its result says: spits, a crystal that fails near its end or would not last."""

from itertools import pairwise

import pytest
from interlock_cases import HOST
from station_bench import QUICK, Act, Changes, StationBench, during

from pvdstation.model.messages import EventKind
from pvdstation.record.gathering import Gathering
from pvdstation.record.plan import planned_steps
from pvdstation.record.results import StepResult

THICK = "20 nm Zn at 0.5 nm/s"
BANDS = {"rate_attention", "rate_alert"}
"""The quick charge of the bench follows its boat faster than the loop was tuned for."""
BY_TIME: Changes = {**HOST, "limits.timed_end": {"above": "85 %", "most": "10 s"}}


def layer_of(bench: StationBench) -> StepResult:
    """Return the layer's result, gathered as that of every run is, without the plant's truth."""
    gathering = Gathering(planned_steps(bench.prepared.checked.procedure))
    gathering.take(bench.events)
    return next(step for step in gathering.steps(bench.now_ns) if step.do == "deposit")


def seen(bench: StationBench) -> list[tuple[str, str]]:
    """Return name and class of what came, beside the bands of the rate."""
    events = bench.of_kind(EventKind.ALARM, EventKind.TRIP)
    came = [(event.source, str(dict(event.values).get("class", ""))) for event in events]
    return [(name, rank) for name, rank in came if rank and name not in BANDS]


def spits(nm: float) -> Act:
    return lambda bench: bench.plant.beams[0].spit(nm, nm)


@pytest.mark.parametrize("name", ["sim", "sim-host-loop"])
def test_a_good_run_of_a_slow_layer_raises_no_guard_and_marks_nothing(name: str) -> None:
    bench = StationBench("4 nm Zn at 0.1 nm/s", QUICK if name == "sim" else HOST, name=name, seed=3).run()
    assert bench.state == "complete"
    assert seen(bench) == []
    assert layer_of(bench).remarks is None


def test_single_spits_trip_nothing_count_as_film_and_mark_it() -> None:
    ten_times = 10 * 0.5 * 0.25
    exposed = [during("deposit", "thickness", after_s) for after_s in (5.0, 15.0)]
    script = [(exposed[0], spits(ten_times)), (exposed[1], spits(0.5))]
    bench = StationBench(THICK, HOST, name="sim-host-loop", script=script).run()
    assert bench.state == "complete"
    assert seen(bench) == []
    marks = layer_of(bench).remarks
    assert marks is not None
    assert [mark.partition(" at ")[0] for mark in marks] == ["spit of 1.3 nm Zn", "spit of 0.5 nm Zn"]
    assert bench.plant.beams[0].film_nm == pytest.approx(20.0, abs=0.05)
    assert [event.text for event in bench.of_kind(EventKind.NOTE)] == list(marks)


def test_spits_that_repeat_are_an_alarm() -> None:
    script = [(during("deposit", "thickness", after_s), spits(0.6)) for after_s in (5.0, 12.0, 19.0)]
    bench = StationBench(THICK, HOST, name="sim-host-loop", script=script).run()
    assert seen(bench) == [("spitting", "C0")]
    assert len(layer_of(bench).remarks or ()) == 3


def test_a_layer_whose_crystal_fails_near_its_end_is_completed_by_time_where_the_station_allows() -> None:
    bench = StationBench(THICK, BY_TIME, name="sim-host-loop")
    bench.world.inner.faults.add("t=125s crystal.1 fail")
    bench.run()
    assert bench.state == "complete"
    assert seen(bench) == [("crystal", "C0")]
    layer = layer_of(bench)
    assert layer.ended_because == "completed by time"
    assert layer.remarks == ("completed by time: the last 2.5 nm at 0.52 nm/s, uncertain by 0.25 nm",)
    assert bench.plant.beams[0].film_nm == pytest.approx(20.0, abs=0.25)
    failed_ns = 125_000_000_000
    drives = [sample.outputs.supply[0].current_a for sample in bench.samples if sample.now_ns >= failed_ns]
    assert all(later <= sooner for sooner, later in pairwise(drives))  # never up again


@pytest.mark.parametrize(("changes", "fault"), [
    (BY_TIME, "t=110s crystal.1 fail"),  # half of it is missing
    (BY_TIME, "t=125s crystal.1 stuck"),  # what it read last is in doubt
    (HOST, "t=125s crystal.1 fail"),  # off by default
], ids=["too early", "stuck", "off"])  # fmt: skip
def test_else_the_layer_is_held_when_its_crystal_fails(changes: Changes, fault: str) -> None:
    bench = StationBench(THICK, changes, name="sim-host-loop")
    bench.world.inner.faults.add(fault)
    bench.run()
    assert bench.state == "stopped"
    assert seen(bench)[0][1] == "C1"
    assert layer_of(bench).remarks is None


def test_nothing_is_heated_for_a_layer_that_its_crystal_would_not_last_for() -> None:
    bench = StationBench("10 nm Zn at 0.5 nm/s", QUICK)
    bench.plant.crystals[1].offset_hz = -999_200.0
    bench.run()
    assert (bench.state, bench.done) == ("stopped", ["pump_down", "condition"])
    assert seen(bench) == [("crystal_need", "C2")]
    assert bench.of_kind(EventKind.TRIP)[0].text == (
        "crystal 1 has 0.1 % of its life left, good for 27 nm Zn; this layer takes 35 nm with conditioning: "
        "change the crystal"
    )
    assert max(max(sample.currents) for sample in bench.samples) == 0.0
