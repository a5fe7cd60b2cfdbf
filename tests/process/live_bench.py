"""A live station for tests: a simulator in another process whose station file does not say that it is one."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from core_bench import heard, start_of
from guardian_bench import ZERO_A, wait_until
from serve_bench import Channel, Served, served
from station_bench import QUICK, station_with

from pvdstation.assembly.core.meeting import Where
from pvdstation.desk.client import Client
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Ended, Events
from pvdstation.model.messages import Event, EventKind

HEAT = "condition Zn"
POWER_A = 20.0
"""True current of a boat that counts as on, well below that of its first ramp."""
_PATIENCE_S = 60.0
_TOLD = (EventKind.RUN, EventKind.STAGE, EventKind.ALARM, EventKind.TRIP)
_CONDITION = {
    "ramp1": {"power": "25.8 %", "time": "5 s"},
    "soak1": "1 s",
    "ramp2": {"power": "50 %", "time": "4 s"},
    "soak2": "15 s",
}
_AGES = dict.fromkeys(("io", "rate", "supply", "gauge_gas"), "2 s") | {"rate_end": "10 s", "gauge": "5 s"}
_CHANGES = {
    **QUICK,
    "source.Zn.condition": _CONDITION,
    "source.Zn.idle.ramp": "7 s",
    "source.Zn.slew": "10 %/s",
    # several stations at once on few processors: their answers are late together
    "limits.age": {**_AGES, "gauge_end": "10 s", "turbo": "5 s"},
    "sqc.read_deadline": "1 s",
    "supply.1.read_deadline": "0.8 s",
    "supply.2.read_deadline": "0.8 s",
    "io.read_deadline": "0.5 s",
}


class Live(NamedTuple):
    """One live station: its simulator, its file, and the core that it would have."""

    here: Served
    where: Where
    truth: Channel

    @property
    def data(self) -> Path:
        """Return the core's data folder."""
        return self.where.data

    def current_a(self) -> float:
        """Return the true current of boat 1, A."""
        current: float = self.truth.ask("truth")["answer"]["current.1"]
        return current

    def until_power(self, client: Client, least_a: float = POWER_A) -> list[Event]:
        """Follow the run until the boat has a current; return its events until then."""
        events: list[Event] = []
        for news in heard(client, _PATIENCE_S):
            if isinstance(news, Events):
                events += news.events
            elif isinstance(news, Snapshot) and self.current_a() > least_a:
                return events
            assert not isinstance(news, Ended), news.result["reason"]
        raise AssertionError([f"{event.source}: {event.text}" for event in events if event.kind in _TOLD])

    def seconds_to_zero(self, patience_s: float = 3.0) -> float:
        """Return how long the true current takes to become zero, s."""
        return wait_until(lambda: abs(self.current_a()) < ZERO_A, patience_s)

    def breaks(self, fault: str) -> None:
        """Break something now."""
        answer = self.truth.ask("fault", f"t=now {fault}")
        assert "problems" not in answer, answer

    def guardian_said(self, words: str, patience_s: float = 20.0) -> str:
        """Return the guardian's record as soon as it has some words."""
        record = self.data / "guardian.log"
        wait_until(lambda: record.exists() and words in record.read_text(encoding="utf-8"), patience_s)
        return record.read_text(encoding="utf-8")


def live_text(written: str) -> str:
    """Return the station file that ``pvd-sim serve`` has written as one of real instruments."""
    text = re.sub(r"^simulator = .*$", "", written, flags=re.MULTILINE)
    return re.sub(r'^proved = "simulated"$', 'proved = "2026-05-01"', text, flags=re.MULTILINE)


def live_start(recipe: str = HEAT, **fields: object) -> Start:
    """Return the form of a live start."""
    return start_of(recipe, **{"speed": 1, "is_live": True, **fields})


_ONE_BY_ONE = Lock()


def end_guardians(folder: Path) -> None:
    """Kill the guardians whose records lie in a folder: one that cannot confirm off tries for ten minutes."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_guardian = b"pvdstation.guardian" in (process / "cmdline").read_bytes()
            if is_guardian and any(link.resolve().is_relative_to(folder) for link in (process / "fd").iterdir()):
                os.kill(int(process.name), signal.SIGKILL)


@contextmanager
def live_station(folder: Path, *arguments: str) -> Iterator[Live]:
    """Serve a quick station, and let it pass for a live one."""
    quick = folder / "quick.toml"
    quick.write_bytes(station_with(_CHANGES, "sim-host-loop"))
    with ExitStack() as stack:
        stack.callback(end_guardians, folder)
        with _ONE_BY_ONE:
            here = stack.enter_context(served(folder, "--station", str(quick), *arguments))
        station = folder / "live.toml"
        station.write_text(live_text(here.station.read_text(encoding="utf-8")), encoding="utf-8")
        truth = stack.enter_context(closing(here.channel()))
        yield Live(here, Where(folder / "data", str(station)), truth)
