"""New tooling factors from films that were measured outside the chamber.

The crystal's thickness times the factor is what is indicated (physics 2.4): new = old × measured / indicated.
"""

import math
import re
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import QuantityError, convert, split
from pvdstation.model.station import Source, Station
from pvdstation.record.plan import PlannedStep
from pvdstation.record.precision import rounded
from pvdstation.record.results import StepResult

LEAST_PCT, MOST_PCT = 10.0, 999.0
"""What a station file takes."""
_EXAMPLE = 'Write for example --measured "Zn=305 nm ± 3 nm".'
_PLUS_MINUS = re.compile(r"±|\+/-|\+-")
_STUDENT = (math.nan, 1.84, 1.32, 1.20, 1.14, 1.11, 1.09, 1.08, 1.07, 1.06)
"""By what the standard error of so few values is widened to hold 68 % (Student's t), by degrees of freedom."""


class Measured(NamedTuple):
    """One measured thickness, nm; its error (1 sigma) is None where nobody stated one."""

    material: str
    nm: float
    error_nm: float | None = None

    def __str__(self) -> str:
        return f"{self.nm:g} nm" if self.error_nm is None else f"{self.nm:g} ± {self.error_nm:g} nm"


class Film(NamedTuple):
    """A complete layer of a run."""

    layer: int  # counts the layers of the run
    source: str
    material: str
    indicated_nm: float


class Factor(NamedTuple):
    """A sensor's new factor and where it comes from."""

    sensor: int
    film: Film
    old_pct: float
    measured: tuple[Measured, ...]
    mean_nm: float
    factor_pct: float
    uncertainty_pct: float | None  # 1 sigma, in points of the factor; None: unknown
    because: str  # of what the uncertainty is made

    @property
    def shown(self) -> str:
        """Return the factor with its uncertainty in words."""
        spread = "uncertainty unknown" if self.uncertainty_pct is None else f"± {self.uncertainty_pct:.1f} %"
        return f"{self.factor_pct:.1f} %, {spread}"

    @property
    def lines(self) -> str:
        """Return what a person writes into the station file."""
        return f'[sensor.{self.sensor}]\ntooling = "{self.factor_pct:.1f} %"'

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        fields: dict[str, object] = {
            "sensor": self.sensor,
            "source": self.film.source,
            "material": self.film.material,
            "layer": self.film.layer,
            "old_pct": self.old_pct,
            "indicated_nm": self.film.indicated_nm,
            "measured": [{"nm": one.nm, "error_nm": one.error_nm} for one in self.measured],
            "measured_nm": self.mean_nm,
            "factor_pct": self.factor_pct,
            "uncertainty_pct": self.uncertainty_pct,
        }
        return {name: rounded(name, value) for name, value in fields.items()} | {
            "uncertainty": self.because,
            "write": self.lines,
        }


def read_measured(text: str) -> Measured:
    """Read "Zn=305 nm", "Zn=298 nm ± 3 nm" or "Zn=298 ± 3 nm". Raises Refused with a sentence."""
    material, equals, said = (part.strip() for part in text.partition("="))
    value, *errors = (part.strip() for part in _PLUS_MINUS.split(said))
    if not (material and equals and value) or len(errors) > 1:
        raise _refused("--measured", f'"{text[:60]}" is not a material with its thickness', _EXAMPLE)
    try:
        nm, error_nm = _lengths(value, errors[0] if errors else None)
    except QuantityError as error:
        raise _refused("--measured", f"{material[:20]}: {error.what}", error.write) from None
    if not nm > 0 or not (error_nm is None or error_nm > 0):
        raise _refused("--measured", f'"{text[:60]}": a thickness and its error are more than 0', _EXAMPLE)
    return Measured(material, nm, error_nm)


def _lengths(value: str, error: str | None) -> tuple[float, float | None]:
    number, unit = split(value)
    if error is None:
        return convert(number, unit, "length"), None
    spread, of = split(error)
    nm = convert(number, unit or ("" if of == "%" else of), "length")
    return nm, nm * spread / 100 if of == "%" else convert(spread, of or unit, "length")


