"""The turbo driver against scripted telegrams and against the simulated drive; nothing may be left over."""

from itertools import pairwise

import pytest
from vacuum_bench import STATION, VALUES, OneInstrument, StillBench, Turns, levels, new_board, play

from pvdsim.instruments import turbo as simulated_turbo
from pvdstation.drivers.turbo import GAP_NS, TurboDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol import turbo
from pvdstation.protocol.turbo import Telegram
from pvdstation.protocol.turbo_drives import DRIVES


def asks(parameter, data="=?", action=turbo.QUERY):
    return turbo.encode(Telegram(1, action, parameter, data))


def says(parameter, data):
    return turbo.encode(Telegram(1, turbo.COMMAND, parameter, data))


def greeting(**changes):
    answers = {
        349: "TC 110",
        312: "010300",
        60: "002",
        300: "000000",
        315: "001000",
        10: "111111",
        23: "111111",
        303: "000000",
    }
    answers.update({int(key[1:]): value for key, value in changes.items()})
    return [(asks(parameter), says(parameter, data)) for parameter, data in answers.items()]


def greeted(**changes):
    driver = TurboDriver(STATION, new_board())
    play(driver, driver.greet(), greeting(**changes))
    return driver


def poll(driver, *script):
    link = play(driver, driver._poll(), script)
    signals = driver.board.signals
    return link, driver.board.readings[signals.turbo_speed], driver.board.readings[signals.turbo_error]


def test_a_greeting_is_written_in_the_published_telegrams():
    assert greeting()[7] == (b"0010030302=?101\r", b"0011030306000000014\r")
    driver = greeted()
    assert driver.identity == "TC 110, firmware 010300"


def test_a_poll_posts_speed_and_error():
    driver = greeted()
    link, speed, error = poll(
        driver, (b"0010030902=?107\r", b"0011030906001000021\r"), (asks(303), says(303, "000000"))
    )
    assert (speed.value, speed.quality) == (1000.0, Quality.GOOD)
    assert (error.value, error.quality) == (0.0, Quality.GOOD)
    assert not link.is_dirty


@pytest.mark.parametrize(("code", "number"), [("Err006", 6.0), ("Wrn007", 0.0)])
def test_an_error_is_a_number_and_a_warning_is_none(code, number):
    _, _, error = poll(greeted(), (asks(309), says(309, "000633")), (asks(303), says(303, code)))
    assert (error.value, error.quality) == (number, Quality.GOOD)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"p60": "001"}, "P:060 is 1: the drive does not obey RS-485"), ({"p300": "111111"}, "remote plug has priority"),
     ({"p315": "001500"}, "nominal speed is 1500 Hz; the station file says 1000"), ({"p349": "NO_DEF"}, "no TC 110"),
     ({"p23": "NO_DEF"}, "no TC 110")],
)  # fmt: skip
def test_a_drive_that_does_not_fit_is_refused(changes, sentence):
    driver = TurboDriver(STATION, new_board())
    with pytest.raises(Refused, match=sentence):
        play(driver, driver.greet(), greeting(**changes)[:7])
    assert not driver.identity


@pytest.mark.parametrize("answer", ["NO_DEF", "_LOGIC", "_RANGE", "00063x"])
def test_what_is_no_number_is_a_fault_and_not_zero(answer):
    _, speed, _ = poll(greeted(), (asks(309), says(309, answer)), (asks(303), says(303, "000000")))
    assert speed.quality is Quality.SENSOR_FAULT
    assert speed.value != speed.value


@pytest.mark.parametrize(
    "answer",
    [
        turbo.encode(Telegram(2, turbo.COMMAND, 309, "001000")),  # another address
        says(308, "001000"),  # another parameter
        asks(309),  # the adapter's echo of our own question
        b"0011030906001000022\r",  # wrong checksum
        b"0011030906001000021",  # not ended
        says(303, "000000"),  # late answer to the question before
    ],
)
def test_what_does_not_belong_to_the_question_is_no_answer(answer):
    link, speed, _ = poll(greeted(), (asks(309), answer))
    assert link.is_dirty
    assert speed.quality is Quality.NEVER


