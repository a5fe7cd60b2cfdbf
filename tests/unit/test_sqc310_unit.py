"""The simulated SQC-310 by itself: byte machine, tables, phases, PID, crystal failure, on a crude bench."""

import json
import math
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from pvdsim.instruments import sqc310 as unit
from pvdsim.instruments.sqc310_memory import prepare
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310 as wire

VALUES = tomllib.loads((files("pvdstation") / "stations" / "sim.toml").read_text())
STATION = Station.model_validate(VALUES)
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sqc-310-vectors.json").read_text())["vectors"]
STEP_NS = 25 * MILLISECOND


class CrudeBench:
    """Two boats that follow their power with one time constant, and two crystals that lose frequency to them."""

    def __init__(self):
        self.now_ns = 0
        self.analogue = {}
        self.frequency = {1: 6e6, 2: 6e6}
        self.warmth = {1: 0.0, 2: 0.0}
        self.drift_hz_s = {1: 0.0, 2: 0.0}
        self.at_half_nm_s = {1: 43.0, 2: 27.9}
        self.hz_per_nm = {1: 57.4 / 1.12, 2: 4.32 / 1.14}

    def crystal_frequency(self, sensor):
        return self.frequency[sensor]

    def rate_nm_s(self, boat):
        return 0.5 * math.exp(0.2 * (self.warmth[boat] - self.at_half_nm_s[boat]))

    def step(self):
        self.now_ns += STEP_NS
        for boat in (1, 2):
            self.warmth[boat] += (self.analogue.get(boat, 0.0) - self.warmth[boat]) * 0.025 / 12.0
            if self.frequency[boat]:
                lost_hz_s = self.rate_nm_s(boat) * self.hz_per_nm[boat] + self.drift_hz_s[boat]
                self.frequency[boat] -= lost_hz_s * 0.025


class Rig:
    """A unit on a crude bench, driven by text."""

    def __init__(self, **switches):
        self.bench = CrudeBench()
        settings = {"channels": 2, "baud": 19200, "period_s": 0.25, "latency_s": 0.005, "filter_alpha": 0.3}
        parameters = unit.Parameters(**settings | switches)
        sqc = STATION.sqc.model_copy(update={"channels": parameters.channels})
        self.unit = unit.Sqc310(parameters, prepare(STATION.model_copy(update={"sqc": sqc})), self.bench)
        self.unit.advance_to(0)

    def ask(self, message):
        packet = wire._packet(message, wire.COMMAND_BIAS)  # also what the host never sends
        [(_, reply)] = self.unit.receive(packet, self.bench.now_ns)
        answer = wire.decode_reply(reply)
        assert answer.crc_ok
        return answer.status + answer.payload

    def phase(self):
        return int(self.ask("V?")[1:].split()[0])

    def run(self, seconds):
        end_ns = self.bench.now_ns + round(seconds * SECOND)
        while self.bench.now_ns < end_ns:
            self.bench.step()
            if self.unit.due_ns <= self.bench.now_ns:
                self.unit.advance_to(self.bench.now_ns)

    def run_until(self, phase, longest_s=1000.0):
        seen = []
        end_ns = self.bench.now_ns + round(longest_s * SECOND)
        while not seen or seen[-1] != phase:
            assert self.bench.now_ns < end_ns, seen
            self.run(0.25)
            if not seen or seen[-1] != self.phase():
                seen.append(self.phase())
        return seen

    def prepare(self, process):
        film = process
        loop = {1: "1,18 2,140", 2: "1,16 2,110"}[film]
        thickness = {1: 400, 2: 600}[film]
        assert self.ask(f"A2 {film} {loop}") == "A"
        assert self.ask(f"D{film} 1,500 2,{thickness}") == "A"
        assert self.ask(f"T{process}") == "A"

    def start(self, process=1):
        self.prepare(process)
        assert self.ask("U0") == "A"
        return self


@pytest.fixture
def rig():
    return Rig()


