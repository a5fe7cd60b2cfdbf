"""The SQC-310 codec against bytes printed in manuals or captured from hardware, both sides, every split."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import sqc310 as wire

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sqc-310-vectors.json").read_text())["vectors"]
FULL = [vector for vector in VECTORS if vector["attestation"] == "full"]
COMMANDS = [(v["message"], bytes.fromhex(v["packet_hex"])) for v in FULL if v["direction"] == "host_to_device"]
REPLIES = [(v["message"], bytes.fromhex(v["packet_hex"])) for v in FULL if v["direction"] == "device_to_host"]
CHECKED = [(message, packet) for message, packet in COMMANDS if packet[-2:] != b"\0\0"]
NULLS = [(message, packet) for message, packet in COMMANDS if packet[-2:] == b"\0\0"]
TEXT = st.text(st.characters(min_codepoint=0x22, max_codepoint=0x7E) | st.just(" "), min_size=1, max_size=100)


def test_all_published_vectors_are_here():
    assert (len(FULL), len(CHECKED), len(NULLS), len(REPLIES)) == (57, 32, 4, 21)


@pytest.mark.parametrize(("message", "packet"), CHECKED)
def test_command_is_encoded_as_published(message, packet):
    assert wire.encode_command(message) == packet


@pytest.mark.parametrize(("message", "packet"), COMMANDS)
def test_instrument_reads_published_commands_null_crc_included(message, packet):
    assert wire.CommandFramer().feed(packet) == [packet]
    assert wire.decode_command(packet) == (message, True)


@pytest.mark.parametrize(("message", "packet"), REPLIES)
def test_reply_is_encoded_and_decoded_as_published(message, packet):
    assert wire.encode_reply(message[0], message[1:]) == packet
    assert wire.ReplyFramer().feed(packet) == [packet]
    assert wire.decode_reply(packet) == (message[0], message[1:], True)


@pytest.mark.parametrize("framer", [wire.CommandFramer, wire.ReplyFramer])
def test_any_split_gives_the_same_frames(framer):
    packets = [packet for _, packet in (COMMANDS if framer is wire.CommandFramer else REPLIES)]
    for first, second in zip(packets, packets[1:] + packets[:1], strict=True):
        stream = first + second
        for cut in range(len(stream) + 1):
            collector = framer()
            assert collector.feed(stream[:cut]) + collector.feed(stream[cut:]) == [first, second]
            assert not collector.clear()


@pytest.mark.parametrize(("message", "packet"), REPLIES)
def test_single_bytes_give_the_same_frame(message, packet):
    framer = wire.ReplyFramer()
    assert [frame for byte in packet for frame in framer.feed(bytes((byte,)))] == [packet]


@pytest.mark.parametrize(("message", "packet"), REPLIES)
def test_truncated_reply_is_never_a_shorter_one(message, packet):
    for length in range(len(packet)):
        framer = wire.ReplyFramer()
        assert framer.feed(packet[:length]) == []
        assert framer.clear() is (length > 0)
        assert framer.clear() is False


def test_sync_restarts_reception():
    packet = wire.encode_reply("A", "0.00 ")
    for length in range(len(packet)):
        assert wire.ReplyFramer().feed(packet[:length] + packet) == [packet]


def test_noise_before_a_packet_is_skipped():
    packet = wire.encode_command("V?")
    assert wire.CommandFramer().feed(bytes(range(0x22, 0x7F)) + b"\0\xff" + packet) == [packet]


@pytest.mark.parametrize("length", [0, 1, 33, 34])
def test_packet_without_a_message_is_ignored(length):
    packet = wire.encode_command("J")
    assert wire.CommandFramer().feed(b"!" + bytes((length,)) + b"xy" + packet) == [packet]


def test_reply_without_a_status_letter_is_ignored():
    packet = wire.encode_reply("A")
    assert wire.ReplyFramer().feed(b"!" + bytes((35,)) + b"xy" + packet) == [packet]


def test_wrong_crc_is_said_and_not_raised():
    packet = bytearray(wire.encode_reply("A", "5950000.00"))
    packet[5] ^= 0x01
    frames = wire.ReplyFramer().feed(bytes(packet))
    assert [wire.decode_reply(frame).crc_ok for frame in frames] == [False]


def test_every_single_bit_error_in_a_reply_is_noticed():
    packet = wire.encode_reply("A", "0 5950000.00 95.00")
    for place in range(8 * len(packet)):
        damaged = bytearray(packet)
        damaged[place // 8] ^= 1 << place % 8
        frames = wire.ReplyFramer().feed(bytes(damaged))
        assert not any(wire.decode_reply(frame).crc_ok for frame in frames)


def test_half_null_crc_is_an_ordinary_wrong_crc():
    packet = wire.encode_command("K2")
    assert not wire.decode_command(packet[:-1] + b"\0").crc_ok
    assert not wire.decode_command(packet[:-2] + b"\0" + packet[-1:]).crc_ok


def test_crc_bytes_are_never_a_sync_nor_flow_control():
    for first in range(256):
        for second in (0, 0x21, 0x55, 0xFF):
            assert all(0x22 <= byte <= 0xA1 for byte in wire.crc(bytes((first, second))))


@pytest.mark.parametrize(
    "message",
    ["CA1? 1", "CA1? 2", "CA1? 3", "CB1 1? 1", "CC1 1 2? 1", "E", "E1"]
    + [f"U{number}" for number in (*range(2, 5), *range(6, 32), *range(34, 38))]
    + ["U05", "U 2", "U2 ", "U321"],
)
def test_what_must_never_be_sent_has_no_encoder(message):
    with pytest.raises(ValueError, match="never sent"):
        wire.encode_command(message)


@pytest.mark.parametrize("message", ["", "F1 1,a!b", "Zn µ", "x" * 222])
def test_what_no_packet_can_carry_is_refused(message):
    with pytest.raises(ValueError, match="does not fit"):
        wire.encode_command(message)


def test_longest_packets_use_the_whole_length_byte():
    assert wire.encode_command("D" * 221)[1] == 255
    assert wire.encode_reply("A", "x" * 219)[1] == 255
    with pytest.raises(ValueError, match="does not fit"):
        wire.encode_reply("A", "x" * 220)


@given(TEXT, st.data())
def test_commands_survive_any_split(message, data):
    packet = wire.encode_command("F" + message)
    cut = data.draw(st.integers(0, len(packet)))
    framer = wire.CommandFramer()
    frames = framer.feed(packet[:cut]) + framer.feed(packet[cut:])
    assert [wire.decode_command(frame) for frame in frames] == [("F" + message, True)]


@given(st.sampled_from("ABCDEFG"), TEXT)
def test_replies_survive_the_round_trip(status, payload):
    assert wire.decode_reply(wire.encode_reply(status, payload)) == (status, payload, True)


@given(st.binary(max_size=300))
def test_noise_never_breaks_the_framer(noise):
    framer = wire.ReplyFramer()
    framer.feed(noise)
    packet = wire.encode_reply("A", "4")
    assert framer.feed(packet)[-1:] == [packet]