@pytest.mark.parametrize("noise", [b"\xff", b"\x00\xff", asks(309)])
def test_noise_and_echo_before_the_answer_are_skipped(noise):
    link, speed, _ = poll(greeted(), (asks(309), noise, says(309, "001000")), (asks(303), says(303, "000000")))
    assert speed.value == 1000.0
    assert not link.is_dirty


def test_the_answer_may_come_in_single_bytes():
    driver = greeted()
    singly = [bytes([byte]) for byte in says(309, "000633")]
    _, speed, _ = poll(driver, (asks(309), *singly), (asks(303), says(303, "000000")))
    assert speed.value == 633.0


def switching(driver, *, on):
    driver.accept(levels(turbo=on), 10 * SECOND)
    return driver.urgent(11 * SECOND)


def test_a_stopped_pump_is_started_and_read_back():
    driver = greeted(p10="000000", p23="000000")
    script = [
        (b"0011001006111111015\r", b"0011001006111111015\r"), (b"0011002306111111019\r", b"0011002306111111019\r"),
        (asks(10), says(10, "111111")), (asks(23), says(23, "111111")),
    ]  # fmt: skip
    play(driver, switching(driver, on=True), script)
    assert driver.urgent(12 * SECOND) is None


def test_a_running_pump_is_stopped_without_venting():
    driver = greeted()
    off = "000000"
    script = [(asks(p, off, turbo.COMMAND), says(p, off)) for p in (12, 23, 10)]
    play(driver, switching(driver, on=False), [*script, (asks(10), says(10, off)), (asks(23), says(23, off))])
    assert driver.urgent(12 * SECOND) is None


def test_a_refused_command_is_tried_again_a_second_later():
    driver = greeted()
    script = [(asks(12, "000000", turbo.COMMAND), says(12, "_LOGIC"))]
    play(driver, switching(driver, on=False), [*script, (asks(10), says(10, "111111")), (asks(23), says(23, "111111"))])
    assert driver.urgent(10 * SECOND + 500 * MILLISECOND) is None
    assert driver.urgent(12 * SECOND) is not None


def test_nothing_is_written_before_the_drive_was_greeted_and_without_levels():
    driver = TurboDriver(STATION, new_board())
    assert switching(driver, on=False) is None
    driver = greeted()
    assert driver.urgent(11 * SECOND) is None
    driver.accept(levels(turbo=False, until_ns=11 * SECOND), 10 * SECOND)
    assert driver.urgent(11 * SECOND + 1) is None  # the lease has run out: the pump turns on


# --- against the simulated drive ---


def simulated(values=VALUES):
    bench = StillBench()
    world = OneInstrument("turbo", simulated_turbo.build(values, bench, 1), bench)
    return Turns(TurboDriver(STATION, new_board()), world), world, bench


def test_a_turning_pump_is_found_polled_and_left_alone():
    turns, world, bench = simulated()
    turns.driver.accept(levels(turbo=True), 0)
    turns.serve(30.0)
    signals = turns.driver.board.signals
    assert turns.greetings == 1
    assert turns.reading(signals.turbo_speed)[:2] == (1000.0, Quality.GOOD)
    assert turns.reading(signals.turbo_error)[:2] == (0.0, Quality.GOOD)
    assert bench.motor == [True]
    assert not any(turbo.decode(said[:-1]).action == turbo.COMMAND for said in world.heard)


def test_the_line_is_silent_for_20_ms_between_telegrams():
    turns, world, _ = simulated()
    turns.driver.accept(levels(turbo=False), 0)
    turns.serve(20.0)
    latency_ns = 20 * MILLISECOND
    times = turns.exchanged_at_ns
    assert min(b - a for a, b in pairwise(times)) >= latency_ns + GAP_NS
    assert [turbo.decode(said[:-1]).parameter for said in world.heard].count(309) in (19, 20, 21)


