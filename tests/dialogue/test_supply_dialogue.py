import copy

import pytest
from power_bench import OFF, STATION, VALUES, PowerBench, Station1, levels, new_board, values_with

from pvdsim.instruments import supply
from pvdstation.drivers.supply import SupplyDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import ActionKind, Pace, SupplyLevel
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import Station
from pvdstation.protocol.supply import Questionable

ON = SupplyLevel(on=True, current_a=0.0, foldback=False)
FAST = Pace(sqc=False, crystals=(), supplies=(True, False), gas=False)
DIGITAL = values_with("supply", "1", "current_source", "digital")
ARM = [
    "OUTP 0", "OUTP?", "OUTP:PON SAFE", "OUTP:PON?", "*IDN?", "*CLS", "SYST:ERR:ENAB", "SYST:REM LLO", "SYST:REM?",
    "OUTP:PROT:FOLD OFF", "OUTP:PROT:FOLD?", "VOLT:PROT:LOW:STAT 0", "VOLT:PROT:LOW:STAT?", "VOLT:PROT:LEV MAX",
    "VOLT:PROT:LEV?", "CURR 0.00", "CURR?", "VOLT 1.000", "VOLT?", "VOLT:PROT:LEV 1.600", "VOLT:PROT:LEV?",
    "POW:LEV 30.0", "POW:LEV?", "OUTP:PROT:DEL 1.0", "OUTP:PROT:DEL?", "STAT:QUES:COND?", "SYST:WATCH:TIM 4",
    "SYST:WATCH:TIM?", "SYST:WATCH 1", "SYST:WATCH?", "OUTP?", "CURR?", "OUTP:PROT:FOLD?", "STAT:QUES:COND?",
    "STAT:OPER:COND?", "SYST:ERR?",
]  # fmt: skip


def station1(values=VALUES, simulated=None, *, enabled=True) -> Station1:
    station = Station.model_validate(values) if values is not VALUES else STATION
    bench = PowerBench()
    bench.contacts["enable 1 open"] = not enabled
    driver = SupplyDriver(1, station, new_board(station))
    here = Station1(driver, supply.build(1, simulated or values, bench, 1), bench)
    here.outputs = levels(enable=(enabled, False))
    return here


def armed(values=VALUES) -> Station1:
    here = station1(values)
    result = here.act(ActionKind.SUPPLY_ARM)
    assert (result.ok, result.text) == (True, "armed")
    here.world.heard.clear()
    return here


def lit(amps: float = 0.0, values=VALUES) -> Station1:
    """A supply that is armed, on and paced."""
    here = armed(values)
    here.scan(1.0, supply=(ON._replace(current_a=amps), OFF), pace=FAST)
    assert here.world.instrument.stage.is_on
    return here


def lines(here: Station1) -> list[str]:
    return [line for data in here.world.heard for line in data.decode().splitlines()]


def writes(here: Station1) -> list[str]:
    return [line for line in lines(here) if not line.endswith("?")]


def value(here: Station1, name: str) -> float:
    return here.reading(getattr(here.driver.board.signals.supply[1], name)).value


# --- greeting ---


def test_the_greeting_identifies_and_writes_nothing_to_a_supply_that_is_off():
    here = station1()
    here.scan(2)
    assert here.driver.identity == "TDK-LAMBDA,GH10-100,SIMULATED-1,G:01.000"
    assert writes(here) == []
    here.assert_nothing_is_left_over()


def test_a_supply_found_on_is_switched_off_before_anything_else():
    here = station1()
    here.world.instrument.receive(b"VOLT 1\nCURR 5\nOUTP 1\n", 0)
    here.scan(1)
    assert writes(here) == ["OUTP 0", "CURR 0"]
    assert not here.world.instrument.stage.commanded


def test_another_rating_is_refused_and_hears_nothing_but_the_question_who_it_is():
    here = station1(simulated=values_with("supply", "1", "model", "GH10-150"))
    here.scan(3)
    assert "GH10-150, not GH10-100" in here.worker.fault
    assert set(lines(here)) == {"*IDN?"}
    assert here.driver.identity == ""


def test_the_same_rating_with_a_blank_panel_is_accepted():
    here = station1(simulated=values_with("supply", "1", "model", "GB10-100"))
    here.scan(1)
    assert "GB10-100" in here.driver.identity


# --- arming ---


def test_arming_sends_the_sequence_in_order_and_verifies_all_of_it():
    here = station1()
    here.scan(0.5)
    here.world.heard.clear()
    here.driver.rows.clear()
    result = here.act(ActionKind.SUPPLY_ARM)
    assert (result.ok, result.text) == (True, "armed")
    assert lines(here) == ARM
    assert (value(here, "armed"), value(here, "faults"), value(here, "external"), value(here, "error")) == (1, 0, 1, 0)
    assert not here.world.instrument.stage.commanded
    here.assert_nothing_is_left_over()


