"""The SQC-310 driver with units of every edition, too-long replies, and a unit that was reset."""

import pytest
from sqc310_bench import STATION, ZN, Desk

from pvdstation.drivers.sqc310 import WAS_RESET
from pvdstation.model.messages import ActionKind
from pvdstation.model.problems import Refused
from pvdstation.model.signals import Quality
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol.sqc310_phases import Edition, Phase


def station_with(**keys):
    return STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update=keys)})


@pytest.mark.parametrize(("firmware", "edition"), [("6.65", "P1C"), ("6.01", "P1B"), ("5.01", "SQC-300")])
def test_edition_is_taken_from_the_firmware(firmware, edition):
    desk = Desk.simulated(firmware=firmware)
    desk.run(desk.driver.greet())
    assert (desk.driver.edition, bool(desk.driver.identity)) == (edition, True)


def test_old_spelling_of_the_state_is_found_once_and_kept():
    desk = Desk.simulated(firmware="6.01")
    desk.run(desk.driver.greet())
    desk.poll()
    assert [message for message in desk.world.sent if message.startswith("V")] == ["V?", "V", "V"]
    assert desk.value("sqc.phase") == 0
    assert desk.reading("sqc.mode").quality is Quality.UNCERTAIN
    assert desk.link.statistics.misses == 0


def test_a_whole_layer_runs_on_a_p1b_unit():
    desk = Desk.simulated(firmware="6.01")
    desk.run(desk.driver.greet())
    desk.bring_to(Phase.DEPOSIT)
    assert desk.act(ActionKind.SQC_END_LAYER) == (True, "phase 22 (idle ramp)")


def test_firmware_that_no_source_describes_is_refused():
    desk = Desk.simulated(firmware="6.30")
    with pytest.raises(Refused, match=r"no source says how firmware 6\.30 numbers its phases"):
        desk.run(desk.driver.greet())
    assert desk.driver.identity == ""


def test_station_may_declare_the_edition_of_such_a_firmware():
    desk = Desk.simulated(station_with(edition="P1B"), firmware="6.30")
    desk.run(desk.driver.greet())
    assert desk.driver.edition is Edition.P1B


def test_declared_edition_that_the_firmware_contradicts_is_refused():
    desk = Desk.simulated(station_with(edition="P1B"))
    with pytest.raises(Refused, match=r"firmware 6\.65 follows manual P1C"):
        desk.run(desk.driver.greet())


@pytest.mark.parametrize(("firmware", "number"), [("6.65", 35), ("6.01", 33)])
def test_failed_crystal_is_told_in_the_words_of_the_edition(firmware, number):
    desk = Desk.simulated(firmware=firmware)
    desk.run(desk.driver.greet())
    desk.bring_to(Phase.RAMP_1)
    desk.bench.frequency[1] = 0.0
    desk.wait(2.0)
    desk.poll()
    assert desk.value("sqc.phase") == number
    assert desk.driver.trouble == f"the SQC-310 is in phase {number} (crystal fail halted): look at the unit"
    desk.act(ActionKind.SQC_STOP)
    assert desk.driver.trouble == ""


def test_question_whose_answer_is_too_long_is_split():
    desk = Desk.simulated(longest_reply=39)
    is_done, text = desk.act(ActionKind.SQC_PREPARE, ZN)
    assert is_done, text
    assert "A5 1? 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16" in desk.world.sent
    assert [message for message in desk.world.sent if message.startswith("A5 1? ")][1:] == [
        "A5 1? 1 2 3 4 5 6 7 8", "A5 1? 9 10 11 12 13 14 15 16", "A5 1? 9 10 11 12", "A5 1? 13 14 15 16",
    ]  # fmt: skip


def test_question_that_cannot_be_split_further_is_refused():
    desk = Desk.scripted(("S? 1", wire.encode_reply("G")))
    assert desk.act(ActionKind.SQC_ZERO, ZN) == (False, "the unit refuses S? 1: the reply would be too long")
    assert desk.instrument.script == []


def test_reset_is_told_and_nothing_starts_before_it_has_been_prepared_again():
    desk = Desk.simulated()
    desk.act(ActionKind.SQC_PREPARE, ZN)
    desk.instrument.power_cycle(desk.clock.now_ns())
    desk.poll()
    assert desk.value("sqc.was_reset") == 1
    assert desk.driver.trouble == WAS_RESET
    assert desk.act(ActionKind.SQC_START, ZN) == (
        False,
        "not started: the unit has been reset since the layer was prepared",
    )
    assert "U0" not in desk.world.sent
    desk.act(ActionKind.SQC_PREPARE, ZN)
    assert desk.driver.trouble == ""
    assert desk.act(ActionKind.SQC_START, ZN)[0]
