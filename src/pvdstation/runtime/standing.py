"""How a link stands: identified, or lost and why, and when it is tried again."""

from collections.abc import Callable

from pvdstation.drivers.base import Driver
from pvdstation.model.messages import Notice
from pvdstation.runtime.backoff import BackOff
from pvdstation.wires.base import WireLost
from pvdstation.wires.link import Link


class Standing:
    """Tells the driver and the sinks once when the link is lost, and the sinks once when it answers again."""

    __slots__ = ("_back_off", "_driver", "_is_lost", "_is_new", "_link", "_report", "fault", "is_proven")

    def __init__(self, link: Link, driver: Driver, report: Callable[[Notice], None]) -> None:
        self.fault = ""
        """Why the link is lost, in words; empty while it answers."""
        self.is_proven = False
        """A question other than the greeting was answered since the link was opened."""
        self._link = link
        self._driver = driver
        self._report = report
        self._back_off = BackOff(driver.name)
        self._is_lost = False
        self._is_new = True  # not identified since the start or since it was lost

    def reopen(self, now_ns: int) -> int:
        """Open the link if its wait is over and return when to go on, ns; actions are failed meanwhile."""
        if now_ns < self._back_off.retry_ns:
            self._driver.fail_actions(self.fault, now_ns)
            return self._back_off.retry_ns
        try:
            self._link.open()
        except WireLost as lost:
            return self.close(str(lost), now_ns)
        return self._link.now_ns()

    def close(self, text: str, now_ns: int) -> int:
        """Close the link and return when it is tried again, ns."""
        self._link.close()
        self.is_proven = False
        self.lose(text, now_ns)
        return self._back_off.put_off(self._link.now_ns())

    def lose(self, text: str, now_ns: int) -> None:
        """Take the link for lost."""
        self.fault = text
        if self._is_lost:
            self._driver.fail_actions(text, now_ns)
            return
        self._is_lost = self._is_new = True
        self._link.statistics.lost += 1
        self._report(Notice(now_ns, self._driver.name, f"lost: {text}", is_lost=True))
        self._driver.lose(now_ns)

    def welcome(self, now_ns: int) -> None:
        """Trust the link: its greeting was answered without a miss."""
        self._link.is_dirty = False
        if self._is_new:
            self._is_new = self._is_lost = False
            self.fault = ""
            self._report(Notice(now_ns, self._driver.name, f"answers: {self._driver.identity}"))

    def prove(self) -> None:
        """Begin with the shortest wait when the link is lost again."""
        self.is_proven = True
        self._back_off.forgive()
