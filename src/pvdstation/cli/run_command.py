"""``pvd run``: the recipe in real or scaled time, followed line by line; Ctrl+C is a controlled stop."""

import math
import time
from collections.abc import Sequence

from rich.status import Status
from rich.text import Text

from pvdstation.assembly.breaking import fault_problems
from pvdstation.assembly.continued import interrupted_run
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import Way, Wishes, execute
from pvdstation.cli.after_crash import gone_on, refused_by_another
from pvdstation.cli.exits import ExitCode, exit_code
from pvdstation.cli.files import Files, open_transcript, transcript_words
from pvdstation.cli.interrupts import Interrupts, watched
from pvdstation.cli.keeping import RECORDED, Keeping, note_record
from pvdstation.cli.prompt import Prompt
from pvdstation.cli.refusing import UNABLE, finish_refused, finish_unable, finish_unreached
from pvdstation.cli.result_text import clock, closing, heading, steps_table
from pvdstation.cli.streams import Streams
from pvdstation.model.clock import SECOND
from pvdstation.model.messages import Event, EventKind, Notice, Verb
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.plan import PlannedStep
from pvdstation.record.results import RunResult, refused

_SHOW_EVERY_S = 0.2
_FOLLOWED = frozenset(
    {
        *(EventKind.RUN, EventKind.STEP, EventKind.STAGE, EventKind.ALARM, EventKind.TRIP),
        *(EventKind.REQUEST, EventKind.NOTE),
    }
)
_ABNORMAL = frozenset({EventKind.ALARM, EventKind.TRIP})


