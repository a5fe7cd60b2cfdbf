"""A core process of its own for a test: started as a client starts it, and ended with the test."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pvdstation.assembly.core.meeting import Met, Where, meet_or_start
from pvdstation.desk.client import Client, News
from pvdstation.desk.line import DeskError
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Ended, Events
from pvdstation.model.messages import Event

SHORT = "10 nm Zn at 0.5 nm/s"
FAST = 300.0


def start_of(recipe: str = SHORT, speed: float = FAST, **fields: object) -> Start:
    """Return the form of a start."""
    return Start(recipe=recipe, speed=speed, **fields)  # type: ignore[arg-type]


@contextmanager
def core(where: Where, first: Start | None = None) -> Iterator[Met]:
    """Give a connection to a core that is killed at the end if it still lives."""
    met = meet_or_start(where, "test", first)
    pid = pid_of(where.data)
    try:
        yield met
    finally:
        met.client.close()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        gone(pid)


def pid_of(data: Path) -> int:
    """Return the process of the core that has written last into the log of a data folder."""
    lines = [line for line in (data / "core.log").read_text().splitlines() if ", process " in line]
    return int(lines[-1].rpartition(" ")[2])


def gone(pid: int, within_s: float = 10.0) -> bool:
    """Return whether a process has ended in time; its zombie counts as ended."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def wait_for(client: Client, state: str, within_s: float = 20.0) -> Snapshot:
    """Return the first snapshot in a state."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        news = client.news(0.5)
        if isinstance(news, Snapshot) and news.state == state:
            return news
    raise AssertionError(f"never {state}")


def until_end(client: Client, within_s: float = 60.0) -> tuple[list[Event], Ended]:
    """Return the events of a run until its end, and its end."""
    events: list[Event] = []
    for news in heard(client, within_s):
        if isinstance(news, Events):
            events += news.events
        elif isinstance(news, Ended):
            return events, news
    raise AssertionError("the run has no end")


def heard(client: Client, within_s: float) -> Iterator[News]:
    """Yield what a core tells, until the time is over or the core has gone."""
    deadline_s = time.monotonic() + within_s
    with suppress(DeskError):
        while time.monotonic() < deadline_s:
            news = client.news(0.5)
            if news is not None:
                yield news
