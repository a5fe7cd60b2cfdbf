"""The procedure of work by hand: one step that does what a person asks, until the person stops it."""

from hashlib import sha256

from pvdstation.model.station import Station
from pvdstation.recipe.procedure import KINDS, ByHand, Procedure, Step

NAME = "by hand"
UNTOUCHED_S = 600.0
"""How long a source stays on without any request of a person."""


def by_hand_procedure(station: Station) -> Procedure:
    """Return the procedure; it never completes by itself, and no recipe can contain its step."""
    work = ByHand(UNTOUCHED_S)
    text = f"work by hand on {station.name}"
    step = Step(1, KINDS[ByHand], text, "asked for", implied=False, unit=1, work=work, estimate_s=0.0)
    return Procedure(NAME, "by-hand", 1, sha256(NAME.encode()).hexdigest(), (step,))
