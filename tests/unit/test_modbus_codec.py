import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import modbus, modbus_rtu
from pvdstation.protocol.modbus import Answer, Call

# Modbus application protocol V1.1b3, sections 6.1 to 6.12: question, answer, both as the specification prints them.
SPECIFICATION = [
    (Call(1, 0x13, 19), "01 00 13 00 13", "01 03 CD 6B 05", Answer(bits=0x056BCD)),
    (Call(2, 0xC4, 22), "02 00 C4 00 16", "02 03 AC DB 35", Answer(bits=0x35DBAC)),
    (Call(3, 0x6B, 3), "03 00 6B 00 03", "03 06 02 2B 00 00 00 64", Answer(registers=(555, 0, 100))),
    (Call(4, 0x08, 1), "04 00 08 00 01", "04 02 00 0A", Answer(registers=(10,))),
    (Call(5, 0xAC, 1, 1), "05 00 AC FF 00", "05 00 AC FF 00", Answer()),
    (Call(6, 0x01, 1, 0, (3,)), "06 00 01 00 03", "06 00 01 00 03", Answer()),
    (Call(15, 0x13, 10, 0x01CD), "0F 00 13 00 0A 02 CD 01", "0F 00 13 00 0A", Answer()),
    (Call(16, 0x01, 2, 0, (0x000A, 0x0102)), "10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02", Answer()),
]
# Waveshare relay board: frames with CRC (digital I/O reference, section 5).
RELAY_BOARD = [
    (Call(5, 0, 1, 1), "01 05 00 00 FF 00 8C 3A"),
    (Call(5, 0, 1, 0), "01 05 00 00 00 00 CD CA"),
    (Call(5, 0xFF, 1, 1), "01 05 00 FF FF 00 BC 0A"),
    (Call(5, 0xFF, 1, 0), "01 05 00 FF 00 00 FD FA"),
    (Call(1, 0, 8), "01 01 00 00 00 08 3D CC"),
    (Call(15, 0, 8, 0xFF), "01 0F 00 00 00 08 01 FF BE D5"),
    (Call(15, 0, 8, 0x00), "01 0F 00 00 00 08 01 00 FE 95"),
]


