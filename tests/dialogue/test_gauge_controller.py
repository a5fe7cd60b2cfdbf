"""The simulated gauge controller as a byte machine, and what its gauges show."""

import random
import statistics
from collections.abc import Mapping

import pytest
from vacuum_bench import VALUES, StillBench

from pvdsim.instruments import gauges
from pvdsim.instruments.gauge_heads import Capacitance, full_range, pirani
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.protocol import vacuum

ACK, NAK, ENQ, ETX = b"\x06\r\n", b"\x15\r\n", b"\x05", b"\x03"


def new(bench=None, values: Mapping = VALUES, seed=1):
    return gauges.build(values, bench or StillBench(), seed)


def idle(**changes):
    bench = StillBench()
    for name, value in changes.items():
        setattr(bench, name, value)
    unit = new(bench)
    assert unit.receive(ETX, 0) == []
    return unit


def said(unit, data, now_ns=0):
    return b"".join(reply for _, reply in unit.receive(data, now_ns))


def test_it_streams_from_power_up_until_the_first_byte():
    unit = new()
    assert unit.due_ns == SECOND
    lines = unit.advance_to(3 * SECOND)
    assert [at_ns for at_ns, _ in lines] == [n * SECOND + 5 * MILLISECOND for n in (1, 2, 3)]
    assert all(len(vacuum.decode_channels(line[:-2], 6)) == 6 for _, line in lines)
    unit.receive(b"A", 3 * SECOND)
    assert unit.due_ns > 10**18
    assert unit.advance_to(9 * SECOND) == []


def test_answers_take_5_ms_each():
    unit = idle()
    replies = unit.receive(b"UNI\r\n\x05", 7 * SECOND)
    assert replies == [(7 * SECOND + 5 * MILLISECOND, ACK), (7 * SECOND + 10 * MILLISECOND, b"0\r\n")]


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"AYT\r\n", b"TPG366,PTG28770,SIM00001,010100,010100\r\n"),
        (b"TID\r\n", b"PKR,CMR,TPR,noSEn,noSEn,noSEn\r\n"),
        (b"UNI\r\n", b"0\r\n"), (b"UNI,4\r\n", b"4\r\n"), (b" u n i , 4 \r", b"4\r\n"),
        (b"SEN\r\n", b"0,0,0,0,0,0\r\n"), (b"SEN,0,0,0,0,0,1\r\n", b"0,0,0,0,0,0\r\n"),
        (b"FIL\r\n", b"1,1,1,1,1,1\r\n"), (b"FIL,0,1,2,0,1,2\r\n", b"0,1,2,0,1,2\r\n"),
        (b"SPS\r\n", b"0,0,0,0,0,0\r\n"), (b"PNR\r\n", b"010100\r\n"), (b"ERR\r\n", b"0000\r\n"),
        (b"PR4\r\n", b"5,2.0000E-02\r\n"),
    ],
)  # fmt: skip
def test_messages_are_acknowledged_and_answered(message, answer):
    unit = idle()
    assert said(unit, message) == ACK
    assert said(unit, ENQ) == answer


@pytest.mark.parametrize(
    ("message", "word"),
    [(b"XYZ\r\n", b"0001\r\n"), (b"PR7\r\n", b"0001\r\n"), (b"\r\n", b"0001\r\n"), (b"SEN,1,1,1\r\n", b"0010\r\n"),
     (b"UNI,6\r\n", b"0010\r\n"), (b"UNI,\r\n", b"0010\r\n"), (b"PRX,1\r\n", b"0010\r\n"), (b"COM,3\r\n", b"0010\r\n")],
)  # fmt: skip
def test_wrong_messages_are_refused_with_their_error_word(message, word):
    unit = idle()
    assert said(unit, message) == NAK
    assert said(unit, ENQ) == word
    assert said(unit, b"ERR\r\n") == ACK
    assert said(unit, ENQ) == word  # reading clears it
    assert said(unit, ENQ) == b"0000\r\n"


def test_each_enq_gives_a_fresh_value():
    unit = idle()
    assert said(unit, b"PR2\r\n") == ACK
    assert len({said(unit, ENQ) for _ in range(40)}) > 5


def test_etx_forgets_the_question_and_the_unfinished_message():
    unit = idle()
    said(unit, b"UNI\r\n")
    assert said(unit, b"AY" + ETX + b"PNR\r\n") == ACK
    assert said(unit, ENQ) == b"010100\r\n"
    assert said(unit, ETX) == b""
    assert said(unit, ENQ) == NAK


