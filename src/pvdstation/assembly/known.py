"""What is known of an interrupted run, as typed objects and as JSON. The film is bounded on both sides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from pvdstation.model.crystal import display_thickness_nm
from pvdstation.model.signals import Quality, Reading
from pvdstation.recipe import procedure as order

Readings = Mapping[str, Reading]
"""Readings by the names of their signals."""
_AGREES_NM = 1.0
"""By how much the crystal may show less than the record: its noise, and its answer to the heat."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that the run, or one that it continued, has finished."""

    number: int
    material: str
    target_nm: float
    film_nm: float

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return {
            "layer": self.number,
            "material": self.material,
            "target_nm": self.target_nm,
            "film_nm": _round(self.film_nm),
        }


class Crystal(NamedTuple):
    """By what a film is read from its crystal after the crash: the crystal counts on, whoever listens."""

    sensor: int
    signal: str
    source: str
    zero_hz: float
    last_hz: float
    more_nm: float  # what the film is more than the crystal has shown since its zero
    density: float
    z: float
    tooling_pct: float

    def film_nm(self, hz: float) -> float:
        """Return the film by a frequency that the crystal has now, nm."""
        return display_thickness_nm(self.zero_hz, hz, self.density, self.z, self.tooling_pct) + self.more_nm


@dataclass(frozen=True, slots=True)
class Film:
    """The layer that was being deposited."""

    number: int  # counted from the first layer of the substrate, over the runs that were continued
    material: str
    target_nm: float
    recorded_nm: float  # had the shutter closed right after the last row
    most_nm: float  # had it stood open until the I/O module closed it; infinite where nothing does
    uncertain_s: float  # by how much longer it may have been open than the record has seen
    was_open: bool  # told to be open in the last row
    crystals: tuple[Crystal, ...]  # of every material, the first-named first; empty unless it was exposed
    others: tuple[tuple[str, float], ...] = ()  # the other materials and their films by the record, nm
    crystal_nm: float | None = None  # by the crystal, as it was read after the crash

    @property
    def film_nm(self) -> float:
        """Return what is counted, nm: the smaller of what the crystal shows and what the record allows."""
        return self.recorded_nm if self.crystal_nm is None else min(self.crystal_nm, self.most_nm)

    @property
    def films_nm(self) -> tuple[float, ...]:
        """Return what is counted of every material, nm; the others have grown in the same proportion."""
        share = self.film_nm / self.recorded_nm if self.recorded_nm > 0 else 0.0
        return (self.film_nm, *(nm * share for _, nm in self.others))

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON; null is what nobody knows."""
        return {
            "layer": self.number,
            "material": self.material,
            "target_nm": self.target_nm,
            "film_nm": _round(self.film_nm),
            "recorded_nm": _round(self.recorded_nm),
            "crystal_nm": _round(self.crystal_nm),
            "most_nm": _round(self.most_nm),
            "was_open": self.was_open,
            "uncertain_s": _round(self.uncertain_s),
            "others": {name: _round(nm) for name, nm in self.others},
        }


@dataclass(frozen=True, slots=True)
class Gas:
    """Gas that had been let into the chamber and was not pumped out."""

    name: str
    is_dwell: bool  # the target had been reached
    in_gas_s: float  # by the record, from the first opening of the valve
    dwell_s: float  # of that, at the target
    asked_s: float
    pressure_mbar: float

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        values = {"in_gas_s": self.in_gas_s, "dwell_s": self.dwell_s, "pressure_mbar": self.pressure_mbar}
        rounded = {name: _round(value) for name, value in values.items()}
        return {"gas": self.name, "is_dwell": self.is_dwell, "asked_s": self.asked_s, **rounded}


@dataclass(frozen=True, slots=True)
class Boat:
    """What the record knows last of a source."""

    name: str
    supply: int
    was_on: bool
    current_a: float | None
    off_s: float | None  # for how long off had been confirmed when the record broke off; None: it had not
    cool_down_s: float

    def as_json(self) -> dict[str, object]:
        """Return the fields of the JSON."""
        return {
            "supply": self.supply,
            "was_on": self.was_on,
            "current_a": self.current_a,
            "off_s": _round(self.off_s),
            "cool_down_s": self.cool_down_s,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """An interrupted run. ``doubt`` says why its record cannot be relied on; then only its clearing is possible."""

    run: str
    head: str  # hash of its last row, hexadecimal
    recipe: str
    started: str
    last_s: float  # plant time of the last row
    last_wall: str  # wall time of it, UTC
    state: str
    place: int  # of the step that ran, or comes next, in the procedure; from 0
    is_begun: bool
    stage: str
    procedure: order.Procedure | None
    layers: tuple[Layer, ...] = ()
    film: Film | None = None
    gas: Gas | None = None
    boats: tuple[Boat, ...] = ()
    pressures: Mapping[str, float] | None = None
    left: tuple[str, ...] = ()  # outputs that the last row has on or open
    doubt: str = ""

    @property
    def step(self) -> order.Step | None:
        """Return the step that ran, or comes next; None when nothing is left."""
        steps = self.procedure.steps if self.procedure else ()
        return steps[self.place] if self.place < len(steps) else None

    def with_crystals(self, now: Readings) -> "Known":
        """Return the same with the film by its crystals as they are read now, where they can be believed."""
        film = self.film
        if film is None or not film.crystals:
            return self
        lead = film.crystals[0]
        reading = now.get(lead.signal)
        if reading is None or reading.quality is not Quality.GOOD:
            return self
        nm = lead.film_nm(reading.value)
        if nm < film.recorded_nm - _AGREES_NM:  # another crystal, or one that has lost its film
            return self
        return replace(self, film=replace(film, crystal_nm=nm))

    def as_json(self) -> dict[str, object]:
        """Return the JSON document."""
        step = self.step
        return {
            "run": self.run,
            "head": self.head,
            "recipe": self.recipe,
            "started": self.started,
            "last_s": _round(self.last_s),
            "last": self.last_wall,
            "state": self.state,
            "step": None if step is None else {"index": step.index, "do": step.do, "text": step.text},
            "is_begun": self.is_begun,
            "stage": self.stage,
            "layers": [layer.as_json() for layer in self.layers],
            "film": None if self.film is None else self.film.as_json(),
            "gas": None if self.gas is None else self.gas.as_json(),
            "sources": {boat.name: boat.as_json() for boat in self.boats},
            "pressures": dict(self.pressures or {}),
            "left_open_or_on": list(self.left),
            "doubt": self.doubt,
        }


def _round(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 2)
