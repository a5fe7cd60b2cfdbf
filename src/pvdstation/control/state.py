"""Everything the core remembers from scan to scan."""

import math
from typing import Any, NamedTuple

from pvdstation.control.alarms import EMPTY_BOOK, AlarmBook
from pvdstation.control.arbiter import Intent, Refusal
from pvdstation.control.errands import Pending
from pvdstation.control.guard import ProcessGuard
from pvdstation.control.overrides import Override
from pvdstation.control.scene import EMPTY, Scene
from pvdstation.control.sources import SourceState
from pvdstation.control.states import Mode
from pvdstation.control.supervisor import Watch
from pvdstation.control.view import NEVER_NS
from pvdstation.control.waiting import Waiting
from pvdstation.model.messages import Outputs, all_off
from pvdstation.model.station import Station


class Course(NamedTuple):
    """Where the run is: its state, its step, and the first cause of leaving the planned way."""

    mode: Mode
    mode_since_ns: int
    is_started: bool = False  # the checks of the start have been passed
    step: int = 0
    step_state: Any = None  # None: the step has not begun, or has ended
    step_began_ns: int = 0
    stage: str = ""  # what the step waits for
    hold_ends_ns: int | None = None  # when the hold becomes a stop
    held_alarm: str = ""  # that stands as long as the hold lasts
    lacks: str = ""  # why the step that is held cannot be resumed yet
    lost: str = ""  # that, and every rule that has acted and is not good again
    is_pause_due: bool = False  # a hold has come while a pause waited for the end of its unit
    is_confirming: bool = False  # the step has ended; waiting for the safe state
    confirming_since_ns: int = 0
    is_told_unsafe: bool = False  # "OFF NOT CONFIRMED" has been said
    is_given_up: bool = False  # it was not confirmed for so long that the run is over, unsafe
    base_mbar: float = math.nan  # chamber pressure before the source of the layer was heated
    remarks: tuple[str, ...] = ()  # that mark the film of the running step
    cause: str = ""  # name of the rule, or "operator"
    reason: str = ""  # the cause in words


class State(NamedTuple):
    """The memory of the core."""

    course: Course
    last: Outputs
    sources: tuple[SourceState, ...]
    watch: Watch = Watch()
    scene: Scene = EMPTY
    number: int = 0  # of the last event
    intents: tuple[Intent, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    pending: Pending | None = None
    io_armed: bool = False
    since_gas: bool = False  # a gas valve has been open since the last high vacuum
    gas_target_mbar: float = math.nan  # of that gas
    low_since_ns: int | None = None  # pressure below the start limit without a gap
    pump_told_ns: int = NEVER_NS  # when the backing pump was told to start again after a stop
    guards: tuple[ProcessGuard, ...] = ()  # of every source, while a rate loop is closed
    alarms: AlarmBook = EMPTY_BOOK
    overrides: tuple[Override, ...] = ()
    waiting: tuple[Waiting, ...] = ()  # outputs that are refused


def first_state(station: Station, now_ns: int, begins: Mode = Mode.STARTING) -> State:
    """Return the memory before the first scan: everything off, every source hot, the turbo as it is."""
    sources, supplies = len(station.source), len(station.supply)
    off = all_off(sources, supplies, now_ns)
    return State(Course(begins, now_ns), off, (SourceState(commanded_off_since_ns=now_ns),) * sources)
