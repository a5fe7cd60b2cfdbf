"""What faults do to plant and instruments: when they begin, while they last, when they end."""

import pytest
from plant_bench import station_values

from pvdsim.instruments.supply import SimulatedSupply
from pvdsim.plant.boat import Boat
from pvdsim.world import World, open_world
from pvdstation.model.clock import SECOND
from pvdstation.protocol import sqc310

STEP_S = 0.025


@pytest.fixture
def world() -> World:
    return open_world(station_values(), 1)


def at(world: World, time_s: float) -> World:
    world.advance_to(round(time_s * SECOND))
    return world


def heated(world: World, boat: int = 1, current_a: float = 43.0) -> Boat:
    """Let a supply drive its boat, and open the boat's shutter."""
    supply = world.instrument(f"supply{boat}")
    assert isinstance(supply, SimulatedSupply)
    supply.stage.volt_v, supply.stage.commanded = 10.0, True
    supply.stage.external_a = lambda: current_a
    for actuator in (f"source shutter {boat}", f"enable {boat}"):
        world.plant.command(actuator, on=True, at_ns=world.now_ns)
    world.refresh()
    terminals = world.plant.boats[boat]
    assert isinstance(terminals, Boat)
    return terminals


def test_a_fault_acts_at_its_time_and_ends_with_it(world: World) -> None:
    world.faults.add("t=10s for 5s water lost")
    healthy = [at(world, time_s).plant.contact("water") for time_s in (9.99, 10.0, 14.99, 15.0)]
    assert healthy == [True, False, False, True]


def test_a_fault_of_now_acts_before_the_next_step(world: World) -> None:
    at(world, 3)
    world.faults.add("t=now door open")
    assert not at(world, 3).plant.contact("door closed")


def test_a_world_without_faults_waits_for_none(world: World) -> None:
    assert world.faults.due_ns == 2**62
    world.faults.add("t=1s sqc lost")
    at(world, 2)
    assert world.faults.due_ns == 2**62


def test_time_before_a_fault_is_not_touched_by_it(world: World) -> None:
    other = open_world(station_values(), 1)
    world.faults.add("t=50s source.Zn depleted", "t=50s sqc silent")
    heated(world), heated(other)
    assert at(world, 49.9).truth() == at(other, 49.9).truth()


@pytest.mark.parametrize(
    ("fault", "contact", "reads"),
    [
        ("air lost", "air", False),
        ("door open", "door closed", False),
        ("estop pressed", "E-stop ok", False),
        ("over_pressure tripped", "over-pressure ok", False),
        ("backing_pump off", "backing running", False),
        ("gate switch_lost closed", "gate closed", False),
        ("gate switch_stuck open", "gate open", True),
    ],
)
def test_contacts_read_what_the_fault_says(fault: str, contact: str, reads: bool, world: World) -> None:
    world.faults.add(f"t=1s for 1s {fault}")
    assert [at(world, time_s).plant.contact(contact) for time_s in (0.9, 1.5, 2.5)] == [not reads, reads, not reads]


def test_a_stuck_part_moves_again_to_where_it_is_driven(world: World) -> None:
    world.faults.add("t=1s for 10s shutter.substrate stuck")
    at(world, 2).plant.command("substrate shutter", on=True, at_ns=world.now_ns)
    part = world.plant.parts["substrate shutter"]
    assert [at(world, time_s).plant.parts["substrate shutter"].position for time_s in (5, 10.9, 12)] == [0, 0, 1]
    assert part.stands_open()


def test_a_slow_part_takes_its_time(world: World) -> None:
    world.faults.add("t=1s shutter.1 slow 8s")
    at(world, 2).plant.command("source shutter 1", on=True, at_ns=world.now_ns)
    assert at(world, 6).plant.parts["source shutter 1"].position == pytest.approx(0.5, abs=0.02)


def test_an_open_boat_carries_nothing_at_the_full_voltage(world: World) -> None:
    boat = heated(world)
    world.faults.add("t=20s boat.1 open")
    at(world, 22)
    assert boat.current_a < 0.5
    assert boat.voltage_v == pytest.approx(10.0, rel=0.01)


def test_a_shorted_boat_has_less_resistance(world: World) -> None:
    boat = heated(world)
    before = at(world, 20).plant.boats[1].voltage_v / boat.current_a
    world.faults.add("t=20s boat.1 short")
    at(world, 21)
    assert boat.voltage_v / boat.current_a < 0.6 * before


def test_a_loose_clamp_climbs_to_its_resistance_and_is_firm_after(world: World) -> None:
    boat = heated(world)
    world.faults.add("t=10s for 60s boat.1 drifting 15mΩ")
    seen = [at(world, time_s).plant.beams[0].boat.lead_ohm for time_s in (9, 11, 20, 65, 71)]
    assert seen[0] == seen[4] == 0.002
    assert 0.002 < seen[1] < seen[2] < seen[3] == 0.015
    assert boat.lead_ohm == 0.002


def test_a_charge_is_used_up(world: World) -> None:
    boat = heated(world)
    world.faults.add("t=200s source.Zn depleted")
    assert at(world, 199).truth()["rate.Zn"] > 0.1
    assert at(world, 201).truth()["rate.Zn"] == 0.0
    assert boat.charge_kg == 0.0


def test_a_skin_holds_back_until_it_breaks(world: World) -> None:
    skinned = open_world(station_values(), 1)
    skinned.faults.add("t=0s source.Zn oxidised 690 K")
    boats = heated(world, current_a=45.0), heated(skinned, current_a=45.0)
    at(world, 120), at(skinned, 120)
    assert boats[1].rate_nm_s < 0.3 * boats[0].rate_nm_s
    peak = max(at(skinned, time_s).truth()["rate.Zn"] for time_s in range(121, 300))
    assert peak > 1.5 * at(world, 299).truth()["rate.Zn"]


