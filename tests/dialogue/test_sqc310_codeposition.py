"""Co-deposition and four channels: both layers written and proved, and units with up to four sources."""

import copy

import pytest
from power_bench import VALUES
from sqc310_bench import LI, STATION, ZN, Desk

from pvdstation.model.messages import ActionKind, LayerSetup
from pvdstation.model.profile import Profile
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310_phases import Phase

PREPARE, START, PROVE, STOP, ZERO = (
    ActionKind.SQC_PREPARE, ActionKind.SQC_START, ActionKind.SQC_PROVE, ActionKind.SQC_STOP, ActionKind.SQC_ZERO,
)  # fmt: skip


@pytest.fixture
def desk():
    return Desk.simulated()


def told(desk):
    return [message for message in desk.world.sent if message not in ("V?", "K1")]


def test_both_layers_of_the_template_are_written_and_read_back(desk):
    assert desk.act(PREPARE, ZN, others=(LI,)) == (
        True,
        "process 3 selected, layers 3 and 4, 8 parameters written",
    )
    assert [message for message in told(desk) if message.startswith(("C", "D3 ", "D4 ", "A2 1 ", "A2 2 ", "T"))] == [
        "C3? 1", "C3? 2", "C3? 4", "C3? 3", "A2 1 1,18 2,140", "D3 1,500 2,4800", "A2 2 1,16 2,110", "D4 1,500 2,2800",
        "T3",
    ]  # fmt: skip
    tables = desk.instrument.memory.tables["D"]
    assert [(tables[layer][1], tables[layer][2]) for layer in (1, 2, 3, 4)] == [
        (100, 1000), (100, 1000), (500, 4800), (500, 2800),
    ]  # fmt: skip


def test_first_named_material_may_be_the_other_one(desk):
    assert desk.act(PREPARE, LI, others=(ZN,))[0]
    assert [message for message in told(desk) if message.startswith(("D3 ", "D4 "))] == [
        "D4 1,500 2,2800", "D3 1,500 2,4800",
    ]  # fmt: skip


def test_both_outputs_are_proved_before_the_boats_are_warm(desk):
    desk.act(PREPARE, ZN, others=(LI,))
    assert desk.act(START, ZN, others=(LI,)) == (True, "process 3 started")
    desk.wait(1.0)
    desk.world.sent.clear()
    assert desk.act(PROVE, ZN, others=(LI,)) == (True, "process 3 drives outputs 1 and 2 with sensors 1 and 2")
    assert desk.world.sent == ["V?", "K1", "HC1? 6", "HC2? 6", "HD1? 1", "HD2? 1"]
    assert desk.instrument.sequence.phase is Phase.PRECONDITION


def test_template_that_drives_one_output_only_is_found(desk):
    desk.act(PREPARE, ZN)
    desk.act(START, ZN)
    desk.instrument.sequence.process = 3
    assert desk.act(PROVE, ZN, others=(LI,)) == (False, "the layer uses output 1, expected 1, 2")


def test_both_outputs_are_read_as_zero_after_the_stop(desk):
    desk.act(PREPARE, ZN, others=(LI,))
    desk.act(START, ZN, others=(LI,))
    desk.wait(30.0)
    assert desk.act(ZERO, ZN, others=(LI,))[0] is False
    assert desk.act(STOP) == (True, "stopped")
    assert desk.act(ZERO, ZN, others=(LI,)) == (True, "outputs 1 and 2 read 0.00 %")


def test_conditioning_lasts_until_the_longer_profile_has_ended(desk):
    desk.act(PREPARE, ZN, others=(LI,))
    desk.act(START, ZN, others=(LI,))
    desk.wait(305.0)  # lithium's profile is 300 s, zinc's 360 s
    desk.poll()
    assert (desk.value("sqc.phase"), desk.value("sqc.output.2.power")) == (6, 27.1)
    desk.wait(60.0)
    desk.poll()
    assert desk.value("sqc.phase") == 12


def test_template_of_one_layer_is_refused(desk):
    desk.instrument.memory.processes[3] = (3,)
    assert desk.act(PREPARE, ZN, others=(LI,)) == (
        False,
        "process 3, actual number of layers (C3, parameter 4): found 1, expected 2",
    )


