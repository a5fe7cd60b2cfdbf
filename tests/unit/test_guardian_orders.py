"""What a guardian would send, played to the simulated instruments of every kind of station."""

import json
import re
import tomllib
from importlib.resources import files

import pytest

from pvdsim.world import open_world
from pvdstation.assembly.guardian_orders import guardian_document
from pvdstation.drivers.switchgear import map_of
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.toml import load_station
from pvdstation.protocol import modbus, modbus_rtu, sqc310

STATIONS = files("pvdstation.stations")
PACKAGED = sorted(item.name for item in STATIONS.iterdir() if item.name.endswith(".toml"))
CORE = 4711
LEFT_ALONE = ("gate", "fore-line", "backing pump stop", "beacon")
PROVED = 'external_watchdog = { what = "relay in the 24 V of the outputs", proved = "simulated" }'
GENERIC = 'map = "generic"\nunits = 2\nwatchdog = "3 s"\n' + PROVED
BITS = "addresses = { inputs = 0, inputs_per_unit = 16, outputs = 0, outputs_per_unit = 8, read_back = 0 }"
WORDS = (
    "addresses = { inputs = 4, inputs_per_unit = 16, read_inputs_with = 4, outputs = 0, outputs_per_unit = 16, "
    "write_with = 16, read_back = 0, read_back_with = 3 }"
)
RTU = 'transport = "rtu"\nbaud = 57600\nparity = "none"'
LEGACY = 'port = "sim:supply1"\nmodel = "GEN10-100"\ndialect = "gen"\naddress = 6\nbaud = 19200'
IO = {
    "wago": "",
    "adam-6050": f'map = "adam-6050"\nunits = 2\nwatchdog = "3 s"\n{PROVED}',
    "coils, TCP": f"{GENERIC}\n{BITS}",
    "coils, RTU": f"{GENERIC}\n{BITS}\n{RTU}",
    "words, TCP": f"{GENERIC}\n{WORDS}",
    "words, RTU": f"{GENERIC}\n{WORDS}\n{RTU}",
}
SUPPLIES = {"GEN ASCII": LEGACY, "no link": 'dialect = "none"'}


def text_of(name="sim.toml"):
    return STATIONS.joinpath(name).read_text("utf-8")


def with_io(change):
    text = text_of()
    return text.replace('unit = 1\nwatchdog = "3 s"\ndo', f"unit = 1\n{change}\ndo") if change else text


def with_supply(change):
    """Return the packaged station with another first supply."""
    head, table = text_of().split("[supply.1]", 1)
    mine, rest = table.split("[supply.2]", 1)
    mine = mine.replace('port = "sim:supply1"\nmodel = "GH10-100"', change).replace(
        'watchdog = "4 s"', 'watchdog = "none"'
    )
    mine = "".join(line for line in mine.splitlines(keepends=True) if not line.startswith("foldback"))
    return f"{head}[supply.1]{mine}[supply.2]{rest}"


TEXTS = {
    **{f"I/O {name}": with_io(change) for name, change in IO.items()},
    **{f"supply 1 {name}": with_supply(change) for name, change in SUPPLIES.items()},
    "host loop": text_of("sim-host-loop.toml"),
}


