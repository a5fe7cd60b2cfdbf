import pytest
from power_bench import STATION, VALUES, PowerBench, Station1, levels, new_board, values_with

from pvdsim.instruments import coupler
from pvdstation.drivers.switchgear import SwitchgearDriver
from pvdstation.drivers.wiring import check_wiring
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import ActionKind
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Position, Quality
from pvdstation.model.station import Station
from pvdstation.protocol import modbus

NAMES = VALUES["io"]["do"]


def station1(simulated=VALUES) -> Station1:
    bench = PowerBench()
    return Station1(SwitchgearDriver(STATION, new_board()), coupler.build(simulated, bench, 1), bench)


def armed() -> Station1:
    here = station1()
    result = here.act(ActionKind.IO_ARM)
    assert (result.ok, result.text) == (True, "outputs 0, watchdog armed")
    here.world.heard.clear()
    here.bench.commands.clear()
    return here


def calls(here: Station1) -> list[modbus.Call]:
    return [modbus.receive(frame).call for frame in here.world.heard]


def coil_writes(here: Station1) -> list[int]:
    return [call.bits for call in calls(here) if call.function == modbus.WRITE_COILS]


def bit(*names: str) -> int:
    return sum(1 << NAMES.index(name) for name in names)


def value(here: Station1, role: str) -> float:
    return here.reading(getattr(here.driver.board.signals, role)).value


# --- greeting and arming ---


def test_a_coupler_is_identified_and_its_outputs_taken_as_they_are():
    here = station1()
    here.scan(0.25)
    assert here.driver.identity == "WAGO 750 coupler, firmware 11"
    assert value(here, "io_watchdog") == 0
    here.assert_nothing_is_left_over()


def test_before_arming_nothing_but_zeros_is_written():
    here = station1()
    here.scan(3, substrate_shutter=True, backing_stop=True, beacon=True)
    assert coil_writes(here) == [0]  # the fore-line valve was found open
    assert here.bench.commands == [("fore-line", False, here.bench.commands[0][2])]
    assert value(here, "io_outputs") == 0


def test_arming_brings_the_outputs_to_0_and_reads_the_watchdog_back():
    here = armed()
    dog = here.world.instrument.watchdog
    assert [dog.read(address) for address in (0x1000, 0x1001, 0x1006)] == [30, 0x20, 1]
    assert value(here, "io_watchdog") == 1
    here.scan(20)
    assert value(here, "io_watchdog") == 1
    assert value(here, "io_outputs") == 0
    here.assert_nothing_is_left_over()


def test_levels_follow_once_it_is_armed():
    here = armed()
    here.scan(0.5, substrate_shutter=True, source_shutter=(False, True), enable=(True, False), beacon=True)
    expected = bit("substrate shutter", "source shutter 2", "enable 1", "beacon")
    assert coil_writes(here) == [expected]
    assert value(here, "io_outputs") == expected
    assert [name for name, on, _ in here.bench.commands if on] == [
        "source shutter 2", "substrate shutter", "enable 1", "beacon",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "name"),
    [("substrate_shutter", "substrate shutter"), ("n2", "N2"), ("vent", "vent"), ("roughing", "roughing"),
     ("gate", "gate"), ("foreline", "fore-line"), ("backing_stop", "backing pump stop"), ("beacon", "beacon")],
)  # fmt: skip
def test_each_level_switches_its_own_output(level, name):
    here = armed()
    here.scan(0.25, **{level: True})
    assert [(actuator, on) for actuator, on, _ in here.bench.commands] == [(name, True)]


@pytest.mark.parametrize(("levels_of", "prefix"), [("source_shutter", "source shutter"), ("enable", "enable")])
@pytest.mark.parametrize("place", [0, 1])
def test_each_boat_has_its_own_shutter_and_contact(levels_of, prefix, place):
    here = armed()
    here.scan(0.25, **{levels_of: (place == 0, place == 1)})
    assert [(actuator, on) for actuator, on, _ in here.bench.commands] == [(f"{prefix} {place + 1}", True)]


@pytest.mark.parametrize("item", [881, 8206])
def test_another_coupler_is_refused(item):
    here = station1()
    here.world.instrument._fixed[0x2012] = item
    here.scan(2)
    assert "neither a 750-352 nor a 750-362" in here.worker.fault
    assert all(call.function == modbus.READ_HOLDING for call in calls(here))


