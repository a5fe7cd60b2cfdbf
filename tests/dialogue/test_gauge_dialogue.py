"""The gauge driver against scripted bytes and against the simulated controller; nothing may be left over."""

from itertools import pairwise

import pytest
from vacuum_bench import STATION, VALUES, OneInstrument, StillBench, Turns, levels, new_board, play

from pvdsim.instruments import gauges
from pvdstation.drivers.vacuum import GaugeDriver
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality

ACK, NAK, ENQ, ETX = b"\x06\r\n", b"\x15\r\n", b"\x05", b"\x03"
IDENTITY = b"TPG366,PTG28770,44990000,010100,010100\r\n"
KINDS = b"PKR,CMR,TPR,noSEn,noSEn,noSEn\r\n"
LINE = b"0,2.0000E-06,0,5.0000E-02,0,1.0000E-01,5,2.0000E-02,5,2.0000E-02,5,2.0000E-02\r\n"
GREETING = [
    (ETX,),
    (b"AYT\r\n", ACK), (ENQ, IDENTITY),
    (b"TID\r\n", ACK), (ENQ, KINDS),
    (b"UNI\r\n", ACK), (ENQ, b"0\r\n"),
    (b"PRX\r\n", ACK),
]  # fmt: skip


def greeted() -> GaugeDriver:
    driver = GaugeDriver(STATION, new_board())
    play(driver, driver.greet(), GREETING)
    return driver


def poll(driver, *script):
    link = play(driver, driver._read_all(), script)
    return link, [driver.board.readings[n] for n in three(driver)]


def three(driver):
    signals = driver.board.signals
    return signals.full_range, signals.capacitance, signals.foreline


def test_a_greeting_names_the_unit_and_begins_to_measure():
    driver = greeted()
    assert driver.identity == ("TPG366 PTG28770, serial 44990000, firmware 010100 (PKR, CMR, TPR, noSEn, noSEn, noSEn)")
    _, readings = poll(driver, (ENQ, LINE))
    assert [(r.value, r.quality) for r in readings] == [
        (2e-6, Quality.GOOD),
        (0.05, Quality.GOOD),
        (0.1, Quality.GOOD),
    ]


def test_every_answer_may_come_in_single_bytes():
    driver = GaugeDriver(STATION, new_board())
    singly = [(ask, *(bytes([b]) for answer in answers for b in answer)) for ask, *answers in GREETING]
    link = play(driver, driver.greet(), singly)
    assert driver.identity
    assert not link.is_dirty
    _, readings = poll(driver, (ENQ, *(bytes([b]) for b in LINE)))
    assert readings[0].value == 2e-6


def test_the_older_family_does_not_know_ayt():
    driver = GaugeDriver(STATION, new_board())
    script = [
        (ETX,),
        (b"AYT\r\n", NAK), (ENQ, b"0001\r\n"), (b"PNR\r\n", ACK), (ENQ, b"302-519-C\r\n"),
        (b"TID\r\n", ACK), (ENQ, b"PKR,CMR,TPR\r\n"), (b"UNI\r\n", ACK), (ENQ, b"0\r\n"), (b"PRX\r\n", ACK),
    ]  # fmt: skip
    play(driver, driver.greet(), script)
    assert driver.identity == "older family without AYT, firmware 302-519-C (PKR, CMR, TPR)"
    assert driver.error_word == "0001"
    _, readings = poll(driver, (ENQ, b"1,5.0000E-09,0,-4.0000E-02,0,1.0000E-01\r\n"))
    assert [r.quality for r in readings] == [Quality.UNDER_RANGE, Quality.GOOD, Quality.GOOD]


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [(b"5\r\n", "volts"), (b"1\r\n", "unit is Torr; the station file says mbar"), (b"9\r\n", "number 9")],
)
def test_another_unit_is_refused(unit, sentence):
    driver = GaugeDriver(STATION, new_board())
    with pytest.raises(Refused, match=sentence):
        play(driver, driver.greet(), [*GREETING[:6], (ENQ, unit), *GREETING[7:]])
    assert not driver.identity


def test_another_instrument_is_refused():
    driver = GaugeDriver(STATION, new_board())
    other = b"GH10-100,TDK-LAMBDA,1,2,3\r\n"
    with pytest.raises(Refused, match="GH10-100 answers, not a gauge controller"):
        play(driver, driver.greet(), [*GREETING[:2], (ENQ, other)])


def test_too_few_channels_are_refused():
    driver = GaugeDriver(STATION, new_board())
    two = IDENTITY.replace(b"366", b"362")
    script = [*GREETING[:2], (ENQ, two), GREETING[3], (ENQ, b"PKR,CMR\r\n"), *GREETING[5:7]]
    with pytest.raises(Refused, match="has 2 channels; the station file names channel 3"):
        play(driver, driver.greet(), script)


def test_a_line_of_gauges_that_is_not_the_models_is_refused():
    driver = GaugeDriver(STATION, new_board())
    with pytest.raises(Refused, match="2 gauges are named; a TPG 366 names 6"):
        play(driver, driver.greet(), [*GREETING[:4], (ENQ, b"PKR,CMR\r\n"), *GREETING[5:7]])


