"""What comes before a run where another one of the same station has no end: OFF, what is known, and the ways on."""

from collections.abc import Callable, Sequence
from typing import Any

from pvdstation.assembly.as_found import Found, switch_off
from pvdstation.assembly.continued import continued, offered
from pvdstation.assembly.continuing import continuation
from pvdstation.assembly.core.readying import NOT_SAFE, REFUSED, Ready, Unfit
from pvdstation.assembly.interrupted import InTheWay, in_the_way
from pvdstation.assembly.known import Known
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way
from pvdstation.model.problems import Problem

Tell = Callable[[Known, Prepared, Found], tuple[Problem, list[str]]]
"""Puts an interrupted run into words: what to do about it, and what is known."""


class InterruptedRun(Unfit):
    """An interrupted run stands in the way; what is known of it, in sentences and for programs."""

    def __init__(self, problem: Problem, told: Sequence[str], known: dict[str, Any], exit_code: int) -> None:
        super().__init__([problem], exit_code)
        self.told = tuple(told)
        self.known = known


def way_of(ready: Ready) -> Way:
    """Return how a start goes through time."""
    return Way(ready.start.speed, is_attended=True, is_core=True)


def free_way(ready: Ready, tell: Tell) -> tuple[Ready, tuple[str, ...]]:
    """Return what can begin now, and what a person is told about it. The ports must be free.

    Raises Unfit, InterruptedRun, and what ``execute`` raises.
    """
    if ready.interrupted is not None:
        return _going_on(ready, tell)
    prepared, recording = ready.prepared, ready.recording
    found = in_the_way(recording.folder, prepared.station.name) if recording else None
    if found is None:
        return ready, ()
    if found.is_running:
        raise Unfit([elsewhere(found)])
    off = switch_off(prepared, ready.start.seed, way_of(ready))
    raise _offer(tell, offered(found.path).with_crystals(off.now), prepared, off)


def _going_on(ready: Ready, tell: Tell) -> tuple[Ready, tuple[str, ...]]:
    interrupted = ready.interrupted
    if interrupted is None:
        raise ValueError("nothing goes on")
    prepared = interrupted.prepared
    continuation(interrupted.known, prepared.station)  # what cannot go on is refused before anything is told to it
    off = switch_off(prepared, ready.start.seed, way_of(ready))
    known = interrupted.known.with_crystals(off.now)
    if off.result.safe is not True:
        raise _offer(tell, known, prepared, off)
    going_on, continues, told = continued(off, interrupted)
    _, sentences = tell(known, prepared, off)
    recording = ready.recording or Recording(interrupted.run.path.parent.parent)
    lines = (*sentences, "It goes on:", *(f"- {text}" for text in told))
    return ready._replace(prepared=going_on, recording=recording._replace(continues=continues)), lines


def elsewhere(found: InTheWay) -> Problem:
    """Return that another process runs this station."""
    holder = f" ({found.holder})" if found.holder else ""
    what = f"run {found.path.stem} on it is still going on{holder}"
    return Problem("the station", what, "Wait for its end, or stop it where it was started.")


def as_told(known: Known, off: Found, told: Sequence[str]) -> dict[str, Any]:
    """Return what is known of an interrupted run for programs, with the sentences for people."""
    return {**known.as_json(), "found": off.of(known), "sentences": list(told)}


def _offer(tell: Tell, known: Known, prepared: Prepared, off: Found) -> InterruptedRun:
    problem, told = tell(known, prepared, off)
    return InterruptedRun(problem, told, as_told(known, off, told), REFUSED if off.result.safe is True else NOT_SAFE)
