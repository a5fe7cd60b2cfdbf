"""Ctrl+C and SIGTERM: handlers only count, so that no KeyboardInterrupt ever lands inside a scan."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pvdstation.model.messages import Verb

ABORT_WITHIN_S = 10.0


class Interrupts:
    """What the person at the keyboard has asked for so far."""

    __slots__ = ("_clock_s", "_first_s", "abort", "stop")

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._first_s: float | None = None
        self.stop = False
        self.abort = False

    def interrupt(self) -> None:
        """Take one Ctrl+C: a stop, or an abort when it follows another within 10 s."""
        now_s = self._clock_s()
        if self._first_s is not None and now_s - self._first_s <= ABORT_WITHIN_S:
            self.abort = True
        self._first_s = now_s
        self.stop = True

    def terminate(self) -> None:
        """Take a SIGTERM: a controlled stop, however often it comes."""
        self.stop = True


class Wanted:
    """The same as requests: stop after the first Ctrl+C, abort after a second one in time; each once."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._told: Verb | None = None

    def next(self) -> Verb | None:
        """Return what is to be asked for now."""
        verb = Verb.ABORT if self._interrupts.abort else Verb.STOP if self._interrupts.stop else None
        if verb is self._told:
            return None
        self._told = verb
        return verb


@contextmanager
def watched(interrupts: Interrupts) -> Iterator[None]:
    """Let Ctrl+C and SIGTERM only set flags; ignore them afterwards, while the process ends with its exit code."""

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupts.interrupt()

    def on_terminate(_number: int, _frame: FrameType | None) -> None:
        interrupts.terminate()

    signal.signal(signal.SIGINT, on_interrupt)
    signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
