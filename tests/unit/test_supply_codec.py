import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.signals import SupplyMode
from pvdstation.protocol import supply
from pvdstation.protocol.supply import Operation, Questionable

REPLIES = [b"TDK-LAMBDA,G10-170,1234567-0001,G:01.004", b"01.234", b"CC", b'-222,"Data Out Of Range;6"', b"1"]


@pytest.mark.parametrize("end", [b"\r\n", b"\n\r", b"\n"])
def test_every_split_and_every_line_end_gives_the_same_replies(end):
    wire = b"".join(reply + end for reply in REPLIES)
    for cut in range(len(wire) + 1):
        framer = supply.LineFramer()
        assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == REPLIES
        assert not framer.clear()


def test_an_unfinished_line_is_no_reply_and_can_be_forgotten():
    framer = supply.LineFramer()
    assert framer.feed(b"12.3") == []
    assert framer.clear()
    assert framer.feed(b"45.6\r\n") == [b"45.6"]


def test_an_endless_line_is_dropped():
    framer = supply.LineFramer()
    assert framer.feed(b"x" * 2000) == []
    assert framer.feed(b"\n1\n") == [b"1"]


# GENESYS+ manuals as quoted in the power supply reference, 4.2 and 4.3.
@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (b'0,"No error"', 0, "No error"),
        (b'-222,"Data Out Of Range;6"', -222, "Data Out Of Range;6"),
        (b'-350,"Queue Overflow;6"', -350, "Queue Overflow;6"),
        (b'342,"Communication Watchdog Timeout;6"', 342, "Communication Watchdog Timeout;6"),
    ],
)
def test_error_queue_entries_of_the_manual(line, code, text):
    assert supply.error_entry(line) == (code, text)


@pytest.mark.parametrize("line", [b"0", b'0,"No error', b'0,"a","b"', b"-222,Data", b'1e3,"x"', b'0,"No error" '])
def test_what_is_no_error_entry_is_refused(line):
    assert not supply.is_error(line)
    with pytest.raises(supply.Malformed):
        supply.error_entry(line)


def test_identity_of_the_manual():
    who = supply.identity(b"TDK-LAMBDA,G10-170,1234567,G:01.004")
    assert who == ("TDK-LAMBDA", "G10-170", "1234567", "G:01.004")
    assert supply.rating(who.model) == (10, 170)


@pytest.mark.parametrize(
    ("model", "rating"),
    [("GH10-100", (10, 100)), ("GB10-100", (10, 100)), ("GS10-1020", (10, 1020)), ("GEN12.5-60", (12.5, 60))],
)
def test_rating_is_read_from_the_model(model, rating):
    assert supply.rating(model) == rating


@pytest.mark.parametrize("model", ["SM15K", "GH10", "10-100", "GH10-100-X", ""])
def test_a_model_without_a_rating_has_none(model):
    assert supply.rating(model) is None


@pytest.mark.parametrize(("line", "value"), [(b"01.234", 1.234), (b"043.21", 43.21), (b"-0.01", -0.01), (b"4", 4)])
def test_plain_numbers_are_read(line, value):
    assert supply.number(line) == value


@pytest.mark.parametrize(
    "line",
    [
        b"1,234",
        b"1.2,3.4",
        b"9.9E9",
        b"1e3",
        b"+-1",
        b"--1",
        b"nan",
        b"inf",
        b"1 2",
        b" 1",
        b"1.2.3",
        b"",
        b".5",
        b"1V",
    ],
)
def test_anything_else_is_no_number(line):
    assert not supply.is_number(line)
    with pytest.raises(supply.Malformed):
        supply.number(line)


@pytest.mark.parametrize("line", [b"65536", b"-1", b"1.0", b"", b"0x10"])
def test_what_is_no_register_is_refused(line):
    with pytest.raises(supply.Malformed):
        supply.register(line)


