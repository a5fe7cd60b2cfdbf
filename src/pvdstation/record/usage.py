"""What a run took from its boats: by the films that really grew, and the model of the recipe's check."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pvdstation.model.station import Station
from pvdstation.recipe.consumption import Ledger
from pvdstation.record.plan import PlannedStep
from pvdstation.record.precision import rounded
from pvdstation.record.results import StepResult


@dataclass(frozen=True, slots=True)
class SourceUse:
    """One boat over one run."""

    source: str
    film_nm: float  # indicated, all layers of the run
    used_mg: float
    rate_nm_s: float  # of the last layer that was exposed; NaN without one
    power_w: float  # median of that layer while exposed; NaN where nobody measured it
    peak_w: float = math.nan  # highest of that layer
    hot_mohm: float = math.nan  # V/I at the power of ramp 2, by the highest power while the source was conditioned

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON; null is what nobody knows."""
        names = ("film_nm", "used_mg", "rate_nm_s", "power_w", "peak_w", "hot_mohm")
        return {name: rounded(name, getattr(self, name)) for name in names}


def source_uses(station: Station, plan: Iterable[PlannedStep], steps: Iterable[StepResult]) -> tuple[SourceUse, ...]:
    """Return the use of every boat that was heated, in the procedure's order."""
    ledger = Ledger(station)
    films: dict[str, float] = {}
    trend: dict[str, tuple[float, float, float]] = {}
    hot: dict[str, float] = {}
    heated: set[str] = set()
    for asked, step in zip(plan, steps, strict=True):
        if "source" not in asked.asked or step.state == "not started":
            continue
        for name, rate_nm_s, film_nm, power_w, peak_w in _taken(station, asked, step):
            films[name] = films.get(name, 0.0) + film_nm
            if step.do == "condition":
                heated.add(name)
                ledger.take(name, station.source[name], 0.0, rate_nm_s)
                if step.state == "complete" and "rate_nm_s" in asked.asked and peak_w is not None:
                    hot[name] = peak_w / _ramp2_a(station, name) ** 2 * 1000
                continue
            # what warming up takes was booked with the conditioning; tuning evaporates without a film
            taken_nm = film_nm + (step.evaporated_nm or 0.0)
            ledger.take(name, station.source[name], taken_nm, 0.0 if name in heated else rate_nm_s)
            if power_w is not None:
                trend[name] = (rate_nm_s, power_w, math.nan if peak_w is None else peak_w)
        if step.do != "condition":
            heated.clear()
    unknown = (math.nan, math.nan, math.nan)
    return tuple(
        SourceUse(name, film_nm, ledger.taken_mg(name), *trend.get(name, unknown), hot.get(name, math.nan))
        for name, film_nm in films.items()
    )


def _ramp2_a(station: Station, name: str) -> float:
    source = station.source[name]
    return source.condition.ramp2.power / 100 * station.supply[source.boat].full_scale


def _taken(
    station: Station, asked: PlannedStep, step: StepResult
) -> Iterator[tuple[str, float, float, float | None, float | None]]:
    """Return of each source of a step: its name, set rate, film, median power and highest power."""
    name = str(asked.asked["source"])
    rate_nm_s = asked.asked.get("rate_nm_s", station.source[name].max_rate / 10)  # melting in has none
    yield name, float(rate_nm_s), _grown_nm(step.indicated_nm, asked.asked), step.power_median_w, step.peak_power_w
    reached = {other.material: other for other in step.together or ()}
    for other in asked.asked.get("together", ()):
        found = reached.get(other["source"])
        film_nm = _grown_nm(found.indicated_nm, other) if found else 0.0
        power_w, peak_w = (found.power_median_w, found.peak_power_w) if found else (None, None)
        yield other["source"], float(other["rate_nm_s"]), film_nm, power_w, peak_w


def _grown_nm(indicated_nm: float | None, asked: Mapping[str, Any]) -> float:
    """Return what this run has grown of a layer, nm: without what an interrupted run has left."""
    return max(0.0, (indicated_nm or 0.0) - float(asked.get("on_film_nm", 0.0)))
