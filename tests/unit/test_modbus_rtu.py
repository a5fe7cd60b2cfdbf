import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import modbus, modbus_rtu
from pvdstation.protocol.modbus import Answer, Call
from pvdstation.protocol.modbus_rtu import AnswerFramer, QuestionFramer, RtuHost

# Waveshare relay board, complete frames as its manual prints them (digital I/O reference, section 5).
QUESTIONS = [
    (Call(5, 0, 1, 1), "01 05 00 00 FF 00 8C 3A"),
    (Call(5, 0xFF, 1, 0), "01 05 00 FF 00 00 FD FA"),
    (Call(1, 0, 8), "01 01 00 00 00 08 3D CC"),
    (Call(15, 0, 8, 0xFF), "01 0F 00 00 00 08 01 FF BE D5"),
]
# Modbus over serial line and Modicon's reference guide: unit 1, one register read as 0x1388 or refused.
EVERY_KIND = [
    (Call(1, 0x13, 19), Answer(bits=0x056BCD)),
    (Call(2, 0xC4, 22), Answer(bits=0x35DBAC)),
    (Call(3, 0x6B, 3), Answer(registers=(555, 0, 100))),
    (Call(4, 0x08, 1), Answer(registers=(10,))),
    (Call(5, 0xAC, 1, 1), Answer()),
    (Call(6, 0x01, 1, 0, (3,)), Answer()),
    (Call(15, 0x13, 10, 0x01CD), Answer()),
    (Call(16, 0x01, 2, 0, (10, 0x0102)), Answer()),
    (Call(22, 0x04, registers=(0xF2, 0x25)), Answer()),
    (Call(23, 0x03, 2, 0, (0xFF, 0xFF), 0x0E), Answer(registers=(1, 2))),
    (Call(3, 0x6B, 3), Answer(exception=2)),
    (Call(15, 0, 8, 1), Answer(exception=4)),
]


@pytest.mark.parametrize(("call", "frame"), QUESTIONS)
def test_published_questions_are_built_and_read(call, frame):
    wire = bytes.fromhex(frame)
    assert RtuHost(1).ask(call).frame == wire
    assert QuestionFramer().feed(wire) == [wire]
    assert modbus_rtu.receive(wire).call == call


@pytest.mark.parametrize(("call", "answer"), EVERY_KIND)
def test_every_kind_of_exchange_goes_both_ways_in_any_two_pieces(call, answer):
    exchange = RtuHost(7).ask(call)
    for cut in range(len(exchange.frame) + 1):
        framer = QuestionFramer()
        (frame,) = framer.feed(exchange.frame[:cut]) + framer.feed(exchange.frame[cut:])
        assert not framer.clear()
    received = modbus_rtu.receive(frame)
    assert (received.unit, received.call, received.refusal) == (7, call, 0)
    wire = modbus_rtu.reply(received, answer)
    for cut in range(len(wire) + 1):
        framer = AnswerFramer([7])
        (frame,) = framer.feed(wire[:cut]) + framer.feed(wire[cut:])
        assert not framer.clear()
        assert exchange.answer(frame) == answer


@pytest.mark.parametrize(("call", "answer"), EVERY_KIND)
def test_a_changed_bit_is_never_an_answer(call, answer):
    exchange = RtuHost(7).ask(call)
    wire = modbus_rtu.reply(modbus_rtu.receive(exchange.frame), answer)
    for bit in range(8 * len(wire)):
        spoilt = bytearray(wire)
        spoilt[bit // 8] ^= 1 << bit % 8
        assert not [frame for frame in AnswerFramer([7]).feed(bytes(spoilt)) if exchange.answers(frame)]


@pytest.mark.parametrize("noise", [b"\xff", b"\x00", b"\xff\x00\xff", b"\x07", b"\x07\x07"])
def test_noise_of_a_switching_transceiver_before_an_answer_is_dropped(noise):
    exchange = RtuHost(7).ask(Call(2, 0, 22))
    wire = modbus_rtu.reply(modbus_rtu.receive(exchange.frame), Answer(bits=5))
    frames = AnswerFramer([7]).feed(noise + wire)
    assert [exchange.answer(frame) for frame in frames] == [Answer(bits=5)]


def test_the_echo_of_a_two_wire_adapter_is_no_answer_to_a_read():
    exchange = RtuHost(7).ask(Call(2, 0, 22))
    wire = modbus_rtu.reply(modbus_rtu.receive(exchange.frame), Answer(bits=5))
    frames = AnswerFramer([7]).feed(exchange.frame + wire)
    assert [exchange.answer(frame) for frame in frames if exchange.answers(frame)] == [Answer(bits=5)]


def test_another_unit_is_no_answer():
    exchange = RtuHost(7).ask(Call(2, 0, 8))
    other = RtuHost(8).ask(Call(2, 0, 8))
    wire = modbus_rtu.reply(modbus_rtu.receive(other.frame), Answer(bits=5))
    assert AnswerFramer([7]).feed(wire) == []
    assert not exchange.answers(wire)


def test_an_unknown_function_is_refused_when_its_crc_is_right():
    wire = modbus_rtu.to_rtu(b"\0\0\0\0\0\5" + bytes.fromhex("01 2B 0E 01 00"))
    (frame,) = QuestionFramer().feed(wire)
    received = modbus_rtu.receive(frame)
    assert (received.call, received.refusal) == (None, modbus.ILLEGAL_FUNCTION)
    assert modbus_rtu.reply(received, Answer(exception=1))[:3] == bytes.fromhex("01 AB 01")


def test_an_unfinished_frame_can_be_forgotten():
    framer = AnswerFramer([1])
    assert framer.feed(b"\x01\x03\x10") == []
    assert framer.clear()
    assert not framer.clear()


@given(st.binary(max_size=300))
def test_rtu_noise_is_framed_or_dropped_and_never_raises(noise):
    exchange = RtuHost(1).ask(Call(1, 0x0200, 12))
    for frame in AnswerFramer([1]).feed(noise):
        assert frame[0] == 1
        assert len(frame) <= 256
        exchange.answers(frame)
    for frame in QuestionFramer().feed(noise):
        assert len(frame) <= 256
        received = modbus_rtu.receive(frame)
        assert (received.call is None) == (received.refusal != 0)


@given(st.lists(st.sampled_from(EVERY_KIND), min_size=1, max_size=5))
def test_frames_in_a_row_are_told_apart(kinds):
    questions = [RtuHost(7).ask(call).frame for call, _ in kinds]
    assert QuestionFramer().feed(b"".join(questions)) == questions
    answers = [modbus_rtu.reply(modbus_rtu.receive(q), a) for q, (_, a) in zip(questions, kinds, strict=True)]
    assert AnswerFramer([7]).feed(b"".join(answers)) == answers
