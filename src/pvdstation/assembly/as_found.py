"""Switches a station off and reads it: before anything else is done after a crash. Starts nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pvdstation.assembly.known import Known, Readings
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.runs import Way, Wishes, execute
from pvdstation.assembly.watching import Nobody
from pvdstation.drivers.switchgear_coupler import EXPIRED
from pvdstation.model.messages import Notice
from pvdstation.model.signals import Quality, Reading, SignalMap, SupplyMode
from pvdstation.recipe.estimate import FINISH_S
from pvdstation.recipe.procedure import Finish, Procedure, Step
from pvdstation.record.results import RunResult

_OFF = Procedure("switch off", "off", 1, "", (Step(1, "finish", "switch off", "safety", True, 1, Finish(), FINISH_S),))  # noqa: FBT003 - implied
STOPPED = 0.0
"""Phase of an SQC-310 that runs nothing."""


class Found(NamedTuple):
    """A station as it was found and as it was left, off and closed."""

    result: RunResult
    first: Readings  # before anything had been told
    now: Readings
    has_dropped: bool | None  # the I/O's watchdog had acted; None: its module does not tell

    def of(self, known: Known) -> dict[str, object]:
        """Return what became of what the record left on or open, for the record of the run that goes on."""
        return {
            "off_confirmed": self.result.safe is True,
            "io_watchdog_has_acted": self.has_dropped,
            "supplies_still_on": list(self.still_on(known)),
            "sqc_phase": _value(self.first, "sqc.phase"),
            "sqc_thickness_nm": {
                name: value
                for name in self.first
                if name.startswith("sqc.output.") and name.endswith(".thickness")
                if (value := _value(self.first, name)) is not None
            },
            "crystals_hz": {name: _value(self.now, name) for name in self.now if name.endswith(".frequency")},
            "pressures": {name: _value(self.now, name) for name in known.pressures or {}},
        }

    def still_on(self, known: Known) -> tuple[int, ...]:
        """Return the supplies whose output was found on."""
        modes = {boat.supply: _value(self.first, f"supply.{boat.supply}.mode") for boat in known.boats}
        return tuple(number for number, mode in modes.items() if mode is not None and mode != SupplyMode.OFF)

    def pressures(self, known: Known) -> dict[str, float]:
        """Return the pressures that the station has now, mbar, of the gauges that the record has read."""
        read = {name: _value(self.now, name) for name in known.pressures or {}}
        return {name: value for name, value in read.items() if value is not None}

    @property
    def sqc_ran(self) -> bool:
        """Return whether the SQC-310 was found running a process."""
        phase = _value(self.first, "sqc.phase")
        return phase is not None and phase > STOPPED


def switch_off(prepared: Prepared, seed: int, way: Way) -> Found:
    """Bring the station to its safe state and read it. Raises what ``execute`` raises."""
    names = [signal.name for signal in SignalMap(prepared.station)]
    first: dict[str, Reading] = {}
    now: dict[str, Reading] = {}

    def observe(readings: Sequence[Reading]) -> None:
        for name, reading in zip(names, readings, strict=True):
            if reading.quality is not Quality.NEVER:
                first.setdefault(name, reading)
                now[name] = reading

    notices = Notices()
    off = prepared._replace(checked=replace(prepared.checked, procedure=_OFF))
    result = execute(off, seed, way, Wishes(notices, observe=observe)).result
    tells = prepared.station.io.map == "wago"
    return Found(result, first, now, any(EXPIRED in text for text in notices.of_io) if tells else None)


class Notices(Nobody):
    """Keeps what the I/O says of itself."""

    def __init__(self) -> None:
        self.of_io: list[str] = []

    def noticed(self, notice: Notice) -> None:
        """Keep it."""
        if notice.link == "io":
            self.of_io.append(notice.text)


def _value(readings: Mapping[str, Reading], name: str) -> float | None:
    reading = readings.get(name)
    is_known = reading is not None and reading.quality is Quality.GOOD and math.isfinite(reading.value)
    return reading.value if reading is not None and is_known else None
