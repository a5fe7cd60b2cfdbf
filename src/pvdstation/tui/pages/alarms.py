"""Alarms: what stands by ISA-18.2 states, one of them in full, and what a person may do about it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize

from pvdstation.desk.snapshot import AlarmShown, OverrideShown, Snapshot
from pvdstation.model.messages import Event, Verb
from pvdstation.tui.page import Desk, Page
from pvdstation.tui.parts.alarm_history import History
from pvdstation.tui.parts.alarm_rows import OVERRIDE, alarm_in_full, alarm_rows, is_open, override_in_full, summary
from pvdstation.tui.parts.line import Line
from pvdstation.tui.parts.moving import MOVES, Moving
from pvdstation.tui.parts.rows import Rows
from pvdstation.tui.parts.timed import Timed
from pvdstation.tui.parts.words import BAD, wall_of

WIDE = 110
"""Columns from which the history stands beside what is chosen."""


class AlarmsPage(Moving, Page):
    """Every alarm that is not normal, the overridden rules, and the history of this run."""

    TITLE = "Alarms"
    KEYS = (
        ("↑ ↓", "choose"),
        ("Enter", "ack"),
        ("A", "ack all"),
        ("S", "shelve"),
        ("U", "put back"),
        ("R", "override"),
        ("H", "history"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        ("enter", "acknowledge", "acknowledge"),
        ("a", "acknowledge_all", "acknowledge all"),
        ("s", "shelve", "shelve"),
        ("u", "put_back", "put back"),
        ("r", "override", "override the rule"),
        ("h", "history", "history"),
    ]
    DEFAULT_CSS = """
    AlarmsPage { layout: vertical; }
    AlarmsPage #summary { height: 1; }
    AlarmsPage #alarms { height: 2fr; min-height: 3; }
    AlarmsPage #lower { height: 3fr; min-height: 6; border-top: solid $foreground 50%; }
    AlarmsPage.-wide #alarms { margin-top: 1; }
    AlarmsPage #full { width: 1fr; height: 1fr; }
    AlarmsPage #history { width: 1fr; border-left: solid $foreground 50%; padding-left: 1; display: none; }
    AlarmsPage.-wide #history { display: block; }
    AlarmsPage.-history #alarms, AlarmsPage.-history #full { display: none; }
    AlarmsPage.-history #lower { height: 1fr; }
    AlarmsPage.-history #history { display: block; border-left: none; padding-left: 0; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._snapshot: Snapshot | None = None
        self._walls: dict[tuple[str, int], float] = {}
        self._history = History()
        self._timed = Timed(desk)

    def compose(self) -> ComposeResult:
        """Lay out the list, what is chosen, and the history."""
        yield Line(id="summary", text="Nothing is known yet.")
        yield Rows(id="alarms")
        with Horizontal(id="lower"):
            with VerticalScroll(id="full"):
                yield Line(id="chosen")
            yield Rows(id="history", empty="No alarm in this run so far.", has_cursor=False)

    def on_resize(self, event: Resize) -> None:
        """Put the history beside what is chosen where there is room."""
        self.set_class(event.size.width >= WIDE, "-wide")
        if self._snapshot is not None:
            self.show(self._snapshot)

    # --- what is shown ---

    def keep(self, snapshot: Snapshot) -> None:
        """Remember at what time of day each alarm came, as it is first seen."""
        self._snapshot = snapshot
        self._walls = {
            (a.name, a.came_ns): self._walls.get((a.name, a.came_ns)) or wall_of(snapshot, a.came_ns)
            for a in snapshot.alarms
        }

    def happened(self, run: str, events: tuple[Event, ...]) -> None:
        """Keep what alarms do, for the history."""
        if self._history.take(run, events, self._snapshot):
            self.query_one("#history", Rows).fill(self._history.rows)

    def show(self, snapshot: Snapshot) -> None:
        """Show the alarms of a moment."""
        self.keep(snapshot)
        self.query_one("#summary", Line).put(summary(snapshot))
        self._alarms.fill(tuple(alarm_rows(snapshot, self._walls, self.size.width)))
        self._show_chosen()

    def lost(self) -> None:
        """Say that what stands here is old."""
        self.query_one("#summary", Line).put(
            Content.styled("No connection: these alarms are old, new ones are not seen here.", BAD)
        )

    @on(Rows.Moved, "#alarms")
    def _show_chosen(self) -> None:
        snapshot, alarm, override = self._snapshot, self._alarm, self._override
        width = (self.size.width // 2 if self.has_class("-wide") else self.size.width) - 2
        text = Content("")
        if snapshot is not None and alarm is not None:
            text = alarm_in_full(snapshot, alarm, self._walls[alarm.name, alarm.came_ns], width)
        elif snapshot is not None and override is not None:
            text = override_in_full(snapshot, override, width)
        self.query_one("#chosen", Line).put(text)

    @property
    def moved(self) -> Rows:
        """Return the list that the cursor keys move."""
        return self.query_one("#history", Rows) if self.has_class("-history") else self._alarms

    @property
    def _alarms(self) -> Rows:
        return self.query_one("#alarms", Rows)

    @property
    def _alarm(self) -> AlarmShown | None:
        alarms = self._snapshot.alarms if self._snapshot is not None else ()
        return next((alarm for alarm in alarms if alarm.name == self._alarms.chosen), None)

    @property
    def _override(self) -> OverrideShown | None:
        overrides = self._snapshot.overrides if self._snapshot is not None else ()
        return next((o for o in overrides if f"{OVERRIDE}{o.rule}" == self._alarms.chosen), None)

    # --- what a person does ---

    def action_history(self) -> None:
        """Show the history in place of the list, and back."""
        self.toggle_class("-history")

    def action_acknowledge(self) -> None:
        """Say that somebody knows of the chosen alarm."""
        alarm = self._alarm
        if alarm is None:
            self.desk.say("No alarm is chosen.")
        elif not is_open(alarm):
            self.desk.say(f"{alarm.name} is {alarm.state} already.")
        else:
            self.desk.ask(Verb.ACK, alarm.name)

    def action_acknowledge_all(self) -> None:
        """Say that somebody knows of every alarm that waits for it."""
        if self._snapshot is not None and any(is_open(alarm) for alarm in self._snapshot.alarms):
            self.desk.ask(Verb.ACK)
        else:
            self.desk.say("No alarm waits for it.")

    def action_shelve(self) -> None:
        """Put the chosen alarm aside, for a time and a reason."""
        alarm = self._alarm
        if alarm is None:
            self.desk.say("No alarm is chosen.")
        elif alarm.shelf_min is None:
            self.desk.say(
                f"{alarm.name} is never shelved: it is urgent, has acted, or tells of an override.", is_bad=True
            )
        else:
            text = f"{alarm.text}\nIt is put aside for a time and then comes back. What it watches goes on."
            self._timed.ask(self.screen, Verb.SHELVE, alarm.name, f"Shelve {alarm.name}", text, alarm.shelf_min)

    def action_override(self) -> None:
        """Have the chosen alarm's rule count as met for a time."""
        alarm = self._alarm
        if alarm is None:
            self.desk.say("No alarm is chosen.")
        elif alarm.override_min is None:
            self.desk.say(f"{alarm.name} is absolute: no override.", is_bad=True)
        else:
            self._timed.override(self.screen, alarm.name, alarm.override_min)

    def action_put_back(self) -> None:
        """Bring a shelved alarm back, or put an overridden rule in force again."""
        alarm, override = self._alarm, self._override
        if override is not None:
            self.desk.ask(Verb.OVERRIDE, override.rule, 0.0)
        elif alarm is not None and alarm.state == "shelved":
            self.desk.ask(Verb.SHELVE, alarm.name, 0.0)
        else:
            self.desk.say("Neither a shelved alarm nor an overridden rule is chosen.")