def test_an_open_enable_contact_does_not_stop_the_arming():
    here = station1(enabled=False)
    assert here.act(ActionKind.SUPPLY_ARM).ok
    assert value(here, "faults") == 0


@pytest.mark.parametrize(("ours", "theirs"), [("analogue", "digital"), ("digital", "analogue")])
def test_arming_fails_when_the_reference_is_not_the_stations(ours, theirs):
    here = station1(
        values_with("supply", "1", "current_source", ours), values_with("supply", "1", "current_source", theirs)
    )
    result = here.act(ActionKind.SUPPLY_ARM)
    assert not result.ok
    assert result.text == f"the current's reference is {theirs}; the station file says {ours}"
    assert value(here, "armed") == 0


@pytest.mark.parametrize("missing", ["SYST:WATCH?", "OUTP:PROT:FOLD?", "POW:LEV?", "STAT:OPER:COND?"])
def test_arming_fails_when_the_supply_does_not_know_a_query(missing):
    here = station1()
    here.scan(0.5)
    here.world.hear = lambda data: b"" if data.decode().strip() == missing else data
    result = here.act(ActionKind.SUPPLY_ARM)
    assert not result.ok
    assert value(here, "armed") != 1


@pytest.mark.parametrize(
    "lost", ["OUTP:PON SAFE", "SYST:REM LLO", "VOLT 1.000", "VOLT:PROT:LEV 1.600", "POW:LEV 30.0", "OUTP:PROT:DEL 1.0",
             "SYST:WATCH:TIM 4", "SYST:WATCH 1"],
)  # fmt: skip
def test_arming_fails_when_a_write_did_not_arrive(lost):
    here = station1()
    here.scan(0.5)
    if lost == "OUTP:PON SAFE":
        here.world.instrument.receive(b"OUTP:PON AUTO\n", here.now_ns)
    here.world.hear = lambda data: b"" if data.decode().strip() == lost else data
    result = here.act(ActionKind.SUPPLY_ARM)
    assert not result.ok
    assert "answers" in result.text
    assert value(here, "armed") == 0


def test_a_latched_trip_is_cleared_only_with_the_output_off():
    here = lit()
    here.world.instrument.stage.trip(Questionable.FLD, here.now_ns)
    here.scan(3)
    assert value(here, "armed") == 0
    assert value(here, "faults") == Questionable.FLD
    assert not here.world.instrument.stage.commanded
    here.world.heard.clear()
    here.outputs = levels(enable=(True, False))
    assert here.act(ActionKind.SUPPLY_ARM).ok
    sent = lines(here)
    assert sent.index("OUTP 0") < sent.index("CURR 0.00") < sent.index("OUTP:PROT:CLE")
    assert sent[sent.index("OUTP:PROT:CLE") + 1] == "OUTP?"
    assert value(here, "faults") == 0


def test_a_fault_that_stays_refuses_the_arming():
    here = station1()
    here.world.instrument.stage.interlock_open = True
    result = here.act(ActionKind.SUPPLY_ARM)
    assert not result.ok
    assert "ILC" in result.text


# --- levels ---


def test_nothing_goes_on_before_arming():
    here = station1()
    here.scan(3, supply=(ON, OFF), pace=FAST)
    assert writes(here) == []


def test_an_armed_supply_goes_on_and_is_read_back():
    here = armed()
    here.scan(1, supply=(ON, OFF), pace=FAST)
    assert writes(here) == ["OUTP 1"]
    assert value(here, "mode") == SupplyMode.CV
    here.assert_nothing_is_left_over()


def test_the_analogue_current_is_measured_and_never_written():
    here = lit()
    here.bench.analogue[1] = 30.0
    here.world.instrument.refresh(here.now_ns)
    here.scan(1, supply=(ON._replace(current_a=12.0), OFF))
    assert value(here, "current") == pytest.approx(30, abs=0.02)
    assert value(here, "voltage") == pytest.approx(0.3, abs=0.002)
    assert (value(here, "mode"), value(here, "setpoint"), value(here, "external")) == (SupplyMode.CC, 0, 1)
    assert not any(line.startswith("CURR") for line in writes(here))


def test_digital_currents_are_written_before_on_and_only_when_they_change():
    here = armed(DIGITAL)
    here.scan(1, supply=(ON._replace(current_a=2.0), OFF), pace=FAST)
    assert writes(here) == ["CURR 2.00", "OUTP 1"]
    here.world.heard.clear()
    here.scan(1, supply=(ON._replace(current_a=2.008), OFF))
    assert writes(here) == []
    here.scan(0.5, supply=(ON._replace(current_a=2.02), OFF))
    assert writes(here) == ["CURR 2.02"]
    assert value(here, "setpoint") == 2.02
    here.assert_nothing_is_left_over()


