"""What a moment needs of the scans before it: since when, for how long, and what was first seen after an order."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pvdstation.assembly.shown.moment import Moment, moment_of
from pvdstation.control.core import Control
from pvdstation.control.decision import Decision
from pvdstation.control.state import Course
from pvdstation.control.states import ENDED, GOING_ON, Mode
from pvdstation.control.steps.base import Values
from pvdstation.control.steps.quiet import PARTS, lacking_lines
from pvdstation.model.messages import Event, EventKind
from pvdstation.model.signals import Quality, Reading

_ORDERS = (Mode.HOLDING, Mode.STOPPING, Mode.ABORTING)
"""States whose beginning is the order to close and to switch off."""
_CLOSED = (Mode.HELD, *ENDED)
_INTERRUPTED = frozenset({"stopped", "aborted"})


class Trip(NamedTuple):
    """What has led away from the planned way, and when."""

    rule: str
    text: str
    at_ns: int


class Past:
    """Takes every scan of a run; with fewer of them its times are as coarse as they are."""

    def __init__(self, control: Control, positions: Mapping[str, int]) -> None:
        """Take the position signals to be watched, by name."""
        self._control = control
        self._numbers = tuple(positions.items())
        self._now_ns: int | None = None
        self._waiting: tuple[object, ...] = ()
        self._step: tuple[int, int] = (-1, 0)
        self._positions: dict[str, float] = {}
        self._mode: Mode | None = None
        self.began_ns: int | None = None
        """When the run began; None: there is none."""
        self.waits_since_ns = 0
        """Since when the run waits for what it waits for."""
        self.stood_ns = 0
        """How long the running step was held back."""
        self.moved_ns: dict[str, int] = {}
        """When a shutter or valve came to where it is; nothing of one that is where it was found."""
        self.trip: Trip | None = None
        self.ordered_ns = 0
        """When it was last told to hold, stop or abort."""
        self.confirmed_ns: dict[str, int] = {}
        """When each part of the safe state was first read back after that; only while it still is."""
        self.film: Values | None = None
        """What the layer had reached when it was interrupted."""

    def take(self, now_ns: int, decision: Decision, readings: Sequence[Reading]) -> None:
        """Take a scan; the same one twice is one."""
        if now_ns == self._now_ns:
            return
        passed_ns = 0 if self._now_ns is None else now_ns - self._now_ns
        self._now_ns = now_ns
        course: Course = decision.state.course
        self._take_course(course, now_ns, passed_ns)
        self._take_positions(readings, now_ns)
        for event in decision.events:
            self._take_event(event)
        if self.trip is not None:
            self.confirm(moment_of(self._control, decision.state, readings, now_ns))

    def confirm(self, m: Moment) -> Mapping[str, str]:
        """Keep when each part of the safe state was read back; return those that are not, with what they lack."""
        lines = lacking_lines(m.v)
        lacking = {
            part: ", ".join(line.text for line in lines if line.part == part and line.text != part)
            for part in (*(line.part for line in lines), *(line.text for line in lines))
        }
        for part in PARTS:
            if part in lacking:
                self.confirmed_ns.pop(part, None)
            else:
                self.confirmed_ns.setdefault(part, m.now_ns)
        return lacking

    def done_s(self, course: Course, now_ns: int) -> float:
        """Return for how long the run has gone on, or had when it ended, s."""
        if self.began_ns is None:
            return 0.0
        return ((course.mode_since_ns if course.mode in ENDED else now_ns) - self.began_ns) / 1e9

    def _take_course(self, course: Course, now_ns: int, passed_ns: int) -> None:
        if course.mode in (Mode.IDLE, Mode.INTERRUPTED):
            self.began_ns = None
        elif self.began_ns is None:
            self.began_ns = now_ns
        step = (course.step, course.step_began_ns)
        if step != self._step:
            self._step, self.stood_ns = step, 0
        elif course.mode not in GOING_ON:
            self.stood_ns += passed_ns
        waiting = (course.mode, *step, course.stage, course.step_state is None)
        if waiting != self._waiting:
            self._waiting, self.waits_since_ns = waiting, now_ns
        if course.mode is not self._mode:
            before, self._mode = self._mode, course.mode
            if course.mode in _ORDERS or (course.mode in _CLOSED and before not in _ORDERS):  # some rest at once
                self.ordered_ns, self.confirmed_ns = now_ns, {}
        self._take_cause(course, now_ns)

    def _take_cause(self, course: Course, now_ns: int) -> None:
        if not course.cause:
            self.trip = self.film = None
        elif self.trip is None or (self.trip.rule, self.trip.text) != (course.cause, course.reason):
            self.trip = Trip(course.cause, course.reason, now_ns)

    def _take_positions(self, readings: Sequence[Reading], now_ns: int) -> None:
        positions = self._positions
        for name, number in self._numbers:
            value, quality, at_ns, _ = readings[number]
            if quality is not Quality.GOOD or positions.get(name) == value:
                continue
            if name in positions:
                self.moved_ns[name] = min(at_ns, now_ns)
            positions[name] = value

    def _take_event(self, event: Event) -> None:
        if event.kind is EventKind.STEP and event.text in _INTERRUPTED:
            values = dict(event.values)
            if "indicated_nm" in values:
                self.film = values
