"""One moment as a person sees it: what the core remembers after a scan, and its readings, judged by their age."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pvdstation.control.core import Control
from pvdstation.control.sources import Wiring
from pvdstation.control.state import Course, State
from pvdstation.control.states import ENDED, Mode
from pvdstation.control.steps.base import StepLogic
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality, Reading
from pvdstation.recipe.procedure import Step

RESTS = (Mode.IDLE, Mode.INTERRUPTED, *ENDED)
"""States in which no step is shown: nothing has begun, or all is over."""


class Moment(NamedTuple):
    """Plan, memory and view of one moment."""

    control: Control
    state: State
    v: View

    @property
    def now_ns(self) -> int:
        """Return the time, ns."""
        return self.v.now_ns

    @property
    def course(self) -> Course:
        """Return where the run is."""
        return self.state.course

    @property
    def step(self) -> Step:
        """Return the running step, or the one that comes next."""
        return self.control.steps[self.course.step]

    @property
    def logic(self) -> StepLogic:
        """Return what runs that step."""
        return self.control.logic[self.course.step]

    @property
    def p(self) -> Any:
        """Return the memory of the running step; None: it has not begun, or has ended."""
        return self.course.step_state

    @property
    def has_step(self) -> bool:
        """Return whether a step is under way, begun or held back."""
        return self.course.mode not in RESTS

    def passed_s(self, since_ns: int) -> float:
        """Return how long ago something was, s."""
        return (self.now_ns - since_ns) / SECOND

    def good(self, number: int) -> float:
        """Return the last good reading of what changes slowly, however old; NaN when it is not good."""
        reading = self.v.readings[number]
        return reading.value if reading.quality is Quality.GOOD else float("nan")

    def drive_pct(self, w: Wiring) -> float:
        """Return the power that the loop's owner asks for, % of full scale; NaN when unknown."""
        if w.host:
            return self.v.last.supply[w.supply_index].current_a / w.supply.full_scale * 100
        return self.v.sqc(w.output.power)


def moment_of(control: Control, state: State, readings: Sequence[Reading], now_ns: int) -> Moment:
    """Return the moment after a scan: what was decided in it counts as done."""
    v = View(
        control.frame,
        tuple(readings),
        state.last,
        state.sources,
        now_ns,
        since_gas=state.since_gas,
        low_since_ns=state.low_since_ns,
        result=None,
        gas_target_mbar=state.gas_target_mbar,
    )
    v.guards = state.guards
    return Moment(control, state, v)
