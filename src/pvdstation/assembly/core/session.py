"""One bench that is scanned while clients watch: what they ask goes in before a scan, what it did goes out after it."""

import time
from collections.abc import Callable
from typing import Protocol

from pvdstation.assembly.building import Bench
from pvdstation.assembly.core.conversation import Conversation
from pvdstation.assembly.core.log import Log
from pvdstation.assembly.guarding import Guardian
from pvdstation.control.decision import Decision
from pvdstation.control.states import ENDED, Mode
from pvdstation.desk.asked import Asked
from pvdstation.desk.server import Server
from pvdstation.desk.snapshot import Snapshot
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.runtime.stepped import SteppedRun

SHOW_EVERY_S = 0.2
UNGUARDED = "guardian"
_AT_REST = frozenset({*ENDED, Mode.IDLE, Mode.INTERRUPTED})


class Shows(Protocol):
    """Makes the snapshot of a moment."""

    speed: float

    def seen(self, now_ns: int, decision: Decision) -> None:
        """Take every scan: when something was seen first."""
        ...

    def shown(self, now_ns: int, decision: Decision, wall_s: float) -> Snapshot:
        """Return what a screen shows."""
        ...


class Session:
    """What clients and a bench have to do with each other, from the bench's first scan to its last."""

    def __init__(self, desk: Server, bench: Bench, shows: Shows, takes: Callable[[Asked], bool], log: Log) -> None:
        """``takes`` is offered every request first, and returns whether it is not one for the scan."""
        self._log = log
        self._shown: Snapshot | None = None
        self._said = ""
        self.bench = bench
        self.decision: Decision | None = None
        """Of the last scan."""
        self.guardian: Guardian | None = None
        self._desk = desk
        self._shows = shows
        self._takes = takes
        self._conversation = Conversation(desk, bench.scan)
        self._untold: list[Event] = []
        self._next_s = 0.0
        self._is_unguarded = False

    def demand(self, verb: Verb, whose: str) -> None:
        """Ask for something that no client has asked for."""
        self._conversation.demand(verb, whose)

    def before(self) -> None:
        """Take what clients have asked for."""
        for asked in self._desk.asked():
            if not self._takes(asked):
                self._conversation.ask(asked)

    def after(self, now_ns: int, decision: Decision) -> None:
        """Feed the guardian, answer, and show; a snapshot at most five times a second."""
        self.decision = decision
        self._feed()
        self._see(now_ns, decision)
        self._untold += decision.events
        self._conversation.hear(decision.events)
        now_s = time.monotonic()
        is_asked = any(event.kind in (EventKind.RUN, EventKind.REQUEST) for event in decision.events)
        if now_s >= self._next_s or is_asked:
            self._next_s = now_s + SHOW_EVERY_S
            self.show(now_ns)

    def _see(self, now_ns: int, decision: Decision) -> None:
        try:
            self._shows.seen(now_ns, decision)
        except Exception as error:  # noqa: BLE001 - the same
            self._say_once(f"internal error in what is seen: {type(error).__name__}: {error}")

    def show(self, now_ns: int) -> None:
        """Show this moment, with every event that has not been told yet. An error of ours in it stops no scan."""
        if self.decision is None:
            return
        events, self._untold = self._untold, []
        try:
            self._shown = self._shows.shown(now_ns, self.decision, time.time())
        except Exception as error:  # noqa: BLE001 - what people see must never end what is controlled
            self._say_once(f"internal error in what is shown: {type(error).__name__}: {error}")
        if self._shown is not None:
            self._desk.publish(self._shown._replace(late_scans=self.bench.run.late_scans), events)

    def go_at(self, speed: float) -> str:
        """Change the pace of a simulated run; return why it cannot be changed."""
        run = self.bench.run
        if not isinstance(run, SteppedRun):
            return "only a simulated run that was started at another speed than 1 can change it"
        try:
            run.go_at(speed)
        except ValueError as error:
            return str(error)
        self._shows.speed = speed
        return ""

    @property
    def is_at_rest(self) -> bool:
        """Return whether nothing goes on, and what has gone on is confirmed off."""
        return self.decision is None or self.decision.state.course.mode in _AT_REST

    def dismiss(self) -> None:
        """Send the guardian home: there is nothing that it would have to switch off."""
        guardian, self.guardian = self.guardian, None
        if guardian is not None:
            guardian.end()

    def end(self, why: str) -> None:
        """Refuse what was never answered."""
        self._conversation.end(why)

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._log.line(text)

    def _feed(self) -> None:
        """Tell the guardian of a completed scan; without a guardian a run is brought to its end, fast."""
        guardian = self.guardian
        if guardian is None or self._is_unguarded:
            return
        if not (guardian.beat() and guardian.is_alive):
            self._is_unguarded = True
            self._log.line("the guardian has gone: whatever runs is aborted")
            self.demand(Verb.ABORT, UNGUARDED)
