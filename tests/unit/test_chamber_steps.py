"""Leak test and vent by themselves: the fit, its limit and its gauge; the valve, and what closes it."""

import random

import pytest
from control_bench import HEALTHY, NOW_NS, STATION, outputs, view
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.control.steps.base import Drive, Tick
from pvdstation.control.steps.leak_test import LeakTest
from pvdstation.control.steps.line_fit import LineFit
from pvdstation.control.steps.vent import SETTLE_NS, Vent
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionClass, Outputs
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe

SCAN_NS = SECOND // 4
OPEN = outputs()


# --- the line ---


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(3, 50))
def test_points_on_a_line_give_its_slope_and_no_error(slope: float, offset: float, points: int) -> None:
    fit = LineFit()
    for x in range(points):
        fit = fit.with_point(float(x), offset + slope * x)
    assert fit.slope == pytest.approx(slope, abs=1e-6)
    assert fit.slope_sd == pytest.approx(0, abs=1e-4)


def test_the_standard_error_is_that_of_the_textbook() -> None:
    # y = 1, 3, 2, 5 at x = 0 … 3: slope 1.1, residuals -0.1, 0.8, -1.3, 0.6, s² = 2.7/2, Sxx = 5
    fit = LineFit()
    for x, y in enumerate((1.0, 3.0, 2.0, 5.0)):
        fit = fit.with_point(float(x), y)
    assert fit.slope == pytest.approx(1.1)
    assert fit.slope_sd == pytest.approx((2.7 / 2 / 5) ** 0.5)


def test_the_standard_error_covers_the_truth_as_often_as_it_should() -> None:
    chance, hits = random.Random("line/1"), 0
    for _ in range(200):
        fit = LineFit()
        for x in range(40):
            fit = fit.with_point(float(x), 0.5 * x + chance.gauss(0, 1))
        hits += abs(fit.slope - 0.5) < 2 * fit.slope_sd
    assert 0.90 <= hits / 200 <= 0.99


# --- leak test ---


class Closed:
    """A chamber whose gate obeys; its pressure rises while the gate is closed."""

    def __init__(self, step: LeakTest | Vent, rise_mbar_s: float = 1e-5, noise: float = 0.0) -> None:
        self.step = step
        self.rise, self.noise = rise_mbar_s, noise
        self.chance = random.Random("leak/1")
        self.now_ns, self.mbar, self.gate = NOW_NS, 2e-6, True
        self.last: Outputs = OPEN
        self.bad: dict[str, Quality] = {}
        self.scans = 0
        self.state = step.begin(self.view())

    def view(self) -> View:
        shown = self.mbar * (1 + self.chance.gauss(0, self.noise))
        values = {**HEALTHY, "gate": float(self.gate), "chamber.full_range": shown}
        return view(values, self.last, now_ns=self.now_ns, bad=self.bad, counter=self.scans, age_s={})

    def go(self, seconds: float, drive: Drive = Drive.RUN) -> Tick:
        for _ in range(round(seconds / 0.25)):
            tick = self.step.tick(self.state, self.view(), drive)
            self.state, self.last = tick.state, tick.wants
            if tick.done or tick.trouble is not None:
                break
            self.now_ns += SCAN_NS
            self.scans += 1
            self.mbar = 2e-6 if self.gate else self.mbar + self.rise / 4
            self.gate = tick.wants.gate
        return tick

    def reached(self, name: str) -> float:
        return float(self.step.values(self.state, self.view())[name])


def test_the_rise_is_that_of_the_chamber_within_its_error_and_the_gate_opens_again() -> None:
    chamber = Closed(LeakTest(60, 2e-5), rise_mbar_s=1e-5, noise=0.03)
    tick = chamber.go(120)
    assert tick.done.startswith("pressure rises 1.0")
    assert "full-range gauge" in tick.done
    assert chamber.gate
    assert abs(chamber.reached("rise_mbar_s") - 1e-5) < 3 * chamber.reached("rise_sd_mbar_s")
    assert 0 < chamber.reached("rise_sd_mbar_s") < 2e-7
    assert chamber.reached("leak_mbar_l_s") == pytest.approx(80 * chamber.reached("rise_mbar_s"))


def test_a_rise_above_the_limit_holds_the_run_with_the_gate_open_and_says_by_how_much() -> None:
    chamber = Closed(LeakTest(60, 5e-6), rise_mbar_s=1e-5)
    trouble = chamber.go(120).trouble
    assert trouble is not None
    assert trouble[:2] == (ActionClass.HOLD, "leak_test")
    for part in ("1.00e-05", "above the limit of 5e-6 mbar/s", "8.00e-04 mbar L/s at 80 L"):
        assert part in trouble.text
    assert chamber.gate


