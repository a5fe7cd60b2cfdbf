"""What the SQC-310 driver sends and what it makes of the answers, byte by byte; nothing may be left over."""

import math

import pytest
from sqc310_bench import STATION, ZN, Desk

from pvdstation.model.messages import Action, ActionKind, ManualKind, ManualOrder
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality
from pvdstation.protocol import sqc310 as wire
from pvdstation.wires.link import Reply


def answer(text):
    return wire.encode_reply(text[0], text[1:])


IDENTITY = answer("ASQC310 2MB Ver 6.65")
GREETING = [
    ("@", IDENTITY),
    ("J", answer("A2")),
    ("V?", answer("A0 1305 1 1 1")),
    ("B? 5", answer("A5,0 ")),
]


def greeting(**changes):
    return [
        (message, answer(changes.get(message[0], "")) if message[0] in changes else packet)
        for message, packet in GREETING
    ]


def test_greeting_identifies_and_takes_the_state():
    desk = Desk.scripted(*GREETING)
    desk.run(desk.driver.greet())
    assert desk.instrument.script == []
    assert desk.driver.identity == "SQC310 2MB Ver 6.65"
    assert [desk.value(f"sqc.{name}") for name in ("phase", "process", "layer", "mode", "was_reset")] == [0, 1, 1, 1, 0]


def test_greeting_does_without_simulate_mode():
    desk = Desk.scripted(*greeting(B="D"))
    desk.run(desk.driver.greet())
    assert desk.driver.identity


def test_restart_of_the_unit_is_told():
    desk = Desk.scripted(("@", answer("BSQC310 2MB Ver 6.65")), *GREETING[1:])
    desk.run(desk.driver.greet())
    assert desk.value("sqc.was_reset") == 1


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ([("@", answer("AMON Ver 4.13"))], "MON Ver 4.13"),
        ([("@", answer("ASQC310C 2MB Ver 6.30"))], "no source says how firmware 6.30 numbers its phases"),
        ([("@", answer("C"))], "unknown command"),
        (greeting(B="A5,1 "), "simulate mode"),
    ],
)
def test_wrong_unit_is_refused(script, what):
    desk = Desk.scripted(*script)
    with pytest.raises(Refused, match=what):
        desk.run(desk.driver.greet())
    assert desk.driver.identity == ""
    assert desk.instrument.script == []


def test_unit_with_too_few_channels_is_refused():
    station = STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update={"channels": 4})})
    desk = Desk.scripted(*GREETING[:2], station=station)
    with pytest.raises(Refused, match="2 channels"):
        desk.run(desk.driver.greet())


def test_late_reading_is_not_taken_for_the_identity():
    desk = Desk.scripted(("@", answer("A0 1305 1 1 1"), IDENTITY), *GREETING[1:])
    desk.run(desk.driver.greet())
    assert desk.driver.identity == "SQC310 2MB Ver 6.65"
    assert desk.link.statistics.surplus == 1


def test_silent_unit_has_no_identity():
    desk = Desk.scripted(("@",))
    desk.run(desk.driver.greet())
    assert (desk.driver.identity, desk.link.is_dirty) == ("", True)


def test_state_and_outputs_are_posted_in_station_units():
    desk = Desk.scripted(("V?", answer("A13 412 1 1 1")), ("K1", answer("A25.25 5.03 0.60 1.234 43.05 -1 -1 -1 -1")))
    desk.run(desk.driver.rows[0].start())
    assert desk.instrument.script == []
    assert desk.value("sqc.phase") == 13
    assert desk.value("sqc.output.1.rate") == pytest.approx(0.503, abs=1e-12)
    assert desk.value("sqc.output.1.deviation") == 0.6
    assert desk.value("sqc.output.1.thickness") == pytest.approx(123.4, abs=1e-9)
    assert desk.value("sqc.output.1.power") == 43.05
    unused = [desk.reading(f"sqc.output.2.{name}") for name in ("rate", "deviation", "thickness", "power")]
    assert all(math.isnan(reading.value) and reading.quality is Quality.GOOD for reading in unused)
    assert all(reading.at_ns == desk.clock.now_ns() for reading in unused)


