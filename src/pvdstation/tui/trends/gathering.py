"""What the trends show of a run: every snapshot's rates, thicknesses, powers and pressure, in bins for each window."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from pvdstation.desk.snapshot import Snapshot
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality
from pvdstation.tui.trends.bins import Bins, Sample

NAN = math.nan
WINDOWS_S = (60.0, 300.0, 1800.0, math.inf)
RATE, THICKNESS, POWER, PRESSURE = "rate", "thickness", "power", "pressure"
QUANTITIES = (RATE, THICKNESS, POWER, PRESSURE)
UNITS = {RATE: "nm/s", THICKNESS: "nm", POWER: "W", PRESSURE: "mbar"}
SET = "set "
"""Before the name of a curve: what is asked for."""
_FULL_RANGE_TO_MBAR = 10.0
_CAPACITANCE_FROM_MBAR = 2.0


class Layer(NamedTuple):
    """A layer that has begun to grow: of which source, its how-manieth (from 0), and when."""

    source: str
    number: int
    at_s: float


class Trace:
    """One curve, in bins for every window."""

    def __init__(self) -> None:
        self.windows = {width_s: Bins(width_s) for width_s in WINDOWS_S}
        self.now = NAN

    def add(self, sample: Sample) -> None:
        """Take one sample."""
        self.now = sample.value
        for bins in self.windows.values():
            bins.add(sample)


class Gathered:
    """Traces of one run; before the first one, of the idle station. Another run begins anew."""

    def __init__(self) -> None:
        self.run = ""
        self.recipe = ""
        self.at_s = NAN
        self.began_s = NAN
        self.is_over = False
        self.traces: dict[str, Trace] = {}
        self.layers: list[Layer] = []
        self._growing: set[str] = set()

    def take(self, snapshot: Snapshot) -> None:
        """Take one moment. After a run's end its traces stay as they are until the next one begins."""
        if self.run and not snapshot.run:
            self.is_over = True
            return
        at_s = snapshot.now_ns / SECOND
        if snapshot.run != self.run or at_s < self.at_s:
            self.__init__()  # type: ignore[misc]
            self.run, self.recipe = snapshot.run, snapshot.recipe
        if at_s == self.at_s:
            return
        now = values_of(snapshot)
        if math.isnan(self.at_s):  # a layer that grows already has begun nobody knows when
            self.began_s = at_s - snapshot.done_s
            self._growing = _growing(now)
        self.at_s = at_s
        for name in self.traces.keys() | now.keys():
            self.traces.setdefault(name, Trace()).add(Sample(at_s, now.get(name, NAN)))
        self._watch_layers(now)

    def gap(self) -> None:
        """Take that nothing is known from here on."""
        for trace in self.traces.values():
            trace.add(Sample(self.at_s, NAN))

    def _watch_layers(self, now: Mapping[str, float]) -> None:
        """Note when a source's thickness begins to count."""
        growing = _growing(now)
        for source in sorted(growing - self._growing):
            number = sum(layer.source == source for layer in self.layers)
            self.layers.append(Layer(source, number, self.at_s))
        self._growing = growing


def _growing(now: Mapping[str, float]) -> set[str]:
    return {name.removeprefix(f"{THICKNESS} ") for name in now if name.startswith(THICKNESS)}


def values_of(snapshot: Snapshot) -> dict[str, float]:
    """Return the value of every curve now; a thickness counts from the first that has grown on the substrate."""
    now = {f"{RATE} {source.name}": source.rate_nm_s for source in snapshot.sources}
    now |= {f"{POWER} {source.name}": source.power_w for source in snapshot.sources}
    now[PRESSURE] = _pressure_mbar(snapshot)
    for layer in snapshot.layers:
        now[f"{SET}{RATE} {layer.source}"] = layer.set_nm_s
        now[f"{SET}{THICKNESS} {layer.source}"] = layer.target_nm
        if layer.grown_nm > 0:
            now[f"{THICKNESS} {layer.source}"] = layer.grown_nm
    return now


def _pressure_mbar(snapshot: Snapshot) -> float:
    """Return one pressure: the capacitance gauge's where it measures, else the full-range gauge's."""
    good = {signal.name: signal.value for signal in snapshot.signals if signal.quality is Quality.GOOD}
    capacitance = good.get("chamber.capacitance", NAN)
    full_range = good.get("chamber.full_range", NAN)
    if capacitance > _CAPACITANCE_FROM_MBAR:
        return capacitance
    return full_range if full_range < _FULL_RANGE_TO_MBAR else NAN
