import pytest
from power_bench import VALUES, PowerBench, values_with

from pvdsim.instruments import supply
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.problems import Refused
from pvdstation.protocol.supply import Operation, Questionable


class Talk:
    """Says lines to a supply, 1 ms apart, and collects what it answers."""

    def __init__(self, values=VALUES, *, enabled=True) -> None:
        self.bench = PowerBench()
        self.bench.contacts["enable 1 open"] = not enabled
        self.unit = supply.build(1, values, self.bench, 1)
        self.boat = self.bench.boats[1]
        self.now_ns = 0

    def say(self, *lines: str) -> list[str]:
        answers = []
        for line in lines:
            self.now_ns += MILLISECOND
            answers += self.unit.receive(line.encode() + b"\n", self.now_ns)
        return [data.decode().removesuffix("\r\n") for _, data in answers]

    def ask(self, line: str) -> str:
        (answer,) = self.say(line)
        return answer

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND)
        while self.unit.due_ns <= self.now_ns:
            self.unit.advance_to(self.unit.due_ns)

    def faults(self) -> Questionable:
        return Questionable(int(self.ask("STAT:QUES:COND?")))

    def switch_on(self, amps: float = 20.0) -> None:
        self.say("SYST:ERR:ENAB", "VOLT 1.0", f"CURR {amps}", "OUTP 1")


DIGITAL = values_with("supply", "1", "current_source", "digital")


def test_each_query_takes_10_ms_one_after_the_other_and_commands_none():
    talk = Talk()
    replies = talk.unit.receive(b"VOLT 1\nVOLT?\nCURR?\nOUTP?\n", 5 * MILLISECOND)
    assert [at_ns for at_ns, _ in replies] == [15 * MILLISECOND, 25 * MILLISECOND, 35 * MILLISECOND]
    assert [data for _, data in replies] == [b"01.000\r\n", b"000.00\r\n", b"0\r\n"]


def test_every_split_of_joined_commands_gives_the_same_answers():
    wire = b"VOLT 2.5;:VOLTage:LEVel?\r\nsyst:comm:watch:time 7\nSYSTEM:WATCHDOG:TIME?;OUTP:MODE?\n"
    whole = [data for _, data in Talk().unit.receive(wire, 0)]
    assert whole == [b"02.500\r\n", b"7\r\n", b"OFF\r\n"]
    for cut in range(len(wire) + 1):
        unit = Talk().unit
        assert [data for part in (wire[:cut], wire[cut:]) for _, data in unit.receive(part, 0)] == whole


def test_identity_has_the_stations_model_and_says_that_it_is_simulated():
    assert Talk().ask("*IDN?") == "TDK-LAMBDA,GH10-100,SIMULATED-1,G:01.000"


def test_errors_are_queued_only_after_they_are_enabled():
    talk = Talk()
    assert talk.say("NONSENSE?") == []
    assert talk.ask("SYST:ERR?") == '0,"No error"'
    talk.say("SYST:ERR:ENAB")
    assert talk.say("NONSENSE?") == []
    assert talk.ask("SYST:ERR?") == '-100,"Command Error;6"'
    assert talk.ask("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("line", "code"),
    [("CURR", -109), ("CURR 1,2", -115), ("CURR 1e1", -220), ("CURR 106", -222), ("VOLT 10.6", -222), ("VOLT -1", -222),
     ("OUTP MAYBE", -220), ("SYST:WATCH:TIM 0", -222), ("SYST:WATCH:TIM 1.5", -222), ("CURR 1.00000000000", -220)],
)  # fmt: skip
def test_a_wrong_command_is_not_obeyed_and_queued(line, code):
    talk = Talk()
    talk.say("SYST:ERR:ENAB", "CURR 5", line)
    assert talk.ask("SYST:ERR?").startswith(f"{code},")
    assert talk.ask("CURR?") == "005.00"


def test_the_error_queue_is_ten_deep_and_the_tenth_is_replaced():
    talk = Talk()
    talk.say("SYST:ERR:ENAB", *["NONSENSE"] * 12)
    codes = [talk.ask("SYST:ERR?").split(",")[0] for _ in range(11)]
    assert codes == ["-100"] * 9 + ["-350", "0"]
    talk.say("NONSENSE", "*CLS")
    assert talk.ask("SYST:ERR?") == '0,"No error"'


