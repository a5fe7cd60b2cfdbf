"""What can be written, and what the engine cannot do yet: refused in one place, with a sentence."""

from pvdstation.recipe.findings import Findings
from pvdstation.recipe.items import RecipeStep
from pvdstation.recipe.steps import (
    ConditionStep,
    DepositStep,
)

_KINDS: dict[type, tuple[str, str]] = {
    ConditionStep: ("melt a charge in", "Remove this step; every layer conditions its source."),
}


def refuse_what_cannot_be_done(step: RecipeStep, findings: Findings) -> None:
    """Refuse kinds of steps, and parts of steps, that nothing can run yet."""
    model = step.model
    found = _KINDS.get(type(model))
    if found is not None:
        findings.refuse(step.origin, "", f"this version cannot {found[0]} yet", found[1])
    if isinstance(model, DepositStep):
        for field, is_used, doing in (
            ("ramps", bool(model.ramps), "ramp the rate within a layer"),
            ("with", bool(model.together), "evaporate two materials at once"),
            ("pre_coat", model.pre_coat is not None, "coat the closed substrate shutter first"),
        ):
            if is_used:
                findings.refuse(step.origin, field, f"this version cannot {doing} yet", "Leave it out.")