def find_film(
    plan: Sequence[PlannedStep],
    works: Sequence[Mapping[str, Any]],
    steps: Sequence[StepResult],
    material: str,
    layer: int | None,
) -> Film:
    """Return the layer that was measured. Raises Refused when there is none, several, or it is not complete."""
    layers = _layers(plan, works, steps)
    wanted = [row for row in layers if _is(material, row)] if layer is None else layers[layer - 1 : layer]
    if not wanted:
        where, what = ("--measured", f"of {material}") if layer is None else ("--layer", f"{layer}")
        raise _refused(where, f"the run has no layer {what}", _listed(layers))
    if len(wanted) > 1:
        what = f"the run has {len(wanted)} layers of {material}"
        raise _refused("--measured", what, f"{_listed(layers)} Add --layer N.")
    found = wanted[0]
    if not _is(material, found):
        raise _refused("--layer", f"layer {layer} is {found.step.material}, not {material}", _listed(layers))
    _check_film(found)
    source, nm = str(found.planned.asked["source"]), found.step.indicated_nm
    return Film(found.number, source, str(found.step.material), math.nan if nm is None else nm)


class _Layer(NamedTuple):
    number: int
    planned: PlannedStep
    work: Mapping[str, Any]
    step: StepResult


def _layers(
    plan: Sequence[PlannedStep], works: Sequence[Mapping[str, Any]], steps: Sequence[StepResult]
) -> list[_Layer]:
    rows = [row for row in zip(plan, works, steps, strict=True) if row[2].do == "deposit"]
    return [_Layer(number, *row) for number, row in enumerate(rows, start=1)]


def _is(material: str, layer: _Layer) -> bool:
    return material.casefold() == str(layer.step.material).casefold()


def _check_film(layer: _Layer) -> None:
    number, step = layer.number, layer.step
    if step.state != "complete":
        ended = f": {step.ended_because}" if step.ended_because else ""
        what = f"layer {number} ({step.text}) is not complete, it is {step.state}{ended}"
        raise _refused("the run", what, "Take a run whose layer came to its end.")
    if layer.work.get("others"):
        what = f"layer {number} ({step.text}) is of two materials: no thickness says how much is of which"
        raise _refused("the run", what, "Take a layer of one material.")
    if not (step.indicated_nm is not None and step.indicated_nm > 0):
        raise _refused("the run", f"layer {number} ({step.text}) has no indicated thickness", "Take another run.")


def _listed(layers: Sequence[_Layer]) -> str:
    shown = "; ".join(f"{layer.number}: {layer.step.text}" for layer in layers)
    return f"Its layers are {shown}." if shown else "It has no layer."


def new_factor(station: Station, film: Film, measured: Sequence[Measured]) -> Factor:
    """Return the factor of the sensor that saw a film. Raises Refused by one that no station file takes."""
    source: Source = station.source[film.source]
    old = station.sensor[source.sensor].tooling
    mean_nm = fmean(one.nm for one in measured)
    factor = old * mean_nm / film.indicated_nm
    if not LEAST_PCT <= factor <= MOST_PCT:
        what = f"{mean_nm:g} nm for {film.indicated_nm:.1f} nm indicated makes a factor of {factor:.4g} %"
        write = f"A factor is {LEAST_PCT:g} to {MOST_PCT:g} %: check number and unit of what was measured."
        raise _refused("--measured", what, write)
    share, because = _uncertainty(measured, mean_nm)
    uncertainty = None if share is None else factor * share
    return Factor(source.sensor, film, old, tuple(measured), mean_nm, factor, uncertainty, because)


def _uncertainty(measured: Sequence[Measured], mean_nm: float) -> tuple[float | None, str]:
    """Return 1 sigma as a share of the mean, and what it is made of.

    A stated error counts as common to all values (it is mostly the instrument's), so repeating does not make it less.
    """
    stated = [one.error_nm for one in measured if one.error_nm is not None]
    common_nm = math.sqrt(fmean(error**2 for error in stated)) if stated else 0.0
    count = len(measured)
    if count == 1 and not stated:
        return None, "one measurement without a stated error: its uncertainty is unknown"
    if count == 1:
        return common_nm / mean_nm, "the stated error"
    widened = _STUDENT[count - 1] if count <= len(_STUDENT) else 1.05
    mean_error_nm = widened * stdev(one.nm for one in measured) / math.sqrt(count)
    parts = f"spread of {count} measurements" + (" and the stated error" if stated else "")
    return math.hypot(mean_error_nm, common_nm) / mean_nm, parts


def _refused(where: str, what: str, write: str) -> Refused:
    return Refused([Problem(where, what, write)])
