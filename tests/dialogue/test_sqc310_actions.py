"""The SQC-310 driver's actions against the simulated unit: the command sequence, refusals, lost answers."""

import pytest
from sqc310_bench import LI, STATION, ZN, Desk

from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Action, ActionKind, LayerSetup, Outputs, Pace
from pvdstation.protocol.sqc310_phases import Phase

PREPARE, SHOW, START = ActionKind.SQC_PREPARE, ActionKind.SQC_SHOW, ActionKind.SQC_START
PROVE, END, STOP, ZERO = ActionKind.SQC_PROVE, ActionKind.SQC_END_LAYER, ActionKind.SQC_STOP, ActionKind.SQC_ZERO


@pytest.fixture
def desk():
    return Desk.simulated()


def told(desk):
    """Messages that were not the polls of a long action."""
    return [message for message in desk.world.sent if message not in ("V?", "K1")]


def test_greeting(desk):
    desk.run(desk.driver.greet())
    assert desk.driver.identity == "SQC310 2MB Ver 6.65"
    assert desk.world.sent == ["@", "J", "V?", "B? 5"]
    assert desk.link.statistics.surplus == 0


def test_polls_show_what_the_unit_measures(desk):
    desk.bench.loss_hz_s[1] = 20.0
    desk.wait(10.0)
    desk.poll()
    assert desk.world.sent == ["V?", "K1", "PA1", "PA2"]
    assert desk.value("sqc.output.1.rate") == pytest.approx(20 * 0.01730 * 1.12, rel=0.01)
    assert desk.value("sensor.2.frequency") == 5.98e6
    assert desk.value("sensor.2.life") == 98.0


# --- prepare ---


def test_prepare_sends_exactly_the_documented_sequence(desk):
    is_done, text = desk.act(PREPARE, ZN)
    assert is_done, text
    assert told(desk) == [
        "C1? 1",
        "C1? 2",
        "C1? 4",
        "C1? 3",
        "F1? 2",
        "F1? 3",
        "A2 1? 1 2 3 4 6 7 8 10 11",
        "A2 1 1,18 2,140",
        "A2 1? 1 2 3 4 6 7 8 10 11",
        "A3 1? 1 2 3 4 5 6 7 8 9 10 11",
        "A4 1? 1 2 3 4 5 6 7 8",
        "A5 1? 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "HA1? 1",
        "D1? 1 2 3",
        "D1 1,500 2,4800",
        "D1? 1 2 3",
        "D1? 4 5 6 7 8 9 10 11 12",
        "D1? 13 14 15 16 17 18 19 20 21 22 23 24",
        *(f"D1? {parameter}" for parameter in range(13, 25)),
        "T1",
    ]
    assert text == "process 1 selected, layer 1, 4 parameters written"


def test_prepare_of_lithium_uses_its_own_numbers(desk):
    assert desk.act(PREPARE, LI)[0]
    assert "D2 1,500 2,2800" in desk.world.sent
    assert "A2 2 1,16 2,110" in desk.world.sent
    assert desk.world.sent[-2:] == ["T2", "V?"]
    assert desk.value("sqc.process") == 2


def test_prepare_again_writes_nothing(desk):
    desk.act(PREPARE, ZN)
    desk.world.sent.clear()
    assert desk.act(PREPARE, ZN) == (True, "process 1 selected, layer 1, 0 parameters written")
    assert not [message for message in desk.world.sent if "," in message]


def test_prepare_keeps_the_readings_fresh(desk):
    desk.poll()
    begun_ns = desk.clock.now_ns()
    oldest_ns = 0
    routine = desk.driver.begin(Action(1, "sqc", PREPARE, ZN, 10**15))
    reply = None
    while True:
        try:
            wish = next(routine) if reply is None else routine.send(reply)
        except StopIteration:
            break
        desk.world.advance_to(desk.clock.now_ns())
        reply = desk.link.exchange(wish)
        oldest_ns = max(oldest_ns, desk.clock.now_ns() - desk.reading("sqc.output.1.rate").at_ns)
    assert desk.clock.now_ns() - begun_ns > SECOND
    assert oldest_ns < SECOND


def test_prepare_writes_what_differs(desk):
    tables = desk.instrument.memory.tables
    tables["F"][1].update({2: 714, 3: 500})
    tables["A3"][1].update({4: 500, 8: 5})
    tables["A4"][1].update({1: 20})
    assert desk.act(PREPARE, ZN)[0]
    writes = [message for message in desk.world.sent if "," in message]
    assert writes == [
        "F1 2,0704", "F1 3,0514", "A2 1 1,18 2,140", "A3 1 4,417 8,30", "A4 1 1,200", "D1 1,500 2,4800",
    ]  # fmt: skip
    assert (tables["F"][1], tables["A3"][1][4], tables["A4"][1][1]) == ({2: 704, 3: 514}, 417, 200)


