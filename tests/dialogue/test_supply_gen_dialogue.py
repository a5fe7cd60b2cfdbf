"""The legacy supply's driver with the simulated unit on one link: same face and signals as the GENESYS+ driver's."""

import pytest
from power_bench import OFF, PowerBench, Station1, levels, new_board
from test_supply_gen_instrument import legacy_values

from pvdsim.instruments import supply_gen
from pvdstation.drivers.supply_gen import UNGUARDED, GenSupplyDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import ActionKind, Pace, SupplyLevel
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import Station
from pvdstation.protocol.supply import Questionable

ON = SupplyLevel(on=True, current_a=0.0, foldback=False)
FAST = Pace(sqc=False, crystals=(), supplies=(True, False), gas=False)
ARM = [
    "OUT 0", "OUT?", "AST 0", "AST?", "RMT LLO", "RMT?", "FLD 0", "FLD?", "UVL 0", "UVL?", "OVM", "OVP?", "PC 0.00",
    "PC?", "PV 1.000", "PV?", "OVP 1.600", "OVP?", "STT?",
]  # fmt: skip
ANALOGUE = {"current_source": "analogue"}


class Guarded(Station1):
    """The link with an I/O link beside it, which says in every scan whether its watchdog is armed."""

    io_watchdog = 1.0

    def scan(self, seconds=0.25, **changes):
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.now_ns < end_ns:
            if self.io_watchdog is not None:
                number = self.driver.board.signals.io_watchdog
                self.driver.board.post(number, self.io_watchdog, Quality.GOOD, self.now_ns)
            super().scan(0.25, **changes)


def station1(*, enabled=True, simulated=None, **changes):
    values = legacy_values(**changes)
    station = Station.model_validate(values)
    bench = PowerBench()
    bench.contacts["enable 1 open"] = not enabled
    driver = GenSupplyDriver(1, station, new_board(station))
    here = Guarded(driver, supply_gen.build(1, simulated or values, bench, 1), bench)
    here.outputs = levels(enable=(enabled, False))
    return here


def armed(**changes):
    here = station1(**changes)
    here.scan(1.0)
    result = here.act(ActionKind.SUPPLY_ARM, seconds=4.0)
    assert (result.ok, result.text) == (True, "armed")
    here.world.heard.clear()
    return here


def lit(amps=20.0, **changes):
    here = armed(**changes)
    here.scan(2.0, supply=(ON._replace(current_a=amps), OFF), pace=FAST)
    assert here.world.instrument.stage.is_on
    here.world.heard.clear()
    return here


def lines(here):
    return [data.decode().partition("$")[0] for data in here.world.heard]


def writes(here):
    return [line for line in lines(here) if not line.endswith("?")]


def value(here, name):
    return here.reading(getattr(here.driver.board.signals.supply[1], name)).value


# --- greeting ---


def test_greeting_addresses_identifies_and_writes_nothing():
    here = station1()
    here.scan(2.0)
    assert lines(here)[:5] == ["ADR 06", "IDN?", "OUT?", "STT?", "FLD?"]
    assert here.driver.identity == "LAMBDA,GEN8-180"
    assert writes(here) == ["ADR 06"]
    assert all(b"$" in data and data.endswith(b"\r") for data in here.world.heard)
    here.assert_nothing_is_left_over()


def test_another_rating_is_refused():
    here = station1(simulated=legacy_values(model="GEN10-330"))
    here.scan(3.0)
    assert "this is LAMBDA GEN10-330, not GEN8-180" in here.worker.fault
    assert set(lines(here)) == {"ADR 06", "IDN?"}


def test_unit_with_another_address_stays_silent_and_unidentified():
    here = station1(simulated=legacy_values(address=7))
    here.scan(3.0)
    assert here.driver.identity == ""


