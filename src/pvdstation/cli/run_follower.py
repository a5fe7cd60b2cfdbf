"""A run in this very process, followed line by line; Ctrl+C becomes a request."""

from collections.abc import Mapping, Sequence
from typing import Self

from pvdstation.assembly.preparation import Prepared
from pvdstation.cli.interrupts import Interrupts, Wanted
from pvdstation.cli.prompt import Prompt
from pvdstation.cli.run_lines import RunLines
from pvdstation.cli.streams import Streams
from pvdstation.model.messages import Event, Notice, Verb
from pvdstation.record.plan import PlannedStep


class RunFollower:
    """Prints one line per thing that happens, and turns Ctrl+C into requests."""

    def __init__(
        self, streams: Streams, prepared: Prepared, interrupts: Interrupts, given: Mapping[str, float] | None = None
    ) -> None:
        """``given`` are answers to the run's questions, by id."""
        self._count = len(prepared.checked.procedure.steps)
        self._lines = RunLines(streams)
        self._wanted = Wanted(interrupts)
        self.prompt = Prompt(prepared.checked.procedure, self._lines.ask, given=given)
        """Answers the questions of the run."""

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.__exit__()

    def happened(self, events: Sequence[Event]) -> None:
        """Print one line per event that a person follows."""
        self._lines.events(events)

    def noticed(self, notice: Notice) -> None:
        """Print what a link says about itself."""
        self._lines.changed(notice.at_ns, f"{notice.link}: {notice.text}")

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Keep the live line up to date."""
        if not self.prompt.is_open:
            self._lines.answered()
        where = f"{step.index}/{self._count} {step.text}" if step is not None else "between steps"
        self._lines.live(now_ns, where)

    def asked(self) -> Verb | None:
        """Return stop after the first Ctrl+C, abort after a second one in time; each once."""
        return self._wanted.next()

    def gives_up(self) -> bool:
        """Return False: a run is brought to its safe state."""
        return False