def test_register_bits_are_those_of_the_manual():
    assert Questionable(supply.register(b"32776")) == Questionable.CWT | Questionable.FLD
    assert Operation(supply.register(b"8198")) == Operation.CC | Operation.NFLT | Operation(1 << 13)
    assert Operation.ECR == 8192
    assert Questionable.ENA == 256


@pytest.mark.parametrize("word", ["CV", "CC", "CP", "OFF"])
def test_modes_are_these_four_words(word):
    assert supply.mode(word.encode()) is SupplyMode[word]


@pytest.mark.parametrize("word", [b"cv", b"CV ", b"", b"1"])
def test_any_other_word_is_no_mode(word):
    with pytest.raises(supply.Malformed):
        supply.mode(word)


def test_switches_answer_digits_or_words():
    assert [supply.switch(word) for word in (b"1", b"ON", b"0", b"OFF")] == [True, True, False, False]
    with pytest.raises(supply.Malformed):
        supply.switch(b"2")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e12])
def test_a_number_that_is_not_finite_or_too_long_is_never_sent(value):
    with pytest.raises(ValueError, match="cannot be set"):
        supply.setting("CURR", value, 2)


@pytest.mark.parametrize("text", ["OUTP 1\nCURR 9", "OUTP\r", "CURR 5 Å", "\t"])
def test_only_one_line_of_ascii_is_sent(text):
    with pytest.raises(ValueError, match="one line"):
        supply.line(text)


@given(st.floats(0, 105), st.integers(0, 4))
def test_settings_are_read_as_they_were_meant(value, decimals):
    framer = supply.CommandFramer()
    (command,) = framer.feed(supply.setting("CURR", value, decimals))
    read = supply.CommandTable(("[SOURce]:CURRent[:LEVel]",)).understand(command)
    assert read.header == "[SOURce]:CURRent[:LEVel]"
    assert abs(float(read.arguments[0]) - value) <= 0.5 * 10**-decimals + 1e-9


@pytest.mark.parametrize(
    "wire",
    [
        b"OUTP 0\nCURR 0\nOUTP?\n",
        b"OUTP 0\rCURR 0\rOUTP?\r",
        b"OUTP 0\r\n\r\nCURR 0\n\rOUTP?\n\n",
        b"OUTP 0;CURR 0; OUTP?\n",
    ],
)
def test_commands_are_framed_however_they_come(wire):
    commands = [b"OUTP 0", b"CURR 0", b"OUTP?"]
    for cut in range(len(wire) + 1):
        framer = supply.CommandFramer()
        assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == commands


def test_a_joined_line_acts_only_when_it_is_complete():
    framer = supply.CommandFramer()
    assert framer.feed(b"OUTP 1;CURR 5") == []
    assert framer.feed(b"0\n") == [b"OUTP 1", b"CURR 50"]


# GH10-100 manual p. 94: the printed short form of the watchdog has five letters.
def test_headers_are_understood_short_long_and_without_their_optional_words():
    table = supply.CommandTable(("SYSTem[:COMMunicate]:WATCHdog[:STATe]", "VOLTage:PROTection:LEVel", "*IDN"))
    watchdog = "SYSTem[:COMMunicate]:WATCHdog[:STATe]"
    for spelt in ("SYST:WATCH", "syst:comm:watch:stat", "SYSTEM:COMMUNICATE:WATCHDOG:STATE", ":SYST:WATCHDOG"):
        assert table.understand(f"{spelt}?".encode()) == (watchdog, True, ())
        assert table.understand(f"{spelt} 1".encode()) == (watchdog, False, ("1",))
    for spelt in ("SYST:WATC", "SYST:WATCHD", "WATCH", "SYST"):
        assert table.understand(spelt.encode()).header == ""
    assert table.understand(b"*idn?") == ("*IDN", True, ())


@given(st.binary(max_size=200))
def test_noise_gives_lines_that_are_never_half_a_number(noise):
    framer = supply.LineFramer()
    for frame in framer.feed(noise):
        if supply.is_number(frame):
            assert math.isfinite(supply.number(frame))
