"""Phase numbers by edition of the manual, the edition by firmware, and the unit that plays each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sqc310_unit import Rig

from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol.sqc310_parameters import PARAMETERS, SCALES, WRITABLE, Table, scale_word
from pvdstation.protocol.sqc310_phases import Edition, Phase, edition_of, needs_attention, number_of, phase_text

P1C, P1B, SQC_300 = Edition.P1C, Edition.P1B, Edition.SQC_300


@pytest.mark.parametrize(
    ("firmware", "edition"),
    [
        ((6, 65), P1C), ((6, 66), P1C), ((7, 0), P1C),  # captured on hardware: 6.65
        ((6, 1), P1B),  # manual P1B p. 83
        ((5, 1), SQC_300), ((4, 10), SQC_300),  # manual P1B p. 81
        ((5, 2), None), ((6, 0), None), ((6, 2), None), ((6, 64), None),
    ],
)  # fmt: skip
def test_edition_follows_the_firmware(firmware, edition):
    assert edition_of(*firmware) is edition


@pytest.mark.parametrize(
    ("number", "p1c", "p1b", "sqc_300"),
    [  # reference 4.5: P1C p. 116, P1B p. 97, the SQC-300 text p. 80
        (13, "deposit", "deposit", "deposit"),
        (15, "unknown", "rate ramp deposit", "rate ramp deposit"),
        (17, "rate sample hold", "rate sample hold", "rate sample delay"),
        (23, "unknown", "start next layer", "start next layer"),
        (27, "sensor feedback timeout", "sensor feedback timeout", "pocket timeout"),
        (28, "source feedback timeout", "source feedback timeout", "sample hold"),
        (31, "invalid crystal position", "sample hold", "unknown"),
        (33, "sample hold", "crystal fail halted", "unknown"),
        (35, "crystal fail halted", "unknown", "unknown"),
        (46, "control delay", "unknown", "unknown"),
    ],
)
def test_a_number_is_named_as_in_its_own_manual(number, p1c, p1b, sqc_300):
    told = [phase_text(number, edition) for edition in (P1C, P1B, SQC_300)]
    assert told == [f"phase {number} ({name})" for name in (p1c, p1b, sqc_300)]


@pytest.mark.parametrize(
    ("edition", "calm"),
    [
        (P1C, {*range(24), 25, 26, 33, 34}),
        (P1B, {*range(24), 25, 26, 31, 32}),
        (SQC_300, {*range(24), 25, 26, 28}),
    ],
)
def test_failures_and_everything_unnamed_above_28_need_a_person(edition, calm):
    assert {number for number in range(60) if not needs_attention(number, edition)} == calm


@given(st.sampled_from(Phase))
def test_a_phase_shown_by_an_edition_is_the_one_it_names(phase):
    for edition in (P1C, P1B):
        number = number_of(phase, edition)
        name = phase.name.lower().replace("_", " ")
        assert phase_text(number, edition) == f"phase {number} ({name})" or number == Phase.CRYSTAL_FAIL


# --- the unit ---


@pytest.mark.parametrize(
    ("firmware", "identity", "state"),
    [
        ("6.65", "ASQC310 2MB Ver 6.65", {"V?": "A0 0 1 1 1", "V": "C"}),
        ("6.01", "ASQC-310 Ver 6.01", {"V?": "C", "V": "A0 0 1 1"}),
        ("5.01", "ASQC-310 Ver 5.01", {"V?": "C", "V": "A0 0 1 1"}),
    ],
)
def test_unit_speaks_as_its_edition(firmware, identity, state):
    rig = Rig(firmware=firmware)
    assert rig.ask("@") == identity
    assert {message: rig.ask(message) for message in state} == state


@pytest.mark.parametrize(("firmware", "halted"), [("6.65", 35), ("6.01", 33)])
def test_unit_numbers_a_halted_process_as_its_edition(firmware, halted):
    rig = Rig(firmware=firmware).start()
    spelt = "V?" if firmware == "6.65" else "V"
    rig.run(20.0)
    rig.bench.frequency[1] = 0.0
    rig.run(2.0)
    assert rig.ask(spelt).startswith(f"A{halted} ")


def test_four_channels_answer_for_four():
    rig = Rig(channels=4, fitted=frozenset({1, 2}))
    assert (rig.ask("@"), rig.ask("J")) == ("ASQC310C 2MB Ver 6.65", "A4")
    assert rig.ask("K2") == "A0.00 0.00 0.000 6000000.00 0.00 0.000 6000000.00 0.00 0.000 0.00 0.00 0.000 0.00"
    assert rig.ask("PA4") == "A0 0.00 0.00"
    assert rig.ask("HF4? 2") == "A2,4 "


# --- relays, inputs, alarms, power by hand ---


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("GB1? 2 5", "A2,0 5,1 "),  # form of the example in P1B p. 90
        ("GB5? 6", "A6,0 "),
        ("GA3? 5", "A5,3 "),
        ("GC8? 1 2", "A1,0 2,0 "),
        ("GC9? 1", "D"),
        ("HE2? 1 2", "A1,0 2,4 "),
        ("HB1? 1 2", "A1,10000 2,1 "),
        ("GE3 1", "D"),  # a sensor's shutter
        ("GE5 4", "D"),
        ("GD9 1", "D"),
        ("GB1 1,Lamp", "D"),  # a name needs its mode in the same command
        ("GB1 1,Lamp 7,1", "A"),
        ("VA? 1", "C"),
    ],
)
def test_relay_and_input_tables(message, answer):
    assert Rig().ask(message) == answer


def test_alarms_answer_in_pairs_where_the_unit_has_them():
    rig = Rig(alarms=3)
    assert [rig.ask("VA? 1 2 3"), rig.ask("VA? 4")] == ["A1,0 2,0 3,0 ", "D"]


def test_remote_relay_stays_on_through_a_start_until_it_is_unlocked_or_stopped():
    rig = Rig()
    rig.prepare(1)
    assert [rig.ask("GE5 1"), rig.ask("U0"), rig.ask("GC5? 1"), rig.ask("GE5 3")] == ["A", "A", "A1,1 ", "A"]
    assert [rig.ask("GC5? 1"), rig.ask("GE5 1"), rig.ask("U1"), rig.ask("GC5? 1")] == ["A1,0 ", "A", "A", "A1,0 "]


def test_forced_relay_is_switched_off_by_the_start_of_a_process():
    rig = Rig()
    rig.prepare(1)
    assert [rig.ask("GD1 1"), rig.ask("GC1? 1")] == ["A", "A1,1 "]
    assert [rig.ask("U0"), rig.ask("GC1? 1"), rig.ask("GD1 1")] == ["A", "A1,0 ", "E"]


def test_power_by_hand_of_a_stopped_unit_is_a_switch():
    rig = Rig(power_when_stopped=True)
    assert [rig.ask("S1 300"), rig.phase(), rig.bench.analogue[1]] == ["A", 0, 30.0]
    assert [rig.ask("U1"), rig.bench.analogue[1]] == ["A", 0.0]


# --- the table of parameters ---


def test_every_parameter_has_a_known_scale():
    assert {p.scale for table in PARAMETERS.values() for p in table.values()} <= set(SCALES)


def test_no_parameter_of_unknown_scale_is_written_by_the_templates_tables():
    unknown = {
        (table, parameter)
        for table, parameters in WRITABLE.items()
        for parameter in parameters
        if scale_word(table, parameter) == "unknown"
    }
    # documented, but only ever compared: D term, crystal quality and stability, control percent, sample accuracy
    assert unknown == {(Table.FILM_LOOP, 3), (Table.FILM_LOOP, 7), (Table.FILM_LOOP, 8), (Table.FILM_LOOP, 11),
                       (Table.FILM_SHUTTER, 4), (Table.FILM_SHUTTER, 6)}  # fmt: skip


@pytest.mark.parametrize("parameter", [*range(4, 13), *range(16, 25)])
def test_undocumented_layer_parameters_have_no_encoder(parameter):
    with pytest.raises(ValueError, match="never written"):
        command.write_parameters(Table.LAYER, 1, [(parameter, 0)])


@pytest.mark.parametrize(
    ("message", "spelt"),
    [
        (lambda: command.set_power(2, 500), "S2 500"),  # vector, P1C p. 114
        (lambda: command.REGULATE, "S0"),
        (lambda: command.remote_relay(5, command.Remote.UNLOCK), "GE5 3"),
        (lambda: command.force_relay(16, command.Forced.OFF), "GD16 2"),
        (lambda: command.read_alarms(1, 2, 3), "VA? 1 2 3"),
        (lambda: command.read_channel("N", 2), "N2"),
        (lambda: command.read_parameters(Table.FILM_NAME, 1), "A1 1?"),
        (lambda: command.read_parameters(Table.RELAY, 3, 2, 5), "GB3? 2 5"),
    ],
)
def test_messages_by_hand_are_spelt_as_documented(message, spelt):
    assert message() == spelt


@pytest.mark.parametrize(
    "message",
    [
        lambda: command.set_power(5, 100), lambda: command.set_power(1, 1001), lambda: command.set_power(1, -1),
        lambda: command.remote_relay(17, command.Remote.ON), lambda: command.force_relay(0, command.Forced.ON),
        lambda: command.read_channel("R", 1), lambda: command.read_channel("L", 5),
    ],
)  # fmt: skip
def test_messages_outside_the_unit_have_no_encoder(message):
    with pytest.raises(ValueError, match=r"there is no|cannot be set"):
        message()