def test_voltage_and_over_voltage_level_keep_5_percent_apart():
    talk = Talk()
    talk.say("SYST:ERR:ENAB", "VOLT 1.0", "VOLT:PROT:LEV 1.6", "VOLT 1.53")
    assert talk.ask("SYST:ERR?") == '301,"PV Above OVP;6"'
    talk.say("VOLT 1.52", "VOLT:PROT:LEV 1.59")
    assert talk.ask("SYST:ERR?") == '304,"OVP Below PV;6"'
    assert (talk.ask("VOLT?"), talk.ask("VOLT:PROT:LEV?")) == ("01.520", "01.600")


def test_a_digital_supply_delivers_its_set_point_in_constant_current():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    assert talk.boat.current_a == 20
    assert talk.ask("OUTP:MODE?") == "CC"
    assert float(talk.ask("MEAS:CURR?")) == pytest.approx(20, abs=0.02)
    assert float(talk.ask("MEAS:VOLT?")) == pytest.approx(0.2, abs=0.002)
    assert Operation.ECR not in Operation(int(talk.ask("STAT:OPER:COND?")))


def test_an_analogue_supply_follows_its_input_and_only_stores_the_digital_set_point():
    talk = Talk()
    talk.switch_on(20)
    talk.bench.analogue[1] = 43.21
    talk.unit.refresh(talk.now_ns)
    assert talk.boat.demand_a == pytest.approx(43.21)
    assert talk.ask("CURR?") == "020.00"
    assert Operation.ECR in Operation(int(talk.ask("STAT:OPER:COND?")))


def test_it_goes_to_constant_voltage_at_its_limit():
    talk = Talk(DIGITAL)
    talk.boat.ohm = 0.1
    talk.switch_on(20)
    assert talk.boat.voltage_v == 1.0
    assert talk.ask("OUTP:MODE?") == "CV"


def test_the_power_limit_lowers_the_current():
    talk = Talk(DIGITAL)
    talk.say("VOLT 5", "POW:LEV 30", "CURR 80", "OUTP 1")
    for _ in range(3):
        talk.unit.refresh(talk.now_ns)
    assert talk.boat.current_a * talk.boat.voltage_v <= 30.01
    assert talk.ask("OUTP:MODE?") == "CP"


def test_an_open_enable_contact_stops_the_current_and_keeps_the_command():
    talk = Talk(DIGITAL, enabled=False)
    talk.switch_on(20)
    assert talk.boat.demand_a == 0
    assert talk.faults() == Questionable.ENA
    assert (talk.ask("OUTP?"), talk.ask("OUTP:MODE?")) == ("1", "OFF")
    talk.bench.contacts["enable 1 open"] = False
    talk.unit.refresh(talk.now_ns)
    assert talk.boat.demand_a == 20
    assert talk.faults() == Questionable(0)


def test_over_voltage_trips_and_stays_until_it_is_cleared():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("VOLT:PROT:LEV 1.6", "VOLT 1.5")
    talk.boat.__class__ = type(
        "Runaway", (type(talk.boat),), {"voltage_v": property(lambda boat: 1.7 if boat.demand_a else 0)}
    )
    talk.unit.refresh(talk.now_ns)
    assert talk.boat.demand_a == 0
    assert talk.faults() == Questionable.OVP
    assert talk.ask("SYST:ERR?") == '324,"Over-Voltage Protection;6"'


def test_foldback_on_constant_voltage_trips_after_its_delay_when_the_boat_opens():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("OUTP:PROT:DEL 1", "OUTP:PROT:FOLD CV")
    talk.wait(5)
    assert talk.ask("OUTP:MODE?") == "CC"
    talk.boat.is_open = True
    talk.unit.refresh(talk.now_ns)
    talk.wait(0.9)
    assert talk.ask("OUTP?") == "1"
    talk.wait(0.2)
    assert talk.faults() == Questionable.FLD
    assert (talk.ask("OUTP?"), talk.ask("OUTP:MODE?")) == ("0", "OFF")


def test_foldback_on_constant_voltage_trips_at_zero_current():
    talk = Talk()
    talk.switch_on(0)
    talk.say("OUTP:PROT:DEL 1", "OUTP:PROT:FOLD CV")
    talk.wait(1.1)
    assert talk.faults() == Questionable.FLD


def test_a_short_visit_to_constant_voltage_does_not_trip_foldback():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("OUTP:PROT:DEL 1", "OUTP:PROT:FOLD CV")
    for _ in range(3):
        talk.boat.is_open = True
        talk.unit.refresh(talk.now_ns)
        talk.wait(0.8)
        talk.boat.is_open = False
        talk.unit.refresh(talk.now_ns)
        talk.wait(0.8)
    assert talk.faults() == Questionable(0)