def test_other_modules_are_refused():
    here = station1(values_with("io", "di", [*VALUES["io"]["di"], *(f"spare {n}" for n in range(8))]))
    here.bench.contacts |= {f"spare {n}": False for n in range(8)}
    here.scan(2)
    assert "do not have 22 digital inputs; it reads 32" in here.worker.fault


@pytest.mark.parametrize("address", [0x1000, 0x1001, 0x1003, 0x1008])
def test_arming_fails_when_a_register_does_not_take_its_value(address):
    here = station1()
    here.scan(0.5)
    dog = here.world.instrument.watchdog
    write = dog.write
    dog.write = lambda register, value, now_ns: True if register == address else write(register, value, now_ns)
    if address == 0x1008:
        dog.write(0x1000, 30, 0)
        dog.write(0x1003, 1, here.now_ns)
    result = here.act(ActionKind.IO_ARM)
    assert not result.ok
    assert value(here, "io_watchdog") == 0
    here.scan(2, beacon=True)
    assert set(coil_writes(here)) == {0}


def test_the_alternative_mode_of_the_watchdog_is_refused():
    here = station1()
    here.scan(0.5)
    assert here.world.instrument.watchdog.write(0x100A, 1, here.now_ns)
    result = here.act(ActionKind.IO_ARM)
    assert (result.ok, result.text) == (
        False,
        "the watchdog is in its alternative mode, which re-arms by itself; it reads 1",
    )
    here.scan(2, beacon=True)
    assert set(coil_writes(here)) <= {0}


# --- image ---


def test_positions_come_from_two_switches():
    here = armed()
    for pair, position in (
        ((True, False), Position.OPEN), ((False, True), Position.CLOSED), ((False, False), Position.MOVING),
        ((True, True), Position.FAULT),
    ):  # fmt: skip
        for part in ("sh1", "sh2", "substrate", "gate", "roughing", "fore-line"):
            here.bench.contacts[f"{part} open"], here.bench.contacts[f"{part} closed"] = pair
        here.scan(0.5)
        signals = here.driver.board.signals
        for number in (*signals.source_shutter, signals.substrate_shutter, signals.gate, signals.roughing,
                       signals.foreline_valve):  # fmt: skip
            assert here.reading(number).value == position
            assert here.reading(number).quality is Quality.GOOD


def test_a_single_closed_switch_says_closed_or_open():
    here = armed()
    for closed, position in ((True, Position.CLOSED), (False, Position.OPEN)):
        here.bench.contacts["N2 closed"] = here.bench.contacts["vent closed"] = closed
        here.scan(0.5)
        assert (value(here, "n2"), value(here, "vent")) == (position, position)


def test_contacts_are_posted_each_scan_with_the_time_of_their_reply():
    here = armed()
    contacts = {"door_closed": "door closed", "water": "water", "air": "air", "over_pressure_ok": "over-pressure ok",
                "e_stop_ok": "E-stop ok", "backing_running": "backing running"}  # fmt: skip
    for role, name in contacts.items():
        for on in (True, False):
            here.bench.contacts[name] = on
            here.scan(0.5)
            assert value(here, role) == on
    here.bench.contacts["enable 2 open"] = False
    here.scan(0.5)
    assert here.reading(here.driver.board.signals.enable_open[2]).value == 0
    before = here.reading(here.driver.board.signals.water)
    here.scan(10)
    after = here.reading(here.driver.board.signals.water)
    assert after.counter - before.counter == 40
    assert here.now_ns - after.at_ns <= 260 * MILLISECOND


def test_when_nothing_changes_there_are_two_reads_a_scan_and_a_heartbeat_every_half_second():
    here = armed()
    here.scan(30)
    functions = [call.function for call in calls(here)]
    assert functions.count(modbus.READ_INPUTS) == 120
    assert functions.count(modbus.READ_COILS) == 120
    assert functions.count(modbus.WRITE_REGISTER) == 60
    assert functions.count(modbus.READ_HOLDING) == 60
    assert functions.count(modbus.WRITE_COILS) == 0
    here.assert_nothing_is_left_over()


# --- watchdog ---


def test_heartbeats_alternate_and_come_only_from_completed_scans():
    here = armed()
    here.scan(3)
    beats = [call.registers for call in calls(here) if call.function == modbus.WRITE_REGISTER]
    assert beats == [(2,), (1,)] * 3
    here.world.heard.clear()
    here.idle(2)
    assert sum(call.function == modbus.WRITE_REGISTER for call in calls(here)) <= 1