def enveloped(number: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu


@pytest.mark.parametrize(("call", "question", "answer", "meaning"), SPECIFICATION)
def test_specification_examples_both_ways(call, question, answer, meaning):
    exchange = modbus.Host(17).ask(call)
    assert exchange.frame == enveloped(1, 17, bytes.fromhex(question))
    received = modbus.receive(exchange.frame)
    assert (received.call, received.refusal) == (call, 0)
    reply = modbus.reply(received, meaning)
    assert reply == enveloped(1, 17, bytes.fromhex(answer))
    assert exchange.answers(reply)
    assert exchange.answer(reply) == meaning


@pytest.mark.parametrize(("call", "frame"), RELAY_BOARD)
def test_relay_board_frames_carry_this_crc(call, frame):
    wire = bytes.fromhex(frame)
    exchange = modbus.Host(1).ask(call)
    assert modbus_rtu.to_rtu(exchange.frame) == wire
    assert modbus_rtu.from_rtu(wire, 1) == exchange.frame


@pytest.mark.parametrize("place", range(8))
def test_a_changed_byte_breaks_the_crc(place):
    wire = bytearray.fromhex(RELAY_BOARD[0][1])
    wire[place] ^= 0x04
    with pytest.raises(modbus.Malformed):
        modbus_rtu.from_rtu(bytes(wire), 1)


@pytest.mark.parametrize(("call", "question", "answer", "meaning"), SPECIFICATION)
def test_every_split_gives_the_same_frames(call, question, answer, meaning):
    wire = enveloped(1, 1, bytes.fromhex(question)) + enveloped(2, 1, bytes.fromhex(answer))
    whole = modbus.TcpFramer().feed(wire)
    assert len(whole) == 2
    for cut in range(len(wire) + 1):
        framer = modbus.TcpFramer()
        assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == whole
        assert not framer.clear()
    framer = modbus.TcpFramer()
    assert [frame for byte in wire for frame in framer.feed(bytes([byte]))] == whole


@pytest.mark.parametrize(("call", "question", "answer", "meaning"), SPECIFICATION)
def test_a_truncated_answer_is_no_answer(call, question, answer, meaning):
    exchange = modbus.Host(1).ask(call)
    pdu = bytes.fromhex(answer)
    for length in range(1, len(pdu)):
        assert not exchange.answers(enveloped(1, 1, pdu[:length]))
    assert not exchange.answers(enveloped(1, 1, pdu + b"\0"))


@pytest.mark.parametrize(("call", "question", "answer", "meaning"), SPECIFICATION)
def test_another_number_unit_or_function_is_no_answer(call, question, answer, meaning):
    exchange = modbus.Host(1).ask(call)
    pdu = bytes.fromhex(answer)
    assert exchange.answers(enveloped(1, 1, pdu))
    assert not exchange.answers(enveloped(0, 1, pdu))
    assert not exchange.answers(enveloped(2, 1, pdu))
    assert not exchange.answers(enveloped(1, 2, pdu))
    for other in range(256):
        if other & 0x7F != pdu[0]:
            assert not exchange.answers(enveloped(1, 1, bytes([other]) + pdu[1:]))


@pytest.mark.parametrize("echo", ["05 00 AD FF 00", "05 00 AC 00 00", "05 00 AC FF 01", "05 00 AC 01 00"])
def test_a_write_needs_its_own_echo(echo):
    assert not modbus.Host(1).ask(Call(5, 0xAC, 1, 1)).answers(enveloped(1, 1, bytes.fromhex(echo)))


def test_another_byte_count_is_no_answer():
    exchange = modbus.Host(1).ask(Call(2, 0, 22))
    assert not exchange.answers(enveloped(1, 1, bytes.fromhex("02 02 AC DB")))
    assert not exchange.answers(enveloped(1, 1, bytes.fromhex("02 04 AC DB 35 00")))
    assert not exchange.answers(enveloped(1, 1, bytes.fromhex("02 02 AC DB 35")))
    registers = modbus.Host(1).ask(Call(3, 0, 2))
    assert not registers.answers(enveloped(1, 1, bytes.fromhex("03 03 00 01 00")))
    assert not registers.answers(enveloped(1, 1, bytes.fromhex("03 02 00 01")))


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6, 11])
def test_an_exception_is_an_answer(code):
    exchange = modbus.Host(1).ask(Call(3, 0x1006))
    received = modbus.receive(exchange.frame)
    reply = modbus.reply(received, Answer(exception=code))
    assert reply == enveloped(1, 1, bytes([0x83, code]))
    assert exchange.answer(reply) == Answer(exception=code)


@pytest.mark.parametrize(
    ("pdu", "refusal"),
    [
        ("07", modbus.ILLEGAL_FUNCTION),
        ("2B 0E 01 00", modbus.ILLEGAL_FUNCTION),
        ("80 00 00", modbus.ILLEGAL_FUNCTION),
        ("01 00 00 00 00", modbus.ILLEGAL_VALUE),
        ("01 00 00 07 D1", modbus.ILLEGAL_VALUE),
        ("01 00 00 00 01 00", modbus.ILLEGAL_VALUE),
        ("05 00 00 12 34", modbus.ILLEGAL_VALUE),
        ("0F 00 00 00 08 02 FF 00", modbus.ILLEGAL_VALUE),
        ("10 00 00 00 02 04 00 01", modbus.ILLEGAL_VALUE),
        ("10 00 00 00 01 02 00", modbus.ILLEGAL_VALUE),
    ],
)
def test_a_bad_question_is_refused_with_its_code(pdu, refusal):
    received = modbus.receive(enveloped(9, 1, bytes.fromhex(pdu)))
    assert (received.call, received.refusal) == (None, refusal)
    reply = modbus.reply(received, Answer(exception=refusal))
    assert reply == enveloped(9, 1, bytes([bytes.fromhex(pdu)[0] | 0x80, refusal]))


def test_a_stream_that_is_no_modbus_is_dropped_and_the_next_frame_is_read():
    framer = modbus.TcpFramer()
    good = enveloped(1, 1, bytes.fromhex("01 00 13 00 13"))
    assert framer.feed(b"HTTP/1.1 400 Bad Request\r\n") == []
    assert framer.feed(good) == [good]
    assert framer.feed(b"\0\1\0\0\1\0" + b"\0" * 20) == []  # longer than 260 bytes
    assert framer.feed(good) == [good]


