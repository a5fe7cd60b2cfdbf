"""Runs: what has been recorded, one of them in words, its report, and an interrupted one continued or cleared."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Show
from textual.widgets import Input, Static

from pvdstation.desk.errands import RunListed
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.talk import Answer, Refused
from pvdstation.model.messages import Event, EventKind, Verb
from pvdstation.tui.page import Desk, Page
from pvdstation.tui.parts.beginning import answer_text, continue_form, continue_start
from pvdstation.tui.parts.errand import Done, Runner
from pvdstation.tui.parts.form import Filled
from pvdstation.tui.parts.line import Line
from pvdstation.tui.parts.moving import MOVES, Moving
from pvdstation.tui.parts.rows import Rows
from pvdstation.tui.parts.run_rows import INTERRUPTED, filtered, run_rows
from pvdstation.tui.parts.run_text import RunText
from pvdstation.tui.parts.words import BAD

T = TypeVar("T")


class RunsPage(Moving, Page):
    """A list of runs; over it the text of one, when it is shown."""

    TITLE = "Runs"
    KEYS = (
        ("↑ ↓", "choose"),
        ("Enter", "show"),
        ("R", "report"),
        ("/", "filter"),
        ("L", "reload"),
        ("C", "continue"),
        ("X", "clear"),
        ("Esc", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("left", "shift(-8)", show=False),
        Binding("right", "shift(8)", show=False),
        ("enter", "show_run", "show"),
        ("r", "report", "report"),
        Binding("slash", "filter", "filter"),
        ("l", "read_again", "read again"),
        ("c", "continue", "continue"),
        ("x", "clear", "clear"),
        ("escape", "back", "back"),
    ]
    DEFAULT_CSS = """
    RunsPage { layout: vertical; }
    RunsPage #found { height: auto; }
    RunsPage #line { height: 1; }
    RunsPage #line Static { width: 8; height: 1; color: $text-muted; }
    RunsPage #filter { width: 1fr; height: 1; border: none; padding: 0 1; background: $boost; }
    RunsPage #filter:focus { border: none; text-style: underline; }
    RunsPage #told { height: auto; max-height: 8; border-top: solid $foreground 50%; }
    RunsPage.-shown #runs, RunsPage.-shown #line { display: none; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._snapshot: Snapshot | None = None
        self._runs: tuple[RunListed, ...] = ()
        self._is_old = True
        self._person = ""
        self._runner = Runner(self)

    def compose(self) -> ComposeResult:
        """Lay out what was found, the filter, the list, the text of a run, and what came of the last errand."""
        yield Line(id="found", hides=True)
        with Horizontal(id="line"):
            yield Static("filter /")
            yield Input(id="filter", placeholder="words of a recipe, a sample, an outcome, a day")
        yield Rows(id="runs", empty="")
        yield RunText()
        yield Line(id="told", hides=True)

    # --- what is shown ---

    def on_show(self, _event: Show) -> None:
        """Read the runs when the page is opened, if there may be other ones."""
        if self._is_old:
            self.action_read_again()

    def keep(self, snapshot: Snapshot) -> None:
        """Remember the newest moment."""
        self._snapshot = snapshot

    def happened(self, run: str, events: tuple[Event, ...]) -> None:  # noqa: ARG002 - Page's
        """Read the runs anew after one has begun or changed its state."""
        self._is_old = self._is_old or any(event.kind is EventKind.RUN for event in events)

    def show(self, snapshot: Snapshot) -> None:
        """Say on top that a run was interrupted, as long as nobody has taken note of it."""
        text = Content("")
        if snapshot.state == INTERRUPTED:
            cause = f": {snapshot.cause.text}" if snapshot.cause else ""
            text = Content.assemble(
                (f"! Run {snapshot.run} was interrupted{cause}.", BAD),
                "  Enter: what is known of it · C: continue it · X: take note, and leave it as it is.",
            )
        elif self._is_old and self._runs:
            text = Content.styled("A run has begun or ended since: L reads the list again.", "bold")
        self.query_one("#found", Line).put(text)

    def on_resize(self) -> None:
        """Fit the columns."""
        self._fill()

    def _fill(self, empty: str | None = None) -> None:
        text = self.query_one("#filter", Input).value
        runs = filtered(self._runs, text)
        if empty is None and self._runs:
            empty = "No run has all of these words."
        self._list.fill(tuple(run_rows(runs, self.size.width)), empty)

    def _tell(self, text: str, *, is_bad: bool = False) -> None:
        self.query_one("#told", Line).put(Content.styled(text, BAD if is_bad else ""))

    @property
    def moved(self) -> Rows:
        """Return the list that the cursor keys move."""
        return self._list

    @property
    def _list(self) -> Rows:
        return self.query_one("#runs", Rows)

    @property
    def _text(self) -> RunText:
        return self.query_one(RunText)

    @property
    def _run(self) -> str:
        """Return the run that a key is about: the chosen one, or the interrupted one while none is chosen."""
        is_interrupted = self._snapshot is not None and self._snapshot.state == INTERRUPTED
        return self._list.chosen or (self._snapshot.run if self._snapshot and is_interrupted else "")

    # --- errands: each waits for a child process, so it has a thread ---

    def _send(self, errand: Callable[[], T], then: Callable[[T], None], words: str) -> None:
        if self._runner.send(errand, then):
            self._tell(words)
        else:
            self.desk.say("Wait: the last errand is still under way.")

    @on(Done)
    def _came_back(self, done: Done) -> None:
        if done.error:
            self._failed(done.error)
        else:
            done.then(done.result)

    def _failed(self, text: str) -> None:
        self._tell(text, is_bad=True)
        if not self._runs:
            self._fill("The runs could not be read.")

    def action_read_again(self) -> None:
        """Read the list of runs."""
        self._is_old = False
        self._send(self.desk.errands.runs, self._listed, "The runs are being read …")

    def _listed(self, runs: tuple[RunListed, ...]) -> None:
        self._runs = runs
        self._tell("")
        self._fill("" if runs else "No run is recorded in this data folder yet.")

    def action_show_run(self) -> None:
        """Show the chosen run in words."""
        run = self._run
        if run:
            show = partial(self.desk.errands.show, run)
            self._send(show, partial(self._shown, run), f"{run} is being read …")

    def _shown(self, run: str, text: str) -> None:
        self._tell("")
        self._text.open(run, text)
        self.add_class("-shown")

    def action_report(self) -> None:
        """Write the report of the chosen run."""
        run = self._run
        if run:
            self._send(
                partial(self.desk.errands.report, run),
                lambda path: self._tell(f"The report is in {path}\nThe same by: pvd runs report {run} -o {path.name}"),
                f"The report of {run} is being written …",
            )

    # --- what a person does ---

    def action_move(self, by: int) -> None:
        """Move the cursor, or the text that is shown."""
        if self._text.is_open:
            self._text.shift(lines=by)
        else:
            super().action_move(by)

    def action_turn(self, by: int) -> None:
        """Move the cursor or the text by what is seen at once."""
        if self._text.is_open:
            self._text.shift(pages=by)
        else:
            super().action_turn(by)

    def action_shift(self, by: int) -> None:
        """Move the text sideways, where it is wider than the screen."""
        self._text.shift(columns=by)

    def action_filter(self) -> None:
        """Write what the runs must have."""
        self.action_back()
        self.query_one("#filter", Input).focus()

    @on(Input.Changed, "#filter")
    def _narrow(self) -> None:
        self._fill()

    @on(Input.Submitted, "#filter")
    def _leave_filter(self) -> None:
        self.focus()

    def action_back(self) -> None:
        """Leave the text, or the filter."""
        self.remove_class("-shown")
        self._text.close()
        self._tell("")
        self.focus()

    def action_clear(self) -> None:
        """Take note of the interrupted run, and leave the station idle."""
        if self._snapshot is not None and self._snapshot.state == INTERRUPTED:
            self.desk.ask(Verb.CLEAR, answered=self._answered)
        else:
            self._tell("No interrupted run waits for this; F8 clears one that has ended.")

    def action_continue(self) -> None:
        """Ask who continues the chosen run, which was interrupted."""
        run, snapshot = self._run, self._snapshot
        listed = next((other for other in self._runs if other.run == run), None)
        is_interrupted = listed is not None and listed.outcome.startswith(INTERRUPTED)
        if snapshot is None or not (is_interrupted or (snapshot.state == INTERRUPTED and snapshot.run == run)):
            self._tell("Only an interrupted run can be continued; Enter says how this one has ended.")
            return
        self.app.push_screen(continue_form(run, self._person), partial(self._continued, run, snapshot))

    def _continued(self, run: str, snapshot: Snapshot, filled: Filled | None) -> None:
        if filled is None:
            return
        self._person = filled["person"]
        self._tell(f"{run} is asked to go on …")
        self.desk.ask(Verb.START, form=continue_start(snapshot, run, filled).as_form(), answered=self._answered)

    def _answered(self, answer: Answer) -> None:
        self._is_old = True
        self._tell(answer_text(answer), is_bad=isinstance(answer, Refused))
