"""What a boat answers, what is made of it, and what is refused."""

import math
from random import Random

import pytest
from control_bench import STATION, packaged
from tuning_bench import relayed, stepped

from pvdstation.model.problems import Refused
from pvdstation.recipe.procedure import Tune
from pvdstation.recipe.tuning import Wish, plan_tuning
from pvdstation.record.tuning.answer import Answer, OwnRate
from pvdstation.record.tuning.first_order import fit
from pvdstation.record.tuning.proposal import Plant, by_relay, by_simc, predicted
from pvdstation.record.tuning.relay import oscillation

HOST = packaged("sim-host-loop")


def answered(plant: Plant, drives, *, noise=0.0, seed=1, marks=()) -> Answer:
    """Return what a first order with dead time answers, scan by scan, without a boat."""
    random, value, rows = Random(seed), 0.0, []
    delay = round(plant.dead_s / 0.25)
    keep = math.exp(-0.25 / plant.tau_s)
    waiting = [0.0] * delay
    for scan, drive in enumerate(drives):
        rows.append((scan * 0.25, drive, 0.5 * math.exp(value + random.gauss(0.0, noise))))
        waiting.append(drive - drives[0])
        value = keep * value + (1 - keep) * plant.gain_per_pct * waiting.pop(0)
    at_s, drive_pct, rate = zip(*rows, strict=True)
    return Answer("Zn", "host", "step", 0.5, 1.0, at_s, drive_pct, rate, marks)


STEP = [43.0] * 160 + [44.0] * 340 + [43.0] * 340


# --- the step ---


@pytest.mark.parametrize(("tau_s", "dead_s"), [(14.0, 2.5), (11.0, 1.5), (5.0, 0.5), (30.0, 6.0)])
def test_a_first_order_is_found_again(tau_s, dead_s):
    marks = ((0.0, "tuning, base"), (40.0, "tuning, up"))
    model = fit(answered(Plant(0.2, tau_s, dead_s), STEP, noise=0.002, marks=marks)).model
    assert model.gain_per_pct == pytest.approx(0.2, rel=0.03)
    assert model.tau_s == pytest.approx(tau_s, rel=0.05)
    assert model.dead_s == pytest.approx(dead_s, abs=0.35)
    assert (model.drive_pct, model.rate_nm_s) == (43.0, pytest.approx(0.5, rel=0.01))


def test_the_stated_uncertainty_is_that_of_repeated_answers():
    models = [fit(answered(Plant(0.2, 14.0, 2.5), STEP, noise=0.02, seed=seed)).model for seed in range(12)]
    pulls = [(model.tau_s - 14.0) / model.tau_sd_s for model in models]
    assert 0.4 < math.sqrt(sum(pull**2 for pull in pulls) / len(pulls)) < 2.5


# number, amplitude %, held s; gain per A, time constant, dead time with the loop's filter: physics 5.2 at 0.5 nm/s
BOATS = [(1, 1.0, 84.0, 0.207, 14.4, 2.8), (2, 0.7, 66.0, 0.284, 11.2, 1.5)]


@pytest.mark.parametrize(("number", "amplitude", "hold_s", "gain", "tau_s", "dead_s"), BOATS)
def test_the_packaged_boats_are_found_as_they_are_published(number, amplitude, hold_s, gain, tau_s, dead_s):
    model = fit(stepped(number, 1, amplitude, hold_s)).model
    assert model.gain_per_pct == pytest.approx(gain, rel=0.15)
    assert model.tau_s == pytest.approx(tau_s, rel=0.25)
    assert model.dead_s == pytest.approx(dead_s, abs=1.2)


def test_a_rate_that_does_not_answer_is_no_answer():
    with pytest.raises(ValueError, match="did not answer"):
        fit(answered(Plant(0.0, 14.0, 2.5), STEP, noise=0.02))


def test_a_drive_that_stands_still_is_no_step():
    with pytest.raises(ValueError, match="did not change"):
        fit(answered(Plant(0.2, 14.0, 2.5), [43.0] * 400, noise=0.01))


def test_readings_that_are_missing_are_left_out():
    answer = answered(Plant(0.2, 14.0, 2.5), STEP, noise=0.002)
    rates = tuple(math.nan if place % 7 == 0 else rate for place, rate in enumerate(answer.rate_nm_s))
    holes = Answer("Zn", "host", "step", 0.5, 1.0, answer.at_s, answer.drive_pct, rates, ())
    assert fit(holes).model.tau_s == pytest.approx(14.0, rel=0.05)
    with pytest.raises(ValueError, match="too few to fit"):
        fit(Answer("Zn", "host", "step", 0.5, 1.0, answer.at_s[:99], answer.drive_pct[:99], answer.rate_nm_s[:99], ()))


