"""The dry run of a recipe: how far it is, what came out, and its curves."""

import math
from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from pvdstation.desk.errands import Curve, Foreseen
from pvdstation.tui.trends import axes
from pvdstation.tui.trends.bins import Sample, binned
from pvdstation.tui.trends.drawing import LINES, Drawn, Picture, PlotBox
from pvdstation.tui.trends.gathering import PRESSURE, QUANTITIES, UNITS

_BAR = 30
_ROWS_EACH = 10
_IDLE = "No dry run yet: d runs the recipe on the simulated station, as it stands here. c cancels it."


class DryRunPanel(VerticalScroll):
    """Progress, then outcome, curves and the table of steps. Arrows scroll it."""

    DEFAULT_CSS = """
    DryRunPanel { overflow-x: auto; }
    DryRunPanel Static { height: auto; }
    DryRunPanel #dry-text { width: auto; }
    DryRunPanel .plots { layout: grid; grid-size: 1; grid-gutter: 0 1; margin: 1 0; }
    DryRunPanel.-wide .plots { grid-size: 2; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.foreseen: Foreseen | None = None

    def compose(self) -> ComposeResult:
        """Lay out outcome, curves and text."""
        yield Static(_IDLE, id="dry-outcome", markup=False)
        with Container(classes="plots"):
            for quantity in QUANTITIES:
                yield PlotBox(id=f"dry-{quantity}")
        yield Static("", id="dry-text", markup=False)

    def on_mount(self) -> None:
        """Hide the plots until there is something to draw."""
        self.query_one(".plots").display = False

    def begin(self) -> None:
        """Show that a dry run has begun."""
        self.foreseen = None
        self.query_one(".plots").display = False
        self.query_one("#dry-text", Static).update("")
        self.tell(0.0, "starting")

    def tell(self, done: float, step: str) -> None:
        """Show how far it is."""
        full = round(_BAR * min(max(done, 0.0), 1.0))
        bar = f"▕{'█' * full}{' ' * (_BAR - full)}▏ {done:4.0%}"
        self.query_one("#dry-outcome", Static).update(Content(f"dry run  {bar}\n{step}   (c cancels it)"))

    def end(self, text: str) -> None:
        """Show why there is no result."""
        self.query_one("#dry-outcome", Static).update(Content(text))

    def show(self, foreseen: Foreseen) -> None:
        """Show a result."""
        self.foreseen = foreseen
        record = f"   record {foreseen.run}" if foreseen.run else ""
        style = "bold" if foreseen.outcome == "complete" else "bold $error"
        words = f"DRY RUN: {foreseen.outcome.upper()}"
        closing = foreseen.text.strip().rpartition("\n\n")[2]  # how it ended and why, below the table
        self.query_one("#dry-outcome", Static).update(Content.assemble((words, style), (record, "dim"), f"\n{closing}"))
        self.query_one("#dry-text", Static).update(Content(foreseen.text.strip("\n")))
        self.query_one(".plots").display = bool(foreseen.curves)
        drawn = {curve.name.partition(" ")[0] for curve in foreseen.curves}
        for quantity in QUANTITIES:
            self.query_one(f"#dry-{quantity}").display = quantity in drawn
        self.scroll_home(animate=False)
        self.call_after_refresh(self._lay_out)

    def on_resize(self) -> None:
        """Lay the plots out anew."""
        self.set_class(self.size.width >= 90, "-wide")
        self._lay_out()

    def _lay_out(self) -> None:
        shown = sum(bool(box.display) for box in self.query(PlotBox))
        rows = -(-shown // 2) if self.has_class("-wide") else shown
        self.query_one(".plots").styles.height = _ROWS_EACH * rows
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self.foreseen is None:
            return
        for quantity in QUANTITIES:
            if self.query_one(f"#dry-{quantity}").display:
                picture = picture_of_curves(quantity, self.foreseen.curves)
                self.query_one(f"#dry-{quantity}", PlotBox).draw(picture)


def picture_of_curves(quantity: str, curves: tuple[Curve, ...]) -> Picture:
    """Return the picture of one quantity over a whole run; the legend has the highest value."""
    wanted = [curve for curve in curves if curve.name.split(" ")[0] == quantity]
    ends = [curve.at_s[-1] for curve in curves if curve.at_s]
    drawn = tuple(_drawn(wanted, UNITS[quantity]))[::-1]
    return Picture(quantity, UNITS[quantity], drawn, 0.0, max(ends, default=1.0), is_log=quantity == PRESSURE)


def _drawn(curves: list[Curve], unit: str) -> Iterator[Drawn]:
    for place, curve in enumerate(curves):
        points = list(binned(Sample(*pair) for pair in zip(curve.at_s, curve.values, strict=True)).points())
        known = [point.value for point in points if not math.isnan(point.value)]
        source = curve.name.partition(" ")[2]
        most = axes.number(unit, max(known, default=math.nan)).strip()
        yield Drawn(LINES[place % len(LINES)], points, f"{source} at most {most}".strip())