def test_a_lease_that_runs_out_writes_all_outputs_0():
    here = armed()
    here.scan(1, substrate_shutter=True, enable=(True, True), foreline=True)
    here.world.heard.clear()
    here.bench.commands.clear()
    last_scan_ns = here.now_ns - 250 * MILLISECOND
    here.idle(2)
    assert coil_writes(here) == [0]
    assert {name for name, on, _ in here.bench.commands} == {"substrate shutter", "enable 1", "enable 2", "fore-line"}
    assert all(at_ns - last_scan_ns <= 1.51 * SECOND for _, _, at_ns in here.bench.commands)


@pytest.mark.parametrize(("level", "name"), [("n2", "N2"), ("substrate_shutter", "substrate shutter")])
def test_what_has_a_time_of_its_own_closes_then_and_nothing_else_with_it(level, name):
    here = armed()
    here.scan(1, foreline=True, **{level: True})
    here.world.heard.clear()
    here.bench.commands.clear()
    until_ns = here.now_ns + 90 * MILLISECOND
    here.scan(0.25, foreline=True, **{level: True, f"{level.partition('_')[0]}_until_ns": until_ns})
    assert coil_writes(here) == [bit("fore-line")]
    ((closed, is_on, at_ns),) = here.bench.commands
    assert (closed, is_on) == (name, False)
    assert 0 <= at_ns - until_ns <= 5 * MILLISECOND


def test_a_driver_that_gets_no_turns_lets_the_watchdog_drop_the_outputs():
    here = armed()
    here.scan(1, enable=(True, False))
    fed_ns = here.world.instrument.watchdog.due_ns - 3 * SECOND
    here.bench.commands.clear()
    here.world.advance_to(here.now_ns + 4 * SECOND)
    assert here.bench.commands == [("enable 1", False, fed_ns + 3 * SECOND)]


def test_a_dead_scan_expires_the_watchdog_which_is_never_armed_again_by_itself():
    here = armed()
    here.scan(1, enable=(True, False))
    here.idle(6)
    assert here.world.instrument.watchdog.state == 2
    assert value(here, "io_watchdog") == 0
    assert here.reading(here.driver.board.signals.io_watchdog).quality is Quality.GOOD
    assert "exception 4" in here.driver.trouble
    here.world.heard.clear()
    here.scan(10)
    assert {call.function for call in calls(here)} <= {modbus.READ_INPUTS, modbus.READ_HOLDING}
    assert value(here, "io_watchdog") == 0
    assert here.driver.identity


def test_an_expired_coupler_is_armed_again_by_an_action_from_all_off():
    here = armed()
    here.scan(1, enable=(True, False))
    here.idle(6)
    here.outputs = levels()
    here.bench.commands.clear()
    assert here.act(ActionKind.IO_ARM).ok
    assert here.bench.commands == []
    assert value(here, "io_watchdog") == 1
    here.scan(0.5, beacon=True)
    assert here.bench.commands[-1][:2] == ("beacon", True)


def test_a_core_that_finds_an_expired_coupler_can_arm_it():
    here = station1()
    here.world.instrument.watchdog.expire()
    here.scan(1)
    assert here.driver.identity == "coupler with an expired watchdog"
    assert here.act(ActionKind.IO_ARM).ok


def test_a_coupler_that_was_switched_off_and_on_is_no_longer_armed():
    here = armed()
    here.scan(1, enable=(True, False))
    here.world.instrument.power_cycle(here.now_ns)
    here.world.heard.clear()
    here.scan(3)
    assert value(here, "io_watchdog") == 0
    assert value(here, "io_outputs") == 0
    assert coil_writes(here)[-1:] in ([], [0])


# --- lost and spoilt replies ---


def lose_replies_to_coil_writes(here: Station1, count: int) -> list:
    lost = []

    def spoil(replies):
        if modbus.receive(here.world.heard[-1]).function == modbus.WRITE_COILS and len(lost) < count:
            lost.append(replies)
            return []
        return replies

    here.world.spoil = spoil
    return lost


def test_a_lost_reply_to_a_write_puts_exactly_one_write_on_the_wire():
    here = armed()
    lost = lose_replies_to_coil_writes(here, 1)
    here.scan(2, n2=True)
    assert lost
    assert coil_writes(here) == [bit("N2")]
    assert value(here, "io_outputs") == bit("N2")


