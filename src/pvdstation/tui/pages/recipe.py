"""Recipe: open and write it, read what it would do, see it happen in a dry run, and start it."""

import asyncio
from threading import Event
from typing import ClassVar

from textual.binding import Binding, BindingType

from pvdstation.desk.errands import ErrandError
from pvdstation.desk.snapshot import Snapshot
from pvdstation.desk.start import Start
from pvdstation.desk.talk import Answer, Refused
from pvdstation.model.problems import Problem
from pvdstation.tui.page import Desk
from pvdstation.tui.parts.form import Filled, Form
from pvdstation.tui.recipe.filing import FilingError
from pvdstation.tui.recipe.filing_page import FilingPage
from pvdstation.tui.recipe.foreseeing import DryRunPanel
from pvdstation.tui.recipe.looking import messages_of
from pvdstation.tui.recipe.starting import SPEED, Ready, fields_of, kept, preflight_text, start_of, wrong_station
from pvdstation.tui.recipe.writing import verdict_of


class RecipePage(FilingPage):
    """Runs the text: dry, or by the core."""

    TITLE = "Recipe"
    KEYS = (
        ("o", "open"),
        ("e", "edit"),
        ("p", "procedure"),
        ("d", "dry run"),
        ("r", "run it"),
        ("s", "save"),
        ("m", "next message"),
        ("a", "parameters"),
        ("c", "cancel"),
        ("n", "new"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o,ctrl+o", "open", "Open"),
        Binding("n", "new", "New"),
        Binding("e", "edit", "Edit"),
        Binding("s,ctrl+s", "save", "Save"),
        Binding("m,ctrl+n", "message", "Next message"),
        Binding("p", "view('procedure')", "Procedure"),
        Binding("a", "view('parameters')", "Parameters"),
        Binding("d", "dry_run", "Dry run"),
        Binding("c", "cancel", "Cancel the dry run"),
        Binding("r", "start", "Run it"),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.stop: Event | None = None
        """Set to end the dry run that is under way."""
        self._is_live = not desk.place.station.is_simulated
        self._filled: Filled = {}
        self._why_not_start = ""

    def show(self, snapshot: Snapshot) -> None:
        """Take whether the station is live, and whether a start would be refused."""
        self._is_live = not snapshot.is_simulated
        start = next((verb for verb in snapshot.verbs if verb.verb == "start"), None)
        self._why_not_start = start.sentence if start is not None and not start.is_allowed else ""

    def on_hide(self) -> None:
        """Leave the page: a dry run is for nobody then."""
        self.action_cancel()

    def on_unmount(self) -> None:
        """Leave nobody behind."""
        if self.stop is not None:
            self.stop.set()

    def action_dry_run(self) -> None:
        """Show the dry run; begin one unless it is under way."""
        self.action_view("dry")
        if self.stop is None:
            self.run_worker(self._dry_run(), group="dry run", exclusive=True)

    def action_cancel(self) -> None:
        """End the dry run that is under way."""
        if self.stop is not None:
            self.stop.set()

    async def _dry_run(self) -> None:
        panel = self.query_one(DryRunPanel)
        stop = self.stop = Event()
        try:
            seen = await self.look()
            if seen.checked is None:
                panel.end(f"Not run: {verdict_of(seen)}. m goes to the next one.")
                return
            start = Start(
                recipe=self.runnable(seen),
                sets=tuple(f"{name}={value}" for name, value in seen.written.sets.items()),
            )
            panel.begin()
            foreseen = await asyncio.to_thread(self.desk.errands.dry_run, start, stop, self._hear)
            panel.show(foreseen)
        except ErrandError as error:
            panel.end(f"Dry run: {error}")
        except FilingError as error:
            panel.end(str(error))
        finally:
            stop.set()
            self.stop = None

    def _hear(self, done: float, step: str) -> None:
        """Show how far it is; told in a thread of its own."""
        stop = self.stop
        if stop is not None and not stop.is_set():
            self.app.call_later(self.query_one(DryRunPanel).tell, done, step)

    def action_start(self) -> None:
        """Fill in the preflight form and ask the core to start."""
        if self._why_not_start:
            self.desk.say(f"start: {self._why_not_start}", is_bad=True)
            return
        self.run_worker(self._start(), group="start", exclusive=True)

    async def _start(self) -> None:
        seen = await self.look()
        if seen.checked is None:
            self.desk.say(f"nothing can be started: {verdict_of(seen)}", is_bad=True)
            return
        try:
            recipe = await asyncio.to_thread(self.runnable, seen)
        except FilingError as error:
            self.desk.say(str(error), is_bad=True)
            return
        ready = Ready(seen, recipe, self.desk.place.station.name, self._is_live)
        title = f"Start a {'LIVE' if ready.is_live else 'SIMULATED'} run"
        fields = fields_of(ready, self._filled)
        form = Form(title, preflight_text(ready), fields, "start", begins="" if ready.is_live else SPEED)
        filled = await self.app.push_screen_wait(form)
        if filled is None:
            return
        self._filled = filled  # until the start is accepted: what is refused is put right, not written again
        wrong = wrong_station(ready, filled)
        if wrong:
            self.desk.say(wrong, is_bad=True)
            return
        self.desk.say("the start is being prepared …")
        self.desk.ask("start", form=start_of(ready, filled).as_form(), answered=self._answered)

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self.desk.say(f"start refused: {answer.text}", is_bad=True)
            problems = answer.problems
        else:
            run, *told = answer.text.splitlines() or ["it"]
            self.desk.say(" ".join((f"run {run} has begun: 1 shows it.", *told)))
            self._filled = kept(self._filled)
            problems = ()
        self.refused = messages_of([_problem(fields) for fields in problems])
        self.show_seen(self.seen)


def _problem(fields: dict[str, object]) -> Problem:
    """Return a problem that the core has told; what is no text or number is left out."""
    where, what, write, file = (str(fields.get(name) or "") for name in ("where", "what", "write", "file"))
    line, column = (value if isinstance(value := fields.get(name), int) else None for name in ("line", "column"))
    return Problem(where, what, write, file, line, column)
