"""The simulated legacy supply by itself: address, checksum, one reply per command, limits, trips, analogue input."""

import pytest
from power_bench import PowerBench, values_with

from pvdsim.instruments import supply_gen
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.protocol import supply_gen as codec
from pvdstation.protocol.supply import Questionable

GEN = {"dialect": "gen", "model": "GEN8-180", "address": 6, "baud": 9600, "watchdog": "none"}


def legacy_values(**changes):
    table = dict(values_with("name", "x")["supply"]["1"]) | GEN | {"current_source": "digital"} | changes
    del table["foldback"]
    return values_with("supply", "1", table)


class Rig:
    """The unit with somebody who types commands."""

    def __init__(self, *, enabled=True, **changes):
        self.bench = PowerBench()
        self.bench.contacts["enable 1 open"] = not enabled
        self.unit = supply_gen.build(1, legacy_values(**changes), self.bench, 1)
        self.now_ns = 0

    def send(self, data):
        self.now_ns += 100 * MILLISECOND
        return [reply for _, reply in self.unit.receive(data, self.now_ns)]

    def ask(self, text):
        [reply] = self.send(codec.line(text))
        told = codec.reply_text(reply[:-1])
        assert told is not None
        assert reply.endswith(b"\r")
        return told

    def wait(self, seconds):
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.unit.due_ns <= end_ns:
            self.now_ns = max(self.now_ns, self.unit.due_ns)
            self.unit.advance_to(self.now_ns)
        self.now_ns = end_ns
        self.unit.refresh(self.now_ns)


@pytest.fixture
def rig():
    rig = Rig()
    assert rig.ask("ADR 06") == "OK"
    return rig


# --- the line ---


def test_unit_is_silent_until_it_is_addressed():
    rig = Rig()
    assert rig.send(b"IDN?\rOUT?\r\rFOO\r") == []
    assert rig.send(b"ADR 7\r") == []
    assert rig.send(b"ADR 6\r") == [b"OK\r"]
    assert rig.send(b"IDN?\r") == [b"LAMBDA,GEN8-180\r"]
    assert rig.send(b"ADR 05\rIDN?\r") == []


def test_reply_carries_a_checksum_exactly_when_its_command_did(rig):
    assert rig.send(b"IDN?\r") == [b"LAMBDA,GEN8-180\r"]
    assert rig.send(b"IDN?$" + codec.checksum("IDN?").encode() + b"\r") == [codec.line("LAMBDA,GEN8-180")]


def test_wrong_checksum_is_answered_with_c04_and_not_obeyed(rig):
    assert rig.send(b"OUT 1$00\r") == [codec.line("C04")]
    assert rig.ask("OUT?") == "OFF"


def test_every_command_gets_one_reply_and_no_lf(rig):
    replies = rig.send(b"\rPC 5\rPC?\rFOO\rPC\rPC x\rPC 999\r")
    assert replies == [b"OK\r", b"OK\r", b"5\r", b"C01\r", b"C02\r", b"C03\r", b"C05\r"]


def test_repeat_backspace_lower_case_and_single_bytes(rig):
    assert rig.send(b"pc 2\x0825.0\r\\\r") == [b"OK\r", b"OK\r"]
    assert [reply for byte in b"pc?\n\r" for reply in rig.send(bytes((byte,)))] == [b"25.0\r"]


def test_reply_time_is_the_wire_and_the_latency():
    rig = Rig()
    [(ready_ns, reply)] = rig.unit.receive(b"ADR 6\r", 0)
    assert ready_ns == pytest.approx((6 + len(reply)) * 10 / 9600 * 1e9 + 10e6, abs=1e4)


def test_broadcasts_are_obeyed_without_address_and_reply():
    rig = Rig()
    assert rig.send(b"GPV 1.000\rGPC 20.0\rGOUT 1\r") == []
    rig.send(b"ADR 6\r")
    assert [rig.ask(text) for text in ("PV?", "PC?", "OUT?")] == ["1.000", "20.0", "ON"]
    assert rig.send(b"GOUT 0\r") == []
    assert rig.ask("OUT?") == "OFF"


# --- settings ---


def test_settings_are_echoed_as_they_were_sent(rig):
    assert [rig.ask("PV 1.5"), rig.ask("PV?"), rig.ask("PC 60.00"), rig.ask("PC?")] == ["OK", "1.5", "OK", "60.00"]


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["PV 8.5"], "E01"),  # above 105 % of the rating
        (["OVP 2.0", "PV 1.95"], "E01"),  # above 95 % of OVP
        (["PV 2", "OVP 2.3"], "E04"),  # below PV + 5 % of the rating
        (["PV 2", "UVL 2.1"], "E06"),
        (["PV 2", "UVL 1.5", "PV 1.0"], "E02"),
        (["OVP 10.5"], "C05"),  # 8 V class: at most 10 V
        (["PC 189.5"], "C05"),
        (["FBD 256"], "C05"),
        (["FILTER 20"], "C03"),
        (["RMT 3"], "C03"),
        (["OUT"], "C02"),
        (["VOLT 1"], "C01"),
    ],
)
def test_limits_are_refused_as_the_manual_says(rig, commands, code):
    *before, last = commands
    assert [rig.ask(text) for text in before] == ["OK"] * len(before)
    assert rig.ask(last) == code