def test_the_motor_follows_its_level_and_venting_is_never_switched_on():
    turns, world, bench = simulated()
    turns.driver.accept(levels(turbo=True), 0)
    turns.serve(3.0)
    turns.driver.accept(levels(turbo=False), turns.clock.now_ns())
    turns.serve(3.0)
    assert bench.motor == [True, False]
    turns.driver.accept(levels(turbo=True), turns.clock.now_ns())
    turns.serve(3.0)
    assert bench.motor == [True, False, True]
    venting = [turbo.decode(said[:-1]) for said in world.heard if turbo.decode(said[:-1]).parameter == 12]
    assert {telegram.data for telegram in venting} == {"000000"}


def test_a_lost_lease_leaves_the_pump_turning():
    turns, _, bench = simulated()
    turns.driver.accept(levels(turbo=True, until_ns=2 * SECOND), 0)
    turns.serve(30.0)
    assert bench.motor == [True]


def test_a_pump_switched_off_by_hand_is_noticed_and_switched_on_again():
    turns, world, bench = simulated()
    turns.driver.accept(levels(turbo=True), 0)
    turns.serve(5.0)
    world.instrument.receive(asks(23, "000000", turbo.COMMAND), bench.now_ns)
    turns.serve(12.0)
    assert bench.motor == [True, False, True]


def test_a_lost_answer_is_greeted_away_and_the_level_written_again():
    turns, world, bench = simulated()
    turns.driver.accept(levels(turbo=True), 0)
    turns.serve(3.0)
    lost = [1]
    world.spoil = lambda replies: [] if lost and lost.pop() else replies
    turns.driver.accept(levels(turbo=False), turns.clock.now_ns())
    turns.serve(5.0)
    assert turns.greetings == 2
    assert bench.motor == [True, False]
    assert not turns.link.is_dirty


def test_an_answer_that_comes_after_its_dead_line_is_not_taken_for_the_next():
    turns, world, bench = simulated()
    turns.serve(3.0)
    late = [300 * MILLISECOND]
    world.spoil = lambda replies: [(at_ns + (late.pop() if late else 0), data) for at_ns, data in replies]
    turns.serve(1.0)
    bench.turbo_hz = 500.0
    turns.serve(3.0)
    assert turns.reading(turns.driver.board.signals.turbo_speed).value == 500.0
    assert turns.greetings >= 2  # the greeting that the late answer interrupts is repeated


# --- models and accessories ---


def values_of(**changes) -> dict:
    return {**VALUES, "turbo": {**VALUES["turbo"], **changes}}


def met(values, drive="TC 110") -> Turns:
    simulated = {**values, "simulation": {**VALUES["simulation"], "pumps": {"drive": drive}}}
    bench = StillBench()
    world = OneInstrument("turbo", simulated_turbo.build(simulated, bench, 1), bench)
    return Turns(TurboDriver(Station.model_validate(values), new_board()), world)


@pytest.mark.parametrize("model", ["TC 110", "TC 400"])
def test_either_drive_is_met_with_its_accessories_as_delivered(model):
    turns = met(values_of(model=model, accessories=DRIVES[model].accessories), model)
    turns.serve(5.0)
    assert turns.driver.identity == f"{model}, firmware 010300"
    assert turns.link.statistics.misses == turns.link.statistics.surplus == 0
    assert not turns.driver.framer.clear()


def test_another_drive_is_refused():
    with pytest.raises(Refused, match="TC 400 answers; the station file says TC 110"):
        met(values_of(model="TC 110"), "TC 400").serve(2.0)


def test_a_venting_valve_that_nobody_expects_is_refused():
    values = values_of(accessories={"A1": 0, "A2": 3})
    turns = met(values)
    turns.world.receive("turbo", asks(37, "001", turbo.COMMAND), 0)
    with pytest.raises(Refused, match="the accessory at A2 is 1; the station file says 3"):
        turns.serve(2.0)


@pytest.mark.parametrize("name", ["TC 110", "TC_110", "TC110"])
def test_a_drive_is_known_by_any_spelling(name):
    driver = TurboDriver(Station.model_validate(values_of(model="TC 110")), new_board())
    play(driver, driver.greet(), greeting(p349=name.ljust(6)))
    assert driver.identity.startswith(name)
