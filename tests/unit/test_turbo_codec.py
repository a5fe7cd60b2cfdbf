"""Turbo telegrams: printed examples, every split, round trips, what must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import turbo
from pvdstation.protocol.turbo import DataType, Malformed, Telegram, TelegramFramer

# Printed in the TC 400 manual p.25 and in manuals of the family.
PRINTED = [
    (b"1230030902=?112", Telegram(123, 0, 309, "=?")),
    (b"1231030906000633037", Telegram(123, 10, 309, "000633")),  # 633 Hz
    (b"0421001006111111020", Telegram(42, 10, 10, "111111")),  # pumping station on
]
# Not printed: computed by hand from the rule of the checksum.
COMPUTED = [
    (b"0010030902=?107", Telegram(1, 0, 309, "=?")),
    (b"0010030302=?101", Telegram(1, 0, 303, "=?")),
    (b"0010031602=?105", Telegram(1, 0, 316, "=?")),
    (b"0011001006111111015", Telegram(1, 10, 10, "111111")),
    (b"0011001006000000009", Telegram(1, 10, 10, "000000")),
    (b"0011002306111111019", Telegram(1, 10, 23, "111111")),
    (b"0011001206111111017", Telegram(1, 10, 12, "111111")),
    (b"0011003003001121", Telegram(1, 10, 30, "001")),
    (b"0011006003002125", Telegram(1, 10, 60, "002")),
    (b"0011000906111111023", Telegram(1, 10, 9, "111111")),
    (b"0011030306000000014", Telegram(1, 10, 303, "000000")),
    (b"0011030906001000021", Telegram(1, 10, 309, "001000")),
]


@pytest.mark.parametrize(("frame", "telegram"), PRINTED + COMPUTED)
def test_examples_decode_and_encode(frame, telegram):
    assert turbo.decode(frame) == telegram
    assert turbo.encode(telegram) == frame + b"\r"


@pytest.mark.parametrize(("frame", "telegram"), PRINTED + COMPUTED)
def test_every_single_damaged_digit_is_noticed(frame, telegram):
    for place in range(len(frame)):
        for other in b"0123456789":
            spoilt = frame[:place] + bytes([other]) + frame[place + 1 :]
            if spoilt != frame:
                with pytest.raises(Malformed):
                    turbo.decode(spoilt)


@pytest.mark.parametrize(("frame", "telegram"), PRINTED + COMPUTED)
def test_a_truncated_telegram_is_none(frame, telegram):
    for length in range(len(frame)):
        with pytest.raises(Malformed):
            turbo.decode(frame[:length])


def test_other_actions_are_refused():
    body = b"0010530902=?"
    with pytest.raises(Malformed):
        turbo.decode(body + b"%03d" % turbo.checksum(body))


def test_any_split_gives_the_same_telegrams():
    wire = b"".join(frame + b"\r" for frame, _ in PRINTED)
    for first in range(len(wire) + 1):
        for second in range(first, len(wire) + 1):
            framer = TelegramFramer()
            parts = wire[:first], wire[first:second], wire[second:]
            assert [f for part in parts for f in framer.feed(part)] == [frame for frame, _ in PRINTED]
            assert not framer.clear()


@pytest.mark.parametrize("noise", [b"\xff", b"\x00\xff\xfe", b"\n", b"~?", b"\xff" * 400])
def test_noise_in_front_is_dropped(noise):
    assert TelegramFramer().feed(noise + PRINTED[1][0] + b"\r") == [PRINTED[1][0]]
    assert TelegramFramer().feed(noise + b"\r") == []


VALUES = [
    (DataType.BOOLEAN_OLD, 1.0, "111111"),
    (DataType.BOOLEAN_OLD, 0.0, "000000"),
    (DataType.U_INTEGER, 633.0, "000633"),
    (DataType.U_REAL, 66.7, "006670"),
    (DataType.BOOLEAN_NEW, 1.0, "1"),
    (DataType.U_SHORT_INT, 2.0, "002"),
    (DataType.U_EXPO_NEW, 1000.0, "100023"),  # printed: 1.000e3
    (DataType.U_EXPO_NEW, 1.234e-9, "123411"),
    (DataType.U_EXPO_NEW, 0.0, "000000"),
]


@pytest.mark.parametrize(("kind", "value", "data"), VALUES)
def test_values_of_each_type(kind, value, data):
    assert turbo.encode_value(kind, value) == data
    assert turbo.decode_number(kind, data) == pytest.approx(value)


@pytest.mark.parametrize(("kind", "data"), [(DataType.STRING, "TC 110"), (DataType.STRING_16, "TC 110 PB V1.0  ")])
def test_texts_of_each_type(kind, data):
    assert turbo.encode_value(kind, data.strip()) == data
    assert turbo.decode_text(kind, data) == data.strip()


@pytest.mark.parametrize("error", sorted(turbo.ERRORS))
@pytest.mark.parametrize("kind", list(DataType))
def test_an_error_text_is_never_a_value(error, kind):
    with pytest.raises(Malformed):
        turbo.decode_number(kind, error)
    with pytest.raises(Malformed):
        turbo.decode_text(kind, error)


OTHER_FORMS = {
    DataType.BOOLEAN_OLD: ("111110", "000002", "1"),
    DataType.U_INTEGER: ("00063", "-00633", "0063.3", "00０633"),
    DataType.U_SHORT_INT: ("2", "0002"),
    DataType.BOOLEAN_NEW: ("2", ""),
}


@pytest.mark.parametrize(("kind", "data"), [(kind, data) for kind, texts in OTHER_FORMS.items() for data in texts])
def test_data_of_another_form_is_refused(kind, data):
    with pytest.raises(Malformed):
        turbo.decode_number(kind, data)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(DataType.U_INTEGER, 1e6), (DataType.U_INTEGER, -1), (DataType.U_SHORT_INT, 1000), (DataType.STRING, "TC 1100"),
     (DataType.U_REAL, 1e4), (DataType.U_EXPO_NEW, 1e-30), (DataType.U_INTEGER, "12")],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(kind, value):
    with pytest.raises(Malformed):
        turbo.encode_value(kind, value)


@pytest.mark.parametrize(("text", "number"), [("000000", 0), ("Err006", 6), ("Err107", 107), ("Wrn007", 0)])
def test_error_codes(text, number):
    assert turbo.error_number(text) == number


@pytest.mark.parametrize("text", ["NO_DEF", "Err6", "Err00x", "err006", "", "000", "Err0066"])
def test_other_texts_are_no_error_code(text):
    with pytest.raises(Malformed):
        turbo.error_number(text)


@given(
    st.integers(0, 999),
    st.sampled_from([0, 10]),
    st.integers(0, 999),
    st.text("0123456789=?_ABCXYZ ", min_size=1, max_size=99),
    st.data(),
)
def test_telegrams_survive_the_wire_in_any_two_pieces(address, action, parameter, text, data):
    telegram = Telegram(address, action, parameter, text)
    wire = turbo.encode(telegram)
    cut = data.draw(st.integers(0, len(wire)))
    framer = TelegramFramer()
    (frame,) = framer.feed(wire[:cut]) + framer.feed(wire[cut:])
    assert turbo.decode(frame) == telegram


@given(st.binary(max_size=40))
def test_noise_is_refused_or_a_telegram(noise):
    try:
        telegram = turbo.decode(noise)
    except Malformed:
        return
    assert turbo.encode(telegram) == noise + b"\r"


@given(st.floats(1e-15, 1e15))
def test_exponential_numbers_keep_four_digits(value):
    data = turbo.encode_value(DataType.U_EXPO_NEW, value)
    assert turbo.decode_number(DataType.U_EXPO_NEW, data) == pytest.approx(value, rel=6e-4)
