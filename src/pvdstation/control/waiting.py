"""Outputs that a step wants and a rule refuses: after some seconds the record says why, once. Nothing is hidden."""

from typing import NamedTuple

from pvdstation.control.arbiter import Refusal
from pvdstation.control.chronicle import Chronicle
from pvdstation.control.scene import Scene
from pvdstation.control.view import View
from pvdstation.control.why import why_output
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import EventKind

TOLD_AFTER_NS = 5 * SECOND
"""Valves, shutters and start-ups that follow each other wait for less."""


class Waiting(NamedTuple):
    """An output that is refused, since when, and whether it has been told."""

    output: str
    since_ns: int
    is_told: bool = False


def told(
    old: tuple[Waiting, ...],
    refusals: tuple[Refusal, ...],
    v: View,
    scene: Scene,
    chronicle: Chronicle,
    closed: frozenset[str],
    overridden: frozenset[str],
) -> tuple[Waiting, ...]:
    """Return what waits after this scan; what has waited for long is put into the record with all that it lacks."""
    waiting = []
    for output in dict.fromkeys(refusal.output for refusal in refusals):
        one = next((before for before in old if before.output == output), Waiting(output, v.now_ns))
        if not one.is_told and v.now_ns - one.since_ns >= TOLD_AFTER_NS:
            why = why_output(output, v, scene, closed=closed, overridden=overridden)
            chronicle.say(EventKind.NOTE, why.rule, why.sentence, *why.values())
            one = one._replace(is_told=True)
        waiting.append(one)
    return tuple(waiting)