@pytest.mark.parametrize(
    ("mode", "period_ns"), [(b"COM,0\r\n", SECOND // 10), (b"COM\r\n", SECOND), (b"COM,2\r\n", 60 * SECOND)]
)
def test_com_streams_at_once_and_until_the_next_byte(mode, period_ns):
    unit = idle()
    first, second = unit.receive(mode, SECOND)
    assert first[1] == ACK
    assert second[1].count(b",") == 11
    assert unit.due_ns == SECOND + period_ns
    assert len(unit.advance_to(SECOND + 3 * period_ns)) == 3
    unit.receive(ENQ, SECOND + 3 * period_ns)
    assert unit.advance_to(SECOND + 9 * period_ns) == []


def test_any_split_of_a_message_gives_the_same_answers():
    wire = b"UNI,1\r\n\x05AYT\r\n\x05XX\r\n\x05"
    expected = said(idle(), wire)
    for cut in range(len(wire) + 1):
        unit = idle()
        assert said(unit, wire[:cut]) + said(unit, wire[cut:]) == expected


def test_the_same_seed_gives_the_same_bytes():
    def stream(seed):
        return [line for _, line in new(seed=seed).advance_to(20 * SECOND)]

    assert stream(3) == stream(3)
    assert stream(3) != stream(4)


def channel(unit, number, times=400):
    said(unit, b"PR%d\r\n" % number)
    return [vacuum.decode_channels(said(unit, ENQ)[:-2], 1)[0] for _ in range(times)]


def test_logarithmic_gauges_have_three_digits_and_three_percent_of_noise():
    unit = idle()
    said(unit, b"PR1\r\n")
    lines = [said(unit, ENQ) for _ in range(400)]
    assert all(line[6:8] == b"00" for line in lines)
    values = [float(line[2:-2]) for line in lines]
    assert statistics.mean(values) == pytest.approx(2e-6, rel=0.01)
    assert statistics.stdev(values) / 2e-6 == pytest.approx(0.03, rel=0.15)


def test_the_capacitance_gauge_has_its_zero_and_its_noise_and_goes_negative():
    values = [reading.value for reading in channel(idle(), 2, 1000)]
    assert statistics.mean(values) == pytest.approx(0.05, abs=0.006)
    assert statistics.stdev(values) == pytest.approx(0.05, rel=0.1)
    assert min(values) < 0.0
    assert {status for status, _ in channel(idle(), 2)} == {0}


def test_the_capacitance_gauge_is_linear_and_the_same_in_every_gas():
    for argon in (0.0, 1.0):
        values = [reading.value for reading in channel(idle(chamber_mbar=500.0, argon_fraction=argon), 2)]
        assert statistics.mean(values) == pytest.approx(500.05, abs=0.02)


def test_the_capacitance_gauge_has_a_resolution_and_an_upper_end():
    still = Capacitance(1000.0, 0.0, 0.0)
    bench = StillBench()
    bench.chamber_mbar = 3.14159
    assert still.read(bench, random.Random(1)) == (0, pytest.approx(3.14))
    bench.chamber_mbar = 1100.2
    assert still.read(bench, random.Random(1)) == (2, pytest.approx(1100.0))


def test_a_full_range_gauge_in_argon_shows_a_plateau():
    assert full_range(1003.0, 1.0) == pytest.approx(30.0, rel=0.02)
    assert full_range(200.0, 1.0) == pytest.approx(full_range(1003.0, 1.0), rel=0.05)
    assert full_range(1003.0, 0.0) == pytest.approx(557.0, rel=0.02)


def test_gas_factors_hold_where_they_are_printed():
    assert full_range(1e-5, 1.0) * 0.8 == pytest.approx(1e-5)
    assert full_range(1e-5, 0.0) == 1e-5
    for p_mbar in (1e-2, 0.1, 1.0):
        assert pirani(p_mbar, 1.0) * 1.7 == pytest.approx(p_mbar, rel=1e-3)
        assert pirani(p_mbar, 0.0) == p_mbar


def test_gauges_agree_within_a_factor_of_two_where_they_are_compared():
    for argon in (0.0, 0.5, 1.0):
        for p_mbar in (2.0, 5.0, 10.0):
            assert 0.5 < full_range(p_mbar, argon) / p_mbar <= 1.0


@pytest.mark.parametrize("argon", [0.0, 0.3, 1.0])
def test_what_a_gauge_shows_never_falls_with_rising_pressure(argon):
    pressures = [10 ** (n / 50) for n in range(-450, 155)]
    shown = [full_range(p_mbar, argon) for p_mbar in pressures]
    assert shown == sorted(shown)


def test_under_range_is_a_status_and_the_lower_limit():
    assert channel(idle(foreline_mbar=1e-4), 3, 1)[0] == (1, 5e-4)
    assert channel(idle(chamber_mbar=1e-10), 1, 1)[0] == (1, 1e-9)


def test_other_units_show_other_numbers_of_the_same_pressure():
    unit = idle(foreline_mbar=1.0)
    unit_mean = {}
    for number in (0, 1, 2, 3, 4):
        said(unit, b"UNI,%d\r\n" % number)
        mean = statistics.mean(reading.value for reading in channel(unit, 3, 200))
        unit_mean[number] = mean * vacuum.MBAR_PER_UNIT[number]
    assert unit_mean == pytest.approx(dict.fromkeys(range(5), 1.0), rel=0.02)
    said(unit, b"UNI,5\r\n")
    assert statistics.mean(reading.value for reading in channel(unit, 3, 50)) == pytest.approx(11.33 / 1.667, rel=0.01)


def test_numbers_come_from_the_station_file():
    table = {"full_range_noise": "0 %", "capacitance_zero": "1 mbar", "capacitance_noise": "0 mbar"}
    values = {**VALUES, "simulation": {"gauges": table, "links": {"gauges": "8 ms"}}}
    unit = new(values=values)
    unit.receive(ETX, 0)
    (reply,) = unit.receive(b"PR2\r\n", 0)
    assert reply == (8 * MILLISECOND, ACK)
    assert {value for _, value in channel(unit, 2, 20)} == {1.0}
    assert {value for _, value in channel(unit, 1, 20)} == {2e-6}
