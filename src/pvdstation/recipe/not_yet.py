"""What can be written, and what the engine cannot do yet: refused in one place, with a sentence."""

from pvdstation.recipe.findings import Findings
from pvdstation.recipe.items import RecipeStep
from pvdstation.recipe.steps import (
    AdmitGasStep,
    AskStep,
    ConditionStep,
    DepositStep,
    LeakTestStep,
    NoteStep,
    VentStep,
    WaitStep,
    WaitUntilStep,
)

_KINDS: dict[type, tuple[str, str]] = {
    ConditionStep: ("melt a charge in", "Remove this step; every layer conditions its source."),
    LeakTestStep: ("test for leaks", "Remove this step."),
    VentStep: ("vent", "Remove this step; vent by hand after the run."),
    WaitStep: ("wait", "Remove this step."),
    WaitUntilStep: ("wait for a pressure", "Remove this step."),
    AskStep: ("ask anything", "Remove this step."),
    NoteStep: ("note anything", "Remove this step."),
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
    if isinstance(model, AdmitGasStep) and model.keep == "settle":
        findings.refuse(step.origin, "keep", "this version cannot let the gas settle yet", 'Write keep = "top_up".')
