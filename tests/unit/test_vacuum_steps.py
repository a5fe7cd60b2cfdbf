"""Steps of gas and pumps by themselves: clocks that stand while held, top-ups, and what a lost gauge is called."""

import math

import pytest
from control_bench import HEALTHY, NOW_NS, outputs, view
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.control.steps.admit_gas import MOST_VAIN, TRAVEL_S, AdmitGas, GasState, opening_s
from pvdstation.control.steps.base import Drive, Tick
from pvdstation.control.steps.pump import Pump
from pvdstation.control.steps.quiet import Isolate
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass
from pvdstation.model.signals import Quality

SCAN_NS = SECOND // 4
ISOLATED = {**HEALTHY, "gate": 0}
SHUT = outputs(gate=False)


# --- pump down ---


def pumped(drives: list[tuple[Drive, float]], timeout_s: float) -> tuple[Tick, float]:
    """Drive a pump-down at a pressure that is too high; return the first trouble, or the last tick, and when."""
    step = Pump(2e-6, 0.0, timeout_s, after_gas=False)
    values = {**HEALTHY, "chamber.full_range": 1e-5}
    now_ns, state = NOW_NS, step.begin(view(values, outputs()))
    for drive, seconds in drives:
        for _ in range(round(seconds / 0.25)):
            now_ns += SCAN_NS
            tick = step.tick(state, view(values, outputs(), now_ns=now_ns), drive)
            state = tick.state
            if tick.trouble is not None:
                return tick, (now_ns - NOW_NS) / SECOND
    return tick, (now_ns - NOW_NS) / SECOND


def test_pumping_that_does_not_reach_its_pressure_ends_at_its_time_out() -> None:
    tick, after_s = pumped([(Drive.RUN, 200)], 60)
    assert tick.trouble is not None
    assert tick.trouble[:2] == (ActionClass.HOLD, "pump_down")
    assert after_s == pytest.approx(60, abs=0.5)


def test_the_time_out_of_pumping_stands_while_the_run_is_held() -> None:
    tick, _ = pumped([(Drive.RUN, 20), (Drive.HOLD, 500), (Drive.RUN, 39)], 60)
    assert tick.trouble is None
    tick, after_s = pumped([(Drive.RUN, 20), (Drive.HOLD, 500), (Drive.RUN, 200)], 60)
    assert tick.trouble is not None
    assert after_s == pytest.approx(560, abs=0.75)


def test_roughing_that_was_interrupted_counts_with_what_it_took_before() -> None:
    step = Pump(2e-6, 0.0, 3600, after_gas=False)
    values = {**ISOLATED, "chamber.full_range": 10.0, "chamber.capacitance": 10.0}
    state = step.tick(step.begin(view(values, SHUT)), view(values, SHUT), Drive.RUN).state
    held = step.tick(state, view(values, SHUT, now_ns=NOW_NS + 100 * SECOND), Drive.HOLD).state
    again = step.tick(held, view(values, SHUT, now_ns=NOW_NS + 400 * SECOND), Drive.HOLD).state
    assert (held.roughed_ns, again.roughed_ns) == (100 * SECOND, 100 * SECOND)


# --- isolate ---


@pytest.mark.parametrize("quality", [Quality.SENSOR_FAULT, Quality.COMM_FAULT])
def test_an_isolated_chamber_that_nobody_can_measure_says_so(quality: Quality) -> None:
    step, bad = Isolate(), {"chamber.capacitance": quality}
    state = step.begin(view(ISOLATED, SHUT, bad=bad))
    for scan in range(48):
        tick = step.tick(state, view(ISOLATED, SHUT, bad=bad, now_ns=NOW_NS + scan * SCAN_NS, counter=scan), Drive.RUN)
        state = tick.state
    assert tick.trouble is not None
    assert tick.trouble.text == "isolated chamber: capacitance gauge: no good reading"


# --- top-ups ---


@given(st.floats(1e-4, 10))
def test_a_valve_that_is_open_for_its_time_lets_through_what_was_asked(flowing_s: float) -> None:
    seconds = opening_s(flowing_s)
    most_open = min(1.0, seconds / TRAVEL_S)
    ramps_s, plateau_s = most_open * TRAVEL_S, max(0.0, seconds - TRAVEL_S)
    assert most_open * ramps_s + plateau_s == pytest.approx(flowing_s)


def dwelt(mbar: float, seconds: float, **spoiled: float) -> tuple[int, Tick]:
    """Dwell at 500 mbar with a gauge that shows the same all the time; the valve obeys. Return openings, last tick."""
    step = AdmitGas("N2", 500.0, 600.0, is_pumped_out=True)
    state = GasState("dwell", NOW_NS, dwell_ns=NOW_NS, topped_ns=NOW_NS, slope_mbar_s=5.35)
    last, openings = SHUT, 0
    for scan in range(round(seconds / 0.25)):
        now_ns = NOW_NS + scan * SCAN_NS
        v = view({**ISOLATED, "chamber.capacitance": mbar, **spoiled}, last, now_ns=now_ns, counter=scan)
        tick = step.tick(state, v, Drive.RUN)
        if tick.trouble is not None:
            return openings, tick
        openings += tick.wants.n2 and not last.n2
        state, last = tick.state, tick.wants
    return openings, tick


def test_a_gauge_that_stands_still_gets_no_more_gas_than_the_over_pressure_limit_allows() -> None:
    openings, tick = dwelt(494.0, 60)
    assert openings == MOST_VAIN
    assert tick.trouble is not None
    assert tick.trouble[:2] == (ActionClass.HOLD, "n2_no_rise")


def test_a_top_up_is_told_when_to_close_as_it_opens() -> None:
    step = AdmitGas("N2", 20.0, 60.0, is_pumped_out=True)
    state = GasState("dwell", NOW_NS, dwell_ns=NOW_NS, slope_mbar_s=5.0)
    v = view({**ISOLATED, "chamber.capacitance": 19.7}, SHUT)
    wants = step.tick(state, v, Drive.RUN).wants
    assert wants.n2
    assert (wants.n2_until_ns - NOW_NS) / SECOND == pytest.approx(math.sqrt(TRAVEL_S * 0.3 / 5.0))


def test_no_top_up_is_asked_above_its_limit_or_of_a_gauge_that_is_lost() -> None:
    assert dwelt(496.0, 60)[0] == 0
    assert dwelt(math.nan, 60)[0] == 0
