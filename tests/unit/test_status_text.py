"""The status in plain sentences: what is urgent comes first, nothing is drawn, and what is unknown is said to be."""

import math

import pytest

from pvdstation.cli.status_text import status_lines
from pvdstation.desk.snapshot import (
    AlarmShown,
    CauseShown,
    LayerShown,
    LinkShown,
    OverrideShown,
    PositionShown,
    QuestionShown,
    SignalShown,
    Snapshot,
    SourceShown,
    StepShown,
    VerbShown,
)
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality

IDLE = Snapshot("bench", is_simulated=True, speed=60.0, now_ns=0, wall_s=1.8e9, state="idle")
ZINC = SourceShown("Zn", "W", 1, 1, "the SQC-310", True, 43.1, 0.34, 14.7, 7.9, 52.0, 41.0, 0.5, "hot", 92.1)
COLD = ZINC._replace(
    name="Li",
    is_on=False,
    warmth="cold",
    **dict.fromkeys(("current_a", "voltage_v", "power_w", "resistance_mohm"), math.nan),
)
FAILED = CauseShown(
    "crystal", "the crystal has failed", 779 * SECOND, 0.0, ("supplies off CONFIRMED 0.4 s",), "change it."
)
RUNNING = IDLE._replace(
    is_simulated=False,
    speed=1.0,
    now_ns=800 * SECOND,
    state="held",
    since_ns=780 * SECOND,
    run="20261122-1",
    recipe="LZLN",
    sample="Li_17",
    done_s=800.0,
    to_go_s=2760.0,
    hold_ends_ns=1080 * SECOND,
    is_safe=False,
    cause=FAILED,
    step=StepShown(3, 10, "deposit", "300 nm Zn", "deposit", "a resume", 780 * SECOND, 0, None),
    layers=(LayerShown("Zn", "zinc", 300.0, 0.5, math.nan, 126.4, "the SQC-310"),),
    sources=(ZINC, COLD),
    positions=(PositionShown("substrate shutter", "closed", 780 * SECOND), PositionShown("N2 valve", "unknown")),
    ahead=("100 nm Li", "cool"),
    verbs=(VerbShown("resume", is_allowed=False, sentence=""), VerbShown("stop", is_allowed=True, sentence="")),
    signals=(
        SignalShown("chamber.full_range", "mbar", -3, 1.8e-6, Quality.GOOD, 0.2),
        SignalShown("chamber.capacitance", "mbar", 2, 0.5, Quality.UNDER_RANGE, 9.0),
        SignalShown("foreline.pirani", "mbar", -3, math.nan, Quality.COMM_FAULT, math.nan),
        SignalShown("turbo.speed", "Hz", 0, 1000.0, Quality.GOOD, 0.2),
    ),
    alarms=(
        AlarmShown("crystal", "crystal 1: 0 Hz", "medium", "unacknowledged", 779 * SECOND, fix="change the crystal"),
        AlarmShown("spitting", "4 lumps", "low", "shelved", 0, "Anna", "known", 860 * SECOND),
    ),
    questions=(QuestionShown("colour", "Is it silvery?", "yes or no"),),
    overrides=(OverrideShown("boat_resistance", "Anna", "new boat", 1400 * SECOND),),
    links=(LinkShown("sqc", is_lost=True, text="no answer.", round_trip_ms=math.nan),),
    in_charge="ui 4711",
)


@pytest.mark.parametrize(
    "line",
    [
        "LIVE: station bench.",
        "State: held, for 20 s.",
        "Time: 13 min 20 s done, 46 min 00 s to go.",
        "First cause: the crystal has failed (crystal), 21 s ago.",
        "Done: supplies off CONFIRMED 0.4 s.",
        "Do: change it.",
        "Safe state: NOT CONFIRMED.",
        "The hold becomes a stop in 4 min 40 s.",
        "Alarm crystal, priority medium, unacknowledged, came 21 s ago: crystal 1: 0 Hz.",
        "Alarm spitting, priority low, shelved by Anna for another 1 min 00 s, came 13 min 20 s ago: 4 lumps.",
        "Rule boat_resistance is overridden by Anna for another 10 min 00 s: new boat.",
        "Question colour: Is it silvery? Answer: yes or no.",
        "Step 3 of 10: 300 nm Zn.",
        "Waits for: a resume, for 20 s.",
        "Next: 100 nm Li, then cool.",
        "Layer of zinc: rate unknown, thickness 126.4 nm, asked 300.0 nm at 0.500 nm/s, rate kept by the SQC-310.",
        "Source Zn: on, hot, 43.1 A, 0.34 V, 14.7 W, 7.9 mΩ; crystal 1 has 92.1 % of its life left.",
        "Source Li: off, cold, not measured; crystal 1 has 92.1 % of its life left.",
        "Pressure, chamber full range: 1.8e-6 mbar.",
        "Pressure, chamber capacitance: at most 0.5 mbar, 9 s old.",
        "Pressure, foreline pirani: does not answer.",
        "substrate shutter: closed, for 20 s.",
        "N2 valve: unknown.",
        "Link sqc: lost, no answer.",
        "In charge: ui 4711.",
        "Possible now: stop.",
    ],
)
def test_each_fact_has_a_line(line):
    assert line in status_lines(RUNNING)


def test_whether_it_is_simulated_comes_first_and_an_idle_station_has_little_to_say():
    assert status_lines(IDLE) == [
        "SIMULATED: station bench at 60 times real time.",
        "State: idle.",
        "No alarms.",
        "In charge: nobody.",
        "Possible now: nothing.",
    ]


def test_every_line_is_one_line_and_ends_as_a_sentence():
    torn = RUNNING._replace(cause=CauseShown("n2_valve", "Open N2 valve: refused\n  ✗ gate open", 0, 0.0))
    assert all("\n" not in line and line.endswith(".") for line in status_lines(torn))
    assert "First cause: Open N2 valve: refused ✗ gate open (n2_valve), 13 min 20 s ago." in status_lines(torn)
