"""SQC-310 payloads: published texts, round trips, and everything malformed refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdstation.protocol import sqc310_commands as command
from pvdstation.protocol import sqc310_readings as reading
from pvdstation.protocol.sqc310_parameters import WRITABLE, Table
from pvdstation.protocol.sqc310_phases import Phase, phase_text

K1_MANUAL = "0.00 0.00 100.00 0.000 0.00 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1"
K1_LIVE = "-1.00 0.00 100.00 0.000 0.00 0.00 100.00 0.000 0.00 -1 -1 -1 -1 -1 -1 -1 -1"
K2_LIVE = "0.00 -0.06 0.000 5991060.78 -0.05 0.000 5983183.08 0.00 0.000 0.00 0.00 0.000 0.00"
IDLE = reading.OutputReading(0.0, 100.0, 0.0, 0.0)


def test_outputs_of_the_manual():
    assert reading.parse_outputs(K1_MANUAL, 4) == (0.0, (IDLE, None, None, None))


def test_outputs_of_a_live_stopped_unit():
    assert reading.parse_outputs(K1_LIVE, 4) == (-1.0, (IDLE, IDLE, None, None))


def test_sensors_of_a_live_unit():
    found = reading.parse_sensors(K2_LIVE, 4)
    assert found is not None
    assert found.sensors[1] == (-0.05, 0.0, 5983183.08)
    assert found.sensors[3] == (0.0, 0.0, 0.0)


def test_crystal_of_the_manual():
    assert reading.parse_crystal("0 5950000.00 95.00") == (0, 5950000.0, 95.0)


@pytest.mark.parametrize(("payload", "mode"), [("0 1305 6 1 0", 0), ("0 1305 6 1 1", 1), ("0 1305 6 1", None)])
def test_state_has_four_or_five_fields(payload, mode):
    assert reading.parse_state(payload) == (0, 1305, 6, 1, mode)


@pytest.mark.parametrize("payload", [" 0.00", "0.00 ", "0.00", " 0.12"])
def test_numbers_are_read_whatever_their_padding(payload):
    assert reading.parse_number(payload, 2) == float(payload)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SQC310C 2MB Ver 6.65", ("SQC310C", 6, 65)),
        ("SQC-310 Ver 6.01", ("SQC-310", 6, 1)),
        ("MON Ver 4.13", None),
        ("SQC3100 Ver 6.65", None),
        ("SQC310 Ver 6.6", None),
    ],
)
def test_identity(text, expected):
    assert reading.parse_identity(text) == expected


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "0,50",
        "+0.50",
        "--0.50",
        "5e-1",
        "0.5",
        "0.500",
        "0.50 0.50",
        ".50",
        "nan",
        "inf",
        "0.50x",
        "0.50\n",
        "٠.٥٠",
        "0x1.00",
        "1_0.00",
    ],
)
def test_malformed_numbers_are_refused(payload):
    assert reading.parse_number(payload, 2) is None


@pytest.mark.parametrize(
    "payload",
    [
        K1_LIVE + " 0.00",
        K1_LIVE[:-3],
        K1_LIVE.replace(".", ","),
        K1_LIVE.replace("0.000", "0.00", 1),
        K1_LIVE.replace("100.00", "1e2", 1),
        K1_LIVE.replace("100.00", "+100.00", 1),
        K1_LIVE.replace("-1 -1 -1 -1", "-1 -1 -1", 1),
        K1_LIVE.replace(" -1", " -1.00"),
        "",
    ],
)
def test_malformed_outputs_are_refused(payload):
    assert reading.parse_outputs(payload, 4) is None


def test_outputs_of_another_unit_are_refused():
    assert reading.parse_outputs(K1_LIVE, 2) is None


@pytest.mark.parametrize(
    "payload", ["0 1305 6", "0 1305 6 1 2", "0 1305 6 1 0 0", "0 1305.0 6 1 0", "-1 0 1 1 1", "0,1,2,3"]
)
def test_malformed_states_are_refused(payload):
    assert reading.parse_state(payload) is None


@pytest.mark.parametrize(
    "payload", ["2 5950000.00 95.00", "1 5950000,00 95.00", "1 5950000.00", "1 5950000.00 95.00 1"]
)
def test_malformed_crystals_are_refused(payload):
    assert reading.parse_crystal(payload) is None


TWO = st.integers(-99_999, 9_999_999).map(lambda n: n / 100)
THREE = st.integers(-9_999, 9_999_999).map(lambda n: n / 1000)
OUTPUT = st.none() | st.builds(reading.OutputReading, TWO, TWO, THREE, TWO)


@given(TWO, st.lists(OUTPUT, min_size=2, max_size=2) | st.lists(OUTPUT, min_size=4, max_size=4))
def test_outputs_survive_the_round_trip(time_s, outputs):
    told = reading.OutputsReading(time_s, tuple(outputs))
    assert reading.parse_outputs(reading.format_outputs(told), len(outputs)) == told


@given(TWO, st.lists(st.builds(reading.SensorReading, TWO, THREE, TWO), min_size=2, max_size=2))
def test_sensors_survive_the_round_trip(time_s, sensors):
    told = reading.SensorsReading(time_s, tuple(sensors))
    assert reading.parse_sensors(reading.format_sensors(told), 2) == told


@given(st.integers(0, 1), TWO, TWO)
def test_crystals_survive_the_round_trip(active, frequency, life):
    told = reading.CrystalReading(active, frequency, life)
    assert reading.parse_crystal(reading.format_crystal(told)) == told


@given(
    st.integers(0, 48), st.integers(0, 99_999), st.integers(1, 50), st.integers(0, 99), st.sampled_from([None, 0, 1])
)
def test_states_survive_the_round_trip(phase, time_s, process, layer, mode):
    told = reading.State(phase, time_s, process, layer, mode)
    assert reading.parse_state(reading.format_state(told)) == told


# --- parameters ---


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (command.read_parameters(Table.FILM_LOOP, 1, 1, 2, 3), "A2 1? 1 2 3"),  # manual P1B p. 84
        (command.write_parameters(Table.FILM_LOOP, 1, [(1, 50), (2, 5), (3, 0)]), "A2 1 1,50 2,5 3,0"),
        (command.read_parameters(Table.MATERIAL, 1, 2), "F1? 2"),  # vector C021
        (command.write_parameters(Table.MATERIAL, 1, [(2, 100)]), "F1 2,0100"),  # vector C022
        (command.read_parameters(Table.SENSOR, 1, 1), "HA1? 1"),  # vector C024
        (command.read_parameters(Table.SYSTEM, 0, 5), "B? 5"),
        (command.read_parameters(Table.LAYER, 12, 1, 2), "D12? 1 2"),
        (command.write_parameters(Table.LAYER, 1, [(1, 500), (2, 4800)]), "D1 1,500 2,4800"),
        (command.read_power(2), "S? 2"),  # vector C012
        (command.read_crystal(1), "PA1"),  # vector C010
        (command.select_process(3), "T3"),
    ],
)
def test_messages_are_spelt_as_documented(message, expected):
    assert message == expected


@pytest.mark.parametrize(
    "table", [Table.SYSTEM, Table.PROCESS, Table.SENSOR, Table.SENSOR_FLAGS, Table.SOURCE_FLAGS, Table.FILM_FAIL]
)
def test_tables_that_are_only_read_have_no_writer(table):
    with pytest.raises(ValueError, match="only read"):
        command.write_parameters(table, 1, [(1, 1)])


@pytest.mark.parametrize("payload", ["1,49 ", "1,49"])
def test_pairs_are_read_with_and_without_trailing_space(payload):
    assert command.parse_pairs(payload, (1,)) == (49,)


@pytest.mark.parametrize(
    "payload",
    ["", "1,49", "2,5 1,49 ", "1,49 2,5 3,0 ", "1,4.9 2,5 ", "1,+9 2,5 ", "1,1e2 2,5 ", "1,,49 2,5", "1,49;2,5"],
)
def test_other_than_the_asked_pairs_are_refused(payload):
    assert command.parse_pairs(payload, (1, 2)) is None


@pytest.mark.parametrize(
    ("payload", "value"), [("100", 100), ("2,100", 100), ("100 ", 100), ("3,100", None), ("1.0", None)]
)
def test_bare_values_are_read_in_both_forms(payload, value):
    assert command.parse_bare_number(payload, 2) == value


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(-999_999, 999_999)), min_size=1, max_size=16))
def test_pairs_survive_the_round_trip(pairs):
    parameters = tuple(parameter for parameter, _ in pairs)
    assert command.parse_pairs(command.format_pairs(pairs), parameters) == tuple(value for _, value in pairs)


@given(
    st.sampled_from(list(Table)),
    st.integers(1, 99),
    st.lists(st.tuples(st.integers(1, 24), st.integers(0, 9999)), min_size=1, max_size=9),
)
def test_instrument_understands_what_the_host_writes(table, item, pairs):
    item = 0 if table is Table.SYSTEM else item
    asked = command.parse_message(command.read_parameters(table, item, *(parameter for parameter, _ in pairs)))
    assert asked is not None
    assert (asked.table, asked.item, asked.is_read) == (table, item, True)
    if table is not Table.FILM_NAME:  # asked for without a number
        assert asked.parameters() == tuple(parameter for parameter, _ in pairs)
    pairs = [(parameter, value) for parameter, value in pairs if parameter in WRITABLE.get(table, ())]
    if pairs:
        told = command.parse_message(command.write_parameters(table, item, pairs))
        assert told is not None
        assert (told.table, told.item, told.is_read, told.pairs()) == (table, item, False, tuple(pairs))


def test_phases_are_told_by_number_and_name():
    assert phase_text(Phase.SOAK_2) == "phase 10 (soak 2)"
    assert phase_text(40) == "phase 40 (unknown)"
