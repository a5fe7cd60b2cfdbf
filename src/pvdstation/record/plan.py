"""The expanded procedure as the record keeps it: a reader needs neither the recipe's grammar nor its version."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from pvdstation.recipe.document import Recipe
from pvdstation.recipe.procedure import (
    KINDS,
    AdmitGas,
    Condition,
    Deposit,
    Evacuate,
    LeakTest,
    MeltIn,
    Procedure,
    PumpDown,
    Question,
    Step,
    Tune,
    Work,
)

_WORKS: dict[str, type[Work]] = {work.__name__: work for work in KINDS}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of the expanded procedure, and what it is to reach."""

    index: int
    implied: bool
    do: str
    text: str
    because: str
    estimate_s: float
    asked: Mapping[str, Any]
    """Targets in the words of the result: material, source, target_nm, rate_nm_s, gas, target_mbar, dwell_s.

    A co-deposition also has ``together`` (source, rate_nm_s), a layer with rate ramps
    ``ramps`` (at_nm, to_nm_s, over_s), one that goes on from an interrupted run ``on_film_nm``.
    """


def planned_steps(procedure: Procedure) -> tuple[PlannedStep, ...]:
    """Return the steps of a procedure."""
    return tuple(_planned(step) for step in procedure.steps)


def plan_document(procedure: Procedure, recipe: Recipe | None = None) -> dict[str, object]:
    """Return the fields of the plan's entry; with the recipe, also the other files that it names."""
    return {
        "name": procedure.name,
        "recipe_id": procedure.recipe_id,
        "version": procedure.version,
        "sha256": procedure.sha256,
        "steps": [asdict(step) for step in planned_steps(procedure)],
        "works": [
            {"kind": type(step.work).__name__, "unit": step.unit, **_written(asdict(step.work))}
            for step in procedure.steps
        ],
        "included": {part.file: part.content.decode() for part in recipe.included} if recipe else {},
    }


def procedure_of(plan: Mapping[str, Any]) -> Procedure:
    """Return the procedure of a plan's entry as it was run. Raises ValueError and KeyError by any other document."""
    steps = tuple(
        Step(step.index, step.do, step.text, step.because, step.implied, work["unit"], _work(work), step.estimate_s)
        for step, work in zip(steps_of(plan), plan["works"], strict=True)
    )
    return Procedure(plan["name"], plan["recipe_id"], plan["version"], plan["sha256"], steps)


def steps_of(plan: Mapping[str, Any]) -> tuple[PlannedStep, ...]:
    """Return the steps of a plan's entry."""
    return tuple(PlannedStep(**step) for step in plan["steps"])


def _work(fields: Mapping[str, Any]) -> Work:
    own = {name: value for name, value in fields.items() if name not in {"kind", "unit"}}
    work: Work = TypeAdapter(_WORKS[fields["kind"]]).validate_python(own)
    return work


def _written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as JSON can say them: it has no infinity."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


def _planned(step: Step) -> PlannedStep:
    return PlannedStep(step.index, step.implied, step.do, step.text, step.because, step.estimate_s, _asked(step))


def _together(work: Deposit | Condition) -> dict[str, Any]:
    """Return the sources that are evaporated together with the first one: source, rate_nm_s, on_film_nm."""
    before = work.on_film_nm[1:] if isinstance(work, Deposit) and work.on_film_nm else (0.0,) * len(work.others)
    others = zip(work.others, before, strict=True)
    together = [asdict(other) | ({"on_film_nm": nm} if nm else {}) for other, nm in others]
    return {"together": together} if together else {}


def _asked(step: Step) -> dict[str, Any]:
    match step.work:
        case Deposit(source=source, material=material, thickness_nm=target_nm, rate_nm_s=rate) as work:
            layer = {"source": source, "material": material, "target_nm": target_nm, "rate_nm_s": rate}
            ramps = {"ramps": [asdict(ramp) for ramp in work.ramps]} if work.ramps else {}
            before = {"on_film_nm": work.on_film_nm[0]} if work.on_film_nm else {}
            return layer | ramps | before | _together(work)
        case Condition(source=source, rate_nm_s=rate) as work:
            return {"source": source, "rate_nm_s": rate} | _together(work)
        case MeltIn(source=source):
            return {"source": source, "material": source}
        case Tune(source=source, rate_nm_s=rate):
            return {"source": source, "material": source, "rate_nm_s": rate}
        case AdmitGas(gas=gas, pressure_mbar=target_mbar, dwell_s=dwell_s, top_up=top_up):
            keep = {} if top_up else {"keep": "settle"}
            return {"gas": gas, "target_mbar": target_mbar, "dwell_s": dwell_s, **keep}
        case LeakTest(below_mbar_s=limit_mbar_s):
            return {"limit_mbar_s": limit_mbar_s}
        case Question(id=question):
            return {"question": question}
        case PumpDown(to_mbar=target_mbar) | Evacuate(to_mbar=target_mbar):
            return {"target_mbar": target_mbar}
        case _:
            return {}
