"""One scan: image in, decision, levels and actions out. The shell around the core; both runtimes step it."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from pvdstation.control.decision import Core, Decision
from pvdstation.drivers.base import Board, Driver
from pvdstation.model.messages import ActionResult, Event, Image, Notice, Outputs, Pace, Request, Scanned, all_off
from pvdstation.model.signals import LONG_AGO, Quality, SignalMap
from pvdstation.runtime.sinks import EventSink, Journal


def off_outputs(signals: SignalMap) -> Outputs:
    """Return outputs with everything off and a lease that ran out long ago. The turbo stays as it is (design 10)."""
    supplies = len(signals.supply)
    watched = Pace(sqc=True, crystals=(), supplies=(True,) * supplies, gas=False)
    return all_off(len(signals.source_shutter), supplies, LONG_AGO)._replace(pace=watched)


class Scan:
    """Steps the core with the image of the board and hands on what it has decided."""

    def __init__(
        self, core: Core, board: Board, drivers: Mapping[str, Driver], journal: Journal, sinks: Sequence[EventSink] = ()
    ) -> None:
        self._core = core
        self._board = board
        self._drivers = dict(drivers)
        self._journal = journal
        self._sinks = tuple(sinks)
        self._before: Callable[[], None] | None = None
        self._requests: deque[Request] = deque()
        self._notices: deque[Notice] = deque()
        self._state: Any = None
        self._last_ns: int | None = None

    def request(self, request: Request) -> None:
        """Take a person's request for the next scan. Any thread may call this."""
        self._requests.append(request)

    def notice(self, notice: Notice) -> None:
        """Take a link's notice; the sinks get it with the next scan. Any thread may call this."""
        self._notices.append(notice)

    def look_first(self, before: Callable[[], None]) -> None:
        """Call this before every scan: what it requests is decided in that scan."""
        self._before = before

    def keep_in(self, journal: Journal) -> None:
        """Hand the scans from the next one on to another journal. From the thread of the scan only."""
        self._journal = journal

    def step(self, now_ns: int) -> Decision:
        """Do one scan. Whatever goes wrong in it: every driver is handed OFF, then the error goes on."""
        try:
            return self._step(now_ns)
        except BaseException:  # two of four: the scan; no decision can be trusted now
            self.hand_off()
            raise

    def hand_off(self) -> None:
        """Hand OFF to every driver. Not a completed scan: what feeds leases and watchdogs stays as old as it is."""
        off = off_outputs(self._board.signals)
        last_ns = LONG_AGO if self._last_ns is None else self._last_ns
        with ExitStack() as all_of_them:  # one driver that fails does not keep OFF from the others
            for driver in self._drivers.values():
                all_of_them.callback(driver.accept, off, last_ns)

    def flush(self) -> None:
        """Hand the links' last notices to the sinks."""
        notices = self._notices
        while notices:
            notice = notices.popleft()
            self._journal.notice(notice)
            for sink in self._sinks:
                sink.notice(notice)

    def _step(self, now_ns: int) -> Decision:
        if self._before is not None:
            self._before()
        if self._last_ns is None:
            self._state = self._core.start(now_ns)
        image, asked = self._image(now_ns), self._asked()
        decision = self._core.step(self._state, image, asked, now_ns)
        self._state = decision.state
        self._last_ns = now_ns
        outputs = decision.outputs
        for driver in self._drivers.values():
            driver.accept(outputs, now_ns)
        for action in decision.actions:
            self._drivers[action.link].submit(action)
        if self._notices:
            self.flush()
        self._journal.record(Scanned(now_ns, image, asked, outputs, decision.actions, decision.events))
        if decision.events:
            self._tell(decision.events)
        return decision

    def _image(self, now_ns: int) -> Image:
        board, signals = self._board, self._board.signals
        board.post(signals.journal_durable, self._journal.durable(), Quality.GOOD, now_ns)
        board.post(signals.journal_age, self._journal.age_s(now_ns), Quality.GOOD, now_ns)
        board.post(signals.journal_segment, self._journal.segment(), Quality.GOOD, now_ns)
        # Results first: an action is resolved after the readings that prove it, so they are in this image too.
        results = self._results()
        return Image(tuple(board.readings), results)

    def _results(self) -> tuple[ActionResult, ...]:
        waiting = self._board.results
        return tuple(waiting.popleft() for _ in range(len(waiting))) if waiting else ()

    def _asked(self) -> tuple[Request, ...]:
        waiting = self._requests
        return tuple(waiting.popleft() for _ in range(len(waiting))) if waiting else ()

    def _tell(self, events: tuple[Event, ...]) -> None:
        for sink in self._sinks:
            sink.take(events)
