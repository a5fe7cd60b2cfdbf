"""Steady states and times of physics reference 2.6, each boat alone."""

from copy import copy
from functools import cache
from math import exp, log
from random import Random

import pytest
from plant_bench import simulation

from pvdsim.boat_settings import Boat as BoatSettings
from pvdsim.plant.boat import Boat

STEP_S = 0.025
STEP_NS = 25_000_000


@pytest.fixture(scope="module")
def settings() -> dict[int, BoatSettings]:
    return simulation().boats


def build(settings: BoatSettings, *, flicker_pct: float = 0.0, mass_mg: float | None = None) -> Boat:
    flicker = settings.flicker.model_copy(update={"sigma": flicker_pct})
    charge = settings.charge.model_copy(update={} if mass_mg is None else {"mass": mass_mg})
    boat = Boat(1, settings.model_copy(update={"flicker": flicker, "charge": charge}), 300.0, STEP_S, Random(1))
    boat.limit_v = 1.0
    boat.wake(0)
    return boat


def run(boat: Boat, seconds: float, *, keep_charge: bool = False) -> None:
    kept_kg = boat.charge_kg
    for step in range(round(seconds / STEP_S)):
        boat.step(step * STEP_NS)
        if keep_charge:
            boat.charge_kg = kept_kg


def settle(boat: Boat, rate_nm_s: float, current_a: float) -> None:
    """Find the steady current for a rate, with the charge held at its first mass."""
    boat.demand_a = current_a
    run(boat, 300, keep_charge=True)
    for _ in range(2000):
        run(boat, 1, keep_charge=True)
        boat.demand_a *= exp(-0.006 * log(boat.rate_nm_s / rate_nm_s))
    assert boat.rate_nm_s == pytest.approx(rate_nm_s, rel=1e-4)


@cache
def settled(number: int, rate_nm_s: float, current_a: float, mass_mg: float | None = None) -> Boat:
    """Return a boat at the steady current for a rate; whoever steps it takes a copy."""
    boat = build(simulation().boats[number], mass_mg=mass_mg)
    settle(boat, rate_nm_s, current_a)
    return boat


# number, rate nm/s, current A, charge K, boat W: rows of physics 2.6
STEADY = [
    (1, 0.05, 37.4, 599.5, 7.30),
    (1, 0.50, 43.0, 659.0, 11.0),
    (1, 1.00, 47.1, 679.3, 13.9),
    (2, 0.05, 22.9, 734.2, 7.22),
    (2, 0.50, 27.9, 809.9, 11.9),
    (2, 1.00, 30.9, 835.9, 15.2),
]


@pytest.mark.parametrize(("number", "rate", "current_a", "charge_k", "watts"), STEADY)
def test_steady_states_are_the_published_ones(settings, number, rate, current_a, charge_k, watts) -> None:
    boat = settled(number, rate, current_a)
    in_boat_w = boat.current_a * (boat.voltage_v - boat.current_a * settings[number].lead_resistance)
    assert boat.current_a == pytest.approx(current_a, abs=0.06)
    assert boat.charge_k == pytest.approx(charge_k, abs=0.2)
    assert in_boat_w == pytest.approx(watts, rel=0.01)


@pytest.mark.parametrize(("number", "volts"), [(1, 0.34), (2, 0.48)])
def test_voltage_at_the_feedthroughs_includes_the_leads(number, volts) -> None:
    boat = settled(number, 0.5, 43.0 if number == 1 else 27.9)
    assert boat.voltage_v == pytest.approx(volts, abs=0.005)


@pytest.mark.parametrize(("number", "milliohms"), [(1, 4.6), (2, 8.4)])
def test_cold_resistance_is_what_the_station_expects(settings, number, milliohms) -> None:
    boat = build(settings[number])
    boat.demand_a = 14.0
    run(boat, 2)
    assert boat.voltage_v / boat.current_a * 1e3 == pytest.approx(milliohms, rel=0.1)


def after_its_layer(number: int) -> Boat:
    """Return a boat just switched off at 0.5 nm/s, with the charge that conditioning and layer leave."""
    boat = copy(settled(number, 0.5, {1: 43.0, 2: 27.9}[number], {1: 1050.0, 2: 87.0}[number]))
    boat.demand_a = 0.0
    return boat


@pytest.mark.parametrize(("number", "half_s", "hundredth_s"), [(1, 3.7, 17), (2, 2.8, 18)])
def test_rate_dies_after_power_off_as_published(number, half_s, hundredth_s) -> None:
    boat = after_its_layer(number)
    reached = {}
    for step in range(40 * 40):
        boat.step(step * STEP_NS)
        for share in (0.5, 0.01):
            if share not in reached and boat.rate_nm_s < 0.5 * share:
                reached[share] = step * STEP_S
    assert reached[0.5] == pytest.approx(half_s, abs=0.4)
    assert reached[0.01] == pytest.approx(hundredth_s, rel=0.1)