# --- bytes ---


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if v["direction"] == "host_to_device" and v["scope"] == "SQC-310"],
    ids=lambda v: v["id"],
)
def test_every_published_command_gets_one_sound_answer(rig, vector):
    packet = bytes.fromhex(vector["packet_hex"])
    [(_, reply)] = rig.unit.receive(packet, 0)
    answer = wire.decode_reply(reply)
    assert answer.crc_ok
    refused = {"A1?": "C", "U?": "D", "S": "E", "S0": "E", "S2 500": "E", "F1 1,5": "A"}
    assert answer.status == refused.get(vector["message"], "A")


def test_wrong_checksum_is_answered_as_captured(rig):
    assert rig.unit.receive(b"!$V?xx", 0)[0][1] == bytes.fromhex("21 24 46 74 2d")


def test_command_in_single_bytes_is_answered_once(rig):
    replies = [reply for byte in wire.encode_command("V?") for reply in rig.unit.receive(bytes((byte,)), 0)]
    assert [wire.decode_reply(reply).payload for _, reply in replies] == ["0 0 1 1 1"]


def test_reply_time_is_command_latency_and_reply_on_the_wire(rig):
    packet = wire.encode_command("V?")
    [(ready_ns, reply)] = rig.unit.receive(packet, 0)
    assert ready_ns == pytest.approx((len(packet) + len(reply)) * 10 / 19200 * 1e9 + 5e6, abs=1e4)


def test_second_command_is_answered_after_the_first(rig):
    first, second = rig.unit.receive(wire.encode_command("K1") + wire.encode_command("V?"), 0)
    assert second[0] > first[0] + 10 * MILLISECOND


@pytest.mark.parametrize("message", ["CA1? 2", "CB1 1? 1", "CC1 1 2? 1", "E", "W", "X1", "VA? 1"])
def test_what_it_does_not_know_is_answered_with_c(rig, message):
    assert rig.ask(message) == "C"


@pytest.mark.parametrize(
    "message", ["L5", "PA3", "T9", "A2 9? 1", "A2 1? 12", "F1? 2 3", "D1? 13 14 23", "D1 4,1", "A2 1 1,x", "U4"]
)
def test_what_does_not_exist_is_answered_with_d(rig, message):
    assert rig.ask(message) == "D"


@pytest.mark.parametrize("message", ["T1", "D1 1,500", "A2 1 1,18", "F1 2,0704", "HA1 1,100", "U0"])
def test_nothing_is_written_while_running(rig, message):
    rig.start()
    assert rig.ask(message) == "E"


def test_reply_that_would_be_too_long_is_answered_with_g(rig):
    assert rig.ask("A3 1? " + "1 " * 60) == "G"


def test_first_reply_after_a_reset_says_so():
    rig = Rig(says_reset=True)
    assert [rig.ask("V?")[0], rig.ask("V?")[0]] == ["B", "A"]


@pytest.mark.parametrize(
    ("message", "payload"),
    [
        ("K1", "A-1.00 0.00 100.00 0.000 0.00 -1 -1 -1 -1"),
        ("K2", "A0.00 0.00 0.000 6000000.00 0.00 0.000 6000000.00"),
        ("L1", "A 0.00"),
        ("M1", "A 0.00"),
        ("N1", "A 0.000"),
        ("O1", "A 0.000"),
        ("P1", "A6000000.00"),
        ("PA1", "A1 6000000.00 100.00"),
        ("Q1", "A100.00 "),
        ("S? 2", "A0.00 "),
        ("HA1? 1", "A1,112 "),
        ("HC1? 6", "A6,1 "),
        ("HC2? 6", "A6,0 "),
        ("HD1? 1", "A1,1 "),
        ("F1? 1", "AZn"),
        ("F2? 3", "A5900"),
        ("C3? 2", "A1"),
        ("C3? 3", "A3"),
        ("C3? 4", "A2"),
        ("J", "A2"),
    ],
)
def test_texts_are_padded_as_in_the_manual(rig, message, payload):
    assert rig.ask(message) == payload


def test_missing_crystal_reads_zero(rig):
    rig.bench.frequency[2] = 0.0
    rig.run(1.0)
    assert rig.ask("K2").endswith(" 0.00 0.000 0.00")
    assert rig.ask("PA2") == "A0 0.00 0.00"


