"""The Overview: what the chamber looks like, how fast it grows, and what comes next."""

import time

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize

from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.frame.edges import Line
from pvdstation.tui.overview.mimic import mimic
from pvdstation.tui.overview.numbers import Numbers
from pvdstation.tui.overview.pressure import Tendency, pressure_of
from pvdstation.tui.overview.rate_plot import RatePlot, Rates
from pvdstation.tui.overview.rows import ahead, layers, sources, waits_for
from pvdstation.tui.page import Desk, Page

PLOT_FROM = (110, 30)
"""Width and height of the screen from which there is a plot."""
PLOTTED_EVERY_S = 1.0
_LISTED_FROM, _MORE_FROM = 36, 50
"""Heights of the screen from which the next steps stand one below the other."""


class OverviewPage(Page):
    """Shows the station at a glance."""

    TITLE = "Overview"
    SCOPED_CSS = False  # the width of the screen decides
    DEFAULT_CSS = """
    OverviewPage { layout: grid; grid-size: 2; grid-columns: 52 1fr; grid-rows: 5 1fr; grid-gutter: 0 2; }
    OverviewPage #mimic { row-span: 2; height: 100%; }
    OverviewPage #rest { height: 100%; }
    OverviewPage Numbers { height: 5; }
    OverviewPage Big { width: 1fr; height: 5; padding-right: 1; }
    OverviewPage Digits { width: 100%; text-style: bold; }
    OverviewPage RatePlot { height: 1fr; max-height: 30; margin-top: 1; display: none; }
    OverviewPage #sources, OverviewPage #waits { margin-top: 1; }
    OverviewPage #sources, OverviewPage #layers, OverviewPage #waits, OverviewPage #ahead { height: auto; }
    .-normal.-high OverviewPage RatePlot, .-wide.-high OverviewPage RatePlot { display: block; }
    .-wide OverviewPage { grid-columns: 80 1fr; grid-gutter: 0 4; }
    .-narrow OverviewPage { layout: vertical; }
    .-narrow OverviewPage #mimic { height: 1fr; }
    .-narrow OverviewPage #rest { height: auto; }
    .-narrow OverviewPage #sources, .-narrow.-low OverviewPage #layers { display: none; }
    .-narrow.-low OverviewPage #waits { margin-top: 0; }
    .-old OverviewPage { opacity: 70%; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rates = Rates()
        self._tendency = Tendency()
        self._shown: Snapshot | None = None
        self._is_old = False
        self._plotted_s = 0.0

    def compose(self) -> ComposeResult:
        """Lay out mimic, numbers and rows."""
        self._mimic, self._sources, self._layers = Line("mimic"), Line("sources"), Line("layers")
        self._waits, self._ahead = Line("waits"), Line("ahead")
        self._numbers = Numbers()
        self._plot = RatePlot()
        yield self._numbers
        yield self._mimic
        with Vertical(id="rest"):
            yield self._layers
            yield self._plot
            yield self._sources
            yield self._waits
            yield self._ahead

    def on_mount(self) -> None:
        """Put the mimic at the left where there are two columns."""
        self._arrange()

    def keep(self, snapshot: Snapshot) -> None:
        """Gather the rate and the pressure of late."""
        self._rates.keep(snapshot)
        self._tendency.keep(snapshot.now_ns, pressure_of(snapshot).mbar)

    def show(self, snapshot: Snapshot) -> None:
        """Show a moment."""
        self._shown, self._is_old = snapshot, False
        self._draw()

    def lost(self) -> None:
        """Mark what stands here as old."""
        self._is_old = True
        self._draw()

    @on(Resize)
    def _arrange(self) -> None:
        is_narrow = self.app.size.width < PLOT_FROM[0]
        if is_narrow:
            self.move_child(self._numbers, before=self._mimic)
        else:
            self.move_child(self._mimic, before=self._numbers)
        self._plotted_s = 0.0
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        snapshot = self._shown
        if snapshot is None:
            return
        size, screen = self._mimic.size, self.app.size
        self._numbers.show(
            snapshot, pressure_of(snapshot), self._tendency.word, self.desk.place.station, is_old=self._is_old
        )
        self._mimic.put(mimic(snapshot, size.width, size.height, is_old=self._is_old))
        self._sources.put(sources(snapshot, self._sources.size.width))
        lines = 8 if screen.height >= _MORE_FROM else 5 if screen.height >= _LISTED_FROM else 1
        for line, content in (
            (self._layers, layers(snapshot)),
            (self._waits, waits_for(snapshot, screen.width)),
            (self._ahead, ahead(snapshot, lines)),
        ):
            line.display = bool(content.plain)
            line.put(content)
        if screen.width >= PLOT_FROM[0] and screen.height >= PLOT_FROM[1]:
            self._draw_plot()

    def _draw_plot(self) -> None:
        now_s = time.monotonic()
        if now_s - self._plotted_s >= PLOTTED_EVERY_S:
            self._plotted_s = now_s
            self._plot.show(self._rates)