@pytest.mark.parametrize(
    ("table", "item", "parameter", "value", "sentence"),
    [
        ("A3", 1, 9, 50, "film 1, feed power (A3 1, parameter 9): found 50, expected 0"),
        ("A2", 1, 3, 12, "film 1, D term (A2 1, parameter 3): found 12, expected 0"),
        ("A2", 1, 4, 2, "film 1, material number (A2 1, parameter 4): found 2, expected 1"),
        ("A4", 1, 5, 1, "film 1, rate sampling (A4 1, parameter 5): found 1, expected 0"),
        ("A5", 1, 1, 3, "film 1, sensor 1 fail mode (A5 1, parameter 1): found 3, expected 1"),
        ("HA", 1, 1, 100, "sensor 1, crystal tooling (HA1, parameter 1): found 100, expected 112"),
        ("D", 1, 11, 10, "layer 1, undocumented (D1, parameter 11): found 10, expected 990"),
        ("D", 1, 13, 1, "layer 1, ramp 1 enable (D1, parameter 13): found 1, expected 0"),
        ("D", 1, 23, 1, "layer 1, undocumented (D1, parameter 23): found 1, expected D"),
    ],
)
def test_prepare_refuses_what_it_does_not_write(desk, table, item, parameter, value, sentence):
    desk.instrument.memory.tables[table][item][parameter] = value
    assert desk.act(PREPARE, ZN) == (False, sentence)
    assert "T1" not in desk.world.sent


def test_prepare_refuses_a_template_of_two_layers(desk):
    desk.instrument.memory.processes[1] = (1, 2)
    assert desk.act(PREPARE, ZN) == (
        False,
        "process 1, actual number of layers (C1, parameter 4): found 2, expected 1",
    )


def test_prepare_refuses_a_running_unit(desk):
    desk.bring_to(Phase.RAMP_1)
    assert desk.act(PREPARE, ZN) == (False, "the unit is in phase 7 (ramp 1); this needs it stopped")
    assert desk.world.sent == ["V?"]


def test_prepare_refuses_a_rate_below_the_units_steps(desk):
    is_done, text = desk.act(PREPARE, LayerSetup("Zn", 0.0003, 480.0))
    assert (is_done, text) == (False, "initial rate 0.003 Å/s is too fine for the unit's steps of 0.01 Å/s")


def test_prepare_reads_back_what_it_wrote(desk):
    desk.instrument.memory.write = lambda letters, item, pairs: True  # says yes and forgets
    assert desk.act(PREPARE, ZN) == (False, "film 1, P term (A2 1, parameter 1): found 50, expected 18")
    assert "T1" not in desk.world.sent


def test_prepare_without_fingerprint_compares_what_the_station_knows():
    station = STATION.model_copy(update={"sqc": STATION.sqc.model_copy(update={"fingerprint": {}})})
    desk = Desk.simulated(station)
    desk.instrument.memory.tables["D"][1][11] = 10
    assert desk.act(PREPARE, ZN)[0]
    assert not [message for message in desk.world.sent if message.startswith("D1? 4")]


def test_reset_is_remembered_until_prepared():
    desk = Desk.simulated(says_reset=True)
    desk.run(desk.driver.greet())
    desk.poll()
    assert desk.value("sqc.was_reset") == 1
    desk.act(PREPARE, ZN)
    desk.poll()
    assert desk.value("sqc.was_reset") == 0


def test_show_selects_the_film_and_writes_nothing(desk):
    assert desk.act(SHOW, LI) == (True, "process 2 selected")
    assert desk.world.sent == ["V?", "T2", "V?"]
    assert desk.instrument.sequence.process == 2


# --- start and prove ---


def test_start_runs_the_process(desk):
    desk.act(PREPARE, ZN)
    assert desk.act(START, ZN) == (True, "process 1 started")
    assert desk.world.sent.count("U0") == 1


@pytest.mark.parametrize("lost", ["lose_reply", "spoil_reply"])
def test_lost_answer_to_start_is_settled_by_the_state(desk, lost):
    desk.act(PREPARE, ZN)
    getattr(desk.world, lost).append("U0")
    assert desk.act(START, ZN) == (True, "process 1 started, though the answer was lost")
    assert desk.world.sent.count("U0") == 1


def test_start_that_never_arrived_is_not_sent_again(desk):
    desk.act(PREPARE, ZN)
    desk.world.lose_command.append("U0")
    begun_ns = desk.clock.now_ns()
    assert desk.act(START, ZN) == (False, "process 1 was told to start and is still stopped")
    assert desk.world.sent.count("U0") == 1
    assert desk.clock.now_ns() - begun_ns > 3 * SECOND


def test_start_needs_the_right_process(desk):
    desk.act(PREPARE, LI)
    assert desk.act(START, ZN) == (False, "process 2 is selected, expected 1")
    assert "U0" not in desk.world.sent


def test_start_after_its_dead_line_is_not_sent(desk):
    desk.act(PREPARE, ZN)
    assert desk.act(START, ZN, deadline_s=0.01) == (False, "not started: the dead-line is over")
    assert "U0" not in desk.world.sent


