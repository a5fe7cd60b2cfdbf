"""When the core acts by itself: nobody is there any more, or it has been told by a signal to end."""

import time
from collections.abc import Callable

from pvdstation.desk.talk import QUIT
from pvdstation.model.messages import Verb
from pvdstation.model.station import Station

IDLE_S = 60.0
"""How long the core of a simulated station stays without a run and without a client."""
ALONE_S = 300.0
"""How long a run goes on without a client where the station file says ``on_clients_lost = "hold"``."""
STOPS_WITHIN_S = 20.0
"""How long a stop that a signal asks for may take before it becomes an abort."""
GIVES_UP_S = 60.0


class Hours:
    """Clocks of the wall, which nothing in the plant depends on."""

    def __init__(self, station: Station, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.why = ""
        """Whose wish the verb is."""
        self._clock_s = clock_s
        self._leaves = station.is_simulated or station.simulator is not None
        self._holds = station.on_clients_lost == "hold"
        self._quiet_s = self._seen_s = clock_s()
        self._is_held = False
        self._told_s: float | None = None  # when a signal came
        self._asked: list[Verb] = []

    def told_to_end(self) -> None:
        """Take a signal. Any handler may call this."""
        if self._told_s is None:
            self._told_s = self._clock_s()

    def due(self, *, is_active: bool, clients: int) -> str | None:
        """Return, once, what is to be done now: a verb of the run, QUIT, or nothing."""
        now_s = self._clock_s()
        if self._told_s is not None:
            return self._ending(now_s - self._told_s, is_active=is_active)
        if clients or not is_active:
            self._seen_s, self._is_held = now_s, False
        if clients or is_active:
            self._quiet_s = now_s
        if self._leaves and now_s - self._quiet_s > IDLE_S:
            return QUIT
        if self._holds and is_active and not self._is_held and now_s - self._seen_s > ALONE_S:
            self._is_held, self.why = True, "no client for 5 min"
            return Verb.HOLD
        return None

    def _ending(self, since_s: float, *, is_active: bool) -> str | None:
        self.why = "signal"
        if not is_active:
            return QUIT
        if Verb.STOP not in self._asked:
            self._asked.append(Verb.STOP)
            return Verb.STOP
        if since_s > STOPS_WITHIN_S and Verb.ABORT not in self._asked:
            self._asked.append(Verb.ABORT)
            return Verb.ABORT
        return QUIT if since_s > STOPS_WITHIN_S + GIVES_UP_S else None
