"""Numbers of each step for a NOMAD archive, in its units, over seconds from the start of the step."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pvdstation.model.clock import SECOND
from pvdstation.model.materials import find_material
from pvdstation.model.signals import Position, Quality, Reading
from pvdstation.record.export.naming import SourceFacts
from pvdstation.record.export.story import Chapter
from pvdstation.record.packing import Scan
from pvdstation.record.run_file import RunFile

_PA_PER_MBAR = 100.0
_M_PER_NM = 1e-9
_G_M3_PER_G_CM3 = 1e6
_FULL_RANGE_UP_TO_MBAR = 10.0
"""Above it the full-range gauge is not looked at (safety reference; the capacitance gauge counts)."""
_DIGITS = 9


class Line(NamedTuple):
    """One quantity over time: s from the start of the step, and SI units."""

    times: list[float]
    values: list[float]

    def add(self, time_s: float, value: float) -> None:
        """Append a sample; what is not a finite number is left out."""
        if math.isfinite(value):
            self.times.append(tidy(time_s))
            self.values.append(tidy(value))

    def fields(self, **more: object) -> dict[str, Any]:
        """Return the fields of NOMAD's TimeSeries."""
        return {"value": self.values, "time": self.times, **more}


class StepSeries:
    """What was measured while one step ran."""

    def __init__(self, chapter: Chapter, source: SourceFacts | None) -> None:
        self.chapter = chapter
        self.source = source
        self.pressure_pa = Line([], [])
        self.power_w = Line([], [])
        self.set_power_w = Line([], [])
        self.rate_m_s = Line([], [])  # only while the substrate shutter is open: before that nothing arrives
        self.open_s: list[tuple[float, float]] = []
        """When the substrate shutter read open: begin and end of each time, s from the start of the run."""
        self.is_open = False
        self.life_pct: tuple[float, float] | None = None
        """Crystal life at the step's start and end."""

    def add(self, line: Line, reading: Reading, value: float) -> None:
        """Append a value at the time of its reading; one that is older than the step is not the step's."""
        time_s = reading.at_ns / SECOND - (self.chapter.start_s or 0.0)
        if time_s >= 0:
            line.add(time_s, value)


def flux_mol_m2_s(rate_m_s: float, density_g_cm3: float, molar_mass_g_mol: float) -> float:
    """Return what arrives per area and time. The density is the monitor's: the rate is mass per area over just that."""
    return rate_m_s * density_g_cm3 * _G_M3_PER_G_CM3 / molar_mass_g_mol


def flux_of(line: Line, source: SourceFacts) -> Line | None:
    """Return the impinging flux of a rate; None by a material whose molar mass nobody knows."""
    material = find_material(source.name)
    if material is None or material.molar_mass_g_mol is None:
        return None
    molar = material.molar_mass_g_mol
    return Line(line.times, [tidy(flux_mol_m2_s(rate, source.density_g_cm3, molar)) for rate in line.values])


def series_of(record: RunFile, chapters: Iterable[Chapter], sources: Mapping[str, SourceFacts]) -> list[StepSeries]:
    """Return the series of every step that was begun."""
    found = [
        StepSeries(chapter, sources.get(str(chapter.step.asked.get("source"))))
        for chapter in chapters
        if chapter.start_s is not None
    ]
    _Reader(record, found).read()
    return found


class _Reader:
    """Goes through the scans once."""

    def __init__(self, record: RunFile, series: Sequence[StepSeries]) -> None:
        self._record = record
        self._series = series
        self._number = record.number

    def read(self) -> None:
        """Give every scan to the step that ran; what the scan at a step's start brings was read in the step before."""
        place = -1
        for scan in self._record.scans():
            at_s = scan.at_ns / SECOND
            while place + 1 < len(self._series) and at_s > (self._series[place + 1].chapter.start_s or 0.0):
                place += 1
            if place >= 0 and at_s <= (self._series[place].chapter.end_s or 0.0):
                self._take(self._series[place], scan)

    def _take(self, series: StepSeries, scan: Scan) -> None:
        self._take_pressure(series, scan)
        if series.source is None:
            return
        self._take_power(series, series.source, scan)
        if series.chapter.step.do == "deposit":
            self._take_layer(series, series.source, scan)

    def _take_pressure(self, series: StepSeries, scan: Scan) -> None:
        name = "chamber.full_range"
        full = self._good(scan, name)
        if full is None or full.value > _FULL_RANGE_UP_TO_MBAR:
            name = "chamber.capacitance"
        if (reading := self._new(scan, name)) is not None:
            series.add(series.pressure_pa, reading, reading.value * _PA_PER_MBAR)

    def _take_power(self, series: StepSeries, source: SourceFacts, scan: Scan) -> None:
        current = self._new(scan, f"supply.{source.boat}.current")
        voltage = self._good(scan, f"supply.{source.boat}.voltage")
        if current is None or voltage is None:
            return
        series.add(series.power_w, current, current.value * voltage.value)
        asked = f"sqc.output.{source.output}.power" if source.is_analogue else f"supply.{source.boat}.setpoint"
        if (level := self._good(scan, asked)) is not None:
            series.add(series.set_power_w, current, source.set_current_a(level.value) * voltage.value)

    def _take_layer(self, series: StepSeries, source: SourceFacts, scan: Scan) -> None:
        life = self._good(scan, f"sensor.{source.sensors[0]}.life")
        if life is not None:
            series.life_pct = (series.life_pct[0] if series.life_pct else life.value, life.value)
        shutter = self._good(scan, "substrate_shutter")
        if shutter is None or shutter.value != Position.OPEN:
            series.is_open = False
            return
        at_s = scan.at_ns / SECOND
        if not series.is_open:
            series.open_s.append((at_s, at_s))
            series.is_open = True
        series.open_s[-1] = (series.open_s[-1][0], at_s)
        rate = self._new(scan, f"sqc.output.{source.output}.rate")
        if rate is not None and rate.at_ns / SECOND >= series.open_s[-1][0]:
            series.add(series.rate_m_s, rate, rate.value * _M_PER_NM)

    def _good(self, scan: Scan, name: str) -> Reading | None:
        """Return a signal's newest reading if it is good."""
        number = self._number.get(name)
        if number is None or scan.readings[number].quality is not Quality.GOOD:
            return None
        return scan.readings[number]

    def _new(self, scan: Scan, name: str) -> Reading | None:
        """Return a signal's reading if it is good and came with this scan."""
        reading = self._good(scan, name)
        return reading if reading is not None and self._number[name] in scan.changed else None


def tidy(value: float) -> float:
    """Drop what only the arithmetic of units has added."""
    return float(f"{value:.{_DIGITS}g}")
