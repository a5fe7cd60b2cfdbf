"""Messages between client and core, and the snapshot: what is told is what is read."""

import json
import math

import pytest

from pvdstation.desk.frames import FrameError
from pvdstation.desk.snapshot import (
    AlarmShown,
    LayerShown,
    LinkShown,
    OutputShown,
    OverrideShown,
    QuestionShown,
    SignalShown,
    Snapshot,
    StepShown,
    VerbShown,
)
from pvdstation.desk.talk import (
    VERBS,
    Accepted,
    Ask,
    Events,
    Goodbye,
    Hello,
    InCharge,
    Refused,
    TakeCharge,
    Welcome,
    said,
    say,
    tell,
    told,
)
from pvdstation.model.messages import Event, EventKind, Request, Verb
from pvdstation.model.signals import Quality

SAID = [
    Hello(1, "ui", 4711, watch=False),
    Ask(3, "answer", "colour", 1.0),
    Ask(4, "override", "water_flow", 5, "Anna", "commissioning"),
    Ask(5, "start", form={"recipe": "100 nm Li", "samples": ["a", "b"], "speed": 60}),
    Ask(6, "stop", person="Anna", reason="smell"),
    TakeCharge(7, "Anna"),
    Goodbye(),
]
EVENT = Event(12, 250_000_000, EventKind.TRIP, "water_flow", "cooling water lost", (("live", 0.0), ("unit", "L/min")))
TOLD = [
    Welcome(1, "sim", "ui 4711", ""),
    Accepted(3, "pauses at the end of the layer"),
    Refused(4, "not possible while idle"),
    InCharge("ui 4711"),
    Events("20261122-1", (EVENT,)),
    Goodbye("the core has ended"),
]
FULL = Snapshot(
    station="sim",
    is_simulated=True,
    speed=60.0,
    now_ns=10**9,
    wall_s=1.7e9,
    state="running",
    step=StepShown(3, 10, "deposit", "300 nm Zn", "deposit", "thickness 300.0 nm: 173.6 nm to go", 1, 2, None),
    layers=(LayerShown("Zn", "zinc", 300.0, 0.5, 0.502, 126.4, "SQC-310"),),
    ahead=("condition Li", "cool"),
    verbs=(VerbShown("hold", is_allowed=True, sentence="closes the substrate shutter"),),
    signals=(SignalShown("sqc.output.1.rate", "nm/s", 3, 0.502, Quality.GOOD, 0.2),),
    outputs=(OutputShown("substrate_shutter", "open"),),
    alarms=(AlarmShown("water_flow", "cooling water lost", "high", "unacknowledged", 5, until_ns=9),),
    questions=(QuestionShown("colour", "Is it silvery?", "yes or no", is_yes_no=True),),
    overrides=(OverrideShown("boat_resistance", "Anna", "new boat", 8),),
    links=(LinkShown("sqc", is_lost=False, text="", round_trip_ms=42.0),),
)


@pytest.mark.parametrize("message", SAID, ids=repr)
def test_what_a_client_says_is_what_the_core_reads(message):
    assert said(say(message)[4:]) == message


@pytest.mark.parametrize("message", TOLD, ids=repr)
def test_what_the_core_tells_is_what_a_client_reads(message):
    assert told(tell(message)[4:]) == message


def test_an_answer_that_is_no_number_is_not_sent_as_nobody_can_answer():
    with pytest.raises(FrameError, match="nan is no value"):
        say(Ask(1, "answer", "colour", math.nan))


@pytest.mark.parametrize("verb", ["stop", "abort"])
def test_stop_and_abort_are_taken_in_one_form_whatever_stands_beside(verb):
    beside: tuple[dict, ...] = (
        {},
        {"id": "x", "person": 3},
        {"version": 99, "new": [{}]},
        {"id": True, "reason": None},
    )
    for more in beside:
        message = said(json.dumps({"say": verb, **more}).encode())
        assert (message.verb, message.id, message.is_urgent) == (verb, 0, True)
    assert said(f'{{"say":"{verb}","id":8,"reason":"a\\nb"}}'.encode()) == Ask(8, verb, reason="ab")
    assert json.loads(say(Ask(1, verb))[4:])["say"] == verb


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("[]", 'without the key "say"'),
        ('{"say": 3}', 'without the key "say"'),
        ('{"say": "shout"}', "nothing that a client says"),
        ('{"say": "welcome", "version": 1}', "nothing that a client says"),
        ('{"say": "hello"}', "version is missing"),
        ('{"say": "hello", "version": "1"}', "version: not a whole number"),
        ('{"say": "hello", "version": true}', "version: not a whole number"),
        ('{"say": "hello", "version": 1, "client": "\\u001b[2J"}', "control characters"),
        ('{"say": "ask", "id": 1, "verb": "explode"}', "nothing that can be asked for"),
        ('{"say": "ask", "id": 1, "verb": "ack", "about": ["x"]}', "about: not text"),
        ('{"say": "ask", "id": 1, "verb": "answer", "value": {}}', "value: not text"),
        ('{"say": "ask", "id": 1, "verb": "start", "form": []}', "form: not an object"),
        (json.dumps({"say": "ask", "id": 1, "verb": "ack", "about": "x" * 201}), "longer than 200"),
    ],
)
def test_what_a_client_must_not_say_is_refused_with_a_sentence(document, words):
    with pytest.raises(FrameError, match=words):
        said(document.encode())


def test_a_request_of_the_run_becomes_the_cores_request():
    assert SAID[2].request("ui 4711") == Request(Verb.OVERRIDE, "ui 4711", "water_flow", 5, "Anna", "commissioning")
    assert {verb.value for verb in Verb} < VERBS


@pytest.mark.parametrize(
    "snapshot", [FULL, Snapshot("sim", is_simulated=False, speed=1, now_ns=0, wall_s=0, state="idle")]
)
def test_a_snapshot_is_read_as_it_was_shown(snapshot):
    assert Snapshot.of_json(json.loads(json.dumps(snapshot.as_json(), allow_nan=False))) == snapshot


def test_a_value_that_was_never_read_is_null_on_the_way_and_nan_again():
    unread = SignalShown("turbo.speed", "Hz", 0, math.nan, Quality.NEVER, math.inf)
    document = FULL._replace(signals=(unread,)).as_json()
    assert document["signals"][0]["value"] is None
    back = Snapshot.of_json(document).signals[0]
    assert math.isnan(back.value)
    assert math.isnan(back.age_s)
    assert back.quality is Quality.NEVER


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": 3}, "state: not text"),
        ({"signals": [{"name": "x"}]}, "signals: unit is missing"),
        ({"signals": [{**FULL.signals[0]._asdict(), "quality": 77}]}, "quality: not one of"),
        ({"step": []}, "step: not an object"),
    ],
)
def test_a_snapshot_of_another_kind_names_the_field(change, words):
    with pytest.raises(FrameError, match=words):
        Snapshot.of_json({**FULL.as_json(), **change})


def test_keys_of_a_later_version_are_passed_over():
    assert Snapshot.of_json({**FULL.as_json(), "colour": "blue"}) == FULL
