"""Tells people who are elsewhere: starts the command of the station file at the end of a run and at an alarm."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence

from pvdstation.assembly.core.log import Log
from pvdstation.model.messages import Event, EventKind

APART_S = 10.0
"""Alarms that come sooner after one that was told are not told: the first one is the cause."""
MOST_AT_ONCE = 5
_ALARMS = frozenset({EventKind.ALARM, EventKind.TRIP})


class Notifier:
    """Starts the command and never waits for it. What it must know is in its environment, never in its words."""

    def __init__(
        self, command: Sequence[str] | None, station: str, log: Log, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._command = command
        self._station = station
        self._log = log
        self._clock_s = clock_s
        self._told_s = float("-inf")
        self._children: list[subprocess.Popen[bytes]] = []

    def take(self, run: str, events: Sequence[Event]) -> None:
        """Tell the first alarm among the events of a scan."""
        if self._command is None:
            return
        for event in events:
            values = dict(event.values)
            if event.kind in _ALARMS and values.get("state") == "came" and self._clock_s() - self._told_s > APART_S:
                self._told_s = self._clock_s()
                priority = str(values.get("priority", ""))
                self._tell("alarm", run, f"{event.source}: {event.text}", PVD_PRIORITY=priority, PVD_RULE=event.source)

    def tell_end(self, run: str, outcome: str, reason: str, *, is_safe: bool | None) -> None:
        """Tell how a run has ended."""
        safe = {True: "yes", False: "no", None: "unknown"}[is_safe]
        self._tell("end", run, f"{outcome}: {reason}", PVD_OUTCOME=outcome, PVD_SAFE=safe)

    def _tell(self, event: str, run: str, text: str, **more: str) -> None:
        self._children = [child for child in self._children if child.poll() is None]
        if self._command is None:
            return
        if len(self._children) >= MOST_AT_ONCE:
            self._log.line(f"not notified of {text}: {MOST_AT_ONCE} earlier commands have not ended")
            return
        told = {"PVD_EVENT": event, "PVD_STATION": self._station, "PVD_RUN": run, "PVD_TEXT": text, **more}
        try:
            child = subprocess.Popen(  # noqa: S603 - the command of the station file
                self._command,
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except (OSError, ValueError) as error:
            self._log.line(f"the command of notify cannot be started: {error}")
            return
        self._children.append(child)
