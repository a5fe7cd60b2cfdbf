"""What was asked of a source while it was tuned, and what its rate answered: read from the record of the run."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pvdstation.model.clock import SECOND
from pvdstation.model.crystal import display_thickness_nm
from pvdstation.model.messages import EventKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Source, Station
from pvdstation.model.toml import load_station
from pvdstation.record.packing import Scan
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry

MARK = "tuning"
"""How the stages begin in which the source is excited."""
_FEWEST = 4
_SLACK_NS = SECOND // 10


@dataclass(frozen=True, slots=True)
class Answer:
    """Drive and rate over the time in which a source was excited; the scans of it, none left out."""

    source: str
    owner: str  # "host" or "sqc"
    method: str  # "step" or "relay"
    set_rate_nm_s: float
    amplitude_pct: float
    at_s: tuple[float, ...]  # from the first of them
    drive_pct: tuple[float, ...]
    rate_nm_s: tuple[float, ...]  # as the loop sees it, its filter included
    marks: tuple[tuple[float, str], ...]  # when each stage began


def answer_of(run: RunFile) -> Answer:
    """Return what a tuning run has measured. Raises Refused when it was none, or when it did not come so far."""
    index, work = _work(run)
    began_ns, ended_ns, marks = _span(run, f"step {index}")
    station = load_station(run.station, "the station of the record")
    source = station.source[work["source"]]
    rows = list(_rows(run, station, work["source"], began_ns, ended_ns))
    first_s = rows[0][0]
    return Answer(
        source=work["source"],
        owner=source.rate_loop,
        method=work["method"],
        set_rate_nm_s=work["rate_nm_s"],
        amplitude_pct=work["amplitude_pct"],
        at_s=tuple(at_s - first_s for at_s, _drive, _rate in rows),
        drive_pct=tuple(drive for _at_s, drive, _rate in rows),
        rate_nm_s=tuple(rate for _at_s, _drive, rate in rows),
        marks=tuple((at_ns / SECOND - first_s, text) for at_ns, text in marks),
    )


def _work(run: RunFile) -> tuple[int, dict[str, Any]]:
    plan = run.document(Entry.PLAN)
    for step, work in zip(plan["steps"], plan["works"], strict=True):
        if work["kind"] == "Tune":
            return int(step["index"]), work
    raise Refused([Problem(str(run.path), "no source was tuned in this run", 'Name a run of "pvd tune".')])


def _span(run: RunFile, step: str) -> tuple[int, int, list[tuple[int, str]]]:
    """Return when the excitation began and ended, and its stages."""
    marks: list[tuple[int, str]] = []
    for event in run.events():
        if event.source != step or event.kind not in (EventKind.STAGE, EventKind.STEP):
            continue
        if event.kind is EventKind.STAGE and event.text.startswith(MARK):
            marks.append((event.at_ns, event.text))
        elif marks:
            return marks[0][0], event.at_ns, marks
    raise Refused([Problem(str(run.path), "the source was never excited: the run ended before", "Tune it again.")])


def _rows(
    run: RunFile, station: Station, name: str, began_ns: int, ended_ns: int
) -> Iterator[tuple[float, float, float]]:
    """Yield time (s), drive (%) and rate (nm/s) of each scan."""
    source = station.source[name]
    supply = station.supply[source.boat]
    place = list(station.supply).index(source.boat)
    is_host = source.rate_loop == "host"
    output = f"sqc.output.{source.sqc.output}"
    power, shown = run.number[f"{output}.power"], run.number[f"{output}.rate"]
    own = OwnRate(source, station.sensor[source.sensor].tooling)
    crystal = run.number[f"sensor.{source.sensor}.frequency"]
    for scan in run.scans():
        if scan.at_ns >= ended_ns:
            return
        if is_host:
            reading = scan.image.readings[crystal]
            own.take(reading.at_ns, reading.value, is_good=reading.quality is Quality.GOOD)
            drive, rate = scan.outputs.supply[place].current_a / supply.full_scale * 100, own.rate_nm_s
        else:
            drive, rate = _good(scan, power), _good(scan, shown)
        if scan.at_ns >= began_ns:
            yield scan.at_ns / SECOND, drive, rate


def _good(scan: Scan, number: int) -> float:
    reading = scan.image.readings[number]
    return reading.value if reading.quality is Quality.GOOD else math.nan


class OwnRate:
    """The rate that our own loop sees: slope over the last second, then its filter."""

    def __init__(self, source: Source, tooling_pct: float) -> None:
        self._source = source
        self._tooling_pct = tooling_pct
        self._window_ns = round(source.host_loop.window * SECOND) + _SLACK_NS
        self._zero_hz = 0.0
        self._samples: list[tuple[int, float]] = []
        self.rate_nm_s = math.nan

    def take(self, at_ns: int, hertz: float, *, is_good: bool) -> None:
        """Take the newest reading of the crystal; one that is known already changes nothing."""
        samples = self._samples
        if not is_good or not hertz > 0 or (samples and at_ns <= samples[-1][0]):
            return
        self._zero_hz = self._zero_hz or hertz
        source = self._source
        nm = display_thickness_nm(self._zero_hz, hertz, source.density, source.z, self._tooling_pct)
        samples.append((at_ns, nm))
        while samples[-1][0] - samples[0][0] > self._window_ns:
            samples.pop(0)
        if len(samples) < _FEWEST:
            return
        slope, alpha = _slope(samples), source.host_loop.alpha
        self.rate_nm_s = slope if math.isnan(self.rate_nm_s) else alpha * slope + (1 - alpha) * self.rate_nm_s


def _slope(samples: list[tuple[int, float]]) -> float:
    """Return the slope of the least-squares line, nm/s."""
    start, count = samples[0][0], len(samples)
    times = [(at_ns - start) / SECOND for at_ns, _nm in samples]
    mean_t, mean_nm = sum(times) / count, sum(nm for _at_ns, nm in samples) / count
    spread = sum((t - mean_t) ** 2 for t in times)
    return sum((t - mean_t) * (nm - mean_nm) for t, (_at, nm) in zip(times, samples, strict=True)) / spread