def test_clearing_a_trip_brings_a_commanded_output_back():
    talk = Talk()
    talk.switch_on(0)
    talk.say("OUTP:PROT:FOLD CV")
    talk.wait(0.1)
    talk.say("OUTP:PROT:FOLD OFF", "OUTP 1")
    assert talk.ask("SYST:ERR?").startswith("323,")
    assert talk.ask("SYST:ERR?").startswith("307,")
    assert talk.ask("OUTP?") == "0"
    talk.say("OUTP:PROT:CLE")
    assert talk.ask("OUTP?") == "1"


def test_clearing_a_trip_leaves_an_output_off_that_was_commanded_off():
    talk = Talk()
    talk.switch_on(0)
    talk.say("OUTP:PROT:FOLD CV")
    talk.wait(0.1)
    talk.say("OUTP 0", "OUTP:PROT:FOLD OFF", "OUTP:PROT:CLE")
    assert talk.ask("OUTP?") == "0"
    assert talk.faults() == Questionable(0)


def test_the_watchdog_starts_with_the_command_after_its_own():
    talk = Talk()
    talk.switch_on()
    talk.say("SYST:WATCH:TIM 4", "SYST:WATCH 1")
    assert talk.unit.due_ns > 3600 * SECOND
    talk.say("*OPC")
    assert talk.unit.due_ns == talk.now_ns + 4 * SECOND


def test_any_command_even_a_wrong_one_feeds_the_watchdog():
    talk = Talk()
    talk.switch_on()
    talk.say("SYST:WATCH:TIM 4", "SYST:WATCH 1")
    for line in ("NONSENSE", "MEAS:VOLT?", "CURR 1e9", "?"):
        talk.wait(3.9)
        talk.say(line)
    assert talk.ask("OUTP?") == "1"


def test_an_expired_watchdog_latches_off_and_logs_342():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("SYST:WATCH:TIM 4", "SYST:WATCH 1", "*OPC")
    talk.wait(3.99)
    assert talk.boat.demand_a == 20
    talk.wait(0.02)
    assert talk.boat.demand_a == 0
    assert talk.ask("OUTP?") == "0"
    assert talk.faults() == Questionable.CWT
    assert talk.ask("SYST:ERR?") == '342,"Communication Watchdog Timeout;6"'
    talk.wait(60)
    assert talk.faults() == Questionable.CWT


@pytest.mark.parametrize("reset", ["OUTP:PROT:CLE", "SYST:WATCH 0"])
def test_an_expired_watchdog_is_reset_by_clearing_or_disabling(reset):
    talk = Talk()
    talk.switch_on()
    talk.say("SYST:WATCH:TIM 1", "SYST:WATCH 1", "*OPC")
    talk.wait(1.1)
    assert talk.faults() == Questionable.CWT
    talk.say("OUTP 0", reset)
    assert talk.faults() == Questionable(0)


def test_the_front_button_is_a_fault_and_output_0_is_not():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("OUTP 0")
    assert talk.faults() == Questionable(0)
    talk.say("OUTP 1")
    talk.unit.stage.button_off = True
    assert talk.faults() == Questionable.OFF
    talk.unit.refresh(talk.now_ns)
    assert talk.boat.demand_a == 0


def test_a_welded_output_stage_says_off_and_its_current_flows():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.unit.stage.welded_a = 20.0
    talk.say("OUTP 0")
    assert talk.ask("OUTP?") == "0"
    assert talk.boat.demand_a == 20.0
    talk.unit.stage.welded_a = None
    talk.unit.refresh(talk.now_ns)
    assert talk.boat.demand_a == 0


def test_reset_and_power_cycle_leave_the_output_off_and_the_watchdog_off():
    talk = Talk(DIGITAL)
    talk.switch_on(20)
    talk.say("SYST:WATCH 1", "*RST")
    assert (talk.ask("OUTP?"), talk.ask("CURR?"), talk.boat.demand_a) == ("0", "000.00", 0)
    talk.switch_on(20)
    talk.unit.power_cycle(talk.now_ns)
    assert talk.boat.demand_a == 0
    assert (talk.ask("OUTP?"), talk.ask("SYST:WATCH?"), talk.ask("SYST:REM?")) == ("0", "0", "LOC")


def test_a_model_without_a_rating_is_refused():
    with pytest.raises(Refused, match="names no rating"):
        supply.build(1, values_with("supply", "1", "model", "SM15K"), PowerBench(), 1)


def test_the_same_seed_gives_the_same_readings_and_another_does_not():
    def readings(seed: int) -> list[bytes]:
        bench = PowerBench()
        unit = supply.build(1, VALUES, bench, seed)
        return [data for n in range(50) for _, data in unit.receive(b"MEAS:CURR?\n", n * SECOND)]

    assert readings(1) == readings(1)
    assert readings(1) != readings(2)
