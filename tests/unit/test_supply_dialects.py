"""Supplies of every dialect in the station file: what each needs, and what a supply without a link leaves out."""

import copy
import tomllib
from importlib.resources import files

import pytest

from pvdsim.world import open_world
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import SignalMap
from pvdstation.model.station import Station
from pvdstation.model.station_rules import contradictions
from pvdstation.protocol import sqc310
from pvdstation.protocol import supply_gen as gen

VALUES = tomllib.loads(files("pvdstation.stations").joinpath("sim.toml").read_text("utf-8"))
FOLDBACK = VALUES["supply"]["1"]["foldback"]
GEN = {"dialect": "gen", "model": "GEN8-180", "address": 6, "baud": 9600, "watchdog": "none"}
NONE = {"dialect": "none", "watchdog": "none"}


def values_of(dialect, without=(), **more):
    values = copy.deepcopy(VALUES)
    table = values["supply"]["1"] | {"gen": GEN, "none": NONE, "scpi": {}}[dialect] | more
    left_out = {"scpi": (), "gen": ("foldback",), "none": ("foldback", "port", "model")}[dialect]
    for key in (*left_out, *without):
        if key not in more:
            table.pop(key, None)
    values["supply"]["1"] = table
    return values


def found(values):
    return [(".".join(path), what) for path, what, _ in contradictions(Station.model_validate(values))]


@pytest.mark.parametrize("dialect", ["scpi", "gen", "none"])
def test_a_station_may_mix_dialects(dialect):
    assert found(values_of(dialect)) == []


@pytest.mark.parametrize(
    ("dialect", "without", "more", "path", "what"),
    [
        ("scpi", ("port",), {}, "supply.1.port", "the port is missing"),
        ("scpi", (), {"watchdog": "none"}, "supply.1.watchdog", "a watchdog of its own"),
        ("scpi", ("foldback",), {}, "supply.1.foldback", "foldback is missing"),
        ("scpi", (), {"address": 6}, "supply.1.address", "only GEN ASCII has addresses"),
        ("scpi", ("model",), {}, "supply.1.model", "the model is missing"),
        ("gen", ("address",), {}, "supply.1.address", "needs an address"),
        ("gen", (), {"watchdog": "4 s"}, "supply.1.watchdog", "its enable contact on the watchdogged I/O"),
        ("gen", (), {"foldback": FOLDBACK}, "supply.1.foldback", "on entering constant current"),
        ("none", (), {"port": "sim:supply1"}, "supply.1.port", "this supply has no link"),
        ("none", (), {"current_source": "digital"}, "supply.1.current_source", "only the SQC-310's output"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_dialect_is_told(dialect, without, more, path, what):
    told = found(values_of(dialect, without, **more))
    assert any(where == path and what in sentence for where, sentence in told), told


@pytest.mark.parametrize("dialect", ["gen", "none"])
def test_a_supply_without_watchdog_needs_its_enable_contact_read_back(dialect):
    values = values_of(dialect)
    values["io"]["di"] = [name for name in values["io"]["di"] if name != "enable 1 open"]
    assert any('"enable 1 open" is missing' in sentence for _, sentence in found(values))


def test_watchdog_of_the_others_is_still_compared():
    values = values_of("none")
    values["supply"]["2"]["watchdog"] = "3 s"
    assert [where for where, _ in found(values)] == ["supply.2.watchdog"]


def test_a_supply_without_link_has_signals_but_no_port():
    station = Station.model_validate(values_of("none"))
    assert "supply1" not in station.ports
    assert "supply1" not in station.protocols
    assert (station.supply[1].has_link, station.supply[1].watchdog) == (False, None)
    assert len(SignalMap(station).supply) == 2


def test_foldback_of_a_supply_that_cannot_trip_is_never_armed():
    foldback = Station.model_validate(values_of("gen")).supply[1].foldback
    assert (foldback.mode, foldback.above) == ("OFF", float("inf"))


def test_protocols_name_the_dialect():
    assert Station.model_validate(values_of("gen")).protocols["supply1"] == "genesys-gen"


# --- the simulated station ---


def enable(world, *, on):
    world.plant.command("enable 1", on=on, at_ns=world.plant.now_ns)


def test_simulated_supply_without_link_delivers_while_its_enable_contact_is_closed():
    values = values_of("none")
    values["simulation"]["sqc"] = {"power_when_stopped": True}
    world = open_world(values, 1)
    assert "supply1" not in world.names
    plant = world.plant
    world.receive("sqc", sqc310.encode_command("S1 300"), 0)
    world.advance_to(SECOND)
    assert (plant.analogue[1], plant.boats[1].current_a) == (30.0, 0.0)
    enable(world, on=True)
    world.advance_to(4 * SECOND)
    assert plant.boats[1].current_a == pytest.approx(30.0, abs=0.5)
    enable(world, on=False)
    world.advance_to(8 * SECOND)
    assert plant.boats[1].current_a == 0.0


def test_simulated_legacy_supply_is_found_by_its_port():
    world = open_world(values_of("gen"), 1)
    [(_, reply)] = world.receive("supply1", gen.address(6), 0)
    assert reply == gen.line("OK")
