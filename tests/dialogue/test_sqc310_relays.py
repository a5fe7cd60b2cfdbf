"""Relays of the SQC-310: set and read back, released in every exit, the substrate shutter's relay as a level."""

import pytest
from power_bench import Station1
from sqc310_bench import STATION, Desk, StillBench

from pvdsim.instruments import sqc310 as unit
from pvdsim.instruments.sqc310_memory import prepare
from pvdstation.drivers.base import Board
from pvdstation.drivers.sqc310 import SqcDriver
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import ActionKind, ManualKind, ManualOrder
from pvdstation.model.signals import SignalMap
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol.sqc310_phases import Phase

FOREVER = 2**62
WITH_RELAY = STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update={"shutter_relay": 5})})


def by_hand(desk, kind, relay=0, value=1.0):
    return desk.act(ActionKind.SQC_MANUAL, manual=ManualOrder(kind, relay, value, FOREVER))


@pytest.fixture
def desk():
    return Desk.simulated()


def test_relay_is_switched_and_read_back(desk):
    assert by_hand(desk, ManualKind.RELAY, 5) == (True, "relay 5 on")
    assert by_hand(desk, ManualKind.RELAY, 5, 0.0) == (True, "relay 5 off")
    assert desk.world.sent == ["V?", "GE5 1", "GC5? 1", "V?", "GE5 2", "GC5? 1"]


def test_relay_that_the_unit_uses_is_refused_and_not_held(desk):
    is_done, text = by_hand(desk, ManualKind.RELAY, 1)
    assert (is_done, text) == (False, "the unit refuses GE1 1: bad data in the command")
    assert by_hand(desk, ManualKind.RELEASE_RELAYS) == (True, "no relay was held")


def test_relay_that_does_not_move_is_told(desk):
    desk.instrument.relays.command = lambda text: wire.DONE
    desk.instrument._relay_orders["GE"] = desk.instrument.relays.command
    assert by_hand(desk, ManualKind.RELAY, 5) == (False, "relay 5 is off, expected on")


def test_release_gives_back_remote_and_forced_relays(desk):
    by_hand(desk, ManualKind.RELAY, 6)
    by_hand(desk, ManualKind.FORCE_RELAY, 1)
    desk.world.sent.clear()
    assert by_hand(desk, ManualKind.RELEASE_RELAYS) == (True, "relays released: 1, 6")
    assert desk.world.sent == ["GE6 3", "GC6? 1", "GD1 2", "GC1? 1"]
    assert by_hand(desk, ManualKind.RELEASE_RELAYS) == (True, "no relay was held")


def test_force_needs_a_stopped_unit(desk):
    desk.bring_to(Phase.RAMP_1)
    assert by_hand(desk, ManualKind.FORCE_RELAY, 1) == (
        False,
        "the unit is in phase 7 (ramp 1); this needs it stopped",
    )


def test_forced_relay_that_the_start_switched_off_counts_as_released(desk):
    by_hand(desk, ManualKind.FORCE_RELAY, 1)
    desk.bring_to(Phase.RAMP_1)
    assert by_hand(desk, ManualKind.RELEASE_RELAYS) == (True, "relays released: 1")
    assert desk.world.sent == ["GD1 2"]


def test_stop_of_the_process_releases_what_we_hold(desk):
    desk.bring_to(Phase.SOAK_2)
    by_hand(desk, ManualKind.RELAY, 5)
    desk.world.sent.clear()
    assert desk.act(ActionKind.SQC_STOP) == (True, "stopped, relays released: 5")
    assert desk.world.sent == ["U1", "V?", "GE5 3", "GC5? 1"]
    assert not desk.instrument.relays.is_on(5)


def test_stop_without_held_relays_sends_nothing_more(desk):
    desk.bring_to(Phase.SOAK_2)
    desk.act(ActionKind.SQC_STOP)
    assert desk.world.sent == ["U1", "V?"]


def test_stop_whose_relay_stays_on_is_no_success(desk):
    desk.bring_to(Phase.SOAK_2)
    by_hand(desk, ManualKind.RELAY, 5)
    desk.instrument.relays.is_on = lambda relay: True
    assert desk.act(ActionKind.SQC_STOP) == (False, "relay 5 is on, expected off")