@pytest.mark.parametrize("place", [2, 4, 6])
def test_a_late_line_of_channels_is_no_answer_to_the_greeting(place):
    driver = GaugeDriver(STATION, new_board())
    link = play(driver, driver.greet(), [*GREETING[:place], (ENQ, LINE)])
    assert link.is_dirty
    assert not driver.identity


def test_stream_lines_before_the_answer_are_skipped():
    driver = greeted()
    driver.asked = ""
    link, readings = poll(driver, (b"PRX\r\n", LINE, LINE, ACK), (ENQ, LINE))
    assert readings[0].quality is Quality.GOOD
    assert not link.is_dirty


def test_more_stray_lines_than_a_stream_can_send_are_a_miss():
    driver = greeted()
    driver.asked = ""
    link, readings = poll(driver, (b"PRX\r\n", *[LINE] * 9, ACK))
    assert link.is_dirty
    assert readings[0].quality is Quality.NEVER


@pytest.mark.parametrize(
    "answer",
    [
        LINE[:-10] + b"\r\n",  # fields missing
        LINE[:-2] + b",0\r\n",  # a field too many
        LINE.replace(b"2.0000E-06", b"2,0000E-06"),
        LINE.replace(b"2.0000E-06", b"nan"),
        LINE.replace(b"E-06", b"E-0"),
        LINE[:-1],  # its end has not come
        IDENTITY,  # late answer to another question
        b"0\r\n",
        ACK,
    ],
)
def test_what_is_no_full_line_of_channels_is_not_taken(answer):
    driver = greeted()
    link, readings = poll(driver, (ENQ, answer))
    assert link.is_dirty
    assert all(reading.quality is Quality.NEVER for reading in readings)


def test_a_second_line_puts_both_in_doubt():
    driver = greeted()
    link, readings = poll(driver, (ENQ, LINE + LINE))
    assert link.is_dirty
    assert all(reading.quality is Quality.NEVER for reading in readings)


def test_a_nak_is_followed_by_the_error_word_and_a_new_question():
    driver = greeted()
    link, readings = poll(driver, (ENQ, NAK), (ENQ, b"1000\r\n"))
    assert driver.error_word == "1000"
    assert readings[0].quality is Quality.NEVER
    assert not link.is_dirty
    _, readings = poll(driver, (b"PRX\r\n", ACK), (ENQ, LINE))
    assert readings[0].quality is Quality.GOOD


def test_the_unit_is_verified_again_and_a_wrong_one_spoils_every_reading():
    driver = greeted()
    play(driver, driver._verify_unit(), [(b"UNI\r\n", ACK), (ENQ, b"2\r\n")])
    _, readings = poll(driver, (b"PRX\r\n", ACK), (ENQ, LINE))
    assert [r.quality for r in readings] == [Quality.SENSOR_FAULT] * 3
    play(driver, driver._verify_unit(), [(b"UNI\r\n", ACK), (ENQ, b"0\r\n")])
    _, readings = poll(driver, (b"PRX\r\n", ACK), (ENQ, LINE))
    assert [r.quality for r in readings] == [Quality.GOOD] * 3


def test_values_are_converted_to_mbar():
    station = STATION.model_copy(update={"gauges": STATION.gauges.model_copy(update={"unit": "Pa"})})
    driver = GaugeDriver(station, new_board())
    play(driver, driver.greet(), [*GREETING[:6], (ENQ, b"2\r\n"), *GREETING[7:]])
    _, readings = poll(driver, (ENQ, LINE.replace(b"5.0000E-02", b"5.0030E+04")))
    assert readings[0].value == pytest.approx(2e-8)
    assert readings[1].value == pytest.approx(500.3)


@pytest.mark.parametrize(
    ("field", "quality"),
    [
        (b"0,1.0000E+00", Quality.GOOD), (b"1,1.0000E+00", Quality.UNDER_RANGE), (b"2,1.1000E+03", Quality.OVER_RANGE),
        (b"5,2.0000E-2", Quality.SENSOR_FAULT), (b"0,-1.0100E+00", Quality.SENSOR_FAULT),
        (b"0,-4.0000E-02", Quality.GOOD), (b"0,9.9000E+09", Quality.SENSOR_FAULT),
    ],
)  # fmt: skip
def test_status_and_physics_give_the_quality(field, quality):
    driver = greeted()
    _, readings = poll(driver, (ENQ, LINE.replace(b"0,5.0000E-02", field)))
    assert readings[1].quality is quality


# --- against the simulated controller ---


def simulated(**changes):
    bench = StillBench()
    for name, value in changes.items():
        setattr(bench, name, value)
    world = OneInstrument("gauges", gauges.build(VALUES, bench, 1), bench)
    driver = GaugeDriver(STATION, new_board())
    return Turns(driver, world, 5 * SECOND), world, bench


