"""What every driver is: routines of exchanges, a poll plan, levels that expire, actions that happen at most once.

A routine is a generator that yields one ``Ask`` (or ``Pause``) at a time and is sent the ``Reply``. So the same code
runs in a thread that blocks, and on stepped time where other links take their turns between two exchanges.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Sequence

from pvdstation.model.clock import to_ns
from pvdstation.model.messages import Action, ActionResult, Outputs
from pvdstation.model.signals import UNREAD, Quality, Reading, SignalMap
from pvdstation.model.station import Station
from pvdstation.wires.link import Ask, Framer, Pause, Reply

Routine = Generator[Ask | Pause, Reply, None]
FAR = 2**62


class Board:
    """Where drivers put readings and ended actions. One slot per signal, one writer per slot."""

    def __init__(self, signals: SignalMap) -> None:
        self.signals = signals
        self.readings: list[Reading] = [UNREAD] * len(signals)
        self.results: deque[ActionResult] = deque()
        self._ended: set[int] = set()

    def post(self, number: int, value: float, quality: Quality, at_ns: int) -> None:
        """Put one new sample of a signal; whole numbers become floats, as which they are recorded and replayed."""
        self.readings[number] = Reading(float(value), quality, at_ns, self.readings[number].counter + 1)

    def expect(self, action: Action) -> None:
        """Be ready for the end of an action that has been handed over."""
        self._ended.discard(action.number)

    def resolve(self, action: Action, text: str, at_ns: int, *, ok: bool) -> None:
        """Put the end of an action. The first end counts: an action ends once, whatever happens to its link later."""
        if action.number in self._ended:
            return
        self._ended.add(action.number)
        self.results.append(ActionResult(action.number, ok, text, at_ns))


class Row:
    """One row of the poll plan: a routine, its period (ns, may change with the levels) and when it is due."""

    __slots__ = ("due_ns", "period_ns", "start")

    def __init__(self, start: Callable[[], Routine], period_ns: int) -> None:
        self.start = start
        self.period_ns = period_ns
        self.due_ns = 0

    def pace(self, period_ns: int, now_ns: int) -> None:
        """Set the period; a shorter one takes effect at once."""
        if period_ns != self.period_ns:
            self.period_ns = period_ns
            self.due_ns = min(self.due_ns, now_ns + period_ns)

    def taken(self, now_ns: int) -> None:
        """Move the due time on by one period; polls that were missed are not made up for."""
        self.due_ns += self.period_ns
        if self.due_ns <= now_ns:
            self.due_ns = now_ns + self.period_ns


class Driver(ABC):
    """Base of all drivers: owned by one link, called by one thread.

    ``accept`` and ``submit`` are called by the scan; everything else by the link's own turn.
    """

    def __init__(self, name: str, framer: Framer, station: Station, board: Board) -> None:
        self.name = name
        self.framer = framer
        self.station = station
        self.board = board
        self.rows: list[Row] = []
        self.identity = ""
        """Who answered, in the instrument's own words; empty before it has."""
        self.begun: Action | None = None
        """The action whose routine was begun last; None once another kind of routine has followed."""
        self.is_over = False
        self._outputs: Outputs | None = None
        self._scan_done_ns = -FAR
        self._lease_ns = to_ns(station.limits.lease)
        self._actions: deque[Action] = deque()

    # --- from the scan ---

    def accept(self, outputs: Outputs, now_ns: int) -> None:
        """Take the levels of a completed scan. This is what feeds leases and the instrument's watchdog."""
        self._outputs = outputs
        self._scan_done_ns = now_ns

    def retire(self) -> None:
        """Take note that the run is over: what outlives the link is given back by ``urgent``."""
        self.is_over = True

    def submit(self, action: Action) -> None:
        """Take an action; it is begun once, in order, and not after its dead-line."""
        self.board.expect(action)
        self._actions.append(action)

    # --- from the link's turn ---

    @abstractmethod
    def greet(self) -> Routine:
        """Identify the instrument after opening and after every miss; sets ``identity``. Raises Refused by a wrong one.

        A distinctive exchange: it proves that answers belong to questions again. Takes the state *from* the hardware.
        """

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the routine that brings outputs to their levels, or None when they are there.

        Asked before every exchange, also between two exchanges of another routine: OFF waits for nothing.
        """
        del now_ns
        return None

    def begin(self, action: Action) -> Routine:
        """Return the routine of an action. It must resolve the action on the board in every case."""
        raise NotImplementedError(f"{self.name} has no action {action.kind}")

    def next_routine(self, now_ns: int) -> Routine | None:
        """Return what is to be done now: an action, else the longest-due poll; None when nothing is due."""
        if self.begun is not None:
            self._end_begun("ended without a result", now_ns)
        while self._actions:
            action = self._actions.popleft()
            if now_ns <= action.deadline_ns:
                self.begun = action
                return self.begin(action)
            self.board.resolve(action, "not begun before its dead-line", now_ns, ok=False)
        return self.next_poll(now_ns)

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the longest-due poll, or None when none is due; an action that pauses lets polls run meanwhile."""
        longest: Row | None = None
        due_ns = now_ns + 1
        for row in self.rows:
            if row.due_ns < due_ns:
                longest, due_ns = row, row.due_ns
        if longest is None:
            return None
        longest.taken(now_ns)
        return longest.start()

    def due_ns(self, now_ns: int) -> int:
        """Return when the link wants its next turn, ns; not after ``now_ns`` when something is waiting."""
        if self._actions or self.urgent(now_ns) is not None:
            return now_ns
        return self.quiet_until_ns(now_ns)

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due or the lease of the levels runs out, ns, whichever is earlier."""
        due_ns = min([row.due_ns for row in self.rows], default=FAR)
        outputs = self._outputs
        if outputs is not None and now_ns <= outputs.until_ns < due_ns:
            return outputs.until_ns + 1
        return due_ns

    def lose(self, at_ns: int) -> None:
        """Mark the signals of this link as without communication, and fail its actions."""
        for number, signal in enumerate(self.board.signals.all):
            if signal.link == self.name:
                self.board.post(number, float("nan"), Quality.COMM_FAULT, at_ns)
        self.fail_actions(f"no communication with {self.name}", at_ns)

    def fail_actions(self, text: str, at_ns: int) -> None:
        """End the action that was begun and those that wait, without success."""
        self._end_begun(text, at_ns)
        while self._actions:
            self.board.resolve(self._actions.popleft(), text, at_ns, ok=False)

    def _end_begun(self, text: str, at_ns: int) -> None:
        if self.begun is not None:
            self.board.resolve(self.begun, text, at_ns, ok=False)
            self.begun = None

    # --- for the drivers ---

    def levels(self, now_ns: int) -> Outputs | None:
        """Return the levels in force; None when there are none yet or their lease has run out (everything OFF)."""
        outputs = self._outputs
        return outputs if outputs is not None and now_ns <= outputs.until_ns else None

    def scan_is_alive(self, now_ns: int) -> bool:
        """Return whether a scan was completed within the lease; traffic that feeds a watchdog asks this first."""
        return now_ns - self._scan_done_ns <= self._lease_ns


def wait(duration_ns: int) -> Routine:
    """Let time pass inside a routine."""
    yield Pause(duration_ns)


def all_of(routines: Sequence[Routine]) -> Routine:
    """Run routines one after the other."""
    for routine in routines:
        yield from routine