def test_foldback_goes_on_last_and_off_before_a_planned_stop():
    here = lit(20, DIGITAL)
    here.world.heard.clear()
    here.scan(0.5, supply=(SupplyLevel(on=True, current_a=20, foldback=True), OFF))
    here.scan(0.5, supply=(SupplyLevel(on=True, current_a=10, foldback=False), OFF))
    here.scan(0.5, supply=(OFF, OFF))
    assert writes(here) == [
        "OUTP:PROT:FOLD CV", "OUTP:PROT:FOLD OFF", "CURR 10.00", "OUTP 0", "CURR 0",
    ]  # fmt: skip


def test_off_is_written_before_current_and_foldback():
    here = lit(20, DIGITAL)
    here.scan(0.5, supply=(SupplyLevel(on=True, current_a=20, foldback=True), OFF))
    here.world.heard.clear()
    here.scan(0.5, supply=(OFF, OFF))
    assert writes(here) == ["OUTP 0", "CURR 0", "OUTP:PROT:FOLD OFF"]
    assert here.bench.boats[1].demand_a == 0


def test_off_passes_between_two_exchanges_of_an_arming():
    here = lit(20, DIGITAL)
    here.world.heard.clear()
    here.act(ActionKind.SUPPLY_ARM, seconds=0.25)
    assert lines(here)[:2] == ["OUTP 0", "CURR 0"]


def test_a_lease_that_runs_out_sends_off_at_once():
    here = lit(20, DIGITAL)
    here.world.heard.clear()
    last_scan_ns = here.now_ns - 250 * MILLISECOND
    here.idle(1.24)
    assert here.bench.boats[1].demand_a == 20
    here.idle(0.03)
    assert here.now_ns - last_scan_ns <= 1.52 * SECOND
    assert writes(here) == ["OUTP 0", "CURR 0"]
    assert here.bench.boats[1].demand_a == 0


def test_there_are_no_polls_while_the_scan_is_dead_and_the_output_is_on():
    here = lit(20, DIGITAL)
    here.driver.accept(here.outputs._replace(until_ns=here.now_ns + 60 * SECOND), here.now_ns)
    here.idle(1.55)
    here.world.heard.clear()
    here.idle(2)
    assert lines(here) == []
    here.idle(3)
    assert here.bench.boats[1].demand_a == 0
    assert here.world.instrument.stage.latched == Questionable.CWT


def test_polls_go_on_while_the_scan_is_dead_and_the_output_is_off():
    here = armed()
    here.idle(5)
    here.world.heard.clear()
    here.idle(5)
    assert lines(here).count("MEAS:CURR?") == 5
    assert here.reading(here.driver.board.signals.supply[1].current).quality is Quality.GOOD


def test_when_nothing_changes_nothing_is_written():
    here = lit(20, DIGITAL)
    here.world.heard.clear()
    here.scan(30)
    assert writes(here) == []
    assert lines(here).count("MEAS:VOLT?") == 120
    assert lines(here).count("OUTP:MODE?") == 120
    assert lines(here).count("STAT:QUES:COND?") == 24
    here.assert_nothing_is_left_over()


def test_every_slow_signal_is_younger_than_3_s_when_off():
    here = armed()
    here.scan(10)
    signals = here.driver.board.signals.supply[1]
    assert all(here.now_ns - here.reading(number).at_ns < 3 * SECOND for number in signals)


# --- faults ---


def test_a_lost_reply_to_on_is_read_back_and_not_written_again():
    here = armed()
    spoilt = []

    def lose_one(replies):
        if here.world.heard[-1] == b"OUTP?\n" and not spoilt:
            spoilt.append(replies)
            return []
        return replies

    here.world.spoil = lose_one
    here.scan(3, supply=(ON, OFF), pace=FAST)
    assert spoilt
    assert writes(here) == ["OUTP 1"]
    assert here.world.instrument.stage.is_on


def test_a_write_of_on_that_did_not_arrive_is_written_again_after_reading_back():
    here = armed()
    lost = []

    def lose_one(data):
        if data == b"OUTP 1\n" and not lost:
            lost.append(data)
            return b""
        return data

    here.world.hear = lose_one
    here.scan(2, supply=(ON, OFF), pace=FAST)
    sent = [line for line in lines(here) if line in ("OUTP 1", "OUTP?")]
    assert sent == ["OUTP 1", "OUTP?", "OUTP 1", "OUTP?"]


def test_off_is_repeated_until_it_is_read_back():
    here = lit(20, DIGITAL)
    here.world.heard.clear()
    here.world.hear = lambda data: b"" if data == b"OUTP 0\n" else data
    here.scan(0.25, supply=(OFF, OFF))
    assert writes(here).count("OUTP 0") > 3
    here.world.hear = lambda data: data
    here.scan(0.25)
    here.world.heard.clear()
    here.scan(1)
    assert writes(here) == []
    assert not here.world.instrument.stage.commanded