def test_a_test_that_was_held_is_done_again_from_its_beginning() -> None:
    chamber = Closed(LeakTest(60, 5e-6), rise_mbar_s=1e-5)
    assert chamber.go(120).trouble is not None
    assert chamber.go(5, Drive.HOLD).is_settled
    assert chamber.reached("rise_mbar_s") == pytest.approx(1e-5, rel=0.01)  # what was seen stays in the result
    chamber.rise = 1e-6
    assert chamber.go(120).done
    assert chamber.reached("rise_mbar_s") == pytest.approx(1e-6, rel=0.01)


def test_a_leak_above_what_the_gate_can_be_opened_at_ends_the_test_early() -> None:
    chamber = Closed(LeakTest(600, 1e-4), rise_mbar_s=1e-3)
    trouble = chamber.go(300).trouble
    assert trouble is not None
    assert "1.00e-03" in trouble.text
    assert (chamber.now_ns - NOW_NS) / SECOND < 60


def test_a_gauge_that_shows_nothing_is_no_leak_test() -> None:
    chamber = Closed(LeakTest(30, 1e-4))
    chamber.bad = {"chamber.full_range": Quality.SENSOR_FAULT}
    trouble = chamber.go(120).trouble
    assert trouble is not None
    assert "0 good readings" in trouble.text


def test_a_gate_that_does_not_close_is_told() -> None:
    step, v = LeakTest(30, 1e-4), view(HEALTHY, OPEN)
    late = view(HEALTHY, OPEN, now_ns=NOW_NS + 6 * SECOND)
    trouble = step.tick(step.begin(v), late, Drive.RUN).trouble
    assert trouble is not None
    assert trouble.name == "gate"


# --- vent ---

BOX = STATION.glovebox.pressure
ISOLATED = {**HEALTHY, "gate": 0}


def vented(mbar: float, after_s: float, last: Outputs | None = None, state: object = None) -> Tick:
    step = Vent("Ar")
    first = view({**ISOLATED, "chamber.capacitance": mbar}, outputs(gate=False))
    state = step.begin(first) if state is None else state
    later = view(
        {**ISOLATED, "chamber.capacitance": mbar}, last or outputs(gate=False), now_ns=NOW_NS + round(after_s * SECOND)
    )
    return step.tick(state, later, Drive.RUN)  # type: ignore[arg-type]


def test_the_valve_closes_three_millibar_below_the_glovebox() -> None:
    assert vented(BOX - 3.5, 1).wants.vent
    assert not vented(BOX - 3.0, 1).wants.vent


def test_what_has_cooled_below_the_door_s_band_is_filled_again_and_the_rest_is_left_alone() -> None:
    closed = vented(BOX - 3.0, 0).state
    after_s = SETTLE_NS / SECOND
    assert not vented(BOX - 12, after_s - 1, state=closed).wants.vent
    assert vented(BOX - 12, after_s, state=closed).wants.vent
    tick = vented(BOX - 4, after_s, state=closed)
    assert tick.done == "vented; confirm the pressure before the door"
    assert not tick.wants.vent


def test_a_chamber_above_the_glovebox_s_band_is_told() -> None:
    trouble = vented(BOX + 7, SETTLE_NS / SECOND, state=vented(BOX + 7, 0).state).trouble
    assert trouble is not None
    assert "do not open the door" in trouble.text


def test_gas_that_does_not_come_and_a_valve_that_its_rule_closes_hold_the_run() -> None:
    is_open = outputs(gate=False, vent=True)
    flowing = vented(10, 1, is_open).state
    assert vented(10.5, 30, is_open, flowing).trouble is None
    stuck = vented(10.5, 32, is_open, flowing).trouble
    shut = vented(500, 5, None, flowing).trouble
    refused = vented(10, 31).trouble
    assert [t and t.name for t in (stuck, shut, refused)] == ["vent_no_rise", "vent_valve", "vent_valve"]


@pytest.mark.parametrize("drive", [Drive.HOLD, Drive.STOP])
def test_hold_and_stop_close_the_vent_valve(drive: Drive) -> None:
    step = Vent("Ar")
    v = view({**ISOLATED, "chamber.capacitance": 500.0}, outputs(gate=False, vent=True))
    tick = step.tick(step.begin(v), v, drive)
    assert not tick.wants.vent
    assert tick.is_settled


def test_argon_is_never_let_into_a_gas_that_was_to_stay() -> None:
    stays = b"""name = "t"
[[steps]]
do = "admit_gas"
gas = "N2"
pressure = "100 mbar"
dwell = "10 s"
then = "stay"
[[steps]]
do = "vent"
gas = "Ar"
"""
    with pytest.raises(Refused) as refused:
        check_recipe(load_recipe(stays, "t.toml"), STATION)
    assert refused.value.problems[0].what == 'Ar would be let into 100 mbar N2: step 1 says  then = "stay".'
    steps = check_recipe(load_recipe("vent with Ar"), STATION).procedure.steps
    assert [step.do for step in steps] == ["cool", "isolate", "vent", "finish"]
    assert steps[-1].text == "finish: safe state, vented, HV gate closed, pumps running"
