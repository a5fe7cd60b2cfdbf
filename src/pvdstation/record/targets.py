"""What a run must have reached to be called complete."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import StepResult

THICKNESS = 0.02
"""Share of the target by which a layer may miss it …"""
THICKNESS_NM = 0.2
"""… or this, whichever is more, nm: two steps of the thickness that the SQC-310 shows."""
TOGETHER = 0.10
"""The same for what is evaporated together with the first-named material: its rate alone is kept, and ends nothing."""
PRESSURE = 0.02
"""Share of the target by which the mean gas pressure of a dwell may miss it."""
SETTLING = 0.15
"""Share of the target by which a gas that settles may be below it: it shrinks as it cools (physics 3.2)."""
DWELL_SHORT_S = 1.0
DWELL_LONG_S = 5.0
"""By how much a dwell may be too short and too long, s."""


class Missed(NamedTuple):
    """A target that a step did not reach within its tolerance."""

    step: int
    name: str  # of the value in the step's result
    target: float
    value: float  # NaN: not measured
    text: str


def missed_targets(plan: Iterable[PlannedStep], steps: Iterable[StepResult]) -> list[Missed]:
    """Return the targets that complete steps have missed, in order."""
    return [missed for asked, step in zip(plan, steps, strict=True) for missed in _missed(asked, step)]


def thickness_band_nm(target_nm: float, *, is_other: bool = False) -> float:
    """Return by how much a film may miss its target, nm; ``is_other``: it does not end its layer."""
    return max((TOGETHER if is_other else THICKNESS) * target_nm, THICKNESS_NM)


def _missed(asked: PlannedStep, step: StepResult) -> Iterable[Missed]:
    if step.state != "complete":
        return
    if step.do == "deposit":
        target = asked.asked["target_nm"]
        most = thickness_band_nm(target)
        yield from _outside(asked, "indicated_nm", step.indicated_nm, target, (-most, most), "nm")
        yield from _others(asked, step, target)
    elif step.do == "admit_gas":
        target, dwell_s = asked.asked["target_mbar"], asked.asked["dwell_s"]
        most = PRESSURE * target
        if dwell_s > 0:
            least = -SETTLING * target if asked.asked.get("keep") == "settle" else -most
            yield from _outside(asked, "reached_mbar", step.reached_mbar, target, (least, most), "mbar")
            yield from _outside(asked, "held_s", step.held_s, dwell_s, (-DWELL_SHORT_S, DWELL_LONG_S), "s")


def _others(asked: PlannedStep, step: StepResult, target_nm: float) -> Iterable[Missed]:
    reached = {other.material: other.indicated_nm for other in step.together or ()}
    for other in asked.asked.get("together", ()):
        material, own_nm = other["source"], target_nm * other["rate_nm_s"] / asked.asked["rate_nm_s"]
        most = thickness_band_nm(own_nm, is_other=True)
        name = f"together.{material}.indicated_nm"
        yield from _outside(asked, name, reached.get(material), own_nm, (-most, most), f"nm {material}")


def _outside(
    asked: PlannedStep, name: str, value: float | None, target: float, band: tuple[float, float], unit: str
) -> Iterable[Missed]:
    seen = math.nan if value is None else value
    if not band[0] <= seen - target <= band[1]:
        shown = "not measured" if value is None else f"{seen:.1f} {unit}"
        text = f"step {asked.index} ({asked.text}): {shown} instead of {target:g} {unit}"
        yield Missed(asked.index, name, target, seen, text)