def test_numbers_never_repeat_before_65535_questions_and_never_are_0():
    host = modbus.Host(1)
    numbers = [host.ask(Call(1, 0, 1)).frame[:2] for _ in range(65536)]
    assert len(set(numbers[:65535])) == 65535
    assert b"\0\0" not in numbers
    assert numbers[65535] == numbers[0]


@pytest.mark.parametrize("call", [Call(7, 0), Call(1, 0, 0), Call(1, 0, 2001), Call(3, 0, 126), Call(1, 65536, 1)])
def test_a_question_beyond_the_bounds_is_refused_before_it_is_sent(call):
    with pytest.raises(ValueError, match=r".+"):
        modbus.Host(1).ask(call)


def test_the_library_stays_silent(caplog):
    exchange = modbus.Host(1).ask(Call(1, 0, 1))
    assert not exchange.answers(enveloped(1, 1, b"\x01"))
    assert caplog.records == []


bits_of_reads = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**n - 1)))


@given(bits_of_reads, st.integers(0, 0xFFFF), st.sampled_from([1, 2]), st.integers(0, 255))
def test_bits_survive_the_wire(reading, address, function, unit):
    quantity, bits = reading
    exchange = modbus.Host(unit).ask(Call(function, address, quantity))
    received = modbus.receive(exchange.frame)
    assert received.call == exchange.call
    reply = modbus.reply(received, Answer(bits=bits))
    assert len(reply) <= 260
    assert exchange.answer(reply) == Answer(bits=bits)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123), st.integers(0, 0xFFFF))
def test_registers_survive_the_wire(registers, address):
    written = Call(16, address, len(registers), 0, tuple(registers))
    assert modbus.receive(modbus.Host(1).ask(written).frame).call == written
    exchange = modbus.Host(1).ask(Call(3, address, len(registers)))
    answer = Answer(registers=tuple(registers))
    assert exchange.answer(modbus.reply(modbus.receive(exchange.frame), answer)) == answer


@given(st.binary(max_size=400))
def test_noise_is_framed_or_dropped_and_never_raises(noise):
    framer = modbus.TcpFramer()
    exchange = modbus.Host(1).ask(Call(1, 0x0200, 12))
    for frame in framer.feed(noise):
        assert len(frame) <= 260
        received = modbus.receive(frame)
        assert (received.call is None) == (received.refusal != 0)
        assert not exchange.answers(frame) or frame[:2] == exchange.frame[:2]


# Modbus application protocol V1.1b3, sections 6.16 and 6.17.
MASKED = (Call(22, 0x04, registers=(0xF2, 0x25)), "16 00 04 00 F2 00 25", "16 00 04 00 F2 00 25", Answer())
READ_WRITE = (
    Call(23, 0x03, 6, 0, (0xFF, 0xFF, 0xFF), 0x0E),
    "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
    "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF",
    Answer(registers=(0xFE, 0x0ACD, 1, 3, 0x0D, 0xFF)),
)


@pytest.mark.parametrize(("call", "question", "answer", "meaning"), [MASKED, READ_WRITE])
def test_mask_and_read_write_examples_both_ways(call, question, answer, meaning):
    exchange = modbus.Host(17).ask(call)
    assert exchange.frame == enveloped(1, 17, bytes.fromhex(question))
    received = modbus.receive(exchange.frame)
    assert (received.call, received.refusal) == (call, 0)
    assert modbus.reply(received, meaning) == enveloped(1, 17, bytes.fromhex(answer))
    assert exchange.answer(enveloped(1, 17, bytes.fromhex(answer))) == meaning


@pytest.mark.parametrize("echo", ["16 00 05 00 F2 00 25", "16 00 04 00 F3 00 25", "16 00 04 00 F2 00 24"])
def test_a_mask_needs_its_own_echo(echo):
    assert not modbus.Host(1).ask(MASKED[0]).answers(enveloped(1, 1, bytes.fromhex(echo)))


@pytest.mark.parametrize(
    "pdu", ["16 00 04 00 F2 00", "17 00 03 00 06 00 0E 00 03 04 00 FF 00 FF", "17 00 03 00 7E 00 0E 00 01 02 00 FF",
            "17 00 03 00 06 00 0E 00 7A F4" + " 00" * 244]
)  # fmt: skip
def test_a_bad_mask_or_read_write_is_refused(pdu):
    received = modbus.receive(enveloped(9, 1, bytes.fromhex(pdu)))
    assert (received.call, received.refusal) == (None, modbus.ILLEGAL_VALUE)
