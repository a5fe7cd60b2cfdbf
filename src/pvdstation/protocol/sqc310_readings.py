"""SQC-310 readings: payload text to numbers and back, strictly: a comma, an exponent or a field too many is refused.

Numbers are in the unit's own display units: Å/s, kÅ, %, Hz, s (reference 3, 4.2; K1 fields of manual P1C p. 111).
Every ``parse_`` returns None for text that is not of its form.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_TWO = r"(-?[0-9]{1,8}\.[0-9]{2})"
_THREE = r"(-?[0-9]{1,6}\.[0-9]{3})"
_STATE = re.compile(r" *([0-9]{1,2}) +([0-9]{1,7}) +([0-9]{1,3}) +([0-9]{1,4})(?: +([01]))? *")
_CRYSTAL = re.compile(rf" *([01]) +{_TWO} +{_TWO} *")
_NUMBER = {2: re.compile(rf" *{_TWO} *"), 3: re.compile(rf" *{_THREE} *")}
_UNUSED = "-1 -1 -1 -1"
_CHANNELS = re.compile(r"[24]")
_IDENTITY = re.compile(r"(SQC-?310C?)\b.* Ver ([0-9]{1,2})\.([0-9]{2}) *", re.ASCII)


class Identity(NamedTuple):
    """Who answers ``@``: model, and firmware as major and minor number."""

    model: str
    major: int
    minor: int


class State(NamedTuple):
    """Answer to ``V?``; older firmware leaves the control mode out (None)."""

    phase: int
    time_s: int
    process: int
    layer: int
    mode: int | None


class OutputReading(NamedTuple):
    """One output of ``K1``."""

    rate_a_s: float
    deviation_pct: float
    thickness_ka: float
    power_pct: float


class OutputsReading(NamedTuple):
    """Answer to ``K1``: phase time and every output; None where the active layer does not use one."""

    time_s: float
    outputs: tuple[OutputReading | None, ...]


class SensorReading(NamedTuple):
    """One sensor of ``K2``."""

    rate_a_s: float
    thickness_ka: float
    frequency_hz: float


class SensorsReading(NamedTuple):
    """Answer to ``K2``: phase time and every sensor."""

    time_s: float
    sensors: tuple[SensorReading, ...]


class CrystalReading(NamedTuple):
    """Answer to ``PA``: 1 = active, frequency, life left."""

    active: int
    frequency_hz: float
    life_pct: float


def parse_identity(payload: str) -> Identity | None:
    """Read model and firmware; None for any other instrument."""
    match = _IDENTITY.fullmatch(payload)
    return Identity(match[1], int(match[2]), int(match[3])) if match else None


def parse_channels(payload: str) -> int | None:
    """Read the number of channels, 2 or 4."""
    return int(payload) if _CHANNELS.fullmatch(payload) else None


def parse_state(payload: str) -> State | None:
    """Read ``V?``: four or five whole numbers."""
    match = _STATE.fullmatch(payload)
    if match is None:
        return None
    phase, time_s, process, layer, mode = match.groups()
    return State(int(phase), int(time_s), int(process), int(layer), None if mode is None else int(mode))


def format_state(state: State) -> str:
    """Write ``V?`` (instrument side)."""
    text = f"{state.phase} {state.time_s} {state.process} {state.layer}"
    return text if state.mode is None else f"{text} {state.mode}"


@lru_cache(maxsize=4)
def _outputs_form(channels: int) -> re.Pattern[str]:
    output = rf" +(?:{_UNUSED}|{_TWO} +{_TWO} +{_THREE} +{_TWO})"
    return re.compile(rf" *{_TWO}{output * channels} *")


def parse_outputs(payload: str, channels: int) -> OutputsReading | None:
    """Read ``K1`` of a unit with that many channels."""
    match = _outputs_form(channels).fullmatch(payload)
    if match is None:
        return None
    fields = match.groups()
    outputs = tuple(_output_of(fields[start : start + 4]) for start in range(1, 4 * channels, 4))
    return OutputsReading(float(fields[0]), outputs)


def _output_of(fields: tuple[str | None, ...]) -> OutputReading | None:
    rate, deviation, thickness, power = fields
    if rate is None or deviation is None or thickness is None or power is None:
        return None
    return OutputReading(float(rate), float(deviation), float(thickness), float(power))


def format_outputs(reading: OutputsReading) -> str:
    """Write ``K1`` (instrument side)."""
    fields = [f"{reading.time_s:.2f}"]
    for output in reading.outputs:
        fields.append(_UNUSED if output is None else "{:.2f} {:.2f} {:.3f} {:.2f}".format(*output))
    return " ".join(fields)


@lru_cache(maxsize=4)
def _sensors_form(channels: int) -> re.Pattern[str]:
    sensor = rf" +{_TWO} +{_THREE} +{_TWO}"
    return re.compile(rf" *{_TWO}{sensor * channels} *")


def parse_sensors(payload: str, channels: int) -> SensorsReading | None:
    """Read ``K2`` of a unit with that many channels."""
    match = _sensors_form(channels).fullmatch(payload)
    if match is None:
        return None
    numbers = [float(field) for field in match.groups()]
    sensors = tuple(SensorReading(*numbers[start : start + 3]) for start in range(1, 3 * channels, 3))
    return SensorsReading(numbers[0], sensors)


def format_sensors(reading: SensorsReading) -> str:
    """Write ``K2`` (instrument side)."""
    return " ".join([f"{reading.time_s:.2f}", *("{:.2f} {:.3f} {:.2f}".format(*sensor) for sensor in reading.sensors)])


def parse_crystal(payload: str) -> CrystalReading | None:
    """Read ``PA``."""
    match = _CRYSTAL.fullmatch(payload)
    return CrystalReading(int(match[1]), float(match[2]), float(match[3])) if match else None


def format_crystal(reading: CrystalReading) -> str:
    """Write ``PA`` (instrument side)."""
    return "{:d} {:.2f} {:.2f}".format(*reading)


def parse_number(payload: str, decimals: int) -> float | None:
    """Read one number with 2 or 3 decimals (``L M N O P Q S?``), whatever its padding."""
    match = _NUMBER[decimals].fullmatch(payload)
    return float(match[1]) if match else None


def parse_nothing(payload: str) -> bool | None:
    """Read the bare acknowledge of a write: True when nothing follows the status letter."""
    return True if not payload else None
