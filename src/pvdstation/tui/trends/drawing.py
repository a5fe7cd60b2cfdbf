"""One plot in characters: a legend with the values now, curves that differ by their marks, and gaps that are gaps."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot

from pvdstation.tui.trends import axes
from pvdstation.tui.trends.bins import Sample

_TICK_COLUMNS = 7
_LOWEST_LOG = -12.0


class Line(NamedTuple):
    """How a curve is drawn: its mark in the plot and in the legend, and its colour."""

    marker: str
    sign: str
    colour: str


LINES = (
    Line("braille", "⠒", "default"),
    Line("•", "•", "cyan+"),
    Line("x", "x", "magenta+"),
    Line("+", "+", "blue+"),
)
"""Of the sources, in the station's order."""
SET_LINE = Line("─", "─", "gray")
GHOST_LINE = Line("·", "·", "gray")


class Drawn(NamedTuple):
    """One curve in a plot."""

    line: Line
    points: Sequence[Sample]
    legend: str = ""  # empty: none


class Picture(NamedTuple):
    """All that one plot shows."""

    title: str
    unit: str
    curves: tuple[Drawn, ...]  # later ones are drawn over earlier ones
    from_s: float
    to_s: float
    is_log: bool = False


class PlotBox(Vertical):
    """A plot with its legend above it."""

    DEFAULT_CSS = """
    PlotBox { height: 1fr; min-height: 4; }
    PlotBox > .legend { height: 1; }
    PlotBox > PlotextPlot { height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._legend = Static("", classes="legend", markup=False)
        self._plot = PlotextPlot()
        self.legend = ""
        """What stands above the plot, as plain text."""

    def compose(self) -> ComposeResult:
        """Lay out legend and plot."""
        yield self._legend
        yield self._plot

    def draw(self, picture: Picture) -> None:
        """Draw it."""
        legend = _legend(picture)
        self.legend = legend.plain
        self._legend.update(legend)
        draw(self._plot.plt, picture, self._plot.size.width, self._plot.size.height)
        self._plot.refresh()


def _legend(picture: Picture) -> Content:
    parts = [Content.styled(f" {picture.title} {picture.unit} ", "bold reverse")]
    for curve in picture.curves[::-1]:  # drawn last, told first
        if curve.legend:
            parts.append(Content(f" {curve.line.sign} {curve.legend}"))
    return Content("").join(parts)


def draw(plot: Plot, picture: Picture, width: int, height: int) -> None:
    """Draw a picture, with round numbers on both axes."""
    plot.clear_data()
    plot.clear_figure()
    plot.xaxes(True, False)  # noqa: FBT003 - plotext's own arguments: lower, upper
    plot.yaxes(True, False)  # noqa: FBT003 - left, right
    scaled = [(curve, _scaled(curve.points, is_log=picture.is_log)) for curve in picture.curves]
    least, most = _ends([value for _, points in scaled for _, value in points], is_log=picture.is_log)
    for curve, points in scaled:
        for at_s, values in _stretches(points):
            plot.plot(at_s, values, marker=curve.line.marker, color=curve.line.colour)
    plot.plot([picture.from_s], [least], marker=" ")  # axes are drawn only where there is a curve
    plot.xlim(picture.from_s, picture.to_s)
    plot.ylim(least, most)
    rows = max(2, (height - 2) // 3)
    levels = axes.decades(least, most, rows) if picture.is_log else axes.ticks(least, most, rows)
    name = axes.power_of_ten if picture.is_log else axes.plain
    plot.yticks(levels, [f"{name(level):>{_TICK_COLUMNS}}" for level in levels])
    times = axes.time_ticks(picture.from_s, picture.to_s, max(1, width // 18))
    plot.xticks(times, [axes.clock(at_s) for at_s in times])


def _scaled(points: Iterable[Sample], *, is_log: bool) -> list[Sample]:
    if not is_log:
        return list(points)
    return [Sample(at_s, math.log10(value) if value > 0 else math.nan) for at_s, value in points]


def _ends(values: Sequence[float], *, is_log: bool) -> tuple[float, float]:
    """Return the ends of the axis: whole decades, or from zero to a little above the highest."""
    known = [value for value in values if math.isfinite(value)]
    if is_log:
        least = max(math.floor(min(known, default=-7.0)), _LOWEST_LOG)
        return least, max(math.ceil(max(known, default=3.0)), least + 1.0)
    highest = max([*known, 0.0])
    lowest = min([*known, 0.0])
    room = 0.08 * (highest - lowest)
    return (lowest - room if lowest < -0.05 * highest else 0.0), (highest + room) or 1.0


def _stretches(points: Sequence[Sample]) -> Iterable[tuple[list[float], list[float]]]:
    """Yield what lies between gaps."""
    at_s: list[float] = []
    values: list[float] = []
    for sample in points:
        if math.isnan(sample.value):
            if at_s:
                yield at_s, values
            at_s, values = [], []
            continue
        at_s.append(sample.at_s)
        values.append(sample.value)
    if at_s:
        yield at_s, values
