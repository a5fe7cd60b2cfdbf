"""The switchgear driver on every map and transport, against the simulated modules; nothing may be left over."""

import pytest
from io_stations import EVERY, PROOF, adam_6050, adam_registers, generic_words, io_values, relay_boards_rtu, wago_rtu
from power_bench import PowerBench, Station1, levels, new_board

from pvdsim.instruments import switchgear
from pvdstation.drivers.switchgear import SwitchgearDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.messages import ActionKind
from pvdstation.model.signals import Position, Quality
from pvdstation.model.station import Station
from pvdstation.model.station_rules import contradictions
from pvdstation.runtime.stepped import Agenda


def station1(values, simulated=None) -> Station1:
    bench = PowerBench()
    station = Station.model_validate(values)
    unit = switchgear.build(simulated or values, bench, 1)
    return Station1(SwitchgearDriver(station, new_board(station)), unit, bench)


def armed(values, simulated=None) -> Station1:
    here = station1(values, simulated)
    result = here.act(ActionKind.IO_ARM)
    assert result.ok, result.text
    here.world.heard.clear()
    here.bench.commands.clear()
    return here


def value(here: Station1, role: str) -> float:
    return here.reading(getattr(here.driver.board.signals, role)).value


def switched(here: Station1) -> list[tuple[str, bool]]:
    return [(name, on) for name, on, _ in here.bench.commands]


@pytest.fixture(params=EVERY.values(), ids=EVERY)
def values(request):
    return request.param()


def test_every_map_is_a_station_without_contradiction(values):
    assert contradictions(Station.model_validate(values)) == []


def test_it_is_identified_armed_and_read_back(values):
    here = armed(values)
    assert here.driver.identity
    assert value(here, "io_watchdog") == 1
    here.scan(20)
    assert value(here, "io_watchdog") == 1
    assert value(here, "io_outputs") == 0
    here.assert_nothing_is_left_over()


@pytest.mark.parametrize(
    ("level", "name"),
    [("substrate_shutter", "substrate shutter"), ("n2", "N2"), ("vent", "vent"), ("roughing", "roughing"),
     ("gate", "gate"), ("foreline", "fore-line"), ("backing_stop", "backing pump stop"), ("beacon", "beacon")],
)  # fmt: skip
def test_each_level_switches_its_own_output_on_and_off(values, level, name):
    here = armed(values)
    here.scan(1, **{level: True})
    assert value(here, "io_outputs") == 1 << values["io"]["do"].index(name)
    here.scan(1, **{level: False})
    assert switched(here) == [(name, True), (name, False)]
    assert value(here, "io_outputs") == 0
    here.assert_nothing_is_left_over()


def test_every_input_is_read_at_its_place(values):
    here = armed(values)
    signals = here.driver.board.signals
    contacts = {"door_closed": "door closed", "water": "water", "air": "air", "over_pressure_ok": "over-pressure ok",
                "e_stop_ok": "E-stop ok", "backing_running": "backing running"}  # fmt: skip
    for role, name in contacts.items():
        for on in (True, False):
            here.bench.contacts[name] = on
            here.scan(0.5)
            assert value(here, role) == on
    for number in (1, 2):
        here.bench.contacts[f"enable {number} open"] = False
        here.scan(0.5)
        assert here.reading(signals.enable_open[number]).value == 0
    here.bench.contacts |= {"gate open": True, "gate closed": False}
    here.scan(0.5)
    assert value(here, "gate") == Position.OPEN


def test_before_arming_nothing_but_zeros_is_written_and_the_watchdog_is_not_good(values):
    here = station1(values)
    here.scan(3, substrate_shutter=True, enable=(True, True))
    assert not any(on for _, on in switched(here))
    assert value(here, "io_watchdog") == 0


def test_a_dead_scan_drops_every_output_and_nothing_comes_back_by_itself(values):
    here = armed(values)
    here.scan(1, enable=(True, True), n2=True)
    last_scan_ns = here.now_ns - 250 * MILLISECOND
    here.bench.commands.clear()
    here.idle(8)
    assert {name for name, on in switched(here) if not on} >= {"enable 1", "enable 2", "N2"}
    assert all(at_ns - last_scan_ns <= 1.6 * SECOND for _, _, at_ns in here.bench.commands)
    here.bench.commands.clear()
    here.scan(5)
    assert not any(on for _, on in switched(here))
    assert value(here, "io_watchdog") == 0


def test_a_driver_that_gets_no_turns_leaves_the_outputs_to_the_watchdog(values):
    here = armed(values)
    here.scan(1, enable=(True, False))
    here.bench.commands.clear()
    here.world.advance_to(here.now_ns + 4 * SECOND)
    ((name, on, at_ns),) = here.bench.commands
    assert (name, on) == ("enable 1", False)
    assert at_ns - here.now_ns <= 3.1 * SECOND


