"""SQC-310 layer phases: one numbering per edition of the manual, and the edition by firmware.

Numbers 0 to 28 agree in the two SQC-310 manuals (P1C p. 116, P1B p. 97); 29 to 36 mean other things in each. The
program's own names are those of P1C.
"""

from enum import IntEnum, StrEnum


class Phase(IntEnum):
    """Where a layer is, numbered as in manual 074-550-P1C p. 116."""

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


class Edition(StrEnum):
    """Edition of the manual that a unit's firmware follows."""

    P1C = "P1C"
    P1B = "P1B"
    SQC_300 = "SQC-300"


_NEWEST_SQC_300 = (5, 1)
_P1B = (6, 1)
_OLDEST_P1C = (6, 65)


def edition_of(major: int, minor: int) -> Edition | None:
    """Return the edition of a firmware; None where no source says which one it follows."""
    firmware = (major, minor)
    if firmware >= _OLDEST_P1C:
        return Edition.P1C
    if firmware == _P1B:
        return Edition.P1B
    return Edition.SQC_300 if firmware <= _NEWEST_SQC_300 else None


_P1C_NAMES = {phase.value: phase.name.lower().replace("_", " ") for phase in Phase}
_ALIKE = {number: name for number, name in _P1C_NAMES.items() if number <= Phase.SOURCE_FEEDBACK_TIMEOUT}
_NAMES: dict[Edition, dict[int, str]] = {
    Edition.P1C: _P1C_NAMES,
    Edition.P1B: _ALIKE
    | {
        15: "rate ramp deposit", 23: "start next layer", 29: "invalid crystal position",
        30: "invalid pocket position", 31: "sample hold", 32: "sample continuous", 33: "crystal fail halted",
        34: "next crystal",
    },
    Edition.SQC_300: _ALIKE
    | {
        15: "rate ramp deposit", 17: "rate sample delay", 23: "start next layer", 27: "pocket timeout",
        28: "sample hold",
    },
}  # fmt: skip
_WELL_ABOVE_28: dict[Edition, tuple[str, ...]] = {
    Edition.P1C: ("sample hold", "sample continuous"),
    Edition.P1B: ("sample hold", "sample continuous"),
    Edition.SQC_300: (),
}
_FAILURES = {
    edition: {number for number in (24, 27, 28) if names.get(number) != "sample hold"}
    for edition, names in _NAMES.items()
}


def phase_text(number: int, edition: Edition = Edition.P1C) -> str:
    """Return the phase as people read it: "phase 10 (soak 2)"; an unknown one keeps its number."""
    return f"phase {number} ({_NAMES[edition].get(number, 'unknown')})"


def needs_attention(number: int, edition: Edition) -> bool:
    """Return whether a phase is a failure, or one that nobody can name: a person has to look at the unit."""
    if number <= Phase.SOURCE_FEEDBACK_TIMEOUT:
        return number in _FAILURES[edition]
    return _NAMES[edition].get(number) not in _WELL_ABOVE_28[edition]


def number_of(phase: Phase, edition: Edition) -> int:
    """Return the number under which a unit of an edition shows a phase (instrument side); 24 where it has none."""
    name = _P1C_NAMES[phase.value]
    if _NAMES[edition].get(phase.value) == name:
        return phase.value
    return next((number for number, told in _NAMES[edition].items() if told == name), Phase.CRYSTAL_FAIL.value)
