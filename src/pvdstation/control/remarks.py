"""What a film has to be marked with: what came over it that its numbers do not show."""

from collections.abc import Iterator, Mapping

from pvdstation.control.scene import Scene
from pvdstation.control.view import View

MOST = 20
"""Marks of one film; a source that spits on is an alarm."""


def spits(v: View, scene: Scene, values: Mapping[str, float | str]) -> Iterator[str]:
    """Return a mark for each spit of this scan onto a film, with the thickness at which it came, from a step's values.

    What lands on the closed shutter is no film.
    """
    for place, layer in enumerate(scene.layers):
        spit_nm = v.guards[layer.source].spit_nm if v.guards else 0.0
        if not (spit_nm and layer.is_exposed):
            continue
        name = v.frame.sources[layer.source].name
        film_nm = values.get(f"together.{name}.indicated_nm" if place else "indicated_nm", 0.0)
        yield f"spit of {spit_nm:.1f} nm {name} at {float(film_nm):.1f} nm"


def joined(remarks: tuple[str, ...], of_step: float | str | None) -> str:
    """Return all marks of a film as one text, those that its step has given last; empty without any."""
    more = len(remarks) - MOST
    shown = remarks if more <= 0 else (*remarks[:MOST], f"{more} more spits")
    return "; ".join((*shown, str(of_step)) if of_step else shown)
