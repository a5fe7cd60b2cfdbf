import pytest
from plant_bench import Operator, simulation

from pvdsim.plant.orifice import ARGON, NITROGEN, Orifice
from pvdsim.plant.rotor import Rotor


def test_choked_nitrogen_flow_is_the_published_one() -> None:
    orifice = Orifice(simulation().n2.orifice, NITROGEN, 293.0)
    assert orifice.flow(0.0) == pytest.approx(428, rel=0.005)
    assert orifice.flow(792.0) == orifice.flow(0.0)  # below 0.528 of 1500 mbar
    assert 0 < orifice.flow(1400.0) < orifice.flow(900.0) < orifice.flow(700.0)
    assert orifice.flow(1500.0) == orifice.flow(1600.0) == 0.0


def test_flow_is_continuous_where_choking_ends() -> None:
    for gas in (NITROGEN, ARGON):
        orifice = Orifice(simulation().n2.orifice, gas, 293.0)
        critical = 1500 * (2 / (gas.gamma + 1)) ** (gas.gamma / (gas.gamma - 1))
        assert orifice.flow(critical * 1.000001) == pytest.approx(orifice.flow(critical * 0.999999), rel=1e-6)


def test_the_gas_is_argon_at_first_and_nitrogen_after_the_fill() -> None:
    operator = Operator()
    assert operator.plant.argon_fraction == 1.0
    operator.pump_down()
    assert operator.plant.argon_fraction < 0.01
    operator.isolate()
    operator.switch("N2", on=True)
    operator.wait(20)
    assert operator.plant.vacuum.nitrogen_mbar > 50
    assert operator.plant.argon_fraction < 1e-4


def test_a_leak_raises_the_base_pressure_by_flow_over_speed() -> None:
    operator = Operator()
    operator.pump_down()
    before = operator.plant.chamber_mbar
    operator.plant.vacuum.leak_mbar_l_s += 1e-2
    operator.wait(10)
    assert operator.plant.chamber_mbar - before == pytest.approx(1e-2 / 200, rel=0.02)


def test_a_warm_boat_gives_off_gas_once() -> None:
    warm, cold = Operator(), Operator()
    for operator in (warm, cold):
        operator.pump_down()
    warm.drive(1, 36.0)
    rises = []
    for _ in range(60):
        for operator in (warm, cold):
            operator.wait(10)
        rises.append(warm.plant.chamber_mbar - cold.plant.chamber_mbar)
    assert max(rises) == pytest.approx(2e-4 / 200, rel=0.1)
    assert 0.0 < rises[-1] < 0.05 * max(rises)


def test_vent_fills_towards_the_gloveboxs_pressure_and_never_over_it() -> None:
    operator = Operator()
    operator.pump_down()
    operator.isolate()
    operator.switch("vent", on=True)
    operator.until(lambda: operator.plant.chamber_mbar >= 1000, within_s=300)
    operator.wait(300)
    assert operator.plant.chamber_mbar == pytest.approx(1003, abs=1)
    assert operator.plant.argon_fraction > 0.999


def test_a_stopped_backing_pump_lets_the_fore_line_fill_and_reads_as_stopped() -> None:
    operator = Operator()
    operator.wait(5)
    low = operator.plant.foreline_mbar
    operator.switch("backing pump stop", on=True)
    operator.wait(60)
    assert not operator.plant.contact("backing running")
    assert operator.plant.foreline_mbar > low + 0.2
    operator.switch("backing pump stop", on=False)
    operator.wait(5)
    assert operator.plant.contact("backing running")
    assert operator.plant.foreline_mbar < low + 0.01


def test_opening_both_valves_of_the_shared_pump_floods_the_fore_line_and_slows_the_turbo() -> None:
    operator = Operator()
    operator.switch("roughing", on=True)
    operator.wait(10)
    assert operator.plant.foreline_mbar > 100
    assert operator.plant.turbo_hz < 900


def test_pressure_stays_positive_and_finite_whatever_is_open() -> None:
    operator = Operator()
    for name in ("roughing", "gate", "vent", "fore-line", "N2"):
        operator.switch(name, on=True)
        for _ in range(400):
            operator.wait(0.025)
            assert 0.0 < operator.plant.chamber_mbar < 1600
            assert 0.0 < operator.plant.foreline_mbar < 1600
            assert 200 < operator.plant.vacuum.gas_k < 400


def test_the_rotor_runs_up_in_180_s_and_coasts_in_600_s() -> None:
    rotor = Rotor(simulation().pumps, at_speed=False)
    rotor.drive(on=True)
    for _ in range(90 * 40):
        rotor.step(0.025, 0.0, 0.1)
    assert rotor.hz == pytest.approx(500, abs=1)
    for _ in range(91 * 40):
        rotor.step(0.025, 0.0, 0.1)
    assert rotor.hz == 1000.0
    rotor.drive(on=False)
    for _ in range(300 * 40):
        rotor.step(0.025, 0.0, 0.1)
    assert rotor.hz == pytest.approx(500, abs=1)


def test_a_rotor_with_an_error_stays_off() -> None:
    rotor = Rotor(simulation().pumps, at_speed=True)
    rotor.fail(6)
    rotor.drive(on=True)
    rotor.step(1.0, 0.0, 0.1)
    assert rotor.error == 6
    assert rotor.hz < 1000.0
