"""A layer of several sources as the report tells it: one column for each, the first-named one first."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import StepResult


def others_of(step: PlannedStep) -> Iterator[PlannedStep]:
    """Return a layer's step once for each other source: as thick as its rate makes it while the first one grows."""
    asked = step.asked
    for other in asked.get("together", ()):
        share = other["rate_nm_s"] / asked["rate_nm_s"]
        own = {"source": other["source"], "material": other["source"], "rate_nm_s": other["rate_nm_s"]}
        yield replace(step, asked={**own, "target_nm": asked["target_nm"] * share})


def seen_from(name: str, step: StepResult) -> StepResult:
    """Return a step's result as that of one of its other sources; unchanged where it has no part in it."""
    reached = next((other for other in step.together or () if other.material == name), None)
    if reached is None:
        return step
    return replace(
        step,
        material=name,
        indicated_nm=reached.indicated_nm,
        true_nm=reached.true_nm,
        rate_mean_nm_s=reached.rate_mean_nm_s,
        rate_sd_nm_s=reached.rate_sd_nm_s,
        peak_power_w=reached.peak_power_w,
        power_median_w=reached.power_median_w,
        rate_at_end_nm_s=reached.rate_at_end_nm_s,
    )


def with_truth(step: StepResult, recorded: Mapping[str, Any]) -> StepResult:
    """Put in what only the simulated plant knows: it stands in the recorded result, not in the events."""
    true_nm = {other["material"]: other.get("true_nm") for other in recorded.get("together", ())}
    together = tuple(replace(other, true_nm=true_nm.get(other.material)) for other in step.together or ())
    return replace(step, true_nm=recorded.get("true_nm"), together=together or None)
