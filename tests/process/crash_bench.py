"""Real runs that are killed on a served plant, which goes on at its pace, and what is told of them afterwards."""

import json
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from core_bench import pid_of
from crash_courses import Course, Kill
from pvd_command import Ended, pvd, pvd_here
from serve_bench import PATIENCE_S, Channel, Served, read_until, start_core, start_pvd

from pvdstation.record.run_file import RunFile, first_files

SPEED = 60.0
WATCHDOGS_S = 6.0
"""Plant time after which supplies and I/O have switched themselves off."""


@dataclass
class Crashed:
    """The runs of one course and what the plant was like; ``told`` is what the next run has kept of each."""

    course: Course
    folder: Path  # empty
    here: Served
    truths: list[Mapping[str, float]] = field(default_factory=list)  # when the watchdogs had acted
    before: list[Mapping[str, float]] = field(default_factory=list)  # when it was killed
    channel: Channel = field(init=False)
    _keeper: Channel | None = None  # of a plant that rests
    _ends: list[int] = field(default_factory=list)  # of terminals

    def __post_init__(self) -> None:
        self.channel = self.here.channel()

    def __enter__(self) -> "Crashed":
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        if self._keeper is not None:
            self._keeper.close()
        for end in self._ends:
            os.close(end)

    @property
    def options(self) -> list[str]:
        return ["--station", str(self.here.station), "--speed", f"{SPEED:g}", "--data", self.data]

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    @property
    def records(self) -> list[RunFile]:
        files = [RunFile(path) for path in first_files(self.folder / "data" / "runs")]
        return sorted(files, key=lambda run: run.genesis["started"])  # two may be of the same second

    @property
    def runs(self) -> list[str]:
        return [run.run for run in self.records]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [run.genesis["continues"] for run in self.records if "continues" in run.genesis]

    def of(self, kind: str) -> tuple[dict[str, Any], Mapping[str, float]]:
        """Return what was told of the run that was killed in a kind of step, and the plant's truth."""
        place = [kill.kind for kill in self.course.kills].index(kind)
        return self.told[place], self.truths[place]

    def play(
        self,
        also: Mapping[str, Callable[[], None]] | None = None,
        after: Mapping[str, Callable[[], None]] | None = None,
    ) -> "Crashed":
        """Kill one run after the other; ``also`` is done before a kind of kill, ``after`` when its plant is off."""
        command = self._command()
        for kill in self.course.kills:
            start = start_pvd if self.course.has_core else start_core
            core = start(*command, *self.options, stdin=self._stdin(kill))
            try:
                read_until(core, kill.words)
                self._wait(kill.plant_s)
                os.kill(self._scanning(core), signal.SIGSTOP)  # and with it its plant: this is what the kill finds
                if also and kill.kind in also:
                    also[kill.kind]()
                self.before.append(self.channel.ask("truth")["answer"])
            except AssertionError as never:
                raise AssertionError(f"{kill.kind}: {never}; {self._crash(core)[-2000:]}") from None
            self._crash(core)
            self.truths.append(self._left_alone())
            if after and kill.kind in after:
                after[kill.kind]()
            command = ("run", "--continue", self.runs[-1])
        self._rest()
        return self

    def _command(self) -> tuple[str, ...]:
        recipe = self.course.recipe
        if not recipe:
            return ("tune", "Zn", "--yes")
        if "\n" not in recipe:
            return ("run", recipe)
        path = self.folder / "recipe.toml"
        path.write_text(recipe, encoding="utf-8")
        return ("run", str(path))

    def _stdin(self, kill: Kill) -> int:
        return self._terminal() if kill.kind == "ask" else DEVNULL

    def _terminal(self) -> int:
        """Return the end of a terminal at which somebody sits and thinks."""
        import pty  # noqa: PLC0415 - POSIX

        keys, end = pty.openpty()
        self._ends += [keys, end]
        return end

    def _scanning(self, core: Popen[str]) -> int:
        """Return the process that scans: the core, or the one of ``pvd run`` itself."""
        return pid_of(Path(self.data)) if self.course.has_core else core.pid

    def _crash(self, core: Popen[str]) -> str:
        """Kill it; return what its client had to say."""
        with suppress(OSError):  # it has not come so far, or gone before
            os.kill(self._scanning(core), signal.SIGKILL)
        return core.communicate(timeout=PATIENCE_S)[1]

    def _wait(self, plant_s: float) -> None:
        if plant_s:
            since_ns = self.channel.hello()["plant_ns"]
            self.channel.until(lambda hello: hello["plant_ns"] >= since_ns + plant_s * 1e9)

    def _left_alone(self) -> Mapping[str, float]:
        """Return the plant's truth once its own watchdogs have acted."""
        freed = self.channel.until(lambda hello: hello["time"] == "free")
        self.channel.until(lambda hello: hello["plant_ns"] > freed["plant_ns"] + WATCHDOGS_S * 1e9)
        return self.channel.ask("truth")["answer"]

    def _rest(self) -> None:
        """Keep the plant's time where it is: one that goes on at its pace costs as much as one that is driven."""
        self._keeper = self.here.channel()
        self._keeper.ask("drive", 1)

    def _run(self, *arguments: str) -> Ended:
        """Run ``pvd run`` in this process, on the plant as it was left."""
        assert self._keeper is not None
        self._keeper.close()
        self.channel.until(lambda hello: hello["time"] == "free")
        ended = pvd_here("run", *arguments, *self.options, "--json")
        self.channel.until(lambda hello: hello["time"] == "free")
        self._rest()
        return ended

    # --- what comes after the last kill; not in a thread ---

    def offer(self) -> dict[str, Any]:
        """Return how another run is refused."""
        ended = self._run("wait 1 s") if self._keeper else pvd_here("run", "wait 1 s", *self.options, "--json")
        assert ended.returncode == 2, ended.stderr
        document: dict[str, Any] = json.loads(ended.stdout)
        return document

    def goes_on(self) -> Ended:
        """Continue the last run, to its end if it may."""
        return self._run("--continue", self.runs[-1])

    def starts_anew(self) -> Ended:
        """Take note of the last run, and begin another one."""
        cleared = pvd("clear", self.runs[-1], "--by", "Mia", "--data", self.data)
        assert cleared.returncode == 0, cleared.stderr
        return self._run("wait 1 s")