def test_supply_found_on_is_switched_off_first():
    here = station1()
    here.world.instrument.receive(b"ADR 6\rPV 1\rPC 5\rOUT 1\r", 0)
    here.scan(2.0)
    assert writes(here) == ["ADR 06", "OUT 0", "PC 0.00"]
    assert not here.world.instrument.stage.commanded


# --- arming ---


def test_arming_sends_the_sequence_in_order_and_verifies_it():
    here = station1()
    here.scan(1.0)
    here.world.heard.clear()
    here.driver.rows.clear()
    result = here.act(ActionKind.SUPPLY_ARM, seconds=4.0)
    assert (result.ok, result.text) == (True, "armed")
    assert lines(here) == ARM
    assert (value(here, "armed"), value(here, "faults")) == (1, 0)
    here.assert_nothing_is_left_over()


def test_arming_needs_the_external_watchdog():
    here = station1()
    here.io_watchdog = 0.0
    here.scan(1.0)
    result = here.act(ActionKind.SUPPLY_ARM, seconds=4.0)
    assert (result.ok, result.text) == (False, UNGUARDED)
    assert value(here, "armed") == 0


def test_losing_the_external_watchdog_switches_off_and_disarms():
    here = lit()
    here.io_watchdog = 0.0
    here.scan(1.5)
    assert here.bench.boats[1].demand_a == 0
    assert writes(here)[:2] == ["OUT 0", "PC 0.00"]
    assert (value(here, "armed"), here.driver.trouble) == (0, UNGUARDED)
    here.io_watchdog = 1.0
    here.scan(3.0)
    assert not here.world.instrument.stage.commanded  # armed again only by a person's run


def test_external_watchdog_that_nobody_has_read_for_3_s_counts_as_none():
    here = lit()
    here.io_watchdog = None
    here.scan(2.5)
    assert here.bench.boats[1].demand_a == 20
    here.scan(1.5)
    assert here.bench.boats[1].demand_a == 0


@pytest.mark.parametrize("lost", ["AST 0", "RMT LLO", "UVL 0", "OVM", "PV 1.000", "OVP 1.600"])
def test_arming_fails_when_a_write_did_not_arrive(lost):
    here = station1()
    here.scan(1.0)
    here.world.instrument.receive(b"AST 1\rPV 3\rUVL 1\rOVP 5\r", here.now_ns)
    if lost == "OVM":
        here.world.instrument.receive(b"OVP 1.0\rUVL 0\rPV 0.1\rOVP 0.6\r", here.now_ns)
    here.world.hear = lambda data: b"" if data.decode().startswith(lost + "$") else data
    result = here.act(ActionKind.SUPPLY_ARM, seconds=6.0)
    assert not result.ok


def test_latched_trip_is_not_cleared_by_us():
    here = lit()
    here.world.instrument.stage.trip(Questionable.OVP, here.now_ns)
    here.scan(2.0)
    assert (value(here, "armed"), value(here, "faults")) == (0, Questionable.OVP)
    assert "OUT 1" not in writes(here)
    result = here.act(ActionKind.SUPPLY_ARM, seconds=4.0)
    assert result.text == "the supply shows OVP; it can only be cleared at the supply: switch it off and on"


def test_open_enable_contact_does_not_stop_the_arming():
    here = station1(enabled=False)
    here.scan(1.0)
    assert here.act(ActionKind.SUPPLY_ARM, seconds=4.0).ok
    assert value(here, "faults") == 0


# --- levels ---


def test_nothing_goes_on_before_arming():
    here = station1()
    here.scan(3.0, supply=(ON, OFF), pace=FAST)
    assert writes(here) == ["ADR 06"]


def test_current_is_written_before_on_and_read_back():
    here = armed()
    here.scan(2.0, supply=(ON._replace(current_a=20.0), OFF), pace=FAST)
    assert writes(here) == ["PC 20.00", "OUT 1"]
    assert value(here, "current") == pytest.approx(20.0, abs=0.05)
    assert value(here, "voltage") == pytest.approx(0.2, abs=0.002)
    assert (value(here, "mode"), value(here, "setpoint"), value(here, "error")) == (SupplyMode.CC, 20.0, 0)
    here.assert_nothing_is_left_over()


