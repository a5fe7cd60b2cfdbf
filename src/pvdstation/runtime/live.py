"""The real clock: one thread per link, and a sequential scan in the thread of the caller."""

from collections.abc import Callable, Sequence
from threading import Event, Thread

from pvdstation.control.decision import Decision
from pvdstation.model.clock import SECOND, Clock
from pvdstation.runtime.outcome import RunOutcome, report_links
from pvdstation.runtime.scan import Scan
from pvdstation.runtime.turn import LinkWorker

OnScan = Callable[[int, Decision], None]


class LinkThread:
    """One link's thread: turns when they are due, or as soon as a scan has something new."""

    SETTLE_NS = 2 * SECOND
    """How long the link may take to write OFF at the end."""

    def __init__(self, worker: LinkWorker, clock: Clock, on_error: Callable[[BaseException], None]) -> None:
        self._worker = worker
        self._clock = clock
        self._on_error = on_error
        self._woken = Event()
        self._end_ns: int | None = None
        self._thread = Thread(target=self._run, name=f"link {worker.name}")

    def start(self) -> None:
        """Start giving turns."""
        self._thread.start()

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    def retire(self) -> None:
        """Write the levels in force, then end."""
        self._end_ns = self._clock.now_ns() + self.SETTLE_NS
        self._worker.retire()
        self._woken.set()

    def join(self) -> None:
        """Wait for the end. Bounded: every exchange has a dead-line."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._turns()
        except BaseException as error:  # noqa: BLE001 - the link's thread: its error becomes the run's
            self._on_error(error)
        finally:
            self._worker.close()

    def _turns(self) -> None:
        clock, worker, woken = self._clock, self._worker, self._woken
        next_ns = 0
        while not self._has_ended():
            now_ns = clock.now_ns()
            if woken.is_set():
                woken.clear()
                next_ns = worker.hurry(now_ns)
            if next_ns > now_ns:
                woken.wait(min(next_ns - now_ns, SECOND) / SECOND)
            else:
                next_ns = worker.turn(now_ns)

    def _has_ended(self) -> bool:
        end_ns = self._end_ns
        if end_ns is None:
            return False
        now_ns = self._clock.now_ns()
        return now_ns >= end_ns or self._worker.is_at_rest(now_ns)


class LiveRun:
    """A run on the real clock."""

    def __init__(
        self,
        scan: Scan,
        workers: Sequence[LinkWorker],
        clock: Clock,
        period_ns: int,
        *,
        on_scan: OnScan | None = None,
        lingers: bool = False,
    ) -> None:
        """``lingers``: the scan goes on after the end of the run, until ``stop_now``."""
        self.late_scans = 0
        """Slots of the scan that passed without one."""
        self._lingers = lingers
        self._scan = scan
        self._workers = tuple(workers)
        self._clock = clock
        self._period_ns = period_ns
        self._on_scan = on_scan
        self._stop = Event()
        self._errors: list[BaseException] = []
        self._threads = [LinkThread(worker, clock, self._crashed) for worker in self._workers]

    def stop_now(self) -> None:
        """End after the scan that is going on; OFF is written. Any thread or handler may call this."""
        self._stop.set()

    def run(self) -> RunOutcome:
        """Scan until the core says that the run is over or ``stop_now``; then OFF is written and the threads end."""
        try:
            for thread in self._threads:
                thread.start()
            outcome = self._run()
        finally:
            self._shut_down()
        if self._errors:
            raise self._errors[0]
        return outcome._replace(links=report_links(self._workers))

    def _run(self) -> RunOutcome:
        scans = slot = 0
        now_ns = self._clock.now_ns()
        start_ns = now_ns
        decision: Decision | None = None
        while not self._stop.is_set():
            now_ns = self._clock.now_ns()
            decision = self._scan.step(now_ns)
            scans += 1
            for thread in self._threads:
                thread.wake()
            if self._on_scan is not None:
                self._on_scan(now_ns, decision)
            if decision.ended and not self._lingers:
                break
            passed = (self._clock.now_ns() - start_ns) // self._period_ns
            self.late_scans += passed - slot  # slots that went by during this scan; they are not made up for
            slot = passed + 1
            self._wait_until(start_ns + slot * self._period_ns)
        ended = decision is not None and decision.ended
        return RunOutcome(ended, scans, self.late_scans, now_ns, decision, {})

    def _wait_until(self, moment_ns: int) -> None:
        while (left_ns := moment_ns - self._clock.now_ns()) > 0 and not self._stop.is_set():
            self._stop.wait(left_ns / SECOND)

    def _crashed(self, error: BaseException) -> None:
        """Take the error of a thread that has died: the run ends."""
        self._errors.append(error)
        self._stop.set()

    def _shut_down(self) -> None:
        try:
            self._scan.hand_off()
        finally:
            for thread in self._threads:
                thread.retire()
            for thread in self._threads:
                thread.join()
            self._scan.flush()