def test_after_that_it_must_be_armed_again(values):
    here = armed(values)
    here.scan(1, enable=(True, False))
    here.now_ns += 4 * SECOND  # its thread hangs
    here.world.advance_to(here.now_ns)
    here.worker.next_ns = here.now_ns
    here.agenda = Agenda(here.world, [here.worker])
    here.bench.commands.clear()
    here.scan(5)
    assert not any(on for _, on in switched(here))
    assert value(here, "io_watchdog") == 0
    here.outputs = levels()
    if hasattr(here.world.instrument, "reset_relay"):
        here.world.instrument.reset_relay(here.now_ns)
    assert here.act(ActionKind.IO_ARM).ok
    here.scan(0.5, beacon=True)
    assert switched(here)[-1] == ("beacon", True)


def test_a_lost_reply_to_a_write_is_resolved_by_reading_back(values):
    here = armed(values)
    lost = []

    def spoil(replies):
        if here.bench.commands and not lost:
            lost.append(replies)
            return []
        return replies

    here.world.spoil = spoil
    here.scan(2, n2=True)
    assert lost
    assert switched(here) == [("N2", True)]
    assert value(here, "io_outputs") == 1 << values["io"]["do"].index("N2")
    assert value(here, "io_watchdog") == 1


def test_outputs_that_were_switched_off_and_on_are_no_longer_armed(values):
    here = armed(values)
    here.scan(1, enable=(True, False))
    here.world.instrument.power_cycle(here.now_ns)
    here.bench.commands.clear()
    here.scan(3)
    assert value(here, "io_watchdog") == 0
    assert value(here, "io_outputs") == 0


def test_a_silent_module_is_no_communication(values):
    here = armed(values)
    here.world.spoil = lambda replies: []
    here.scan(3)
    assert here.reading(here.driver.board.signals.water).quality is Quality.COMM_FAULT


# --- registers and declarations ---


def test_a_register_that_does_not_hold_its_value_refuses_arming():
    here = station1(adam_registers())
    here.world.instrument.modules[2].registers[801] = 0
    result = here.act(ActionKind.IO_ARM)
    assert not result.ok
    assert result.text == "register 801 (its time, 100 ms) is not 30; it reads 0"
    assert value(here, "io_watchdog") == 0


def test_a_register_that_changes_later_drops_the_outputs():
    here = armed(adam_registers())
    here.scan(1, enable=(True, False))
    here.world.instrument.modules[1].registers[800] = 0
    here.scan(5)
    assert value(here, "io_watchdog") == 0
    assert switched(here) == [("enable 1", True), ("enable 1", False)]


def test_a_register_that_is_not_there_refuses_arming():
    here = station1(adam_registers())
    here.world.instrument.modules[1].registers.clear()
    assert "register 800 (host watchdog on) is not 1 (exception 2)" in here.act(ActionKind.IO_ARM).text


def test_without_any_declared_watchdog_it_is_never_armed():
    values = adam_6050()
    del values["io"]["external_watchdog"]
    here = station1(values)
    assert "no watchdog is declared" in here.act(ActionKind.IO_ARM).text
    assert value(here, "io_watchdog") == 0


def test_inputs_that_answer_to_another_function_code_are_refused():
    here = station1(adam_6050(), io_values(map="adam-6050", units=2, read_inputs_with=1))
    here.scan(1)
    assert "unit 1 does not answer 12 bits at 0 with function 2 (exception 2)" in here.worker.fault


def test_a_smaller_module_is_refused():
    small = io_values(map="generic", addresses=generic_words()["io"]["addresses"] | {"outputs_per_unit": 12})
    small["io"]["addresses"]["inputs_per_unit"] = 8
    here = station1(generic_words(), small)
    here.scan(1)
    assert "it is no Modbus I/O as the station file says" in here.worker.fault


# --- outputs of modules that do not latch ---


def test_outputs_that_fell_by_themselves_are_not_written_again():
    here = armed(adam_6050())
    here.scan(1, enable=(True, False))
    for module in here.world.instrument.modules.values():
        module.switch(0, here.now_ns)
    here.bench.commands.clear()
    here.scan(2)
    assert switched(here) == []
    assert "dropped by themselves" in here.driver.trouble
    assert value(here, "io_watchdog") == 0


def test_a_driver_with_a_dead_scan_falls_silent_after_writing_0():
    here = armed(adam_6050())
    here.scan(1, enable=(True, False))
    here.idle(2)
    here.world.heard.clear()
    here.idle(0.7)
    assert here.world.heard == []