def test_a_late_answer_is_never_taken_for_the_next_one():
    here = lit(20, DIGITAL)
    here.world.spoil = lambda replies: [(at_ns + 400 * MILLISECOND, data) for at_ns, data in replies]
    here.scan(0.5)
    here.world.spoil = lambda replies: replies
    here.scan(3)
    assert value(here, "voltage") == pytest.approx(0.2, abs=0.002)
    assert value(here, "current") == pytest.approx(20, abs=0.02)
    assert value(here, "mode") == SupplyMode.CC
    assert here.link.statistics.misses > 0


@pytest.mark.parametrize("nonsense", [b"1,2\r\n", b"9.9E9\r\n", b"nan\r\n", b"CC\r\n", b"\x00\xff\r\n"])
def test_a_malformed_reply_is_never_a_reading(nonsense):
    here = lit(20, DIGITAL)
    good = here.reading(here.driver.board.signals.supply[1].voltage)
    here.world.spoil = lambda replies: [(at_ns, nonsense) for at_ns, _ in replies]
    here.scan(0.5)
    now = here.reading(here.driver.board.signals.supply[1].voltage)
    assert now == good or now.quality is Quality.COMM_FAULT


def test_a_value_outside_physics_is_out_of_range():
    here = lit(20, DIGITAL)
    here.world.spoil = lambda replies: [
        (at_ns, b"1000000\r\n" if here.world.heard[-1] == b"MEAS:CURR?\n" else data) for at_ns, data in replies
    ]
    here.scan(0.5)
    assert here.reading(here.driver.board.signals.supply[1].current).quality is Quality.OVER_RANGE


def test_a_trip_disarms_and_takes_the_command_back():
    here = lit(20, DIGITAL)
    here.world.instrument.stage.trip(Questionable.OVP, here.now_ns)
    here.world.heard.clear()
    here.scan(2)
    assert (value(here, "armed"), value(here, "faults")) == (0, Questionable.OVP)
    assert writes(here)[:2] == ["OUTP 0", "CURR 0"]
    assert "OVP" in here.driver.trouble
    here.scan(5)
    assert "OUTP 1" not in writes(here)


def test_a_mains_failure_disarms():
    here = lit(20, DIGITAL)
    here.world.instrument.power_cycle(here.now_ns)
    here.scan(2)
    assert value(here, "armed") == 0
    assert not here.world.instrument.stage.commanded


def test_the_error_queue_is_posted():
    here = armed()
    here.world.instrument.receive(b"NONSENSE\n", here.now_ns)
    seen = []
    for _ in range(20):
        here.scan(0.25)
        seen.append(value(here, "error"))
    assert -100 in seen
    assert seen[-1] == 0


def test_an_open_enable_contact_is_a_fault_only_when_it_should_be_closed_and_stays_open():
    here = armed()
    here.bench.contacts["enable 1 open"] = True
    here.scan(4, enable=(False, False), pace=FAST)
    assert value(here, "faults") == 0
    here.scan(1.25, enable=(True, False))
    assert value(here, "faults") == 0
    here.scan(1.5)
    assert value(here, "faults") == Questionable.ENA
    here.bench.contacts["enable 1 open"] = False
    here.scan(1.5)
    assert value(here, "faults") == 0


def test_a_lost_link_needs_arming_again():
    here = lit(20, DIGITAL)
    here.world.spoil = lambda replies: []
    here.scan(3)
    assert here.reading(here.driver.board.signals.supply[1].current).quality is Quality.COMM_FAULT
    here.world.spoil = lambda replies: replies
    here.world.heard.clear()
    here.scan(10)
    assert here.reading(here.driver.board.signals.supply[1].current).quality is Quality.GOOD
    assert value(here, "armed") == 0
    assert "OUTP 1" not in writes(here)
    assert not here.world.instrument.stage.commanded
    here.outputs = levels(enable=(True, False))
    assert here.act(ActionKind.SUPPLY_ARM).ok


def test_a_second_supply_takes_its_own_level():
    values = copy.deepcopy(VALUES)
    bench = PowerBench()
    bench.contacts["enable 2 open"] = False
    here = Station1(SupplyDriver(2, STATION, new_board()), supply.build(2, values, bench, 1), bench)
    here.outputs = levels(enable=(False, True))
    assert here.act(ActionKind.SUPPLY_ARM).ok
    here.scan(1, supply=(ON, OFF))
    assert not here.world.instrument.stage.is_on
    here.scan(1, supply=(OFF, ON))
    assert here.world.instrument.stage.is_on