@pytest.mark.parametrize(("number", "seconds"), [(1, 80), (2, 220)])
def test_a_charge_is_below_100_degrees_as_late_as_published(number, seconds) -> None:
    boat = after_its_layer(number)
    run(boat, seconds * 0.97)
    assert boat.charge_k > 373.15
    run(boat, seconds * 0.06)
    assert boat.charge_k < 373.15


def test_lithium_waits_at_its_melting_point_for_its_heat_of_fusion(settings) -> None:
    boat, charge = build(settings[2]), settings[2].charge
    boat.demand_a = 20.0
    taken_j = 0.0
    for step in range(240 * 40):
        boat.step(step * STEP_NS)
        if boat.charge_k == charge.melting_point:
            taken_j += charge.conductance * (boat.boat_k - boat.charge_k) * STEP_S
    assert taken_j == pytest.approx(charge.fusion_kj_kg * 1e3 * charge.mass * 1e-6, rel=0.02)
    assert boat.charge_k > charge.melting_point


def test_at_the_voltage_limit_the_current_follows_the_resistance(settings) -> None:
    boat = build(settings[1])
    boat.demand_a, boat.limit_v = 43.0, 0.1
    run(boat, 5)
    assert boat.current_a < 25.0
    assert boat.voltage_v == pytest.approx(0.1, abs=1e-3)


def test_a_shorted_boat_shows_only_its_leads_and_a_torn_one_goes_to_the_voltage_limit(settings) -> None:
    boat = build(settings[1])
    boat.demand_a = 14.0
    boat.resistance_factor = 0.0
    run(boat, 5)
    assert boat.voltage_v / boat.current_a == pytest.approx(settings[1].lead_resistance)
    boat.resistance_factor = 200.0
    run(boat, 5)
    assert boat.voltage_v == pytest.approx(boat.limit_v, abs=1e-3)
    assert boat.current_a < 3.0


def test_current_follows_its_demand_with_the_lag_of_the_supply(settings) -> None:
    boat = build(settings[1])
    boat.demand_a = 10.0
    run(boat, 0.15)
    assert boat.current_a == pytest.approx(10 * (1 - exp(-1)), rel=1e-6)


@pytest.mark.parametrize("mass_mg", [1e-3, 0.1, 1.0, 3.0])
def test_a_nearly_empty_boat_stays_stable_and_its_charge_never_negative(settings, mass_mg) -> None:
    boat = build(settings[2], mass_mg=mass_mg)
    boat.demand_a = 33.5
    hottest = 0.0
    for step in range(300 * 40):
        boat.step(step * STEP_NS)
        assert boat.charge_kg >= 0.0
        assert boat.rate_nm_s >= 0.0
        hottest = max(hottest, boat.boat_k)
    assert boat.charge_kg * 1e6 < mass_mg
    assert hottest < 1000.0


def test_an_empty_boat_at_operating_current_is_as_hot_as_published(settings) -> None:
    for number, current_a, kelvin in ((1, 43.0, 806.0), (2, 27.9, 869.0)):
        boat = build(settings[number], mass_mg=0.0)
        boat.demand_a = current_a
        run(boat, 1500)
        assert boat.boat_k == pytest.approx(kelvin, rel=0.01)
        assert boat.rate_nm_s == 0.0


def test_what_condenses_left_the_charge(settings) -> None:
    boat = build(settings[1])
    boat.demand_a = 43.0
    start_kg, grown_nm = boat.charge_kg, 0.0
    for step in range(900 * 40):
        boat.step(step * STEP_NS)
        grown_nm += boat.rate_nm_s * STEP_S
    # 300 nm of zinc on the axis of a cosine source at 0.25 m: 415 mg (physics 2.4)
    assert (start_kg - boat.charge_kg) * 1e6 == pytest.approx(grown_nm * 415 / 300, rel=0.005)


def test_flicker_scatters_the_rate_by_its_sigma(settings) -> None:
    boat = build(settings[1], flicker_pct=1.0)
    still = build(settings[1])
    ratios = []
    boat.demand_a = still.demand_a = 43.0
    for step in range(1200 * 40):
        boat.step(step * STEP_NS)
        still.step(step * STEP_NS)
        if step > 300 * 40:
            ratios.append(boat.rate_nm_s / still.rate_nm_s - 1)
    assert (sum(r * r for r in ratios) / len(ratios)) ** 0.5 == pytest.approx(0.01, rel=0.2)


def test_a_cold_boat_rests_and_has_cooled_when_it_wakes(settings) -> None:
    boat = build(settings[1])
    boat.demand_a = 25.0
    run(boat, 60)
    boat.demand_a = 0.0
    step = 0
    while boat.is_active:
        boat.step(step * STEP_NS)
        step += 1
        assert step < 900 * 40
    resting_k = boat.boat_k
    boat.wake(step * STEP_NS + 300 * 10**9)
    assert boat.boat_k - 300 == pytest.approx((resting_k - 300) / exp(1), rel=1e-3)