def test_reference_is_not_shown_and_never_made_up():
    here = lit(**ANALOGUE)
    assert here.reading(here.driver.board.signals.supply[1].external).quality is Quality.UNCERTAIN


def test_analogue_current_is_measured_and_never_written():
    here = lit(**ANALOGUE)
    here.bench.analogue[1] = 30.0
    here.world.instrument.refresh(here.now_ns)
    here.scan(2.0)
    assert value(here, "current") == pytest.approx(30.0, abs=0.05)
    assert writes(here) == []


def test_foldback_stays_off_whatever_is_asked():
    here = lit()
    here.scan(2.0, supply=(SupplyLevel(on=True, current_a=20.0, foldback=True), OFF))
    assert writes(here) == []
    here.world.instrument.receive(b"FLD 1\r", here.now_ns)
    here.scan(3.0)
    assert writes(here) == ["FLD 0"]


def test_off_is_written_first_and_read_back():
    here = lit()
    here.scan(1.0, supply=(OFF, OFF))
    sent = lines(here)
    assert sent[sent.index("OUT 0") :][:4] == ["OUT 0", "PC 0.00", "OUT?", "STT?"]
    assert here.bench.boats[1].demand_a == 0


def test_lease_that_runs_out_switches_off():
    here = lit()
    last_scan_ns = here.now_ns - 250 * MILLISECOND
    here.idle(1.24)
    assert here.bench.boats[1].demand_a == 20
    here.idle(0.2)
    assert here.bench.boats[1].demand_a == 0
    assert here.now_ns - last_scan_ns <= 1.75 * SECOND


def test_off_whose_reply_is_lost_is_repeated_until_it_is_read_back():
    here = lit()
    here.world.hear = lambda data: b"" if data.startswith(b"OUT 0") else data
    here.scan(1.0, supply=(OFF, OFF))
    assert lines(here).count("OUT 0") >= 2
    here.world.hear = lambda data: data
    here.scan(2.0)
    assert not here.world.instrument.stage.commanded


def test_refused_on_is_told_and_tried_twice_a_second():
    here = armed(enabled=True)
    here.bench.contacts["enable 1 open"] = True
    here.scan(3.0, supply=(ON, OFF), pace=FAST, enable=(False, False))
    assert 2 <= writes(here).count("OUT 1") <= 8
    assert not here.world.instrument.stage.is_on
    assert value(here, "error") in (0, 7)


def test_damaged_reply_is_no_reading():
    here = lit()
    good = here.reading(here.driver.board.signals.supply[1].current)
    here.world.spoil = lambda replies: [(at_ns, data.replace(b"MC(", b"MC(9")) for at_ns, data in replies]
    here.scan(0.5)
    now = here.reading(here.driver.board.signals.supply[1].current)
    assert now == good or now.quality is Quality.COMM_FAULT


def test_unasked_service_request_is_not_a_reply():
    here = lit()
    here.world.spoil = lambda replies: [(at_ns, b"!06\r" + data) for at_ns, data in replies]
    here.scan(2.0)
    assert value(here, "current") == pytest.approx(20.0, abs=0.05)
    assert here.link.statistics.surplus == 0


def test_front_panel_that_takes_over_disarms():
    here = lit()
    here.world.instrument.take_over(local=True)
    here.scan(3.0)
    assert value(here, "armed") == 0
    assert here.driver.trouble != ""


def test_readings_are_fresh_at_4_hz_when_on():
    here = lit()
    here.scan(10.0)
    assert 38 <= lines(here).count("STT?") <= 42
    signals = here.driver.board.signals.supply[1]
    assert max(here.now_ns - here.reading(number).at_ns for number in signals) < 3 * SECOND
