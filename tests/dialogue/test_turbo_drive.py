"""The simulated turbo drive as a byte machine."""

import pytest
from vacuum_bench import VALUES, StillBench

from pvdsim.instruments import turbo as simulated_turbo
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.protocol import turbo
from pvdstation.protocol.turbo import Telegram


class Desk:
    """A drive on its bench, and one host that asks it."""

    def __init__(self, values=VALUES) -> None:
        self.bench = StillBench()
        self.drive = simulated_turbo.build(values, self.bench, 1)

    def ask(self, parameter, data="=?", action=turbo.QUERY, address=1, now_ns=0):
        replies = self.drive.receive(turbo.encode(Telegram(address, action, parameter, data)), now_ns)
        if not replies:
            return None
        ((_, frame),) = replies
        telegram = turbo.decode(frame[:-1])
        assert telegram[:3] == (address, turbo.COMMAND, parameter)
        return telegram.data

    def write(self, parameter, data, **others):
        return self.ask(parameter, data, turbo.COMMAND, **others)


@pytest.fixture
def desk():
    return Desk()


def test_answers_arrive_20_ms_after_the_question(desk):
    assert desk.drive.receive(b"0010030902=?107\r", SECOND) == [(SECOND + 20 * MILLISECOND, b"0011030906001000021\r")]


@pytest.mark.parametrize("wire", [b"0010030902=?108\r", b"0020030902=?108\r", b"0010030902=?107", b"\xff\xff\r", b"\r"])
def test_damaged_telegrams_and_other_addresses_meet_silence(desk, wire):
    assert desk.drive.receive(wire, 0) == []


def test_any_split_of_a_question_gives_the_same_answer():
    wire = b"\xff0010030302=?101\r"
    for cut in range(len(wire) + 1):
        drive = Desk().drive
        replies = drive.receive(wire[:cut], 0) + drive.receive(wire[cut:], 0)
        assert [data for _, data in replies] == [b"0011030306000000014\r"]


def test_it_starts_as_the_station_says():
    assert Desk().bench.motor == [True]
    simulation = {**VALUES["simulation"], "start": {**VALUES["simulation"]["start"], "turbo": "standing"}}
    standing = Desk({**VALUES, "simulation": simulation})
    assert standing.bench.motor == [False]
    assert standing.ask(10) == "000000"


def test_every_readable_parameter_answers_in_its_type(desk):
    for number, parameter in turbo.PARAMETERS.items():
        answer = desk.ask(number)
        if "r" not in parameter.access:
            assert answer == turbo.NO_ACCESS
        elif number == 303:
            assert answer == "000000"
        elif parameter.type is turbo.DataType.STRING:
            assert turbo.decode_text(parameter.type, answer)
        else:
            assert turbo.decode_number(parameter.type, answer) >= 0.0


@pytest.mark.parametrize(
    ("parameter", "data"),
    [(309, "000633"), (398, "037980"), (302, "000000"), (306, "000000"), (307, "111111"), (308, "001000"),
     (315, "001000"), (349, "TC 110"), (60, "002"), (316, "000110"), (313, "002400"), (310, "000458")],
)  # fmt: skip
def test_a_pump_that_runs_up(desk, parameter, data):
    desk.bench.turbo_hz = 633.0
    assert desk.ask(parameter) == data


@pytest.mark.parametrize(("hz", "reached"), [(799.0, "000000"), (800.0, "111111")])
def test_the_switch_point_is_at_80_percent(desk, hz, reached):
    desk.bench.turbo_hz = hz
    assert desk.ask(302) == reached


def test_power_rises_with_inlet_pressure_only_through_the_open_gate(desk):
    at_rest = int(desk.ask(316))
    desk.bench.chamber_mbar = 1e-2
    assert int(desk.ask(316)) == at_rest + 20
    desk.bench.contacts["gate open"] = False
    assert int(desk.ask(316)) == at_rest


def test_the_motor_turns_when_010_and_023_are_both_on(desk):
    assert desk.write(10, "000000") == "000000"
    assert desk.write(23, "000000") == "000000"
    assert desk.write(23, "111111") == "111111"
    assert desk.bench.motor == [True, False]
    assert desk.write(10, "111111") == "111111"
    assert desk.bench.motor == [True, False, True]
    assert desk.ask(23) == "111111"


@pytest.mark.parametrize(
    ("parameter", "data", "answer"),
    [(309, "000100", "_LOGIC"), (999, "000100", "NO_DEF"), (10, "111110", "_RANGE"), (10, "1", "_RANGE"),
     (30, "009", "_RANGE"), (701, "000099", "_RANGE"), (30, "001", "001"), (12, "111111", "111111")],
)  # fmt: skip
def test_commands_are_echoed_or_refused(desk, parameter, data, answer):
    assert desk.write(parameter, data) == answer


def test_a_refused_command_changes_nothing(desk):
    desk.write(701, "000099")
    assert desk.ask(701) == "000080"


def test_unknown_parameters_and_odd_questions(desk):
    assert desk.ask(999) == "NO_DEF"
    assert desk.ask(309, "??") == "_RANGE"


def test_the_remote_plug_has_priority(desk):
    assert desk.write(60, "001") == "001"
    assert desk.ask(300) == "111111"
    assert desk.write(10, "000000") == "_LOGIC"
    assert desk.write(60, "002") == "002"
    assert desk.write(10, "000000") == "000000"


def test_the_global_address_is_obeyed_and_not_answered(desk):
    assert desk.write(10, "000000", address=0) is None
    assert desk.bench.motor == [True, False]


def test_the_address_can_be_changed(desk):
    assert desk.write(797, "000007") == "000007"
    assert desk.ask(309) is None
    assert desk.ask(309, address=7) == "001000"


def test_the_plants_error_is_shown_with_three_digits(desk):
    desk.bench.turbo_error = 44
    assert desk.ask(303) == "Err044"


def test_a_run_up_that_takes_too_long_is_err006_until_acknowledged(desk):
    desk.write(23, "000000")
    desk.bench.turbo_hz = 100.0
    desk.write(23, "111111", now_ns=SECOND)
    end_ns = SECOND + 8 * 60 * SECOND
    assert desk.drive.due_ns == end_ns
    desk.drive.advance_to(end_ns - 1)
    assert desk.ask(303, now_ns=end_ns - 1) == "000000"
    desk.drive.advance_to(end_ns)
    assert desk.ask(303, now_ns=end_ns) == "Err006"
    assert desk.bench.motor == [True, False, True, False]
    assert desk.write(9, "111111", now_ns=end_ns) == "111111"
    assert desk.ask(303, now_ns=end_ns) == "000000"


def test_a_run_up_in_time_is_none(desk):
    desk.write(23, "000000")
    desk.write(23, "111111", now_ns=SECOND)
    desk.bench.turbo_hz = 900.0
    desk.drive.advance_to(desk.drive.due_ns)
    assert desk.ask(303, now_ns=10**12) == "000000"
    assert desk.drive.due_ns > 10**18
