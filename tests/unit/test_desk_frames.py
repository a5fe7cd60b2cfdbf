"""Frames of the local socket: every split, and bytes of somebody who means no good."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdstation.desk.frames import DEPTH, IN_BYTES, OUT_BYTES, Deframer, FrameError, pack, read

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
).filter(lambda document: str(document).count("[") + str(document).count("{") <= DEPTH)
VECTORS = [
    (b'\x00\x00\x00\x0e{"say":"stop"}', {"say": "stop"}),
    (b'\x00\x00\x00\x0f{"say":"abort"}', {"say": "abort"}),
    (b'\x00\x00\x00\x0c{"a":"\xc3\x85/s"}', {"a": "Å/s"}),
]


def all_of(deframer: Deframer) -> list[bytes]:
    return list(iter(deframer.take, None))


@pytest.mark.parametrize(("wire", "document"), VECTORS)
def test_a_frame_is_four_bytes_of_length_and_json(wire, document):
    assert pack(document, IN_BYTES) == wire
    assert read(wire[4:]) == document


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=3), st.data())
def test_any_split_gives_the_same_documents(documents, data):
    wire = b"".join(pack(document, IN_BYTES) for document in documents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=4)))
    deframer, payloads = Deframer(IN_BYTES), []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        deframer.feed(wire[start:end])
        payloads += all_of(deframer)
    assert [read(payload) for payload in payloads] == documents


@pytest.mark.parametrize("cut", range(1, 33))
def test_every_single_split_of_two_frames(cut):
    wire, deframer = VECTORS[0][0] + VECTORS[2][0], Deframer(IN_BYTES)
    deframer.feed(wire[:cut])
    first = all_of(deframer)
    deframer.feed(wire[cut:])
    assert [read(payload) for payload in first + all_of(deframer)] == [VECTORS[0][1], VECTORS[2][1]]


def test_a_header_of_100_mb_is_refused_before_anything_follows():
    deframer = Deframer(IN_BYTES)
    with pytest.raises(FrameError, match="100000000 bytes is announced; at most 65536"):
        deframer.feed((100_000_000).to_bytes(4, "big"))
    assert len(deframer._held) == 0


def test_a_bad_header_behind_a_good_frame_is_refused_when_its_turn_comes():
    deframer = Deframer(IN_BYTES)
    deframer.feed(VECTORS[0][0] + b"\xff\xff\xff\xff")
    assert deframer.take() == b'{"say":"stop"}'
    with pytest.raises(FrameError, match="4294967295"):
        deframer.take()


def test_the_longest_frame_is_taken_and_one_byte_more_is_not():
    document = "x" * (IN_BYTES - 2)
    deframer = Deframer(IN_BYTES)
    deframer.feed(pack(document, IN_BYTES))
    assert read(deframer.take()) == document
    with pytest.raises(FrameError, match="longer than 65536"):
        pack(document + "x", IN_BYTES)
    assert len(pack("x" * (OUT_BYTES - 2), OUT_BYTES)) == OUT_BYTES + 4


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b'{"a":', "not JSON"),
        (b'{"a":NaN}', "the number NaN"),
        (b'{"a":-Infinity}', "the number -Infinity"),
        (b'{"a":1e999}', "not finite"),
        (b'{"a":' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"say":"hold","say":"stop"}', "a key twice"),
        (b'{"a":"\\ud800"}', "not JSON in UTF-8"),
        (b"[" * 60_000, "deeper than 16"),
        (b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1), "deeper than 16"),
        (b'{"' * 3 + b'"' + b"[" * 40, "deeper than 16"),
        (b"1 2", "not JSON"),
    ],
)
def test_what_is_not_a_document_of_ours_is_refused_with_a_sentence(payload, words):
    with pytest.raises(FrameError, match=words):
        read(payload)


def test_brackets_within_strings_are_not_depth():
    document = {"a": "[" * 100 + '\\"{' + "]"}
    assert read(pack(document, IN_BYTES)[4:]) == document


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_not_sent(number):
    with pytest.raises(FrameError, match="cannot be sent"):
        pack({"a": number}, OUT_BYTES)


def test_half_a_surrogate_pair_is_sent_as_a_question_mark():
    assert read(pack("film \udc80", IN_BYTES)[4:]) == "film ?"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_no_bytes_end_in_anything_but_documents_or_one_kind_of_error(wire):
    deframer = Deframer(IN_BYTES)
    try:
        deframer.feed(wire)
        for payload in all_of(deframer):
            json.dumps(read(payload))
    except FrameError:
        pass