class Bench:
    """A simulated station with every output on, supplies on and the SQC-310 started."""

    def __init__(self, text, tmp_path):
        self.station = load_station(text.encode(), "station.toml")
        self.world = open_world(tomllib.loads(text), 1)
        self.now_ns = 0
        self.document = guardian_document(self.station, CORE, tmp_path / "guardian.txt")
        self.ports = {port["name"]: port["exchanges"] for port in self.document["ports"]}
        self._hosts = {unit: self.codec_host(unit) for unit in self.station.io.unit_numbers}
        for block in map_of(self.station).outputs:
            self.say("io", self._hosts[block.unit].ask(block.write(0xFFFF)).frame)
        self.wait(SECOND // 2)
        for message in (
            b"VOLT 1\nCURR 40\nOUTP 1\n",
            self.gen("ADR 06"),
            self.gen("PV 1"),
            self.gen("PC 40"),
            self.gen("OUT 1"),
        ):
            if "supply1" in self.ports:
                self.say("supply1", message)
        self.say("sqc", sqc310.encode_command("U0"))
        self.wait(SECOND)  # less than the I/O watchdogs

    def codec_host(self, unit):
        return modbus_rtu.RtuHost(unit) if self.station.io.transport == "rtu" else modbus.Host(unit)

    @staticmethod
    def gen(text):
        return f"{text}\r".encode()

    def wait(self, ns):
        self.now_ns += ns
        self.world.advance_to(self.now_ns)

    def say(self, link, data):
        replies = self.world.receive(link, data, self.now_ns)
        self.wait(max([ready_ns - self.now_ns for ready_ns, _ in replies] or [0]) + 30 * MILLISECOND)
        return b"".join(reply for _, reply in replies)

    def missing(self, link, *, only_questions=False):
        """Return the proofs that do not come."""
        missing = []
        for step in self.ports[link]:
            if only_questions and not step["proves"]:
                continue
            heard = self.say(link, bytes.fromhex(step["send"]))
            if step["proves"] and not re.search(step["answer"].encode("latin-1"), heard, re.DOTALL):
                missing.append(step["what"])
        return missing

    def outputs(self):
        """Return the names of the outputs that are on."""
        bits = 0
        for block in map_of(self.station).outputs:
            exchange = self._hosts[block.unit].ask(block.question)
            bits |= block.bits(exchange.answer(self.say("io", exchange.frame)))
        return {name for place, name in enumerate(self.station.io.do) if bits >> place & 1}


@pytest.mark.parametrize("name", TEXTS)
def test_what_runs_is_not_taken_for_off_and_what_has_been_switched_off_is(name, tmp_path):
    bench = Bench(TEXTS[name], tmp_path)
    assert bench.outputs() == set(bench.station.io.do)
    running = {link for link in bench.ports if bench.missing(link, only_questions=True)}
    assert {"io", "sqc"} <= running
    if "supply1" in bench.ports and bench.station.supply[1].current_source == "digital":
        assert bench.world.truth()["current.1"] > 30
        assert "supply1" in running
    for link in bench.ports:
        bench.missing(link)
    bench.wait(2 * SECOND)
    assert [what for link in bench.ports for what in bench.missing(link)] == []
    assert abs(bench.world.truth()["current.1"]) < 1e-6
    is_cut = "words" not in name
    assert bench.outputs() == (set(LEFT_ALONE) if is_cut else set())


def test_a_coupler_whose_watchdog_has_dropped_everything_counts_as_off(tmp_path):
    bench = Bench(TEXTS["I/O wago"], tmp_path)
    host = bench._hosts[1]
    for register, value in ((0x1000, 30), (0x1001, 0x20), (0x1003, 1)):
        call = modbus.Call(modbus.WRITE_REGISTER, register, registers=(value,))
        bench.say("io", host.ask(call).frame)
    bench.wait(4 * SECOND)
    refused = host.ask(modbus.Call(modbus.READ_COILS, 0x0200))
    assert refused.answer(bench.say("io", refused.frame)).exception == modbus.DEVICE_FAILURE
    assert bench.missing("io") == []


def test_a_relay_of_the_sqc310_is_given_back(tmp_path):
    bench = Bench(TEXTS["I/O wago"].replace('port = "sim:sqc"', 'port = "sim:sqc"\nshutter_relay = 5'), tmp_path)
    bench.say("sqc", sqc310.encode_command("GE5 1"))
    assert bench.world.instrument("sqc").relays.is_on(5)
    bench.missing("sqc")
    bench.wait(SECOND)
    assert bench.missing("sqc") == []
    assert not bench.world.instrument("sqc").relays.is_on(5)


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_station_has_orders_for_all_that_can_heat_admit_gas_or_expose(name, tmp_path):
    station = load_station(STATIONS.joinpath(name).read_bytes(), name)
    document = json.loads(json.dumps(guardian_document(station, CORE, tmp_path / "guardian.txt")))
    assert (document["core"], document["silence_s"], document["persist_s"]) == (CORE, 2.0, 600.0)
    assert document["record"] == str(tmp_path / "guardian.txt")
    ports = {port["name"]: port for port in document["ports"]}
    assert list(ports) == ["io", "supply1", "supply2", "sqc"]
    for link, first in (("io", "enable 1, enable 2 to 0"), ("supply1", "OUTP 0"), ("supply2", "OUTP 0"), ("sqc", "U1")):
        assert ports[link]["exchanges"][0]["what"] == first
        assert any(step["proves"] for step in ports[link]["exchanges"])
    assert bytes.fromhex(ports["supply1"]["exchanges"][0]["send"]) == b"OUTP 0\n"


def test_real_ports_are_addresses_and_devices_with_their_lines(tmp_path):
    station = load_station(STATIONS.joinpath("example.toml").read_bytes(), "example.toml")
    ports = {port["name"]: port for port in guardian_document(station, CORE, tmp_path / "g.txt")["ports"]}
    assert ports["io"]["url"] == "tcp://192.168.1.31:502"
    assert ports["supply2"]["url"] == "tcp://192.168.1.22:8003"
    assert ports["sqc"]["url"] == "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"
    assert ports["sqc"]["line"] == {"baud": station.sqc.baud, "parity": "none", "stop_bits": 1}
