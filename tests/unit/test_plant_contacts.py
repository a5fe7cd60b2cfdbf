import pytest
from plant_bench import Operator, station_values

from pvdsim.plant import names


def test_every_name_of_the_packaged_station_is_wired() -> None:
    io = station_values()["io"]
    operator = Operator()
    for name in io["di"]:
        assert isinstance(operator.plant.contact(name), bool)
    for name in io["do"]:
        operator.switch(name, on=False)
    assert set(io["do"]) == set(names.actuators([1, 2]))


def test_names_that_are_not_wired_are_refused() -> None:
    operator = Operator()
    with pytest.raises(KeyError):
        operator.switch("vent valve", on=True)
    with pytest.raises(KeyError):
        operator.plant.contact("sh3 open")
    with pytest.raises(KeyError):
        operator.plant.set_health("sh1 open", healthy=False)


def test_the_start_state_is_the_station_files() -> None:
    plant = Operator().plant
    closed = ("sh1", "sh2", "substrate", "gate", "roughing", "N2", "vent")
    assert all(plant.contact(f"{name} closed") for name in closed)
    assert plant.contact("fore-line open")
    assert not plant.contact("fore-line closed")
    assert all(plant.contact(name) for name in names.OUTSIDE)
    assert plant.contact("enable 1 open")
    assert plant.turbo_hz == 1000.0
    assert plant.chamber_mbar == 1003.0
    assert plant.foreline_mbar == 0.1


def test_the_n2_coil_hangs_on_the_gates_closed_switch() -> None:
    operator = Operator()
    operator.pump_down()
    operator.switch("N2", on=True)
    operator.wait(2)
    assert operator.plant.contact("N2 closed")
    operator.isolate()
    operator.wait(2)
    assert not operator.plant.contact("N2 closed")  # the level is still wanted
    operator.switch("gate", on=True)
    operator.wait(1)
    assert operator.plant.contact("N2 closed")


@pytest.mark.parametrize("broken", ["door closed", "E-stop ok"])
def test_the_enable_chain_opens_both_enables_whatever_the_program_wants(broken: str) -> None:
    operator = Operator()
    operator.switch("enable 1", on=True)
    operator.switch("enable 2", on=True)
    assert not operator.plant.contact("enable 1 open")
    operator.plant.set_health(broken, healthy=False)
    assert operator.plant.contact("enable 1 open")
    assert operator.plant.contact("enable 2 open")
    assert operator.plant.contacts.enable_changes == 4


def test_a_bubble_in_the_water_opens_no_enable_and_lasting_loss_does() -> None:
    operator = Operator()
    operator.switch("enable 1", on=True)
    operator.plant.set_health("water", healthy=False)
    operator.wait(1.9)
    operator.plant.set_health("water", healthy=True)
    operator.wait(1)
    assert not operator.plant.contact("enable 1 open")
    operator.plant.set_health("water", healthy=False)
    operator.wait(2)
    assert operator.plant.contact("enable 1 open")
    operator.plant.set_health("water", healthy=True)
    assert not operator.plant.contact("enable 1 open")


def test_springs_close_everything_without_air() -> None:
    operator = Operator()
    for name in ("source shutter 1", "substrate shutter", "gate"):
        operator.move(name, on=True)
    operator.plant.set_health("air", healthy=False)
    operator.wait(3)
    closed = ("sh1", "substrate", "gate", "fore-line")
    assert all(operator.plant.contact(f"{name} closed") for name in closed)


def test_the_over_pressure_switch_opens_with_the_pressure() -> None:
    operator = Operator()
    operator.switch("N2", on=True)
    operator.until(lambda: not operator.plant.contact("over-pressure ok"), within_s=60)
    operator.wait(1)
    assert operator.plant.contact("N2 closed")
    assert operator.plant.chamber_mbar < 1060


def test_a_failed_backing_pump_stops_and_says_so() -> None:
    operator = Operator()
    operator.plant.set_health("backing running", healthy=False)
    assert not operator.plant.contact("backing running")
    assert not operator.plant.vacuum.is_backed
