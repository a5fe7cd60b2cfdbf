"""What must be true of every run that was tripped, stopped or aborted, whatever broke."""

from itertools import pairwise

from station_bench import OFF_A, Sample, StationBench

from pvdstation.control import effect_table as words
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, Event, EventKind, Verb

OFF_WITHIN_S = 1.5
"""From the trip to no true current: one write, and the supply's lag from 50 A."""
CLOSED_AT_THE_END = ("source shutter 1", "source shutter 2", "substrate shutter", "N2", "vent", "roughing")


def everything_is_off_at_once(bench: StationBench, trip: Event) -> None:
    """All energy and every shutter in the scan of the trip, the plant shortly after."""
    levels = bench.first_sample(lambda s: s.now_ns >= trip.at_ns).outputs
    assert not any(level.on or level.current_a for level in levels.supply)
    assert not any((*levels.enable, *levels.source_shutter, levels.substrate_shutter, levels.n2, levels.vent))
    if trip.source != "uncommanded_energy":  # there the supply does not obey
        dead = bench.first_sample(lambda s: max(s.currents) < OFF_A, trip.at_ns)
        assert (dead.now_ns - trip.at_ns) / SECOND <= OFF_WITHIN_S


def the_substrate_is_covered_at_once(bench: StationBench, trip: Event) -> None:
    assert not bench.first_sample(lambda s: s.now_ns >= trip.at_ns).outputs.substrate_shutter
    covered = bench.first_sample(lambda s: s.positions["substrate shutter"] == 0.0, trip.at_ns)
    assert (covered.now_ns - trip.at_ns) / SECOND <= 1.0


def the_plant_is_safe(bench: StationBench) -> None:
    last = bench.samples[-1]
    assert max(last.currents) < OFF_A
    assert [name for name in CLOSED_AT_THE_END if last.positions[name] != 0.0] == []
    assert bench.instrument("sqc").sequence.is_stopped


def invariants_were_kept(bench: StationBench) -> None:
    """Safety reference 0.11, those that a run can show."""
    for before, after in pairwise(bench.samples):
        _check_scan(before, after)
    numbers = [event.number for event in bench.events]
    assert numbers == list(range(1, len(numbers) + 1))  # gap-free
    trips = [e for e in bench.of_kind(EventKind.TRIP) if int(str(dict(e.values)["class"])[1:]) >= ActionClass.FAST_OFF]
    if trips:
        after_trip = [sample for sample in bench.samples if sample.now_ns >= trips[0].at_ns]
        assert not any(level.on for sample in after_trip for level in sample.outputs.supply)
        assert not any(sample.outputs.n2 for sample in after_trip)


def _check_scan(before: Sample, after: Sample) -> None:
    levels = after.outputs
    energised = any(level.on for level in levels.supply)
    assert not levels.vent
    assert not (energised and levels.n2)
    if before.outputs.substrate_shutter and not energised:
        assert not levels.substrate_shutter, "the substrate shutter closes no later than the power"
    assert not (levels.n2 and after.positions["gate"] > 0.0)
    assert not (levels.roughing and levels.foreline)


SETTLES = {Verb.PAUSE: "paused", Verb.HOLD: "held", Verb.STOP: "stopped", Verb.ABORT: "aborted", Verb.RESUME: "running"}
NEXT_S = 2.5
"""What closes next has been told so by then."""


def what_was_foretold_came_true(bench: StationBench) -> None:
    """Shutters and power after each verb as ``effects`` had said, and the state it leads to."""
    answers = bench.of_kind(EventKind.REQUEST)
    assert len(bench.told) == len(answers)
    for (asked_ns, told), answer in zip(bench.told, answers, strict=True):
        outcome = "accepted" if told.effect is not None else f"refused, {told.refused}"
        assert answer.text == f"{told.verb}: {outcome}"
        if told.effect is None:
            continue
        moves = [event for event in bench.of_kind(EventKind.RUN) if event.at_ns >= answer.at_ns]
        settled = next(event for event in moves if event.text == SETTLES[told.verb])
        span = [sample for sample in bench.samples if asked_ns <= sample.now_ns <= settled.at_ns]
        _went(told.effect.substrate, span, [s.outputs.substrate_shutter for s in span])
        _went(told.effect.source, span, [any(s.outputs.source_shutter) for s in span])
        _powered(told.effect.power, span)


def _went(word: str, span: list[Sample], is_open: list[bool]) -> None:
    """The first sample is that in which the verb was asked for."""
    before, after = is_open[0], is_open[1:]
    match word:
        case words.CLOSES:
            assert before
            assert not any(after)
        case words.CLOSED:
            assert not any(is_open)
        case words.STAYS_OPEN:
            assert all(is_open)
        case words.CLOSES_NEXT:
            late = [o for o, s in zip(is_open, span, strict=True) if s.now_ns > span[0].now_ns + NEXT_S * SECOND]
            assert (before, after[-1]) == (True, False)
            assert not any(late)
        case words.CLOSES_WITH_POWER:
            assert (before, after[0], after[-1]) == (True, True, False)
        case _:
            assert word == words.AS_IS


def _powered(word: str, span: list[Sample]) -> None:
    is_on = [any(level.on for level in s.outputs.supply) for s in span]
    before, after = is_on[0], is_on[1:]
    set_a = [sum(level.current_a for level in s.outputs.supply) for s in span]
    if word in (words.OFF, words.CUT):
        assert before == (word == words.CUT)
        assert not any(after)
    elif word in (words.FROZEN, words.REGULATED):
        assert all(is_on)
        assert all(later <= earlier for earlier, later in pairwise(set_a))
        assert (min(set_a) > 0) == (word == words.FROZEN)  # the SQC-310's is an analogue one
    elif word == words.IDLE or word.startswith("ramped"):
        assert (before, after[0], after[-1]) == (True, True, False)
