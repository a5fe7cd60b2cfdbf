"""The world: time in one direction, instruments when they fall due, the same seed twice."""

from typing import Any

import pytest
from plant_bench import SECOND_NS, simulation, station_values

from pvdsim.plant.plant import STEP_NS, Plant
from pvdsim.world import World, open_world
from pvdstation.model.problems import Refused
from pvdstation.model.simulation import Replies

PERIOD_NS = 250_000_000


class Ticker:
    """An instrument that says the plant's time when it is due, and echoes."""

    def __init__(self, plant: Plant, due_ns: int) -> None:
        self.plant = plant
        self.due_ns = due_ns
        self.refreshed: list[int] = []

    def advance_to(self, now_ns: int) -> Replies:
        self.due_ns += PERIOD_NS
        return [(now_ns, str(self.plant.now_ns).encode())]

    def receive(self, data: bytes, now_ns: int) -> Replies:
        return [(now_ns + 1, data)]

    def refresh(self, now_ns: int) -> None:
        self.refreshed.append(now_ns)


def ticking(due_ns: int) -> tuple[World, Ticker]:
    plant = Plant(simulation(), 1)
    ticker = Ticker(plant, due_ns)
    return World(plant, {"ticker": ticker}, {"ticker": ticker}), ticker


def test_what_is_due_between_two_steps_acts_at_the_later_one() -> None:
    world, _ = ticking(110_000_000)
    world.advance_to(124_999_999)
    assert world.collect("ticker") == []
    world.advance_to(125_000_000)
    assert world.collect("ticker") == [(125_000_000, b"125000000")]
    assert world.collect("ticker") == []


@pytest.mark.parametrize("stride_ns", [1_000_000, 7_654_321, 25_000_000, 99_000_000, 1_000_000_000])
def test_strides_do_not_change_when_instruments_act(stride_ns: int) -> None:
    world, _ = ticking(50_000_000)
    for now_ns in range(0, 1_100_000_000, stride_ns):
        world.advance_to(now_ns)
    world.advance_to(1_100_000_000)
    assert [at_ns for at_ns, _ in world.collect("ticker")] == [50_000_000 + n * PERIOD_NS for n in range(5)]


def test_the_plant_never_runs_ahead_of_the_time_it_is_given() -> None:
    world, _ = ticking(0)
    world.advance_to(3 * STEP_NS - 1)
    assert world.plant.now_ns == 2 * STEP_NS


def test_time_that_goes_back_is_refused() -> None:
    world, _ = ticking(0)
    world.advance_to(SECOND_NS)
    with pytest.raises(ValueError, match="back"):
        world.advance_to(SECOND_NS - 1)
    with pytest.raises(ValueError, match="ticker"):
        world.receive("ticker", b"x", SECOND_NS - 1)


def test_supplies_see_at_once_what_bytes_have_changed() -> None:
    world, ticker = ticking(10 * SECOND_NS)
    world.advance_to(30_000_000)
    world.receive("ticker", b"x", 30_000_000)
    assert ticker.refreshed == []
    world.plant.command("enable 1", on=True, at_ns=30_000_000)
    world.receive("ticker", b"x", 30_000_000)
    assert ticker.refreshed == [25_000_000]
    world.plant.analogue[1] = 5.0
    world.advance_to(40_000_000)
    assert ticker.refreshed == [25_000_000, 25_000_000]
    world.plant.set_health("door closed", healthy=False)
    world.advance_to(60_000_000)
    assert len(ticker.refreshed) == 3


# --- the packaged station with its real instruments ---


