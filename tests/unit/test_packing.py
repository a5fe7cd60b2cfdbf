"""Scans as bytes: whatever the core was given and has decided comes back bit for bit."""

import json
import struct

from hypothesis import given
from hypothesis import strategies as st

from pvdstation.model.messages import (
    Action,
    ActionKind,
    ActionResult,
    Event,
    EventKind,
    Image,
    LayerSetup,
    ManualKind,
    ManualOrder,
    Notice,
    Outputs,
    Pace,
    Request,
    Scanned,
    SupplyLevel,
    Verb,
    all_off,
)
from pvdstation.model.profile import Profile
from pvdstation.model.signals import UNREAD, Quality, Reading
from pvdstation.record.bodies import event_body, event_of, notice_body, notice_of
from pvdstation.record.packing import Packer, Unpacker

SIGNALS = 3
TIMES = st.integers(-(2**62), 2**62 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY_FLOAT = st.binary(min_size=8, max_size=8).map(lambda bits: struct.unpack("<d", bits)[0])  # every NaN payload
TEXT = st.text(st.characters(codec=None), max_size=8)
FLAGS = st.tuples(st.booleans(), st.booleans())
READING = st.builds(Reading, ANY_FLOAT, st.sampled_from(Quality), TIMES, st.integers(0, 2**64 - 1))
PROFILE = st.builds(Profile, *[FINITE] * 6)
LAYER = st.builds(LayerSetup, TEXT, FINITE, FINITE, st.none() | PROFILE)
ORDER = st.builds(ManualOrder, st.sampled_from(ManualKind), st.integers(), FINITE, TIMES)
ACTION = st.builds(
    Action,
    st.integers(),
    TEXT,
    st.sampled_from(ActionKind),
    st.none() | LAYER,
    TIMES,
    st.lists(LAYER, max_size=2).map(tuple),
    st.none() | ORDER,
)
PACE = st.builds(Pace, st.booleans(), st.lists(st.integers(0, 9), max_size=2).map(tuple), FLAGS, st.booleans())
SUPPLIES = st.lists(st.builds(SupplyLevel, st.booleans(), FINITE, st.booleans()), max_size=2).map(tuple)
OUTPUTS = st.builds(
    Outputs,
    source_shutter=FLAGS,
    enable=FLAGS,
    supply=SUPPLIES,
    turbo=st.none() | st.booleans(),
    pace=PACE,
    until_ns=TIMES,
    substrate_until_ns=TIMES,
    n2_until_ns=TIMES,
)
RESULT = st.builds(ActionResult, st.integers(), st.booleans(), TEXT, TIMES)
REQUEST = st.builds(Request, st.sampled_from(Verb), TEXT, TEXT, st.none() | FINITE | TEXT, TEXT, TEXT)


def tuples_of(item):
    return st.lists(item, max_size=2).map(tuple)


@st.composite
def runs(draw):
    """A run in which some readings stay as they are, others are new in any way, and so are the outputs."""
    readings, outputs, scans = (UNREAD,) * SIGNALS, draw(OUTPUTS), []
    for _ in range(draw(st.integers(1, 5))):
        readings = tuple(draw(st.just(reading) | READING) for reading in readings)
        outputs = draw(st.just(outputs) | OUTPUTS)
        image = Image(readings, draw(tuples_of(RESULT)))
        at_ns = draw(st.integers(0, 2**61))
        scans.append(Scanned(at_ns, image, draw(tuples_of(REQUEST)), outputs, draw(tuples_of(ACTION)), ()))
    return scans


def bits(readings):
    return [(struct.pack("<d", value), *rest) for value, *rest in readings]


@given(runs())
def test_any_run_comes_back_bit_for_bit(scans):
    packer, unpacker = Packer(SIGNALS), Unpacker(SIGNALS)
    for scanned in scans:
        read = unpacker.unpack(scanned.at_ns, packer.pack(scanned))
        assert bits(read.readings) == bits(scanned.image.readings)
        assert read.results == scanned.image.results
        assert (read.requests, read.outputs, read.actions) == (scanned.requests, scanned.outputs, scanned.actions)


def quiet(*readings, at_ns=10_000_000_000):
    return Scanned(at_ns, Image(readings, ()), (), all_off(0, 0, at_ns + 1_000_000_000), (), ())


def test_a_row_is_what_was_typed_in_by_hand():
    packer = Packer(3)
    packer.pack(quiet(UNREAD, UNREAD, UNREAD))
    new = Reading(0.5, Quality.GOOD, 9_990_000_000, 1)
    old = Reading(-2.0, Quality.UNCERTAIN, -1, 70_000)
    assert packer.pack(quiet(UNREAD, new, old)) == bytes.fromhex(
        "00CA9A3B00000000 0200"  # the lease runs for 1 s; two readings have changed
        "0100 00 000000000000E03F 80969800 0100"  # signal 1: good, 0.5, 10 ms old, one sample more
        "0200 83 00000000000000C0 FFFFFFFFFFFFFFFF 7011010000000000"  # signal 2: uncertain, -2; both in full
    )


def test_what_is_asked_done_and_switched_stands_behind_the_readings_as_json():
    scanned = quiet(UNREAD)._replace(requests=(Request(Verb.HOLD, "A"),))
    body = Packer(1).pack(scanned)
    rest = json.loads(body[10:])
    assert rest["requests"] == [["hold", "A", "", None, "", ""]]
    assert rest["outputs"]["substrate_shutter"] is False
    assert "until_ns" not in rest["outputs"]


def test_a_quiet_scan_takes_ten_bytes():
    packer = Packer(1)
    packer.pack(quiet(UNREAD))
    assert len(packer.pack(quiet(UNREAD))) == 10


@given(st.binary(max_size=60))
def test_a_body_that_nobody_has_packed_is_refused_or_read_but_never_crashes(body):
    try:
        Unpacker(2).unpack(0, body)
    except ValueError:
        return


WORD = st.one_of(ANY_FLOAT, TEXT.filter(lambda text: text not in {"NaN", "Infinity", "-Infinity"}))


@given(st.lists(st.tuples(TEXT, WORD), max_size=3), TEXT)
def test_any_event_comes_back(values, text):
    event = Event(7, -1, EventKind.TRIP, text, text, tuple(values))
    assert repr(event_of(-1, event_body(event))) == repr(event)
    notice = Notice(3, text, text, is_lost=True)
    assert notice_of(3, notice_body(notice)) == notice


def test_a_reply_that_is_not_utf_8_comes_back():
    result = ActionResult(1, ok=False, text=b"bad \xff".decode(errors="surrogateescape"), at_ns=0)
    scanned = quiet(UNREAD)._replace(image=Image((UNREAD,), (result,)))
    assert Unpacker(1).unpack(scanned.at_ns, Packer(1).pack(scanned)).results == (result,)