def test_template_that_begins_with_another_layer_is_refused(desk):
    desk.instrument.memory.processes[3] = (1, 2)
    assert desk.act(PREPARE, ZN, others=(LI,)) == (
        False,
        "process 3, first layer (C3, parameter 3): found 1, expected 3",
    )


def test_station_without_a_template_declines():
    desk = Desk.simulated(STATION.model_copy(update={"codeposition": None}))
    assert desk.act(PREPARE, ZN, others=(LI,)) == (False, "the station file names no template of a co-deposition")


def test_materials_that_the_template_does_not_hold_are_declined(desk):
    assert desk.act(PREPARE, ZN, others=(ZN,)) == (False, "the template deposits Zn with Li, not Zn with Zn")
    assert desk.world.sent == []


# --- ramps and soaks of a melt-in ---

MELT = LayerSetup("Zn", 0.01, 1.0, Profile(20.0, 30.0, 40.0, 35.5, 50.0, 130.0))


def test_ramps_and_soaks_of_a_melt_in_are_written_compared_again_at_the_start_and_given_back(desk):
    assert desk.act(PREPARE, MELT)[0]
    assert "A3 1 1,200 2,30 3,40 4,355 5,50 6,130" in told(desk)
    assert desk.act(START, MELT) == (True, "process 1 started")
    desk.act(STOP)
    is_done, text = desk.act(START, MELT._replace(profile=None))
    assert not is_done
    assert text == "film 1, ramp 1 power (A3 1, parameter 1): found 200, expected 258"
    desk.world.sent.clear()
    assert desk.act(PREPARE, MELT._replace(profile=None))[0]
    assert "A3 1 1,258 2,60 3,60 4,417 5,60 6,180" in told(desk)


def test_our_own_loops_need_no_template_to_show_a_film(desk):
    bare = Desk.simulated(STATION.model_copy(update={"codeposition": None}))
    assert bare.act(ActionKind.SQC_SHOW, ZN, others=(LI,)) == (True, "process 1 selected")
    assert desk.act(ActionKind.SQC_SHOW, ZN, others=(LI,)) == (True, "process 3 selected")


# --- four channels ---


def four_sources():
    values = copy.deepcopy(VALUES)
    values["sqc"]["channels"] = 4
    values["sqc"]["fingerprint"] = {}
    del values["codeposition"]
    for number, name, like in ((3, "Mg", "Zn"), (4, "Ca", "Li")):
        source = copy.deepcopy(values["source"][like])
        source["boat"] = number
        source["sqc"] = {"output": number, "sensors": [number], "film": number, "material": number, "process": number}
        values["source"][name] = source
        values["supply"][str(number)] = values["supply"]["1"]
        values["sensor"][str(number)] = {"tooling": f"{100 + number} %"}
    return Station.model_validate(values)


@pytest.mark.parametrize(("name", "number"), [("Zn", 1), ("Li", 2), ("Mg", 3), ("Ca", 4)])
def test_each_of_four_sources_is_prepared_and_proved_on_its_own_channel(name, number):
    desk = Desk.simulated(four_sources(), channels=4)
    layer = LayerSetup(name, 0.5, 280.0)
    desk.run(desk.driver.greet())
    assert desk.driver.identity == "SQC310C 2MB Ver 6.65"
    assert desk.act(PREPARE, layer)[0]
    desk.act(START, layer)
    assert desk.act(PROVE, layer) == (True, f"process {number} drives output {number} with sensor {number}")
    desk.wait(30.0)
    desk.poll()
    assert desk.value(f"sqc.output.{number}.power") > 5.0
    assert desk.value("sensor.4.frequency") == 5.96e6


def test_two_sources_on_a_unit_of_four_channels():
    station = STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update={"channels": 4})})
    desk = Desk.simulated(station, channels=4, fitted=frozenset({1, 2}))
    desk.run(desk.driver.greet())
    assert desk.act(PREPARE, ZN)[0]
    desk.act(START, ZN)
    assert desk.act(PROVE, ZN)[0]