def test_a_unit_that_streams_since_power_up_is_caught_and_polled():
    turns, world, _ = simulated()
    turns.serve(10.0)
    assert turns.greetings <= 2  # a line may have been on its way
    assert turns.driver.identity.startswith("TPG366")
    assert [turns.reading(n).quality for n in three(turns.driver)] == [Quality.GOOD] * 3
    assert turns.reading(turns.driver.board.signals.full_range).value == pytest.approx(2e-6, rel=0.15)
    # In the steady state a single ENQ is all that is said.
    assert world.heard[-15:] == [ENQ] * 15


def test_polls_are_at_2_hz_and_at_4_hz_while_gas_flows():
    turns, _, _ = simulated()
    turns.serve(5.0)
    turns.exchanged_at_ns.clear()
    turns.serve(10.0)
    assert _gaps(turns) == {500 * MILLISECOND}
    turns.driver.accept(levels(gas=True), turns.clock.now_ns())
    turns.exchanged_at_ns.clear()
    turns.serve(10.0)
    assert _gaps(turns) == {250 * MILLISECOND}
    turns.driver.accept(levels(gas=True, until_ns=turns.clock.now_ns()), turns.clock.now_ns())
    turns.serve(1.0)  # the lease runs out
    turns.exchanged_at_ns.clear()
    turns.serve(10.0)
    assert _gaps(turns) == {500 * MILLISECOND}


def _gaps(turns):
    times = turns.exchanged_at_ns
    return {after - before for before, after in pairwise(times)}


def test_prx_is_asked_again_after_the_unit_of_pressure_was():
    turns, world, _ = simulated()
    turns.serve(70.0)
    places = [place for place, said in enumerate(world.heard) if said == b"UNI\r\n"]
    assert len(places) == 3  # greeting, first poll, a minute later
    for place in places:
        assert world.heard[place : place + 4] == [b"UNI\r\n", ENQ, b"PRX\r\n", ENQ]


def test_a_late_answer_never_becomes_the_answer_to_the_next_question():
    turns, world, bench = simulated()
    turns.serve(3.0)
    late = [600 * MILLISECOND]

    def delay(replies):
        return [(at_ns + (late.pop() if late else 0), data) for at_ns, data in replies]

    world.spoil = delay
    turns.serve(0.6)  # this poll's answer comes after its dead-line
    world.spoil = lambda replies: replies
    bench.chamber_mbar = 500.0
    turns.serve(3.0)
    assert turns.greetings >= 2
    assert turns.reading(turns.driver.board.signals.capacitance).value == pytest.approx(500.0, abs=0.5)
    assert not turns.link.is_dirty


def test_a_restarted_unit_is_asked_for_its_unit_again():
    turns, world, bench = simulated()
    turns.serve(10.0)
    restarted = gauges.build(VALUES, bench, 2)
    world.instrument = restarted
    restarted.receive(b"UNI,1\r\n", bench.now_ns)  # it comes back in Torr, and silent
    restarted.receive(ETX, bench.now_ns)
    world.heard.clear()
    turns.serve(2.0)
    assert b"UNI\r\n" in world.heard
    assert turns.reading(turns.driver.board.signals.full_range).quality is Quality.SENSOR_FAULT


def test_a_unit_that_streams_again_is_greeted_again():
    turns, world, bench = simulated()
    turns.serve(10.0)
    greetings = turns.greetings
    world.instrument = gauges.build(VALUES, bench, 2)
    turns.serve(4.0)
    assert world.heard.count(ETX) >= 1
    assert turns.reading(turns.driver.board.signals.full_range).at_ns > turns.clock.now_ns() - SECOND
    assert turns.greetings >= greetings
    assert not turns.link.is_dirty


def test_a_stuck_gauge_becomes_uncertain_after_60_s_and_good_when_it_moves():
    turns, world, _ = simulated()
    turns.serve(5.0)
    frozen = LINE

    def stick(replies):
        return [(at_ns, frozen if data.startswith(b"0,") and len(data) > 20 else data) for at_ns, data in replies]

    world.spoil = stick
    turns.serve(58.0)
    numbers = three(turns.driver)
    assert [turns.reading(n).quality for n in numbers] == [Quality.GOOD] * 3
    turns.serve(4.0)
    assert [turns.reading(n).quality for n in numbers] == [Quality.UNCERTAIN] * 3
    world.spoil = lambda replies: replies
    turns.serve(1.0)
    assert [turns.reading(n).quality for n in numbers] == [Quality.GOOD] * 3


def test_silence_is_no_reading():
    turns, world, _ = simulated()
    turns.serve(5.0)
    before = turns.reading(turns.driver.board.signals.capacitance)
    world.spoil = lambda replies: []
    greetings = turns.greetings
    turns.serve(5.0)
    assert turns.reading(turns.driver.board.signals.capacitance) == before
    assert turns.greetings > greetings + 1
    world.spoil = lambda replies: replies
    turns.serve(2.0)
    assert turns.reading(turns.driver.board.signals.capacitance).at_ns > before.at_ns + 5 * SECOND
