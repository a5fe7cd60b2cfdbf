"""The expanded procedure as the record keeps it: a reader needs neither the recipe's grammar nor its version."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pvdstation.recipe.procedure import AdmitGas, Condition, Deposit, Evacuate, Procedure, PumpDown, Step


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
    """Targets in the words of the result: material, source, target_nm, rate_nm_s, gas, target_mbar, dwell_s."""


def planned_steps(procedure: Procedure) -> tuple[PlannedStep, ...]:
    """Return the steps of a procedure."""
    return tuple(_planned(step) for step in procedure.steps)


def plan_document(procedure: Procedure) -> dict[str, object]:
    """Return the fields of the plan's entry."""
    return {
        "name": procedure.name,
        "recipe_id": procedure.recipe_id,
        "version": procedure.version,
        "sha256": procedure.sha256,
        "steps": [asdict(step) for step in planned_steps(procedure)],
    }


def steps_of(plan: Mapping[str, Any]) -> tuple[PlannedStep, ...]:
    """Return the steps of a plan's entry."""
    return tuple(PlannedStep(**step) for step in plan["steps"])


def _planned(step: Step) -> PlannedStep:
    return PlannedStep(step.index, step.implied, step.do, step.text, step.because, step.estimate_s, _asked(step))


def _asked(step: Step) -> dict[str, float | str]:
    match step.work:
        case Deposit(source=source, material=material, thickness_nm=target_nm, rate_nm_s=rate):
            return {"source": source, "material": material, "target_nm": target_nm, "rate_nm_s": rate}
        case Condition(source=source, rate_nm_s=rate):
            return {"source": source, "rate_nm_s": rate}
        case AdmitGas(gas=gas, pressure_mbar=target_mbar, dwell_s=dwell_s):
            return {"gas": gas, "target_mbar": target_mbar, "dwell_s": dwell_s}
        case PumpDown(to_mbar=target_mbar) | Evacuate(to_mbar=target_mbar):
            return {"target_mbar": target_mbar}
        case _:
            return {}
