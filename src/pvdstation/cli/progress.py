"""Follows a dry run: on a terminal as a bar over the estimated time, gone when it ends; else as lines for a program."""

import json
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from pvdstation.assembly.watching import Nobody
from pvdstation.cli.interrupts import Interrupts
from pvdstation.cli.result_text import clock
from pvdstation.cli.streams import Streams
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind
from pvdstation.recipe.procedure import Procedure
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import RunResult

_EVERY_SCANS = 200


class _Estimating(Nobody):
    """Knows how far a dry run is by the estimates of its steps; Ctrl+C gives up at once."""

    def __init__(self, procedure: Procedure, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._ahead_s = _starts(procedure)
        self._total_s = max(sum(step.estimate_s for step in procedure.steps), 1.0)
        self._count = len(procedure.steps)
        self._step_began_ns = 0
        self._scans = 0

    def happened(self, events: Sequence[Event]) -> None:
        """Remember when a step begins."""
        for event in events:
            if event.kind is EventKind.STEP and event.text == "running":
                self._step_began_ns = event.at_ns

    def gives_up(self) -> bool:
        """Return whether Ctrl+C was pressed."""
        return self._interrupts.stop

    def _done_s(self, now_ns: int, step: PlannedStep) -> float:
        return self._ahead_s[step.index] + min((now_ns - self._step_began_ns) / SECOND, step.estimate_s)


class Teller(_Estimating):
    """Writes how far it is for a program that waits: ``{"done": 0.42, "step": "3/10 …"}``, one line each on stderr."""

    def __init__(self, streams: Streams, procedure: Procedure, interrupts: Interrupts) -> None:
        super().__init__(procedure, interrupts)
        self._streams = streams

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Write a line, every few scans."""
        self._scans += 1
        if step is None or self._scans % _EVERY_SCANS:
            return
        done = round(self._done_s(now_ns, step) / self._total_s, 3)
        self._write({"done": done, "step": f"{step.index}/{self._count} {step.text}"})

    def ended(self, result: RunResult) -> None:
        """Write the last line: what came out, and the run."""
        self._write({"done": 1.0, "outcome": result.outcome, "run": result.run})

    def _write(self, fields: dict[str, object]) -> None:
        self._streams.note(json.dumps(fields))


class DryRunFollower(_Estimating):
    """Shows progress where a person watches."""

    def __init__(self, console: Console, procedure: Procedure, interrupts: Interrupts, *, is_shown: bool) -> None:
        super().__init__(procedure, interrupts)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[clock]}"),
            console=console,
            transient=True,
            disable=not is_shown,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("starting", total=self._total_s, clock="")

    def __enter__(self) -> "DryRunFollower":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Move the bar, every few scans."""
        self._scans += 1
        if self._progress.disable or step is None or self._scans % _EVERY_SCANS:
            return
        self._progress.update(
            self._task,
            completed=self._done_s(now_ns, step),
            description=f"{step.index}/{self._count} {_short(step.text)}",
            clock=clock(now_ns / SECOND),
        )


def _starts(procedure: Procedure) -> dict[int, float]:
    """Return the estimated start of every step, s, by its index."""
    starts, at_s = {}, 0.0
    for step in procedure.steps:
        starts[step.index] = at_s
        at_s += step.estimate_s
    return starts


def _short(text: str, longest: int = 32) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