# --- the relay ---


@pytest.mark.parametrize(("number", "amplitude", "slope", "dead_s"), [(1, 1.7, 0.0144, 2.8), (2, 1.1, 0.0254, 1.5)])
def test_a_relay_finds_slope_and_dead_time_of_the_packaged_boats(number, amplitude, slope, dead_s):
    found = oscillation(relayed(number, 1, amplitude, 0.02, 160.0))
    assert found.slope_per_pct_s == pytest.approx(slope, rel=0.15)
    assert found.dead_s == pytest.approx(dead_s, abs=0.7)
    assert found.ultimate_period_s == pytest.approx(4 * found.dead_s)
    proposal = by_relay(found)
    assert proposal.gain_pct == pytest.approx(found.ultimate_gain_pct / 4.5, rel=0.05)


def test_what_swings_once_is_no_oscillation():
    with pytest.raises(ValueError, match="whole cycles"):
        oscillation(answered(Plant(0.2, 14.0, 2.5), STEP))


# --- rules and prediction ---


def test_the_rule_gives_about_what_the_packaged_station_has():
    for number, source in ((1, HOST.source["Zn"]), (2, HOST.source["Li"])):
        _, amplitude, hold_s, *_ = BOATS[number - 1]
        proposal = by_simc(fit(stepped(number, 1, amplitude, hold_s)).model)
        assert 0.5 < proposal.gain_pct / source.host_loop.gain < 1.6
        assert proposal.ti_s == pytest.approx(source.host_loop.ti, rel=0.25)
        assert proposal.prediction.gain_margin > 3


def test_the_prediction_knows_the_limits_of_a_loop():
    plant = Plant(0.2, 14.0, 2.5)
    assert predicted(plant, 9.0, 14.0).overshoot_pct < 5
    hot = predicted(plant, 40.0, 14.0)
    assert hot.gain_margin < 1.5
    assert hot.overshoot_pct > 30
    assert math.isinf(predicted(plant, 100.0, 14.0).settles_s)
    ideal = predicted(Plant(0.2, 10.0, 2.0), 10.0, 10.0)  # open loop 2 exp(-2 s)/(10 s): margins by hand
    assert ideal.gain_margin == pytest.approx(math.pi / 2 / 2.0 / 0.2, rel=0.01)
    assert ideal.phase_margin_deg == pytest.approx(90 - math.degrees(0.2 * 2.0), abs=1.0)


# --- the rate as the loop sees it ---


def test_our_own_rate_is_the_slope_of_a_second_then_filtered():
    source = STATION.source["Zn"]
    own = OwnRate(source, 112.0)
    for scan in range(40):
        own.take(scan * 250_000_000, 5_990_000.0 - 7.0 * scan, is_good=True)
    steady = own.rate_nm_s
    assert 0.4 < steady < 0.7
    own.take(40 * 250_000_000, math.nan, is_good=False)
    own.take(39 * 250_000_000, 1.0, is_good=True)
    assert own.rate_nm_s == steady, "neither a bad nor an old reading counts"


# --- what will be done ---


def planned(**wish) -> Tune:
    return plan_tuning(Wish("Zn", **wish), HOST, "").work


def test_the_numbers_come_from_the_station():
    work = planned()
    assert (work.amplitude_pct, work.hold_s, work.rate_nm_s) == (1.0, 84.0, 0.5)
    assert planned(method="relay").amplitude_pct == 1.7
    steps = plan_tuning(Wish("Zn"), HOST, "").procedure.steps
    assert [step.do for step in steps] == ["pump_down", "condition", "tune", "finish"]
    assert steps[1].unit == steps[2].unit, "a pause does not come between"


@pytest.mark.parametrize(
    ("wish", "given", "words"),
    [
        ({"rate_nm_s": 0.9}, {}, "no room below 1 nm/s"),
        ({"amplitude_pct": 0.05}, {}, "is not between"),
        ({}, {"charge_mg": 100.0}, "needs 252 mg and has 100 mg"),
        ({}, {"life_pct": 0.5}, "would not last"),
    ],
)
def test_what_the_station_cannot_do_is_refused(wish, given, words):
    with pytest.raises(Refused, match=words):
        plan_tuning(Wish("Zn", **wish), HOST, "", **given)
