"""Stepped time: scans exactly on time, and between them an agenda of (time, link) in the same thread.

Before a link's turn the plant is brought to that time. So a stepped scan is never late, and a silent link delays
nobody (design, rule 7).
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush, heapreplace
from threading import Event
from typing import Protocol

from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND
from pvdstation.runtime.clock import Pacer
from pvdstation.runtime.outcome import RunOutcome, report_links
from pvdstation.runtime.scan import Scan
from pvdstation.runtime.turn import LinkWorker

OnScan = Callable[[int, Decision], None]
WEEK_NS = 7 * 24 * 3600 * SECOND


class Plant(Protocol):
    """Whatever has a time that we drive: a ``World`` in this process, or one at the end of a control channel."""

    def advance_to(self, now_ns: int) -> None:
        """Move to ``now_ns``."""
        ...


class Agenda:
    """The links' next turns in the order of time; at equal times in the order of the links."""

    def __init__(self, plant: Plant, workers: Sequence[LinkWorker]) -> None:
        self._plant = plant
        self._workers = tuple(workers)
        # An entry counts only while it agrees with its worker's next_ns: moving a link leaves its old entry behind.
        self._heap = sorted((worker.next_ns, place) for place, worker in enumerate(self._workers))

    def run_before(self, end_ns: int) -> None:
        """Give every turn that falls before the time, then bring the plant there."""
        heap, workers, advance_to = self._heap, self._workers, self._plant.advance_to
        while heap and heap[0][0] < end_ns:
            at_ns, place = heap[0]
            worker = workers[place]
            if worker.next_ns != at_ns:
                heappop(heap)
                continue
            advance_to(at_ns)
            heapreplace(heap, (worker.turn(at_ns), place))
        advance_to(end_ns)

    def hurry(self, now_ns: int) -> None:
        """Move links forward that have something to do now, after a scan."""
        for place, worker in enumerate(self._workers):
            before_ns = worker.next_ns
            sooner_ns = worker.hurry(now_ns)
            if sooner_ns < before_ns:
                heappush(self._heap, (sooner_ns, place))


class SteppedRun:
    """A run on stepped time, as fast as the computer can or paced at ``speed`` times wall time."""

    SETTLE_NS = 2 * SECOND
    """Plant time in which the links write OFF after an error in a scan."""

    def __init__(
        self,
        scan: Scan,
        workers: Sequence[LinkWorker],
        plant: Plant,
        period_ns: int,
        *,
        pacer: Pacer | None = None,
        longest_ns: int = WEEK_NS,
        on_scan: OnScan | None = None,
        lingers: bool = False,
    ) -> None:
        """``lingers``: the scan goes on after the end of the run, until ``stop_now``."""
        self.late_scans = 0
        """None ever is: a stepped scan waits for nobody."""
        self._lingers = lingers
        self._scan = scan
        self._workers = tuple(workers)
        self._agenda = Agenda(plant, workers)
        self._period_ns = period_ns
        self._pacer = pacer
        self._longest_ns = longest_ns
        self._on_scan = on_scan
        self._stop = Event()

    def go_at(self, speed: float) -> None:
        """Go on at another multiple of wall time. Raises ValueError for a speed that cannot be kept."""
        if self._pacer is not None:
            self._pacer.go_at(speed)

    def stop_now(self) -> None:
        """End after the scan that is going on, with the outputs as they are. Any thread or handler may call this."""
        self._stop.set()

    def run(self) -> RunOutcome:
        """Scan until the core says that the run is over, ``stop_now`` or the longest time."""
        try:
            return self._run()
        finally:
            self._scan.flush()
            for worker in self._workers:
                worker.close()

    def _run(self) -> RunOutcome:
        scans, now_ns = 0, 0
        decision: Decision | None = None
        while not self._stop.is_set() and now_ns <= self._longest_ns:
            decision = self._step(now_ns)
            scans += 1
            if decision.ended and not self._lingers:
                break
            now_ns += self._period_ns
        ended = decision is not None and decision.ended
        last_ns = max(scans - 1, 0) * self._period_ns
        return RunOutcome(ended, scans, 0, last_ns, decision, report_links(self._workers))

    def _step(self, now_ns: int) -> Decision:
        self._agenda.run_before(now_ns)
        if self._pacer is not None:
            self._pacer.wait(now_ns)
        try:
            decision = self._scan.step(now_ns)
            if self._on_scan is not None:
                self._on_scan(now_ns, decision)
        except BaseException:
            self._settle(now_ns)
            raise
        self._agenda.hurry(now_ns)
        return decision

    def _settle(self, now_ns: int) -> None:
        """Let the links write OFF."""
        try:
            self._scan.hand_off()
        finally:
            for worker in self._workers:
                worker.retire()
            self._agenda.hurry(now_ns)
            self._agenda.run_before(now_ns + self.SETTLE_NS)