@pytest.mark.parametrize("layer", [ZN, LI])
def test_prove_of_a_good_template(desk, layer):
    desk.act(PREPARE, layer)
    desk.act(START, layer)
    desk.world.sent.clear()
    number = 1 if layer is ZN else 2
    assert desk.act(PROVE, layer) == (True, f"process {number} drives output {number} with sensor {number}")
    assert desk.world.sent == ["V?", "K1", "HC1? 6", "HC2? 6", f"HD{number}? 1"]


def test_prove_finds_the_wrong_process(desk):
    desk.act(PREPARE, LI)
    desk.act(START, LI)
    assert desk.act(PROVE, ZN) == (False, "process 2, layer 1 runs, expected process 1, layer 1")


def test_prove_finds_a_second_output(desk):
    desk.instrument.memory.processes[1] = (1, 2)
    desk.instrument.sequence.select(1)
    desk.instrument.sequence.start()
    assert desk.act(PROVE, ZN) == (False, "the layer uses output 1, 2, expected 1")


def test_prove_finds_a_manual_start():
    desk = Desk.simulated(manual_start=True)
    desk.act(PREPARE, ZN)
    desk.act(START, ZN)
    desk.wait(1.0)
    assert desk.act(PROVE, ZN) == (False, "process 1 waits for a manual start: set its start mode to Auto")


def test_prove_finds_manual_control(desk):
    desk.bring_to(Phase.RAMP_1)
    desk.instrument.sequence.set_power(1, 10.0)
    assert desk.act(PROVE, ZN) == (False, "the unit is in manual control, expected automatic")


def test_prove_finds_a_stopped_unit(desk):
    desk.act(PREPARE, ZN)
    assert desk.act(PROVE, ZN) == (False, "process 1 has stopped")


# --- end, stop, zero ---


def test_end_of_layer(desk):
    desk.bring_to(Phase.DEPOSIT)
    assert desk.act(END) == (True, "phase 22 (idle ramp)")
    assert desk.world.sent == ["V?", "U5", "V?"]


def test_end_of_layer_is_only_sent_while_depositing(desk):
    desk.bring_to(Phase.SOAK_2)
    assert desk.act(END) == (False, "the unit is in phase 10 (soak 2), not depositing")
    assert desk.world.sent == ["V?"]


@pytest.mark.parametrize(("lost", "is_done"), [("lose_reply", True), ("lose_command", False)])
def test_lost_end_of_layer_is_settled_by_the_state(desk, lost, is_done):
    desk.bring_to(Phase.DEPOSIT)
    getattr(desk.world, lost).append("U5")
    ended, text = desk.act(END)
    assert ended is is_done
    assert text == (
        "phase 22 (idle ramp)" if is_done else "the unit is still in phase 13 (deposit) 2 s after the end of the layer"
    )
    assert desk.world.sent.count("U5") == 1


def test_stop_is_sent_once(desk):
    desk.bring_to(Phase.SOAK_2)
    assert desk.act(STOP) == (True, "stopped")
    assert desk.world.sent == ["U1", "V?"]
    assert desk.bench.analogue[1] == 0.0


def test_stop_whose_answer_was_lost_is_not_sent_again(desk):
    desk.bring_to(Phase.SOAK_2)
    desk.world.lose_reply.append("U1")
    assert desk.act(STOP) == (True, "stopped")
    assert desk.world.sent.count("U1") == 1


def test_stop_that_never_arrived_is_sent_again(desk):
    desk.bring_to(Phase.SOAK_2)
    desk.world.lose_command.append("U1")
    assert desk.act(STOP) == (True, "stopped")
    assert desk.world.sent.count("U1") == 2


def test_stop_is_not_repeated_while_the_state_is_unknown(desk):
    desk.bring_to(Phase.SOAK_2)
    desk.world.is_silent = True
    assert desk.act(STOP) == (False, "the stop was not answered and the state cannot be read")
    assert desk.world.sent.count("U1") == 1


def test_zero_reads_the_output(desk):
    assert desk.act(ZERO, LI) == (True, "output 2 reads 0.00 %")
    assert desk.world.sent == ["S? 2"]


def test_zero_sees_power(desk):
    desk.bring_to(Phase.SOAK_1)
    assert desk.act(ZERO, ZN) == (False, "output 1 is at 25.80 %, expected 0.00 %")


# --- pace ---


def outputs_with(pace):
    rest = dict.fromkeys(Outputs._fields)
    return Outputs(**rest | {"pace": pace, "until_ns": 2**62})


def test_pace_follows_the_phase_of_the_run(desk):
    periods = []
    for pace in (
        Pace(sqc=False, crystals=(), supplies=(), gas=False),
        Pace(sqc=True, crystals=(), supplies=(), gas=False),
        Pace(sqc=True, crystals=(2,), supplies=(), gas=False),
    ):
        desk.driver.accept(outputs_with(pace), desk.clock.now_ns())
        periods.append([row.period_ns / SECOND for row in desk.driver.rows])
    assert periods == [[1.0, 1.0, 1.0], [0.25, 1.0, 1.0], [0.25, 1.0, 0.25]]
