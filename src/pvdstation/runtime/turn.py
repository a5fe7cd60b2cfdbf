"""One link's turns: at most one exchange each, doubt before everything, urgent work before the rest.

Both runtimes give turns: a thread on the real clock, or the agenda on stepped time. Whatever an exchange costs moves
only this link's own next turn.
"""

import logging
from collections.abc import Callable

from pvdstation.drivers.base import Driver, Routine
from pvdstation.model.clock import MILLISECOND
from pvdstation.model.messages import Notice
from pvdstation.model.problems import Refused
from pvdstation.runtime.standing import Standing
from pvdstation.wires.base import WireLost
from pvdstation.wires.link import Ask, Link, LinkStatistics, Pause, Reply

_log = logging.getLogger(__name__)
_STARTS = range(32)


class _Running:
    """A routine that has been started, and what it wants next."""

    __slots__ = ("resume_ns", "routine", "wish")

    def __init__(self, routine: Routine) -> None:
        self.routine = routine
        self.wish: Ask | Pause | None = None
        self.resume_ns = 0


class LinkWorker:
    """Gives one link its turns.

    Routines lie on each other: a poll or an action, polls over an action that pauses, an urgent one over those, the
    greeting over all. An answer is handed to its routine in the turn after the exchange, at the time it arrived.
    """

    MISSES = 3
    """Questions in a row without a good answer that make a link lost."""
    LEVELS_NS = 50 * MILLISECOND
    """How often a worker that has stopped polling looks after its outputs."""

    __slots__ = (
        "_crash", "_drained", "_driver", "_fatal", "_greeting", "_levels_only", "_link", "_misses", "_reply",
        "_spoiled", "_stack", "_standing", "_urgent", "name", "next_ns",
    )  # fmt: skip

    def __init__(self, link: Link, driver: Driver, report: Callable[[Notice], None]) -> None:
        self.name = driver.name
        self.next_ns = 0
        """When the next turn is wanted, ns."""
        self._link = link
        self._driver = driver
        self._standing = Standing(link, driver, report)
        self._stack: list[_Running] = []
        self._reply: Reply | None = None
        self._urgent = False  # an urgent routine is on the stack
        self._greeting = False  # the greeting is on top of the stack
        self._drained = False
        self._spoiled = False  # a question of this greeting was not answered
        self._fatal = ""  # why the link must be closed in its next turn
        self._crash = ""  # an error of ours, after which only levels are written
        self._levels_only = False
        self._misses = 0

    @property
    def fault(self) -> str:
        """Return why the link is lost or polls no more, in words; empty while it answers."""
        return self._standing.fault or self._crash

    @property
    def statistics(self) -> LinkStatistics:
        """Return the link's counters."""
        return self._link.statistics

    def turn(self, now_ns: int) -> int:
        """Do at most one exchange and return when the next turn is wanted, ns."""
        self._link.wait_until(now_ns)
        try:
            next_ns = self._turn(now_ns)
        except WireLost as lost:
            self._fatal = str(lost)
            next_ns = self._link.now_ns()
        except Refused as refused:
            next_ns = self._give_up(str(refused), now_ns)
        except ValueError as malformed:
            next_ns = self._distrust(f"malformed answer: {malformed}", now_ns)
        except Exception as error:  # noqa: BLE001 - one of four: a link must not die in silence
            _log.exception("link %s", self.name)
            # No more polls: its signals stay without communication, so the core trips; OFF is still written.
            self._levels_only = True
            self._crash = f"internal error: {type(error).__name__}: {error}"
            next_ns = self._give_up(self._crash, now_ns)
        self.next_ns = next_ns
        return next_ns

    def hurry(self, now_ns: int) -> int:
        """Return when the next turn is wanted, ns, now that a scan has handed out levels and actions."""
        next_ns = self.next_ns
        if next_ns > now_ns and self._reply is None and not (self._drained or self._fatal):
            # No exchange and no drain is going on until then.
            self.next_ns = next_ns = min(next_ns, max(now_ns, self._driver.due_ns(now_ns)))
        return next_ns

    def retire(self) -> None:
        """Begin nothing but urgent work from now on."""
        self._levels_only = True
        self._driver.retire()

    def is_at_rest(self, now_ns: int) -> bool:
        """Return whether the outputs are at their levels and nothing is under way, or nobody can be reached."""
        if not self._link.is_open:
            return True
        return not (self._stack or self._link.is_dirty) and self._driver.urgent(now_ns) is None

    def close(self) -> None:
        """End all routines and close the link."""
        self._drop_routines()
        self._link.close()

    # --- one turn ---

    def _turn(self, now_ns: int) -> int:
        reply = self._reply
        if reply is not None:
            self._reply = None
            self._go_on(reply, now_ns)
            if reply.frame is None:
                self._after_miss()
        if self._fatal:
            return self._give_up(self._fatal, now_ns)
        link = self._link
        if not link.is_open:
            return self._standing.reopen(now_ns)
        if link.is_dirty and not self._greeting:
            if not self._drained:
                link.drain()
                self._drained = True
                return link.now_ns()
            self._greeting, self._spoiled, self._drained = True, False, False
            self._begin(self._driver.greet(), now_ns)
        return self._work(now_ns)

    def _after_miss(self) -> None:
        # A greeting begins anew, and levels are asked for anew: they may go OFF before the link is trusted again.
        for _ in range(self._greeting + self._urgent):
            self._stack.pop().routine.close()
        self._greeting = self._urgent = False
        if self._misses >= self.MISSES and not self._fatal:
            self._fatal = f"no answer to {self._misses} questions in a row"

    def _work(self, now_ns: int) -> int:
        """Find the next question and ask it; return when to come back."""
        driver, stack = self._driver, self._stack
        for _ in _STARTS:
            if not (self._urgent or self._greeting):
                routine = driver.urgent(now_ns)
                if routine is not None:
                    self._urgent = True
                    self._begin(routine, now_ns)
                    continue
            if not stack:
                if self._levels_only:
                    driver.fail_actions(self.fault or "the run has ended", now_ns)
                    return now_ns + self.LEVELS_NS
                routine = driver.next_routine(now_ns)
                if routine is None:
                    return driver.quiet_until_ns(now_ns)
                self._begin(routine, now_ns)
                continue
            running = stack[-1]
            wish = running.wish
            if type(wish) is Ask:
                return self._exchange(wish)
            if running.resume_ns <= now_ns:
                self._go_on(Reply(b"", now_ns), now_ns)
                continue
            if len(stack) > 1 or driver.begun is None or self._greeting or self._urgent or self._levels_only:
                return running.resume_ns
            routine = driver.next_poll(now_ns)
            if routine is None:
                return min(running.resume_ns, driver.quiet_until_ns(now_ns))
            self._begin(routine, now_ns)
        return now_ns + MILLISECOND  # routines that end without a question must not stop time

    def _exchange(self, ask: Ask) -> int:
        try:
            reply = self._link.exchange(ask)
        except WireLost as lost:
            self._fatal = str(lost)
            reply = Reply(None, self._link.now_ns(), self._fatal)
        if reply.frame is None:
            self._misses += 1
            self._spoiled = True
        elif reply.frame and not self._greeting:
            self._misses = 0
            if not self._standing.is_proven:
                self._standing.prove()
        self._reply = reply
        return reply.at_ns

    def _begin(self, routine: Routine, now_ns: int) -> None:
        self._stack.append(_Running(routine))
        self._go_on(None, now_ns)

    def _go_on(self, reply: Reply | None, now_ns: int) -> None:
        """Let the routine on top go on to its next question, pause or end."""
        running = self._stack[-1]
        try:
            wish = next(running.routine) if reply is None else running.routine.send(reply)
        except StopIteration:
            self._ended(now_ns)
            return
        running.wish = wish
        if type(wish) is Pause:
            running.resume_ns = now_ns + wish.duration_ns

    def _ended(self, now_ns: int) -> None:
        self._stack.pop()
        if self._greeting:
            self._greeting = False
            if not self._spoiled:
                self._standing.welcome(now_ns)
        else:
            self._urgent = False  # an urgent routine is above all others, so it is the one that ended, or there is none

    def _distrust(self, text: str, now_ns: int) -> int:
        """Take an answer that made no sense as a miss; drain and greet before anything else."""
        self._misses += 1
        if self._misses >= self.MISSES:
            return self._give_up(text, now_ns)
        self._drop_routines()
        self._link.is_dirty = True
        self._standing.lose(text, now_ns)
        return now_ns

    def _give_up(self, text: str, now_ns: int) -> int:
        """Close the link and return when it is tried again, ns."""
        self._drop_routines()
        self._fatal = ""
        self._misses = 0
        return self._standing.close(text, now_ns)

    def _drop_routines(self) -> None:
        stack, self._stack = self._stack, []
        self._reply = None
        self._urgent = self._greeting = self._drained = False
        while stack:
            stack.pop().routine.close()