def test_life_is_as_printed_in_the_manual(rig):
    rig.bench.frequency[1] = 5_950_000.0
    rig.run(0.5)
    assert rig.ask("PA1") == "A1 5950000.00 95.00"


# --- phases ---


def test_phases_of_a_layer_in_order(rig):
    rig.start()
    assert rig.phase() == 1
    assert rig.run_until(0, 1500.0) == [2, 7, 8, 9, 10, 12, 13, 22, 0]


def test_conditioning_follows_the_film(rig):
    rig.start()
    for seconds, phase, power in ((30.5, 7, 12.9), (60.0, 8, 25.8), (60.0, 9, 33.75), (60.0, 10, 41.7)):
        rig.run(seconds)
        assert (rig.phase(), rig.bench.analogue[1]) == (phase, pytest.approx(power, abs=0.3))
    assert rig.bench.analogue[2] == 0.0


def test_loop_closes_without_a_bump_and_holds_the_rate(rig):
    rig.start()
    rig.run_until(12)
    assert rig.bench.analogue[1] == pytest.approx(41.7, abs=0.01)
    rig.run(0.25)
    assert rig.bench.analogue[1] == pytest.approx(41.7, abs=0.5)
    rig.run_until(13)
    rig.run(60.0)
    assert rig.bench.rate_nm_s(1) == pytest.approx(0.5, rel=0.01)


def test_thickness_restarts_with_deposit_and_ends_the_layer(rig):
    rig.start()
    rig.run_until(13)
    assert rig.ask("N1") == "A 0.000"
    rig.run_until(22)
    assert float(rig.ask("N1")[1:]) == pytest.approx(0.400, abs=0.002)


def test_forced_end_ramps_down_and_stops(rig):
    rig.start()
    rig.run_until(13)
    power = rig.bench.analogue[1]
    assert rig.ask("U5") == "A"
    assert rig.phase() == 22
    rig.run(15.0)
    assert rig.bench.analogue[1] == pytest.approx(power / 2, rel=0.03)
    rig.run(15.25)
    assert (rig.phase(), rig.ask("S? 1")) == (0, "A0.00 ")


def test_feed_phases_come_before_the_idle_ramp(rig):
    rig.ask("A3 1 9,100 10,5 11,10")
    rig.start()
    rig.run_until(13)
    rig.ask("U5")
    assert rig.phase() == 20
    rig.run(6.0)
    assert (rig.phase(), rig.bench.analogue[1]) == (21, 10.0)
    assert rig.run_until(0) == [21, 22, 0]


def test_forced_end_elsewhere_changes_nothing(rig):
    rig.start()
    rig.run_until(10)
    assert (rig.ask("U5"), rig.phase()) == ("A", 10)


def test_stop_takes_all_power_away_at_once(rig):
    rig.start()
    rig.run_until(10)
    assert rig.ask("U1") == "A"
    assert (rig.phase(), rig.bench.analogue[1]) == (0, 0.0)


def test_power_stays_within_maximum_and_slew(rig):
    rig.bench.at_half_nm_s[1] = 90.0  # an empty boat: no power is enough
    rig.start()
    rig.run_until(12)
    last = rig.bench.analogue[1]
    for _ in range(100):
        rig.run(0.25)
        assert abs(rig.bench.analogue[1] - last) <= 0.5 + 1e-9
        last = rig.bench.analogue[1]
    rig.run(60.0)
    assert rig.bench.analogue[1] == 51.6


def test_capture_that_fails_deposits_anyway(rig):
    rig.bench.at_half_nm_s[1] = 90.0
    rig.start()
    rig.run_until(12)
    rig.run(199.0)
    assert rig.phase() == 12
    rig.run(1.5)
    assert rig.phase() == 13


def test_capture_that_fails_can_stop():
    rig = Rig(stop_without_capture=True)
    rig.bench.at_half_nm_s[1] = 90.0
    rig.start()
    rig.run_until(12)
    rig.run(200.5)
    assert rig.phase() == 0


def test_manual_start_waits_for_start_layer():
    rig = Rig(manual_start=True).start()
    rig.run(10.0)
    assert rig.phase() == 3
    rig.ask("U2")
    assert rig.phase() == 7