def test_a_failing_module_disarms_and_is_not_hammered():
    here = armed(adam_6050())
    module = here.world.instrument.modules[1]
    answer = module.answer
    module.answer = lambda call, at_ns: answer(call, at_ns)._replace(exception=4)
    here.scan(2, enable=(True, False))
    assert "the module has failed (exception 4)" in here.driver.trouble
    assert value(here, "io_watchdog") == 0
    assert len(here.world.heard) < 40


# --- external watchdog relay ---


def test_the_heartbeat_changes_with_completed_scans_and_stays_out_of_the_outputs():
    values = relay_boards_rtu()
    here = armed(values)
    pulses = []
    for _ in range(20):
        here.scan(0.25)
        pulses.append(here.world.instrument.modules[2].pulse)
    assert pulses.count(True) == pulses.count(False) == 10
    assert value(here, "io_outputs") == 0
    pulses.clear()
    here.idle(1)
    pulse = here.world.instrument.modules[2].pulse
    here.idle(3)
    assert here.world.instrument.modules[2].pulse == pulse


def test_reading_clients_do_not_feed_the_relay():
    here = armed(relay_boards_rtu())
    here.scan(1, enable=(True, False))
    here.bench.commands.clear()
    here.driver.accept = lambda outputs, now_ns: None
    here.idle(5)
    assert switched(here) == [("enable 1", False)]
    assert here.world.instrument.modules[1].is_fed is False


# --- RTU ---


def test_on_a_serial_line_an_exchange_takes_its_wire_time():
    here = armed(wago_rtu())
    slow = armed(io_values(transport="rtu", baud=9600))
    fast_ns, slow_ns = (h.link.statistics.last_round_trip_ns for h in (here, slow))
    assert 3 * MILLISECOND < fast_ns < 8 * MILLISECOND
    assert 20 * MILLISECOND < slow_ns < 40 * MILLISECOND


def test_noise_before_each_answer_of_a_serial_line_is_dropped():
    here = armed(wago_rtu())
    here.world.spoil = lambda replies: [(at_ns, b"\xff" + data) for at_ns, data in replies]
    here.scan(5, beacon=True)
    assert value(here, "io_watchdog") == 1
    here.assert_nothing_is_left_over()


@pytest.mark.parametrize("bit", [0, 9, 20, 33])
def test_a_corrupted_answer_of_a_serial_line_is_no_reading(bit):
    here = armed(wago_rtu())
    before = here.reading(here.driver.board.signals.water)
    here.bench.contacts["water"] = not before.value

    def change(replies):
        flipped = [(at_ns, bytearray(data)) for at_ns, data in replies]
        for _, data in flipped:
            data[bit // 8] ^= 1 << bit % 8
        return [(at_ns, bytes(data)) for at_ns, data in flipped]

    here.world.spoil = change
    here.scan(0.25)
    assert here.reading(here.driver.board.signals.water).value == before.value


# --- what the station file may say ---


def found(**changes) -> list[str]:
    station = Station.model_validate(io_values(**changes))
    return [what for path, what, _ in contradictions(station) if path[0] == "io"]


def test_modules_that_are_too_small_are_refused():
    assert found(map="adam-6050", external_watchdog=PROOF) == [
        "22 names do not fit: 1 × adam-6050 has room for 12",
        "12 names do not fit: 1 × adam-6050 has room for 6",
    ]


def test_a_generic_map_needs_addresses_and_an_external_watchdog():
    assert found(map="generic") == [
        "a generic map needs the addresses of inputs, outputs and read-back",
        "nothing says which external watchdog switches the outputs off when the program is gone",
    ]


def test_an_adam_needs_registers_or_a_proof():
    (what,) = found(map="adam-6050", units=2)
    assert what.startswith("the module's host watchdog is set by its own tool")


def test_a_simulated_proof_is_none_for_a_real_port():
    values = adam_6050()
    for table in (values["sqc"], values["io"], values["gauges"], values["turbo"], *values["supply"].values()):
        table["port"] = f"tcp://192.168.1.20:{id(table) % 60000 + 1}"
    del values["simulation"]
    refusal = "a real watchdog is proved by pulling the cable, not by simulation"
    assert refusal in [what for _, what, _ in contradictions(Station.model_validate(values))]
    served = values | {"simulator": "tcp://127.0.0.1:40001"}  # its ports are real, its watchdog is not
    assert refusal not in [what for _, what, _ in contradictions(Station.model_validate(served))]


def test_what_belongs_to_another_map_is_refused_for_a_coupler():
    assert found(units=2, external_watchdog=PROOF) == [
        "a WAGO coupler is one unit, whatever modules it has",
        "the coupler's own watchdog is armed and read back by the program",
    ]
