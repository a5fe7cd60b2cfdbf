"""SQC-310 layer phases, numbered as in manual 074-550-P1C p. 116 (firmware 6.65 and later)."""

from enum import IntEnum


class Phase(IntEnum):
    """Where a layer is."""

    STOPPED = 0
    CRYSTAL_VERIFY = 1
    INITIALIZE_LAYER = 2
    MANUAL_START = 3
    CRYSTAL_ROTATE = 4
    POCKET_ROTATE = 5
    PRECONDITION = 6  # co-deposition only
    RAMP_1 = 7
    SOAK_1 = 8
    RAMP_2 = 9
    SOAK_2 = 10
    SOAK_HOLD = 11
    SHUTTER_DELAY = 12
    DEPOSIT = 13
    RATE_RAMP = 14
    TIMED_POWER = 16
    RATE_SAMPLE_HOLD = 17
    RATE_SAMPLE = 18
    CRYSTAL_SWITCH = 19
    FEED_RAMP = 20
    FEED_SOAK = 21
    IDLE_RAMP = 22
    CRYSTAL_FAIL = 24
    STOP_LAYER = 25
    MANUAL_POWER = 26
    SENSOR_FEEDBACK_TIMEOUT = 27
    SOURCE_FEEDBACK_TIMEOUT = 28
    INVALID_CRYSTAL_POSITION = 31
    INVALID_POCKET_POSITION = 32
    SAMPLE_HOLD = 33
    SAMPLE_CONTINUOUS = 34
    CRYSTAL_FAIL_HALTED = 35
    NEXT_CRYSTAL = 36
    RATE_SAMPLE_SHUTTER_DELAY = 37
    CONTROL_DELAY = 46
    SENSOR_SHUTTER_ERROR = 47
    SOURCE_SHUTTER_ERROR = 48


_KNOWN = {phase.value: phase.name.lower().replace("_", " ") for phase in Phase}


def phase_text(number: int) -> str:
    """Return the phase as people read it: "phase 10 (soak 2)"; an unknown one keeps its number."""
    return f"phase {number} ({_KNOWN.get(number, 'unknown')})"
