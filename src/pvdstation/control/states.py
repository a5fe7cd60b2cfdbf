"""The states of a run (ISA-88 / PackML words): one enum, one table; what is missing is refused."""

from enum import StrEnum
from types import MappingProxyType


class Mode(StrEnum):
    """State of the run."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    HOLDING = "holding"
    HELD = "held"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ABORTING = "aborting"
    ABORTED = "aborted"
    COMPLETING = "completing"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"  # found at a start: a run whose record has no end


class Cue(StrEnum):
    """What can move a run from one state to another: a verb of a person or a rule, or work that is done."""

    START = "start"
    PAUSE = "pause"
    HOLD = "hold"
    RESUME = "resume"
    STOP = "stop"
    ABORT = "abort"
    CLEAR = "clear"
    SETTLED = "settled"  # what the state was doing is done and confirmed


ENDED = (Mode.STOPPED, Mode.ABORTED, Mode.COMPLETE)
"""States in which a run is over."""

GOING_ON = (Mode.RUNNING, Mode.PAUSING)
"""States in which outputs may open and energise."""

HOLDS = (Mode.HOLDING, Mode.HELD)
"""States that last for a limited time."""

_SETTLES = {
    Mode.STARTING: Mode.RUNNING,
    Mode.RUNNING: Mode.COMPLETING,
    Mode.PAUSING: Mode.PAUSED,
    Mode.HOLDING: Mode.HELD,
    Mode.RESTARTING: Mode.RUNNING,
    Mode.STOPPING: Mode.STOPPED,
    Mode.ABORTING: Mode.ABORTED,
    Mode.COMPLETING: Mode.COMPLETE,
}
_HOLDABLE = (Mode.STARTING, Mode.RUNNING, Mode.PAUSING, Mode.PAUSED, Mode.RESTARTING)
_STOPPABLE = (*_HOLDABLE, Mode.HOLDING, Mode.HELD, Mode.COMPLETING)

NEXT = MappingProxyType(
    {
        (Mode.IDLE, Cue.START): Mode.STARTING,
        (Mode.INTERRUPTED, Cue.START): Mode.STARTING,  # a new run, with every check of a start
        (Mode.RUNNING, Cue.PAUSE): Mode.PAUSING,
        (Mode.PAUSING, Cue.RESUME): Mode.RUNNING,
        (Mode.PAUSED, Cue.RESUME): Mode.RESTARTING,
        (Mode.HELD, Cue.RESUME): Mode.RESTARTING,
        **{(mode, Cue.SETTLED): after for mode, after in _SETTLES.items()},
        **{(mode, Cue.HOLD): Mode.HOLDING for mode in _HOLDABLE},
        **{(mode, Cue.STOP): Mode.STOPPING for mode in _STOPPABLE},
        **{(mode, Cue.ABORT): Mode.ABORTING for mode in Mode if mode is not Mode.ABORTING},
        **{(mode, Cue.CLEAR): Mode.IDLE for mode in (*ENDED, Mode.INTERRUPTED)},
    }
)
"""(state, cue) → state. Uncommanded energy and the E-stop abort from every state, the ended ones included.

An interrupted run is left by a person alone, to a start whose checks are all before it; nothing in it energises.
"""


STEP_MODES = (Mode.RUNNING, Mode.PAUSING, Mode.PAUSED, Mode.HOLDING, Mode.HELD)
"""States in which what concerns the running step can be asked for: an answer, or to skip it."""

PARKED = frozenset(
    {"pump_down", "leak_test", "cool", "isolate", "vent", "wait", "wait_until", "ask", "note", "by_hand"}
)
"""Kinds of steps that a pause acts on at once; it waits for the end of all others (sequence page, 5)."""

SKIPPABLE = frozenset({"wait", "wait_until", "ask", "note"})
"""Kinds of steps that may be skipped: nothing that follows relies on them."""


def after(mode: Mode, cue: Cue) -> Mode | None:
    """Return the state that follows, or None when the cue is refused in this state."""
    return NEXT.get((mode, cue))
