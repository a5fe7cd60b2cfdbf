"""Driven wires beside loop-back wires: the same bytes at the same plant times, whatever is broken."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Thread

import pytest

from pvdsim.serve import Server
from pvdsim.serve_catalogue import catalogue
from pvdsim.serve_station import read_source
from pvdsim.world import World, open_world
from pvdstation.model.clock import MILLISECOND, SECOND, SteppedClock
from pvdstation.model.problems import Refused
from pvdstation.protocol.sqc310 import encode_command
from pvdstation.runtime.clock import RealClock
from pvdstation.wires.base import WireLost
from pvdstation.wires.driven import DrivenPort, DrivenWire, DrivenWorld
from pvdstation.wires.loopback import LoopbackWire
from pvdstation.wires.simulator import SimulatorChannel

SOURCE = read_source("sim")
QUESTIONS = {
    "gauges": [b"TID\r", b"\x05", b"PR1\r", b"PRX\r", b"junk\r"],
    "io": [bytes.fromhex("000700000006010200000016"), bytes.fromhex("00080000000601050200ff00")],
    "supply1": [b"*IDN?\n", b"MEAS:CURR?\n", b"VOLT 0.5\n", b"nonsense?\n"],
    "turbo": [b"0010030902=?107\r", b"0010031202=?101\r"],
    "sqc": [encode_command("@"), encode_command("V?"), encode_command("K1"), b"\x00\xff"],
}
FAULTS = [
    (),
    ("t=2s io late 0.7s", "t=3s for 4s sqc split 20ms", "t=4s turbo duplicated"),
    ("t=1s for 5s gauges garbage", "t=3s for 2s supply.1 garbage", "t=5s for 2s io silent"),
    ("t=2s for 6s supply.1 merged", "t=2s sqc corrupted 50%", "t=4s gauges reset"),
]
ways = pytest.mark.parametrize(
    "with_ptys",
    [
        pytest.param(False, id="TCP"),
        pytest.param(
            True,
            id="pseudo-terminals",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals"),
        ),
    ],
)


def new_world(faults=()) -> World:
    world = open_world(SOURCE.values, 3)
    world.faults.add(*faults)
    return world


@contextmanager
def served(world: World, **options) -> Iterator[Server]:
    server = Server(world, catalogue(SOURCE.station), {"seed": 3}, **options)
    thread = Thread(target=server.run, name="server")
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()
        server.close()


@contextmanager
def driven(server: Server) -> Iterator[DrivenWorld]:
    channel = SimulatorChannel(server.control_url)
    wall = RealClock()
    try:
        yield DrivenWorld(channel, [DrivenPort(name, url, wall) for name, url in server.urls.items()], None)
    finally:
        channel.close()


def play(world, make_wire, seed: int) -> list[object]:
    """Open, ask, read and close at random, as an agenda would; return everything that was seen, and when."""
    chance = Random(seed)
    clocks = {name: SteppedClock() for name in QUESTIONS}
    wires = {name: make_wire(world, name, clock) for name, clock in clocks.items()}
    is_open = dict.fromkeys(wires, False)
    seen: list[object] = []
    now_ns = 0
    while now_ns < 10 * SECOND:
        now_ns += chance.randrange(40) * MILLISECOND // 2
        name = chance.choice(list(wires))
        wire, clock, question = wires[name], clocks[name], chance.choice(QUESTIONS[name])
        what, patience_ns = chance.random(), chance.randrange(300) * MILLISECOND
        world.advance_to(now_ns)
        if clock.now_ns() > now_ns:
            continue
        clock.wait_until(now_ns)
        if not is_open[name] or what < 0.02:
            if is_open[name]:
                wire.close()
            else:
                wire.open()
            is_open[name] = not is_open[name]
            continue
        while waiting := wire.read(now_ns):
            seen.append((name, "unasked", waiting, clock.now_ns()))
        wire.write(question, now_ns + SECOND)
        while answer := wire.read(now_ns + patience_ns):
            seen.append((name, question, answer, clock.now_ns()))
        seen.append((name, "nothing more", clock.now_ns()))
    seen.append({key: value for key, value in world.truth().items() if value == value})
    for wire in wires.values():
        wire.close()
    return seen


@ways
@pytest.mark.parametrize("faults", FAULTS, ids=["healthy", "late", "garbage", "reset"])
def test_a_driven_wire_is_a_loop_back_wire_whose_bytes_travel(faults, with_ptys):
    expected = play(new_world(faults), LoopbackWire, 11)
    with served(new_world(faults), with_ptys=with_ptys) as server, driven(server) as world:
        assert play(world, DrivenWire, 11) == expected
    assert len(expected) > 300


def test_a_second_driver_is_refused_until_the_first_has_gone():
    with served(new_world()) as server, driven(server) as first:
        first.advance_to(SECOND)
        with pytest.raises(Refused, match="another core drives"), driven(server):
            pass
        assert first.truth()["pressure.chamber"] > 0


def test_a_wire_whose_port_is_taken_is_lost_and_says_so():
    with served(new_world()) as server, driven(server) as world:
        clock = SteppedClock()
        taken, second = DrivenPort("sqc", server.urls["sqc"], RealClock()), DrivenWire(world, "sqc", clock)
        taken.open()
        with pytest.raises(WireLost):
            second.open()
        taken.close()


def test_when_the_simulator_goes_every_wire_is_lost_and_time_can_still_be_wanted():
    clock = SteppedClock()
    with served(new_world()) as server:
        channel = SimulatorChannel(server.control_url)
        world = DrivenWorld(channel, [DrivenPort("io", server.urls["io"], RealClock())], None)
        wire = DrivenWire(world, "io", clock)
        wire.open()
    for _ in range(100):
        world.advance_to(SECOND)
    with pytest.raises(WireLost):
        wire.write(QUESTIONS["io"][0], 2 * SECOND)
    wire.close()
    with pytest.raises(WireLost):
        wire.open()
    assert world.truth() == {}
    world.close()


def test_an_unknown_instrument_is_no_port():
    with served(new_world()) as server, driven(server) as world, pytest.raises(WireLost, match="no instrument oven"):
        DrivenWire(world, "oven", SteppedClock()).open()