def run_follow(
    streams: Streams,
    recipe: str,
    station: str | None,
    faults: Sequence[str],
    files: Files,
    keeping: Keeping = RECORDED,
    sets: Sequence[str] = (),
    *,
    speed: float,
    seed: int,
    live: bool,
) -> ExitCode:
    """Prepare, run, follow and show; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        prepared = prepare(recipe, station, seed, sets, keeping.folder)
        problems = [*_command_problems(speed, prepared, live=live), *files.problems()]
        if isinstance(prepared, RunResult):
            return finish_refused(streams, prepared, problems)
        if prepared.silence is not None and not problems:
            return finish_unreached(streams, prepared.refuse([prepared.silence], seed))
        problems += [*fault_problems(prepared, faults), *keeping.problems(prepared)]
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        try:
            way, recording = Way(speed, is_attended=True), keeping.recording(prepared)
            refusal = refused_by_another(streams, prepared, recording, way, seed)
            if refusal is not None:
                return refusal
            return _run_and_show(streams, prepared, way, seed, faults, files, recording, interrupts)
        except UNABLE as error:
            return finish_unable(streams, prepared, seed, error, files.transcript)


def run_on(
    streams: Streams,
    run: str,
    recipe: str | None,
    station: str | None,
    faults: Sequence[str],
    files: Files,
    keeping: Keeping = RECORDED,
    *,
    speed: float,
    seed: int,
    live: bool,
) -> ExitCode:
    """Continue an interrupted run as a new one, follow and show it; return the exit code."""
    interrupts = Interrupts()
    with watched(interrupts):
        try:
            interrupted = interrupted_run(run, keeping.data, station, recipe)
        except Refused as refusal:
            return finish_refused(streams, refused(refusal.problems), [])
        prepared = interrupted.prepared
        problems = [*_command_problems(speed, prepared, live=live), *files.problems()]
        problems += [*fault_problems(prepared, faults), *keeping.problems(prepared)]
        if problems:
            return finish_refused(streams, prepared.refuse([], seed), problems)
        if prepared.silence is not None:
            return finish_unreached(streams, prepared.refuse([prepared.silence], seed))
        try:
            way = Way(speed, is_attended=True)
            going_on = gone_on(streams, interrupted, keeping, way, seed)
            if isinstance(going_on, ExitCode):
                return going_on
            return _run_and_show(streams, going_on[0], way, seed, faults, files, going_on[1], interrupts)
        except UNABLE as error:
            return finish_unable(streams, prepared, seed, error, files.transcript)


def _command_problems(speed: float, prepared: Prepared | RunResult, *, live: bool) -> list[Problem]:
    problems = []
    if not math.isfinite(speed):
        problems.append(Problem("--speed", f"{speed} is not a number", 'Write for example "--speed 60".'))
    if live and prepared.mode == "simulated":
        what = "--live asks for real instruments, but every port of this station is simulated"
        problems.append(Problem("--live", what, "Leave --live out, or name a station file with real ports."))
    return problems


def _run_and_show(
    streams: Streams,
    prepared: Prepared,
    way: Way,
    seed: int,
    faults: Sequence[str],
    files: Files,
    recording: Recording | None,
    interrupts: Interrupts,
) -> ExitCode:
    if prepared.mode == "simulated":
        streams.show(heading(prepared.recipe.name, prepared.station.name, prepared.mode), "")
    with (
        open_transcript(files.transcript, is_followed=True) as transcript,
        RunFollower(streams, prepared, interrupts) as follower,
    ):
        wishes = Wishes(follower, faults=faults, transcript=transcript, recording=recording, answering=follower.prompt)
        result = execute(prepared, seed, way, wishes).result
    if result.outcome == "refused":
        return finish_refused(streams, result, [])
    if streams.json:
        streams.document(result.as_json())
    streams.show("", steps_table(result), "", closing(result))
    if transcript is not None:
        streams.note(transcript_words(files.transcript, transcript))
    note_record(streams, result)
    return exit_code(result)


class RunFollower:
    """Prints one line per thing that happens, and turns Ctrl+C into requests."""

    def __init__(self, streams: Streams, prepared: Prepared, interrupts: Interrupts) -> None:
        self._streams = streams
        self._count = len(prepared.checked.procedure.steps)
        self._interrupts = interrupts
        self._asked: Verb | None = None
        self._next_show_s = 0.0
        self.prompt = Prompt(prepared.checked.procedure, self._ask)
        """Answers the questions of the run."""
        self._status: Status | None = None
        if streams.console.is_terminal:
            self._status = streams.console.status("starting", spinner="line")

    def __enter__(self) -> "RunFollower":
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def happened(self, events: Sequence[Event]) -> None:
        """Print one line per event that a person follows."""
        for event in events:
            if event.kind in _FOLLOWED:
                style = "bold red" if event.kind in _ABNORMAL else ""
                self._line(event.at_ns, f"{event.source}: {_words(event)}", style)

    def noticed(self, notice: Notice) -> None:
        """Print what a link says about itself."""
        self._line(notice.at_ns, f"{notice.link}: {notice.text}", "dim")

    def moved(self, now_ns: int, step: PlannedStep | None) -> None:
        """Keep the live line up to date, five times a second."""
        if self._status is None or self.prompt.is_open or time.monotonic() < self._next_show_s:
            return
        self._next_show_s = time.monotonic() + _SHOW_EVERY_S
        self._status.start()
        where = f"{step.index}/{self._count} {step.text}" if step is not None else "between steps"
        self._status.update(Text(f"{clock(now_ns / SECOND)}  {where}"))

    def asked(self) -> Verb | None:
        """Return stop after the first Ctrl+C, abort after a second one in time; each once."""
        verb = Verb.ABORT if self._interrupts.abort else Verb.STOP if self._interrupts.stop else None
        if verb is self._asked:
            return None
        self._asked = verb
        return verb

    def gives_up(self) -> bool:
        """Return False: a run is brought to its safe state."""
        return False

    def _ask(self, text: str) -> None:
        """Show a question; the live line would overwrite what is typed below it, until it is answered."""
        if self._status is not None:
            self._status.stop()
        line = Text(f">> {text}", style="bold yellow")
        if self._streams.json:
            self._streams.err.print(line, soft_wrap=True)
        else:
            self._streams.show(line)

    def _line(self, at_ns: int, text: str, style: str) -> None:
        line = Text(f"{clock(at_ns / SECOND)}  {text}", style=style)
        if self._streams.json:
            self._streams.err.print(line, soft_wrap=True)
        else:
            self._streams.show(line)


def _words(event: Event) -> str:
    values = dict(event.values)
    if event.kind is EventKind.STEP:
        because = values.get("ended_because") or values.get("text") or ""
        return f"{event.text}, {because}" if because else event.text
    if event.kind is EventKind.RUN and event.text != "complete" and values.get("reason"):
        return f"{event.text}, {values['reason']}"
    return event.text
