"""Trends: rate, thickness, power and pressure over time, with what is asked for and an earlier run beside them."""

import asyncio
import math
import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from pvdstation.desk.errands import ErrandError
from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.page import Desk, Page
from pvdstation.tui.trends.choosing import ChooseRun
from pvdstation.tui.trends.drawing import PlotBox
from pvdstation.tui.trends.gathering import QUANTITIES, WINDOWS_S, Gathered
from pvdstation.tui.trends.ghost import Ghost, ghost_of
from pvdstation.tui.trends.picturing import picture_of, window_of

REDRAWN_EVERY_S = 1.0
_WINDOW_WORDS = {60.0: "1 min", 300.0: "5 min", 1800.0: "30 min", math.inf: "whole run"}
_ROWS_EACH = 8
"""Below this, plots stand side by side."""


class TrendsPage(Page):
    """Four plots with one time axis. Gathers while it is not seen, and draws only while it is."""

    TITLE = "Trends"
    KEYS = (
        ("r t w p", "plots"),
        ("← →", "time window"),
        ("g", "ghost"),
        ("b", "ghost by layer or run"),
        ("x", "no ghost"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "plot('rate')", "Rate"),
        Binding("t", "plot('thickness')", "Thickness"),
        Binding("w", "plot('power')", "Power"),
        Binding("p", "plot('pressure')", "Pressure"),
        Binding("left,minus", "window(-1)", "Shorter"),
        Binding("right,plus", "window(1)", "Longer"),
        Binding("g", "ghost", "Ghost"),
        Binding("b", "align", "Align"),
        Binding("x", "no_ghost", "No ghost"),
    ]
    DEFAULT_CSS = """
    TrendsPage { layout: vertical; }
    TrendsPage > #trends-head { height: 1; color: $text-muted; }
    TrendsPage > #plots { layout: grid; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.gathered = Gathered()
        self.ghost: Ghost | None = None
        self.by_layer = True
        self.window_s = WINDOWS_S[1]
        self.shown = list(QUANTITIES)
        self.drawn = 0
        """How often the plots have been drawn."""
        self._drawn_s = -math.inf
        self._is_lost = False

    def compose(self) -> ComposeResult:
        """Lay out the line above the plots, and the plots."""
        yield Static("", id="trends-head", markup=False)
        with Container(id="plots"):
            for quantity in QUANTITIES:
                yield PlotBox(id=f"plot-{quantity}")

    def keep(self, snapshot: Snapshot) -> None:
        """Gather, seen or not."""
        self._is_lost = False
        self.gathered.take(snapshot)

    def show(self, snapshot: Snapshot) -> None:  # noqa: ARG002 - it has been kept
        """Draw, once a second."""
        if time.monotonic() - self._drawn_s >= REDRAWN_EVERY_S:
            self._draw()

    def lost(self) -> None:
        """Leave a gap where nothing is known."""
        self._is_lost = True
        self.gathered.gap()
        if self.display:
            self._draw()

    def on_show(self) -> None:
        """Draw at once when it comes into sight."""
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Lay the plots out anew."""
        self._lay_out()
        self.call_after_refresh(self._draw)

    def action_plot(self, quantity: str) -> None:
        """Show or hide one quantity; the last one stays."""
        if self.shown == [quantity]:
            self.desk.say("one plot stays: show another one first")
            return
        shown = set(self.shown) ^ {quantity}
        self.shown = [name for name in QUANTITIES if name in shown]
        self._lay_out()
        self.call_after_refresh(self._draw)

    def action_window(self, by: int) -> None:
        """Choose a longer or a shorter window."""
        place = WINDOWS_S.index(self.window_s) + by
        self.window_s = WINDOWS_S[max(0, min(place, len(WINDOWS_S) - 1))]
        self._draw()

    def action_align(self) -> None:
        """Let the ghost begin with the layer, or with the run."""
        self.by_layer = not self.by_layer
        self._draw()

    def action_no_ghost(self) -> None:
        """Leave the ghost out."""
        self.ghost = None
        self._draw()

    def action_ghost(self) -> None:
        """Choose a run to compare with."""
        self.run_worker(self._choose(), group="ghost", exclusive=True)

    async def _choose(self) -> None:
        self.desk.say("the last runs are being listed …")
        try:
            runs = await asyncio.to_thread(self.desk.errands.runs)
        except ErrandError as error:
            self.desk.say(f"runs: {error}", is_bad=True)
            return
        others = [run for run in runs if run.run != self.gathered.run]
        if not others:
            self.desk.say("there is no earlier run to compare with")
            return
        self.desk.say("")
        chosen = await self.app.push_screen_wait(ChooseRun(others))
        if chosen is not None:
            await self._fetch(chosen)

    async def _fetch(self, run: str) -> None:
        self.desk.say(f"the curves of {run} are being read …")
        try:
            curves = await asyncio.to_thread(self.desk.errands.curves, run)
        except ErrandError as error:
            self.desk.say(f"{run}: {error}", is_bad=True)
            return
        self.ghost = ghost_of(run, curves)
        self.desk.say(f"ghost: {run}")
        self._draw()

    def _lay_out(self) -> None:
        """Stack the plots where there is room, so that their times stand below each other."""
        plots = self.query_one("#plots", Container)
        columns = 1 if self.size.height - 1 >= _ROWS_EACH * len(self.shown) or len(self.shown) < 2 else 2
        plots.styles.grid_size_columns = columns
        plots.styles.grid_size_rows = -(-len(self.shown) // columns)
        for quantity in QUANTITIES:
            self.query_one(f"#plot-{quantity}").display = quantity in self.shown

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()
        self.drawn += 1
        self.query_one("#trends-head", Static).update(self._head())
        sources = tuple(self.desk.place.station.source)
        window = window_of(self.gathered, self.window_s)
        ghost = None
        if self.ghost is not None:
            shift_s = self.ghost.shift_s(self.gathered.layers, self.gathered.began_s, by_layer=self.by_layer)
            ghost = (self.ghost, shift_s)
        for quantity in self.shown:
            box = self.query_one(f"#plot-{quantity}", PlotBox)
            box.draw(picture_of(quantity, self.gathered, sources, self.window_s, window, ghost))

    def _head(self) -> Content:
        gathered = self.gathered
        run = f"run {gathered.run}" if gathered.run else "no run yet"
        over = " has ended" if gathered.is_over else ""
        parts = [f" {_WINDOW_WORDS[self.window_s]}", f"{run}{over}"]
        if self.ghost is not None:
            parts.append(f"ghost · {self.ghost.run}, from the {'layer' if self.by_layer else 'run'}'s beginning")
        hidden = [name for name in QUANTITIES if name not in self.shown]
        if hidden:
            parts.append(f"hidden: {', '.join(hidden)}")
        if self._is_lost:
            parts.append("OLD: the core has gone")
        return Content("   ".join(parts))