def test_relay_found_on_at_the_greeting_is_released():
    desk = Desk.simulated(WITH_RELAY)
    desk.instrument.relays.command("5 1")  # by a program that died
    desk.run(desk.driver.greet())
    assert desk.world.sent[-3:] == ["GC5? 1", "GE5 3", "GC5? 1"]
    assert not desk.instrument.relays.is_on(5)


# --- on a link that takes turns ---


def on_link(station=WITH_RELAY):
    bench = StillBench()
    settings = {"channels": 2, "baud": 19200, "period_s": 0.25, "latency_s": 0.005, "filter_alpha": 0.3}
    driver = SqcDriver("sqc", wire.ReplyFramer(), station, Board(SignalMap(station)))
    here = Station1(driver, unit.Sqc310(unit.Parameters(**settings), prepare(station), bench), bench)
    here.scan(2.0)
    here.world.heard.clear()
    return here


def sent(here):
    return [wire.decode_command(data).message for data in here.world.heard]


def relay_orders(here):
    return [message for message in sent(here) if message.startswith("GE")]


def test_shutter_relay_follows_the_substrate_shutters_level():
    here = on_link()
    here.scan(1.0, substrate_shutter=True)
    assert here.world.instrument.relays.is_on(5)
    here.scan(1.0, substrate_shutter=False)
    assert not here.world.instrument.relays.is_on(5)
    assert relay_orders(here) == ["GE5 1", "GE5 3"]


def test_shutter_relay_opens_at_the_layers_predicted_end_between_two_scans():
    here = on_link()
    here.scan(1.0, substrate_shutter=True)
    here.outputs = here.outputs._replace(substrate_until_ns=here.now_ns + 100_000_000)
    here.scan(0.25)
    assert relay_orders(here) == ["GE5 1", "GE5 3"]
    assert not here.world.instrument.relays.is_on(5)


def test_lease_that_runs_out_releases_the_relay():
    here = on_link()
    here.scan(1.0, substrate_shutter=True)
    here.idle(1.6)
    assert relay_orders(here) == ["GE5 1", "GE5 3"]
    assert not here.world.instrument.relays.is_on(5)


def test_end_of_the_run_releases_what_was_set_by_hand():
    here = on_link(STATION)
    assert here.act(ActionKind.SQC_MANUAL, manual=ManualOrder(ManualKind.RELAY, 7, 1.0, FOREVER)).ok
    here.worker.retire()
    here.idle(0.5)  # the levels still stand
    assert relay_orders(here) == ["GE7 1", "GE7 3"]
    assert here.worker.is_at_rest(here.now_ns)


def test_reset_unit_gets_its_relay_back_while_the_level_stands():
    here = on_link()
    here.scan(1.0, substrate_shutter=True)
    here.world.instrument.power_cycle(here.now_ns)
    here.world.spoil = lambda replies: []
    here.scan(0.5)
    here.world.spoil = lambda replies: replies
    here.scan(3.0)
    assert here.world.instrument.relays.is_on(5)


def test_relay_that_refuses_is_tried_again_once_a_second_and_polls_go_on():
    here = on_link()
    here.world.instrument._relay_orders["GE"] = lambda text: wire.BAD_PARAMETER
    here.scan(4.0, substrate_shutter=True)
    assert 3 <= len(relay_orders(here)) <= 5
    assert here.driver.trouble == "the unit refuses GE5 1: bad data in the command"
    assert here.reading(here.driver.board.signals.sqc_relay).value == 1
    assert here.now_ns - here.reading(here.driver.board.signals.sqc_phase).at_ns < 2 * SECOND


def test_station_without_a_shutter_relay_never_touches_one():
    here = on_link(STATION)
    here.scan(2.0, substrate_shutter=True)
    assert not [message for message in sent(here) if message.startswith("G")]


def test_held_relay_is_released_when_the_scan_dies_without_a_shutter_relay():
    here = on_link(STATION)
    order = ManualOrder(ManualKind.RELAY, 7, 1.0, FOREVER)
    result = here.act(ActionKind.SQC_MANUAL, manual=order)
    assert (result.ok, here.world.instrument.relays.is_on(7)) == (True, True)
    here.idle(2.0)
    assert not here.world.instrument.relays.is_on(7)