def test_a_melt_wets_with_a_surge(world: World) -> None:
    world.faults.add("t=0s source.Li wetting 240s")
    heated(world, 2, 27.9)
    before = at(world, 239).truth()["rate.Li"]
    after = [at(world, 239 + n / 4).truth()["rate.Li"] for n in range(1, 120)]
    assert max(after) > 2 * before
    assert after[-1] < 0.8 * max(after)


def test_droplets_come_at_random_and_some_miss_the_crystal(world: World) -> None:
    heated(world)
    world.plant.command("substrate shutter", on=True, at_ns=0)
    clean = open_world(station_values(), 1)
    heated(clean)
    clean.plant.command("substrate shutter", on=True, at_ns=0)
    world.faults.add("t=100s source.Zn spitting 1s")
    at(world, 200), at(clean, 200)
    more = world.truth()["film.Zn"] - clean.truth()["film.Zn"]
    crystal = world.plant.crystals[1].film_nm("Zn") - clean.plant.crystals[1].film_nm("Zn")
    assert 10 < more < 120
    assert crystal / more != pytest.approx(1 / 1.1115, rel=0.02)


@pytest.mark.parametrize(
    ("fault", "low_hz", "high_hz"),
    [("fail", 0, 0), ("jump 50kHz", 6_049_999, 6_050_001), ("jump -2kHz", 5_997_999, 5_998_001)],
)
def test_a_crystal_reads_what_the_fault_says(fault: str, low_hz: float, high_hz: float, world: World) -> None:
    world.faults.add(f"t=1s for 1s crystal.1 {fault}")
    assert low_hz <= at(world, 1.5).plant.crystal_frequency(1) <= high_hz
    assert at(world, 2.5).plant.crystal_frequency(1) == pytest.approx(6e6, abs=1)


def test_a_stuck_crystal_repeats_itself_and_a_noisy_one_does_not(world: World) -> None:
    world.faults.add("t=1s crystal.1 stuck", "t=1s crystal.2 noisy 100Hz")
    at(world, 2)
    assert len({world.plant.crystal_frequency(1) for _ in range(5)}) == 1
    readings = [world.plant.crystal_frequency(2) for _ in range(200)]
    assert 300 < max(readings) - min(readings) < 900


def test_a_drifting_crystal_drifts(world: World) -> None:
    world.faults.add("t=10s for 10s crystal.1 drift -5Hz/s")
    assert at(world, 30).plant.crystal_frequency(1) == pytest.approx(6e6 - 50, abs=1.5)


def test_a_leak_lets_gas_in_and_is_sealed(world: World) -> None:
    before = world.plant.vacuum.leak_mbar_l_s
    world.faults.add("t=1s for 1s chamber leak 3 mbar L/s")
    assert at(world, 1.5).plant.vacuum.leak_mbar_l_s == before + 3
    assert at(world, 2.5).plant.vacuum.leak_mbar_l_s == pytest.approx(before)


def test_an_empty_bottle_gives_nothing() -> None:
    values = station_values()
    values["simulation"]["start"]["chamber"]["pressure"] = "1e-3 mbar"
    world = open_world(values, 1)
    world.faults.add("t=1s n2 empty")
    at(world, 1).plant.command("N2", on=True, at_ns=world.now_ns)
    assert at(world, 10).truth()["pressure.chamber"] < 0.1


def test_a_turbo_with_an_error_coasts(world: World) -> None:
    world.faults.add("t=1s turbo error err006")
    assert at(world, 60).plant.turbo_error == 6
    assert world.plant.turbo_hz < 950


def test_an_sqc_that_was_reset_says_so_once(world: World) -> None:
    world.faults.add("t=1s for 2s sqc reset")
    question = sqc310.encode_command("V?")

    def statuses(time_s: float) -> list[str]:
        replies = at(world, time_s).receive("sqc", question, world.now_ns)
        return [sqc310.decode_reply(data).status for _, data in replies]

    assert [statuses(time_s) for time_s in (0.5, 1.5, 3.5, 4.0)] == [["A"], [], ["B"], ["A"]]


def test_gauges_stream_again_after_a_restart(world: World) -> None:
    world.receive("gauges", b"\x03", 0)
    at(world, 5)
    assert world.collect("gauges") == []
    world.faults.add("t=6s gauges reset")
    at(world, 9.5)
    assert len(world.collect("gauges")) == 3


def test_noise_arrives_that_nobody_sent(world: World) -> None:
    world.faults.add("t=1s turbo garbage", "t=1s for 2s io garbage")
    at(world, 5)
    assert sum(len(data) for _, data in world.collect("turbo")) == 256
    assert sum(len(data) for _, data in world.collect("io")) == 256 * 4


def test_a_dip_switches_everything_off_and_back_on(world: World) -> None:
    boat = heated(world)
    for name in ("source shutter 1", "gate"):
        world.plant.command(name, on=True, at_ns=0)
    world.faults.add("t=5s for 3s power dip")
    at(world, 6)
    assert not world.plant.contact("backing running")
    assert all(world.receive(name, b"x", world.now_ns) == [] for name in world.names)
    assert boat.demand_a == 0.0
    at(world, 9)
    assert world.plant.contact("backing running")
    assert world.receive("sqc", sqc310.encode_command("@"), world.now_ns)
