"""Samples of a handful of signals over a run, taken only when a plot is asked for."""

from array import array
from collections.abc import Callable, Mapping, Sequence

from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality, Reading, SignalMap
from pvdstation.model.station import Station
from pvdstation.record.gathering import Band

NAN = float("nan")
FULL_RANGE_TRUSTED_MBAR = 10.0
CAPACITANCE_TRUSTED_MBAR = 2.0


class SourceTrace:
    """Samples of one source: what the SQC-310 and the supply show, and the true film."""

    __slots__ = (
        "_current",
        "_rate",
        "_thickness",
        "_voltage",
        "film_nm",
        "material",
        "power_w",
        "rate_nm_s",
        "thickness_nm",
    )

    def __init__(self, material: str, station: Station, signals: SignalMap) -> None:
        source = station.source[material]
        output = signals.output[source.sqc.output]
        supply = signals.supply[source.boat]
        self.material = material
        self._rate, self._thickness = output.rate, output.thickness
        self._voltage, self._current = supply.voltage, supply.current
        self.rate_nm_s = array("d")
        self.thickness_nm = array("d")
        self.power_w = array("d")
        self.film_nm = array("d")

    def sample(self, readings: Sequence[Reading], film_nm: float) -> None:
        """Take one sample."""
        self.rate_nm_s.append(_good(readings[self._rate]))
        self.thickness_nm.append(_good(readings[self._thickness]))
        self.power_w.append(_good(readings[self._voltage]) * _good(readings[self._current]))
        self.film_nm.append(film_nm)


class Trace:
    """Samples of a run, one per call; ``bands`` are filled in at its end."""

    def __init__(self, station: Station, signals: SignalMap, truth: Callable[[], Mapping[str, float]] | None) -> None:
        self._full_range, self._capacitance = signals.full_range, signals.capacitance
        self._truth = truth
        self.is_simulated = truth is not None
        self.at_s = array("d")
        self.full_range_mbar = array("d")
        self.capacitance_mbar = array("d")
        self.sources = [SourceTrace(name, station, signals) for name in station.source]
        self.bands: tuple[Band, ...] = ()

    def sample(self, readings: Sequence[Reading], now_ns: int) -> None:
        """Take one sample of everything; a gauge counts only where it can be trusted."""
        self.at_s.append(now_ns / SECOND)
        full_range, capacitance = _good(readings[self._full_range]), _good(readings[self._capacitance])
        self.full_range_mbar.append(full_range if full_range < FULL_RANGE_TRUSTED_MBAR else NAN)
        self.capacitance_mbar.append(capacitance if capacitance > CAPACITANCE_TRUSTED_MBAR else NAN)
        truth = self._truth() if self._truth is not None else {}
        for source in self.sources:
            source.sample(readings, truth.get(f"film.{source.material}", NAN))


def _good(reading: Reading) -> float:
    return reading.value if reading.quality is Quality.GOOD else NAN
