"""Gauge protocol: printed lines of the manuals, every split, round trips, what must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.signals import Quality
from pvdstation.protocol import vacuum
from pvdstation.protocol.vacuum import ChannelValue, Identity, LineFramer, Malformed, MessageFramer

# Printed in the manuals of the family (VGC50x tina96e1, TPG 261 BG 5195), or in a driver that cites BG 5510.
PRINTED_CHANNELS = [
    (b"0,8.3400E-03", (ChannelValue(0, 8.34e-3),)),
    (b"5,2.0000E-2", (ChannelValue(5, 2e-2),)),
]
# Built from the printed format a,sx.xxxxEsxx
FORMAT_CHANNELS = [
    (b"0,+1.0013E+03,1,+5.0000E-09", (ChannelValue(0, 1001.3), ChannelValue(1, 5e-9))),
    (b"0, 8.3400E-03, 2,-1.0000E-01", (ChannelValue(0, 8.34e-3), ChannelValue(2, -0.1))),
    (
        b"0,1.2300E-06,0,-4.2000E-02,7,2.0000E-2",
        (ChannelValue(0, 1.23e-6), ChannelValue(0, -0.042), ChannelValue(7, 0.02)),
    ),
]


@pytest.mark.parametrize(("line", "channels"), PRINTED_CHANNELS + FORMAT_CHANNELS)
def test_printed_lines_decode(line, channels):
    assert vacuum.decode_channels(line, len(channels)) == channels


def test_identity_has_five_fields():
    expected = Identity("VGC503", "398-483", "1234", "1.03", "1.0")
    assert vacuum.decode_identity(b"VGC503,398-483,1234,1.03,1.0") == expected


@pytest.mark.parametrize(
    "line", [b"VGC503,398-483,1234,1.03", b"VGC503,398-483,1234,1.03,1.0,1", b"VGC503,,1,1,1", b"\x06"]
)
def test_an_identity_with_other_fields_is_refused(line):
    with pytest.raises(Malformed):
        vacuum.decode_identity(line)


@pytest.mark.parametrize(
    "line",
    [
        b"0,8,3400E-03",  # comma as decimal sign
        b"0,8.3400E-03,0",  # surplus field
        b"0,8.3400E-03,0,1.0000E+00",  # a second channel where one was asked
        b"0,",
        b"8.3400E-03",
        b"",
        b"0,nan",
        b"0,inf",
        b"0,0.00834",
        b"0,8.3400e-03",
        b"0,8.3400E-0",  # a digit of the exponent lost: would read 1000 times too high
        b"0,8.340E-03",
        b"0,8.3400E-03 mbar",
        b"0,--8.3400E-03",
        b"8,8.3400E-03",
        b"00,8.3400E-03",
        b"-1,8.3400E-03",
        "٠,8.3400E-03".encode(),
        b"0,8_3.00E-03",
    ],
)
def test_anything_but_status_and_exponential_number_is_refused(line):
    with pytest.raises(Malformed):
        vacuum.decode_channels(line, 1)


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (0, Quality.GOOD),
        (1, Quality.UNDER_RANGE),
        (2, Quality.OVER_RANGE),
        *((s, Quality.SENSOR_FAULT) for s in range(3, 8)),
    ],
)
def test_status_gives_quality(status, quality):
    assert vacuum.decode_channels(b"%d,1.0000E-02" % status, 1)[0].quality is quality


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("0000", "no error"), ("1000", "controller error, see its display"), ("0100", "no hardware"),
     ("0010", "inadmissible parameter"), ("0001", "syntax error")],
)  # fmt: skip
def test_error_words_of_the_manual(word, sentence):
    assert vacuum.decode_error_word(word.encode()) == word
    assert vacuum.error_sentence(word) == sentence


@pytest.mark.parametrize("line", [b"000", b"00000", b"0002", b"0,8.3400E-03", b"\x15"])
def test_other_lines_are_no_error_word(line):
    with pytest.raises(Malformed):
        vacuum.decode_error_word(line)


def test_a_line_of_numbers_names_no_gauges():
    assert vacuum.decode_kinds(b"PKR,noSEn,IKR9") == ("PKR", "noSEn", "IKR9")
    with pytest.raises(Malformed):
        vacuum.decode_kinds(b"0,2.0000E-06,0,5.0000E-02")


def test_a_firmware_number_is_one_field():
    assert vacuum.decode_word(b"302-519-C") == "302-519-C"
    with pytest.raises(Malformed):
        vacuum.decode_word(b"0,2.0000E-06")


@pytest.mark.parametrize("line", [b"", b"00", b"x", b"-1", b"\xb2"])
def test_a_unit_is_one_digit(line):
    with pytest.raises(Malformed):
        vacuum.decode_digit(line)


def test_units_in_mbar():
    assert vacuum.MBAR_PER_UNIT[:5] == pytest.approx((1.0, 1.333224, 0.01, 1.333224e-3, 1.0), rel=1e-6)
    assert vacuum.MBAR_PER_UNIT[vacuum.VOLT] is None


def test_numbers_as_the_unit_writes_them():
    assert vacuum.format_value(8.3400e-3) == "8.3400E-03"
    assert vacuum.format_value(-0.05) == "-5.0000E-02"
    assert vacuum.format_value(-0.0) == "0.0000E+00"
    assert vacuum.format_value(1.23456e-6, logarithmic=True) == "1.2300E-06"  # decimals 3 and 4 always 0
    assert vacuum.format_value(9.999e2, logarithmic=True) == "1.0000E+03"


def test_host_messages():
    assert vacuum.encode_message("PRX") == b"PRX\r\n"
    assert vacuum.encode_message("SEN", 0, 0, 2) == b"SEN,0,0,2\r\n"


STREAM = b"\x06\r\n0,8.3400E-03\r\n\x15\r\n0001\r\n"
LINES = [b"\x06", b"0,8.3400E-03", b"\x15", b"0001"]


def test_any_split_gives_the_same_lines():
    for first in range(len(STREAM) + 1):
        for second in range(first, len(STREAM) + 1):
            framer = LineFramer()
            parts = STREAM[:first], STREAM[first:second], STREAM[second:]
            assert [line for part in parts for line in framer.feed(part)] == LINES
            assert not framer.clear()


def test_a_truncated_line_is_no_line():
    for length in range(len(b"0,8.3400E-03\r\n")):
        framer = LineFramer()
        assert framer.feed(b"0,8.3400E-03\r\n"[:length]) == []
        assert framer.clear() == (length > 0)


@pytest.mark.parametrize("lost", [b"\x06\n0,8.3400E-03\r\n", b"\x06\r0,8.3400E-03\r\n"])
def test_a_lost_end_makes_two_lines_into_none(lost):
    (line,) = LineFramer().feed(lost)
    assert line not in (vacuum.ACK, vacuum.NAK)
    with pytest.raises(Malformed):
        vacuum.decode_channels(line, 1)


@given(noise=st.binary(min_size=300, max_size=900).map(lambda b: b.replace(b"\r", b"?")), cut=st.integers(0, 900))
def test_an_overlong_line_is_dropped_whole_and_the_next_is_read(noise, cut):
    framer = LineFramer()
    wire = noise + b"\r\n\x06\r\n"
    assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == [b"\x06"]


channels = st.tuples(
    st.integers(0, 7), st.floats(1e-12, 2e3).map(vacuum.format_value) | st.floats(-9.0, -1e-9).map(vacuum.format_value)
)


@given(st.lists(channels, min_size=1, max_size=6), st.data())
def test_channels_survive_the_wire_in_any_two_pieces(sent, data):
    wire = vacuum.encode_channels(sent)
    cut = data.draw(st.integers(0, len(wire)))
    framer = LineFramer()
    (line,) = framer.feed(wire[:cut]) + framer.feed(wire[cut:])
    assert vacuum.decode_channels(line, len(sent)) == tuple((status, float(text)) for status, text in sent)


@given(st.binary(max_size=60))
def test_noise_never_decodes_to_anything_but_numbers(noise):
    try:
        values = vacuum.decode_channels(noise, 3)
    except Malformed:
        return
    assert all(value.value == value.value for value in values)


def test_the_unit_hears_messages_enq_and_etx_in_order():
    wire = b"prx\r\n\x05\x05UNI, 4\rjunk\x03AYT\r\n"
    expected = [b"PRX", b"\x05", b"\x05", b"UNI,4", b"\x03", b"AYT"]
    for cut in range(len(wire) + 1):
        framer = MessageFramer()
        assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == expected
