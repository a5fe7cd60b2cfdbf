"""An errand of a page: it waits for a child process in a thread, one at a time, and its result is posted back."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from textual.message import Message
from textual.widget import Widget

from pvdstation.desk.errands import ErrandError

T = TypeVar("T")


class Done(Message):
    """An errand has ended: what is to be done with its result, and the result, or why there is none."""

    def __init__(self, then: Callable[[Any], None], result: Any, error: str = "") -> None:
        super().__init__()
        self.then = then
        self.result = result
        self.error = error


class Runner:
    """Sends a page's errands; while one is under way no other is sent."""

    def __init__(self, page: Widget) -> None:
        self._page = page
        self.is_busy = False

    def send(self, errand: Callable[[], T], then: Callable[[T], None]) -> bool:
        """Begin an errand; return whether that was possible. Its end is posted to the page as ``Done``."""
        if self.is_busy:
            return False
        self.is_busy = True
        self._page.run_worker(partial(self._go, errand, then), thread=True)
        return True

    def _go(self, errand: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            done = Done(then, errand())
        except ErrandError as error:
            done = Done(then, None, str(error))
        finally:
            self.is_busy = False
        self._page.post_message(done)