def test_soak_hold_waits_at_soak_power(rig):
    rig.start()
    rig.run_until(9)
    rig.ask("U38")
    rig.run(300.0)
    assert (rig.phase(), rig.bench.analogue[1]) == (11, pytest.approx(41.7))
    rig.ask("U39")
    rig.run(0.25)
    assert rig.phase() == 12


def test_manual_power_freezes_and_returns_to_deposit(rig):
    rig.start()
    rig.run_until(13)
    assert (rig.ask("S1 300"), rig.phase(), rig.bench.analogue[1]) == ("A", 26, 30.0)
    assert rig.ask("V?").endswith(" 0")
    rig.run(5.0)
    assert rig.bench.analogue[1] == 30.0
    assert (rig.ask("S0"), rig.phase()) == ("A", 13)


def test_zero_thickness_keeps_the_phase(rig):
    rig.start()
    rig.run_until(13)
    rig.run(20.0)
    assert (rig.ask("U32"), rig.ask("N1"), rig.phase()) == ("A", "A 0.000", 13)


def test_failed_crystal_halts_with_no_power(rig):
    rig.start()
    rig.run_until(10)
    rig.bench.frequency[1] = 0.0
    assert rig.run_until(35, 2.0) == [24, 35]
    assert rig.bench.analogue[1] == 0.0
    rig.run(5.0)
    assert rig.phase() == 35
    rig.ask("U1")
    assert rig.phase() == 0


def test_crystal_of_the_other_source_does_not_matter(rig):
    rig.start()
    rig.bench.frequency[2] = 0.0
    rig.run(20.0)
    assert rig.phase() == 7


def test_relays_follow_the_phase(rig):
    rig.start()
    rig.run_until(12)
    assert [rig.ask(f"GC{relay}? 1") for relay in (1, 3)] == ["A1,0 ", "A1,1 "]
    rig.run_until(13)
    assert [rig.ask(f"GC{relay}? 1") for relay in (1, 2, 3)] == ["A1,1 ", "A1,0 ", "A1,1 "]
    rig.ask("U1")
    assert [rig.ask(f"GC{relay}? 1") for relay in (1, 3)] == ["A1,0 ", "A1,0 "]


def test_codeposition_conditions_both_and_deposits_together(rig):
    rig.prepare(1)
    rig.prepare(2)
    for layer, thickness in ((3, 200), (4, 100)):
        assert rig.ask(f"D{layer} 1,500 2,{thickness}") == "A"
    assert [rig.ask("T3"), rig.ask("U0")] == ["A", "A"]
    assert rig.run_until(13) == [2, 6, 12, 13]
    assert " -1" not in rig.ask("K1")
    rig.run_until(22)
    assert float(rig.ask("O1")[1:]) >= 0.2
    rig.run_until(0)
    assert rig.bench.analogue == {1: 0.0, 2: 0.0}


def test_selected_process_decides_what_is_displayed(rig):
    rig.bench.drift_hz_s[2] = 2.0
    shown = []
    for process in (2, 1):
        rig.ask(f"T{process}")
        rig.run(10.0)
        shown.append(float(rig.ask("L2")[1:]))
    # physics 1.4 and 1.2: 2.255 Å/Hz for Li and 0.173 Å/Hz for Zn by this formula, times tooling 1.14
    assert shown == [pytest.approx(2 * 2.255 * 1.14, abs=0.02), pytest.approx(2 * 0.173 * 1.14, abs=0.01)]


# --- building ---


def test_packaged_fingerprint_is_what_the_unit_answers(rig):
    for address, expected in STATION.sqc.fingerprint.items():
        for pair in expected.split():
            parameter, value = pair.split(",")
            answer = rig.ask(f"{address}? {parameter}")
            assert answer == (value if value.isalpha() else f"A{pair} ")


def test_seed_places_the_measuring_period_and_nothing_else():
    first = {unit.build(VALUES, CrudeBench(), seed).due_ns for seed in range(20)}
    assert len(first) > 3
    assert all(moment % STEP_NS == 0 and moment < 250 * MILLISECOND for moment in first)
    assert unit.build(VALUES, CrudeBench(), 7).due_ns == unit.build(VALUES, CrudeBench(), 7).due_ns