def trace(seed: int) -> list[object]:
    world = open_world(station_values(), seed)
    seen: list[object] = []
    asked = {"gauges": b"PRX\r\n\x05", "turbo": b"0010030902=?107\r", "supply1": b"MEAS:CURR?\n"}
    for step in range(40):
        now_ns = step * 333_000_000
        world.advance_to(now_ns)
        if step == 3:
            world.plant.command("source shutter 1", on=True, at_ns=now_ns)  # type: ignore[attr-defined]
        seen += [world.receive(name, data, now_ns) for name, data in asked.items()]
        seen.append(world.plant.crystal_frequency(1))  # type: ignore[attr-defined]
        seen.append(world.plant.parts["source shutter 1"].position)  # type: ignore[attr-defined]
        seen.append(dict(world.truth()))
    return seen


def test_the_same_seed_gives_the_same_trace_and_another_does_not() -> None:
    assert trace(1) == trace(1)
    assert trace(1) != trace(2)


def test_the_packaged_world_has_the_instruments_of_its_ports() -> None:
    world = open_world(station_values(), 1)
    assert sorted(world.names) == ["gauges", "io", "sqc", "supply1", "supply2", "turbo"]
    truth = world.truth()
    assert truth["film.Zn"] == truth["film.Li"] == truth["li3n"] == 0.0
    assert truth["charge.Zn"] == pytest.approx(1500)
    assert truth["charge.Li"] == pytest.approx(100)
    assert truth["pressure.chamber"] == 1003.0
    assert truth["current.1"] == truth["rate.Zn"] == 0.0


def changed(path: str, value: object) -> dict[str, Any]:
    station = station_values()
    *tables, last = path.split("/")
    here = station
    for name in tables:
        here = here[name]
    here[last] = value
    return station


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        ("simulation/chamber/volume", "80 mbar", "simulation.chamber.volume", "volume"),
        ("simulation/chamber/volume", 80, "simulation.chamber.volume", "bare number"),
        ("simulation/chamber/volme", "80 L", "simulation.chamber.volme", "volume"),
        ("simulation/boats/1/charge/mass", "-5 mg", "simulation.boats.1.charge.mass", "0"),
        ("simulation/reaction/substrate", "glass", "simulation.reaction.substrate", "y_sub"),
        ("simulation/crystals/ratio", {"Zn on 1": 1.1}, "sensor.2", "crystal 2"),
        ("simulation/crystals/ratio", {"Zn on 1": 1.1, "Ag on 2": 1.0}, "Ag on 2", "Ag"),
        ("io/do", ["source shuter 1"], "io.do", "source shuter 1"),
        ("io/di", ["sh3 open"], "io.di", "sh3 open"),
    ],
)
def test_a_simulation_that_is_wrong_is_refused_with_its_place(path, value, where, words) -> None:
    with pytest.raises(Refused) as refused:
        open_world(changed(path, value), 1)
    assert any(where in p.where and words in p.what + p.write for p in refused.value.problems), refused.value.problems


def test_several_problems_are_reported_together() -> None:
    station = changed("simulation/chamber/volume", 80)
    station["simulation"]["pumps"]["coast"] = "-1 s"
    del station["simulation"]["n2"]
    with pytest.raises(Refused) as refused:
        open_world(station, 1)
    assert len(refused.value.problems) == 3


def test_a_station_without_a_simulation_is_refused() -> None:
    station = station_values()
    del station["simulation"]
    with pytest.raises(Refused, match="no simulated plant"):
        open_world(station, 1)


def leaves(table: Any, path: str = "") -> dict[str, object]:
    if isinstance(table, dict):
        return {k: v for name, value in table.items() for k, v in leaves(value, f"{path}/{name}").items()}
    return {path: table}


def test_the_host_loop_station_differs_only_in_who_closes_the_loop() -> None:
    sqc, host = leaves(station_values("sim.toml")), leaves(station_values("sim-host-loop.toml"))
    differ = {key: host.get(key) for key in sqc.keys() | host.keys() if sqc.get(key) != host.get(key)}
    assert differ.pop("/name") != sqc["/name"]
    assert differ == {
        "/source/Zn/rate_loop": "host",
        "/source/Li/rate_loop": "host",
        "/supply/1/current_source": "digital",
        "/supply/2/current_source": "digital",
    }
