"""GEN ASCII against the manual's own checksums and texts, both sides, every split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import supply_gen as gen
from pvdstation.protocol.supply import Questionable

# Power supply reference 5.1: STT? and STAT? from the manual, the others computed there from its rule.
PRINTED = [
    ("STT?", "3A"), ("STAT?", "7B"), ("ADR 06", "5D"), ("PC 25.0", "78"), ("MC?", "CF"), ("OUT 0", "48"), ("OK", "9A"),
    ("E01", "A6"),
]  # fmt: skip
STT = "MV(3.1020),PV(4.000),MC(60.02),PC(60.00),SR(06),FR(00)"  # as the manual prints it
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$\\"), min_size=1, max_size=40)


@pytest.mark.parametrize(("text", "digits"), PRINTED)
def test_checksum_is_as_printed(text, digits):
    assert gen.checksum(text) == digits
    assert gen.line(text) == f"{text}${digits}\r".encode()
    assert gen.encode_reply(text, checked=True) == f"{text}${digits}\r".encode()
    assert gen.reply_text(f"{text}${digits}".encode()) == text


@pytest.mark.parametrize("number", [6, 0, 30])
def test_address_has_two_digits(number):
    assert gen.address(number).startswith(f"ADR {number:02d}$".encode())


@pytest.mark.parametrize("number", [-1, 31])
def test_there_are_31_addresses(number):
    with pytest.raises(ValueError, match="no address"):
        gen.address(number)


@pytest.mark.parametrize("text", ["", "PC 1\r", "PC µ", "PC$1", "\x85"])
def test_what_is_not_one_command_has_no_encoder(text):
    with pytest.raises(ValueError, match="not one command"):
        gen.line(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e12])
def test_numbers_that_do_not_fit_have_no_encoder(value):
    with pytest.raises(ValueError, match="cannot be set"):
        gen.setting("PC", value, 2)


@pytest.mark.parametrize("frame", [b"OK", b"OK$9B", b"OK$9a", b"OL$9A", b"$", b"", b"OK$9A ", b"\xff$9A"])
def test_reply_without_its_own_checksum_is_none(frame):
    assert gen.reply_text(frame) is None


def test_every_single_bit_error_in_a_reply_is_noticed():
    frame = b"60.02$" + gen.checksum("60.02").encode()
    for place in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[place // 8] ^= 1 << place % 8
        assert gen.reply_text(bytes(damaged)) is None


def test_readings_of_the_manual():
    assert gen.readings(STT) == (3.102, 4.0, 60.02, 60.0, gen.Status.CC | gen.Status.NFLT, 0)
    assert gen.format_readings(("3.1020", "60.02"), ("4.000", "60.00"), 0x06, 0) == STT


def test_hex_letters_of_registers_are_read():
    told = gen.readings(STT.replace("SR(06)", "SR(AF)").replace("FR(00)", "FR(E0)"))
    assert told is not None
    assert (told.status, told.faults) == (0xAF, 0xE0)


@pytest.mark.parametrize(
    "text",
    [
        STT + ",X(1)", STT[:-1], STT.replace("(3.1020)", "(3,1020)"), STT.replace("SR(06)", "SR(6)"),
        STT.replace("SR(06)", "SR(0G)"), STT.replace("MC", "MA"), STT.replace("60.02", "6e1"), "OK", "",
    ],
)  # fmt: skip
def test_malformed_readings_are_refused(text):
    assert gen.readings(text) is None


@pytest.mark.parametrize(
    ("model", "rating"), [("GEN8-180", (8, 180)), ("GEN40-38", (40, 38)), ("GEN12.5-60", (12.5, 60)), ("GEN", None)]
)
def test_rating_is_in_the_models_name(model, rating):
    assert gen.rating(model) == rating


@pytest.mark.parametrize(
    ("text", "expected"),
    [("LAMBDA,GEN8-180", ("LAMBDA", "GEN8-180")), ("TDK-LAMBDA,GH10-100", ("TDK-LAMBDA", "GH10-100")), ("OK", None),
     ("12,5", None), ("LAMBDA,GEN8-180,1", None)],
)  # fmt: skip
def test_identity(text, expected):
    assert gen.identity(text) == expected


@pytest.mark.parametrize("text", ["", "1,2", "1e3", "nan", "+-1", "0x1", "١"])
def test_malformed_numbers_are_refused(text):
    assert gen.number(text) is None


def test_faults_have_the_stations_bits():
    assert gen.questionable(0xFE) == (
        Questionable.AC | Questionable.OTP | Questionable.FLD | Questionable.OVP | Questionable.SO | Questionable.OFF
        | Questionable.ENA
    )  # fmt: skip
    for bit in (Questionable.OVP, Questionable.ENA, Questionable.OFF):
        assert gen.questionable(gen.fault_register(bit)) == bit
    assert gen.fault_register(Questionable.ILC) == gen.Fault.ENA


# --- framing ---


@given(st.lists(TEXT, min_size=1, max_size=4), st.data())
def test_replies_survive_any_split(texts, data):
    stream = b"".join(gen.encode_reply(text, checked=True) for text in texts)
    cut = data.draw(st.integers(0, len(stream)))
    framer = gen.ReplyFramer()
    frames = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert [gen.reply_text(frame) for frame in frames] == texts


@pytest.mark.parametrize("unasked", [b"!06\r", b"I06\r", b"\r", b"\n"])
def test_service_requests_and_empty_lines_are_dropped(unasked):
    assert gen.ReplyFramer().feed(unasked + b"OK$9A\r" + unasked) == [b"OK$9A"]


def test_endless_line_is_dropped():
    framer = gen.ReplyFramer()
    framer.feed(b"x" * 1000)
    assert framer.feed(b"OK$9A\r")[-1:] == [b"OK$9A"]


def test_truncated_reply_is_told_when_cleared():
    framer = gen.ReplyFramer()
    assert (framer.feed(b"60.0"), framer.clear(), framer.clear()) == ([], True, False)


@given(TEXT, st.data())
def test_commands_survive_any_split(text, data):
    stream = gen.line(text)
    cut = data.draw(st.integers(0, len(stream)))
    framer = gen.CommandFramer()
    frames = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert [gen.decode_command(frame) for frame in frames] == [(text.strip().upper(), True)]


@pytest.mark.parametrize(
    ("sent", "lines"),
    [
        (b"PC 2\x085\r", [b"PC 5"]),  # backspace
        (b"\x08\x08PV?\r", [b"PV?"]),
        (b"PV?\n\r\n", [b"PV?"]),  # LF is ignored
        (b"\r", [b""]),
        (b"MC?\r\\\r", [b"MC?", b"MC?"]),
        (b"\\\r", [b""]),
        (b"\x86\xa0MC?\r", [b"MC?"]),  # multi-drop bytes
    ],
)
def test_unit_edits_its_line_as_the_manual_says(sent, lines):
    assert gen.CommandFramer().feed(sent) == lines


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        (b"mc?", ("MC?", None)), (b"MC?$CF", ("MC?", True)), (b"MC?$cf", ("MC?", True)), (b"MC?$CE", ("MC?", False)),
        (b"mc?$0F", ("MC?", True)), (b"", ("", None)),
    ],
)  # fmt: skip
def test_unit_reads_commands_with_and_without_checksum(frame, command):
    assert gen.decode_command(frame) == command