def test_reset_brings_the_documented_state(rig):
    for text in ("RMT LLO", "PV 1", "PC 20", "OUT 1", "AST 1", "FLD 1", "OVP 3", "UVL 0.5", "RST"):
        assert rig.ask(text) == "OK"
    assert [rig.ask(text) for text in ("RMT?", "OUT?", "AST?", "FLD?", "OVP?", "UVL?", "PV?", "PC?")] == [
        "REM", "OFF", "OFF", "OFF", "10.000", "0.000", "0.000", "0.00",
    ]  # fmt: skip


# --- output ---


def test_output_follows_the_set_point_in_constant_current(rig):
    for text in ("PV 1.000", "PC 60.00", "OUT 1"):
        assert rig.ask(text) == "OK"
    told = codec.readings(rig.ask("STT?"))
    assert told is not None
    assert told.current_a == pytest.approx(60.0, abs=0.03)
    assert told.voltage_v == pytest.approx(0.6, abs=0.002)
    assert (told.set_current_a, told.status, told.faults) == (60.0, codec.Status.CC | codec.Status.NFLT, 0)
    assert [rig.ask("MODE?"), rig.ask("OUT?"), rig.ask("STAT?"), rig.ask("FLT?")] == ["CC", "ON", "06", "00"]


def test_texts_have_the_manuals_digits(rig):
    for text in ("PV 4.000", "PC 60.00", "OUT 1"):
        rig.ask(text)
    rig.bench.boats[1].ohm = 0.0517
    mv, mc = rig.ask("MV?"), rig.ask("MC?")
    assert (len(mv), len(mc)) == (len("3.1020"), len("60.02"))
    fields = rig.ask("DVC?").split(",")
    assert [fields[1], *fields[3:]] == ["4.000", "60.00", "10.000", "0.000"]


def test_open_enable_contact_drops_the_output_for_good(rig):
    for text in ("PV 1", "PC 60", "OUT 1"):
        rig.ask(text)
    rig.bench.contacts["enable 1 open"] = True
    rig.unit.refresh(rig.now_ns)
    assert rig.bench.boats[1].demand_a == 0
    assert [rig.ask("FLT?"), rig.ask("OUT 1")] == ["80", "E07"]
    rig.bench.contacts["enable 1 open"] = False
    rig.wait(0.1)
    assert (rig.ask("OUT?"), rig.bench.boats[1].demand_a) == ("OFF", 0)
    assert rig.ask("OUT 1") == "OK"
    assert rig.bench.boats[1].demand_a == 60


def test_foldback_trips_in_constant_current_after_250_ms(rig):
    for text in ("PV 1", "PC 60", "FLD 1", "OUT 1"):
        rig.ask(text)
    rig.wait(0.1)
    assert rig.ask("OUT?") == "ON"
    rig.wait(0.2)
    assert [rig.ask("OUT?"), rig.ask("FLT?"), rig.bench.boats[1].demand_a] == ["OFF", "08", 0]


def test_trip_is_cleared_by_switching_on_when_its_cause_is_gone(rig):
    for text in ("PV 1", "PC 60", "OUT 1"):
        rig.ask(text)
    rig.unit.stage.trip(Questionable.OVP, rig.now_ns)
    rig.unit.refresh(rig.now_ns)
    assert [rig.ask("OUT?"), rig.ask("FLT?"), rig.ask("OUT 0"), rig.ask("FLT?")] == ["OFF", "10", "OK", "10"]
    assert [rig.ask("OUT 1"), rig.ask("FLT?"), rig.ask("OUT?")] == ["OK", "00", "ON"]


def test_event_registers_are_cleared_by_reading(rig):
    assert [rig.ask("FENA 7E"), rig.ask("FENA?")] == ["OK", "7E"]
    rig.unit.stage.trip(Questionable.OVP, rig.now_ns)
    rig.unit.refresh(rig.now_ns)
    assert [rig.ask("FEVE?"), rig.ask("OUT 0")] == ["10", "OK"]


def test_analogue_input_sets_the_current():
    rig = Rig(current_source="analogue")
    for text in ("ADR 06", "PV 1", "PC 0", "OUT 1"):
        rig.ask(text)
    rig.bench.analogue[1] = 30.0
    rig.unit.refresh(rig.now_ns)
    assert float(rig.ask("MC?")) == pytest.approx(30.0, abs=0.03)
    assert rig.ask("PC?") == "0"


def test_power_cycle_forgets_the_address_and_stays_off(rig):
    for text in ("PV 1", "PC 60", "OUT 1"):
        rig.ask(text)
    rig.unit.power_cycle(rig.now_ns)
    assert rig.send(b"OUT?\r") == []
    rig.send(b"ADR 6\r")
    assert [rig.ask("OUT?"), rig.ask("PC?"), rig.ask("RMT?")] == ["OFF", "60", "LOC"]


def test_front_panel_takes_over(rig):
    rig.ask("PC 20")
    rig.unit.take_over(local=True)
    assert [rig.ask("RMT?"), rig.ask("PC 30"), rig.ask("PC?")] == ["LOC", "C01", "20"]
