"""Melting a charge in: ramps and soaks of the recipe, and the station's where it is silent."""

from pvdstation.model.profile import Profile
from pvdstation.model.station import Source
from pvdstation.recipe.procedure import MeltIn
from pvdstation.recipe.steps import ConditionStep


def melt_in_of(step: ConditionStep, source: Source) -> MeltIn:
    """Return what a step asks of a source in plain numbers."""
    usual = source.condition
    ramp1, ramp2 = step.ramp1 or usual.ramp1, step.ramp2 or usual.ramp2
    soak1 = step.soak1 if step.soak1 is not None else usual.soak1
    soak2 = step.soak2 if step.soak2 is not None else usual.soak2
    return MeltIn(step.material, ramp1.power, ramp1.time, soak1, ramp2.power, ramp2.time, soak2)


def profile_of(work: MeltIn) -> Profile:
    """Return its ramps and soaks."""
    return Profile(work.ramp1_pct, work.ramp1_s, work.soak1_s, work.ramp2_pct, work.ramp2_s, work.soak2_s)