def test_four_field_state_leaves_the_mode_uncertain():
    desk = Desk.scripted(("V?", answer("A0 5 1 1")), ("K1", answer("A0.00 -1 -1 -1 -1 -1 -1 -1 -1")))
    desk.run(desk.driver.rows[0].start())
    assert desk.reading("sqc.mode").quality is Quality.UNCERTAIN


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("A1 5950000.00 95.00", Quality.GOOD),
        ("A1 6000000.04 100.00", Quality.GOOD),
        ("A0 0.00 0.00", Quality.SENSOR_FAULT),
        ("A1 4990000.00 0.00", Quality.SENSOR_FAULT),
        ("A1 6012000.00 100.00", Quality.SENSOR_FAULT),
    ],
)
def test_crystal_outside_its_limits_is_a_fault(text, quality):
    desk = Desk.scripted(("PA1", answer(text)))
    desk.run(desk.driver.rows[1].start())
    readings = [desk.reading(f"sensor.1.{name}") for name in ("frequency", "life")]
    assert [reading.quality for reading in readings] == [quality] * 2
    assert desk.reading("sensor.1.status").value == float(text[1])


def test_reply_with_a_wrong_checksum_is_asked_for_once_more():
    good = answer("A1 5950000.00 95.00")
    desk = Desk.scripted(("PA1", good[:-1] + b"\x7f"), ("PA1", good))
    desk.run(desk.driver.rows[1].start())
    assert desk.value("sensor.1.frequency") == 5950000.0
    assert (desk.driver.crc_errors, desk.link.statistics.misses, desk.instrument.script) == (1, 0, [])


def test_second_wrong_checksum_counts_as_no_answer():
    bad = answer("A1 5950000.00 95.00")[:-1] + b"\x7f"
    desk = Desk.scripted(("PA1", bad), ("PA1", bad))
    desk.run(desk.driver.rows[1].start())
    assert desk.reading("sensor.1.frequency").quality is Quality.NEVER
    assert desk.link.statistics.misses == 1


@pytest.mark.parametrize(
    "text",
    ["A1 5950000,00 95.00", "A1 +5950000.00 95.00", "A1 5.95e6 95.00", "A1 5950000.00 95.00 1", "A5950000.00", "A4"],
)
def test_malformed_reading_is_no_answer(text):
    desk = Desk.scripted(("PA1", answer(text)))
    desk.run(desk.driver.rows[1].start())
    assert desk.reading("sensor.1.frequency").quality is Quality.NEVER
    assert desk.link.is_dirty


def test_refused_reading_is_left_to_age():
    desk = Desk.scripted(("PA1", answer("E")))
    desk.run(desk.driver.rows[1].start())
    assert desk.reading("sensor.1.frequency").quality is Quality.NEVER


def test_start_that_is_refused_is_not_sent_again():
    desk = Desk.simulated()
    assert desk.act(ActionKind.SQC_PREPARE, ZN)[0]
    desk.world.refuse.append("U0")
    is_done, text = desk.act(ActionKind.SQC_START, ZN)
    assert (is_done, desk.world.sent.count("U0")) == (False, 1)
    assert "not allowed in the present mode" in text


KINDS = [kind for kind in ActionKind if kind.startswith("sqc")]
BY_HAND = ManualOrder(ManualKind.POWER, 1, 10.0, 2**62)


@pytest.mark.parametrize("kind", KINDS)
def test_every_action_ends_when_nobody_answers(kind):
    desk = Desk.simulated()
    desk.world.is_silent = True
    is_done, text = desk.act(kind, ZN, manual=BY_HAND)
    assert not is_done
    assert "no answer" in text or "not answered" in text or "cannot be read" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_action_ends_when_its_routine_is_dropped(kind):
    desk = Desk.simulated()
    desk.world.is_silent = True
    routine = desk.driver.begin(Action(7, "sqc", kind, ZN, 10**12, manual=BY_HAND))
    next(routine)
    routine.close()
    assert [(result.number, result.ok) for result in desk.board.results] == [(7, False)]


def test_action_of_another_link_is_declined():
    desk = Desk.simulated()
    assert desk.act(ActionKind.IO_ARM, ZN) == (False, "the SQC-310 has no action io_arm")
    assert desk.act(ActionKind.SQC_START) == (False, "sqc_start needs a layer of this station")


def test_link_reply_of_another_frame_is_read_anew():
    desk = Desk.simulated()
    routine = desk.driver.rows[1].start()
    next(routine)
    with pytest.raises(StopIteration):
        routine.send(Reply(answer("A1 5950000.00 95.00"), 5))
    assert desk.reading("sensor.1.frequency")[:3] == (5950000.0, Quality.GOOD, 5)
