"""A screen on a real desk in this process: snapshots are published, and what is asked for is answered and kept.

No engine: what a page shows follows from messages alone.

    def test_f3_asks_for_a_hold():
        async def person(bench, pilot):
            await pilot.press("f3")
            await bench.until(lambda: bench.verbs() == ["hold"])

        with ScreenBench(RUNNING) as bench:
            bench.drive(person)
"""

import asyncio
import tempfile
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any, Self

from station_moments import RUNNING
from textual.pilot import Pilot

from pvdstation.desk.asked import Asked
from pvdstation.desk.client import Client
from pvdstation.desk.errands import Errands, Foreseen, RunListed
from pvdstation.desk.server import Server
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Accepted, Answer
from pvdstation.model.messages import Event
from pvdstation.model.station import Station
from pvdstation.tui.app import StationApp
from pvdstation.tui.page import Page, Place

STATION = Station.model_validate(tomllib.loads((files("pvdstation") / "stations" / "sim.toml").read_text("utf-8")))
WITHIN_S = 10.0
Person = Callable[["ScreenBench", Pilot[None]], Awaitable[None]]


def _no_dry_run(start: Start, over: Flag) -> Foreseen:
    return Foreseen("complete", f"dry run of {start.recipe}", "")


ERRANDS = Errands(
    runs=lambda: (RunListed("r-41", "2026-03-01 10:00", "LZLN", "simulated", "complete", "Li_17"),),
    show=lambda run: f"the run {run}",
    report=lambda run: Path(f"{run}.html"),
    curves=lambda run: (),
    dry_run=_no_dry_run,
)


class ScreenBench:
    """The desk of a core that accepts whatever it is asked for, or answers by ``answers`` (by verb; None: never).

    Its screen is ``app``.
    """

    def __init__(
        self,
        snapshot: Snapshot = RUNNING,
        events: Sequence[Event] = (),
        *,
        errands: Errands = ERRANDS,
        answers: dict[str, Answer | None] | None = None,
        meet: Callable[[], Client] | None = None,
        confirm: bool = False,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()  # a socket's path has 108 bytes
        self.data = Path(self._folder.name)
        self.data.chmod(0o700)
        self.address = self.data / "a.sock"
        self.answers = answers or {}
        self.asked: list[Asked] = []
        self.errors: list[BaseException] = []
        self.is_over = False
        self.place = Place(STATION, self.data, self.data, self.address)
        self.published = snapshot
        self.open_desk(events)
        self.app = StationApp(self.place, errands, meet or self.meet, confirm=confirm, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_desk()
        self._folder.cleanup()
        assert not self.errors

    def meet(self) -> Client:
        """Connect the screen; stands for what connects or starts a core."""
        return Client(self.address, "screen")

    def open_desk(self, events: Sequence[Event] = ()) -> None:
        """Begin a core's desk and publish what is shown."""
        self.server = Server(self.address, "sim", self.errors.append)
        self.is_over = False
        self._thread = Thread(target=self._answer)
        self.server.start()
        self._thread.start()
        self.server.publish(self.published, events)

    def close_desk(self) -> None:
        """End the core's desk: the screen loses it."""
        self.is_over = True
        self._thread.join()
        self.server.close()

    def publish(self, snapshot: Snapshot, events: Sequence[Event] = ()) -> None:
        """Show a snapshot, and tell events of its run."""
        self.published = snapshot
        self.server.publish(snapshot, events)

    def verbs(self) -> list[str]:
        """Return what has been asked for, in order."""
        return [asked.ask.verb for asked in self.asked]

    @property
    def page(self) -> Page:
        """Return the page that is visible."""
        assert self.app.page is not None
        return self.app.page

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Wait until something is so. Raises TimeoutError."""
        async with asyncio.timeout(WITHIN_S):
            while not is_so():
                await asyncio.sleep(0.01)

    async def shown(self, pilot: Pilot[None]) -> None:
        """Wait until the screen shows what was published last."""
        await self.until(lambda: self.app.shown is not None and self.app.shown._replace(in_charge="") == self.published)
        await pilot.pause()

    def drive(self, person: Person, size: tuple[int, int] = (120, 40)) -> None:
        """Let a person act on the screen, which shows what was published."""
        asyncio.run(self._drive(person, size))

    async def _drive(self, person: Person, size: tuple[int, int]) -> None:
        async with self.app.run_test(size=size) as pilot:
            await self.shown(pilot)
            await person(self, pilot)

    def _answer(self) -> None:
        while not self.is_over:
            if self.server.arrived.wait(0.02):
                for asked in self.server.asked():
                    self.asked.append(asked)
                    answer = self.answers.get(asked.ask.verb, Accepted(0, f"{asked.ask.verb} it is"))
                    if answer is not None:
                        self.server.reply(asked, answer._replace(id=asked.ask.id))