def test_a_write_that_did_not_arrive_is_written_again_after_reading_back():
    here = armed()
    lost = []

    def lose_one(data):
        if modbus.receive(data).function == modbus.WRITE_COILS and not lost:
            lost.append(data)
            return b""
        return data

    here.world.hear = lose_one
    here.scan(2, n2=True)
    assert coil_writes(here) == [bit("N2"), bit("N2")]
    between = calls(here)[slice(*[n for n, call in enumerate(calls(here)) if call.function == modbus.WRITE_COILS])]
    assert any(call.function == modbus.READ_COILS for call in between)
    assert value(here, "io_outputs") == bit("N2")


def test_off_is_written_at_once_although_the_write_of_on_is_in_doubt():
    here = armed()
    lose_replies_to_coil_writes(here, 1)
    here.scan(0.25, n2=True)
    here.scan(1, n2=False)
    assert coil_writes(here)[-1] == 0
    assert here.bench.commands[-1][:2] == ("N2", False)


def test_an_output_that_fell_by_itself_is_seen_and_written_again():
    here = armed()
    here.scan(1, enable=(True, False))
    here.world.instrument._command(0, here.now_ns)
    here.world.heard.clear()
    here.scan(1)
    assert coil_writes(here) == [bit("enable 1")]


def test_a_late_answer_is_never_taken_for_another_one():
    here = armed()
    here.world.spoil = lambda replies: [(at_ns + 300 * MILLISECOND, data) for at_ns, data in replies]
    here.scan(0.5)
    here.world.spoil = lambda replies: replies
    here.bench.contacts["water"] = True
    here.scan(2)
    assert value(here, "water") == 1
    assert value(here, "io_watchdog") == 1


@pytest.mark.parametrize("place", [0, 1, 2, 6, 7, 8])
def test_a_changed_header_byte_is_never_an_answer(place):
    here = armed()
    here.scan(0.5)
    before = here.reading(here.driver.board.signals.water)
    here.bench.contacts["water"] = True

    def change(replies):
        return [(at_ns, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]) for at_ns, data in replies]

    here.world.spoil = change
    here.scan(0.25)
    assert here.reading(here.driver.board.signals.water) == before


def test_a_lost_link_is_marked_and_needs_arming_again():
    here = armed()
    here.scan(1, enable=(True, False))
    here.world.spoil = lambda replies: []
    here.scan(3)
    assert here.reading(here.driver.board.signals.water).quality is Quality.COMM_FAULT
    here.world.spoil = lambda replies: replies
    here.world.heard.clear()
    here.scan(8)
    assert "exception 4" in here.driver.trouble  # without a heartbeat the coupler has dropped its outputs
    assert value(here, "io_watchdog") == 0
    assert set(coil_writes(here)) <= {0}
    here.outputs = levels()
    assert here.act(ActionKind.IO_ARM).ok
    assert here.reading(here.driver.board.signals.water).quality is Quality.GOOD


# --- wiring ---


def wired(key: str, names: list[str]) -> Station:
    return Station.model_validate(values_with("io", key, names))


def test_the_packaged_wiring_has_no_problem():
    assert check_wiring(STATION) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_output_is_a_problem(name):
    (problem,) = check_wiring(wired("do", [other for other in NAMES if other != name]))
    assert (problem.where, problem.what) == ("io.do", f'"{name}" is missing')


@pytest.mark.parametrize("name", [name for name in VALUES["io"]["di"] if name != "fore-line open"])
def test_a_missing_input_is_a_problem(name):
    (problem,) = check_wiring(wired("di", [other for other in VALUES["io"]["di"] if other != name]))
    assert problem.what == f'"{name}" is missing'


def test_unknown_and_repeated_names_are_problems_with_what_was_meant():
    problems = check_wiring(wired("do", [*NAMES, "bacon", "N2"]))
    assert [problem.what for problem in problems] == ['"bacon" is no word of the wiring', '"N2" stands there twice']
    assert 'did you mean "beacon"?' in problems[0].write
    station = wired("do", [*NAMES, "bacon"])
    with pytest.raises(Refused, match="bacon"):
        SwitchgearDriver(station, new_board(station))


def test_any_wiring_order_is_followed():
    station = wired("do", NAMES[::-1])
    bench = PowerBench()
    values = values_with("io", "do", NAMES[::-1])
    here = Station1(SwitchgearDriver(station, new_board(station)), coupler.build(values, bench, 1), bench)
    assert here.act(ActionKind.IO_ARM).ok
    bench.commands.clear()
    here.scan(0.5, gate=True)
    assert [(name, on) for name, on, _ in bench.commands] == [("gate", True)]
