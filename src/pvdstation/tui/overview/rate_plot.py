"""The rate of the last five minutes, drawn once a second at most and only where it is seen."""

import math
from collections import deque

from textual.app import ComposeResult
from textual.containers import Container
from textual_plotext import PlotextPlot

from pvdstation.desk.snapshot import Snapshot
from pvdstation.tui.figures import SECOND_NS

SPAN_S = 300
MOST_POINTS = 160
_LEAST_ROWS = 6
"""With fewer of them a plot has no room for two numbers, and says nothing that the big rate does not say better."""
_KEPT = 4 * MOST_POINTS


class Rates:
    """Rates of the last five minutes by the run's clock: no more of them than a plot can show."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=_KEPT)
        self.set_nm_s = math.nan

    def keep(self, snapshot: Snapshot) -> None:
        """Take the rate of the first layer, or of the source that is on."""
        now_ns = snapshot.now_ns
        if self._seen and now_ns < self._seen[-1][0]:
            self._seen.clear()
        if self._seen and now_ns - self._seen[-1][0] < SPAN_S * SECOND_NS // _KEPT:
            return
        layer = snapshot.layers[0] if snapshot.layers else None
        on = [source.rate_nm_s for source in snapshot.sources if source.is_on]
        self.set_nm_s = layer.set_nm_s if layer is not None else math.nan
        self._seen.append((now_ns, layer.rate_nm_s if layer is not None else max(on, default=math.nan)))

    def points(self) -> tuple[list[float], list[float]]:
        """Return seconds before now, and rates: of each bin the smallest and the largest."""
        if not self._seen:
            return [], []
        now_ns = self._seen[-1][0]
        bins: dict[int, list[tuple[float, float]]] = {}
        for at_ns, rate in self._seen:
            before_s = (at_ns - now_ns) / SECOND_NS
            if before_s >= -SPAN_S and not math.isnan(rate):
                bins.setdefault(int(before_s * MOST_POINTS / 2 / SPAN_S), []).append((before_s, rate))
        ends = [end for seen in bins.values() for end in sorted({min(seen, key=_rate), max(seen, key=_rate)})]
        return [at for at, _ in ends], [rate for _, rate in ends]


def _rate(point: tuple[float, float]) -> float:
    return point[1]


class RatePlot(Container):
    """Plots the rate and its set point."""

    def compose(self) -> ComposeResult:
        """Lay out the plot."""
        self._plot = PlotextPlot()
        self._plot.theme = "clear"  # the terminal's own colours
        self._drawn: tuple[list[float], list[float]] | None = None
        yield self._plot

    def show(self, rates: Rates) -> None:
        """Draw the rates, if they have changed."""
        self._plot.display = self.size.height >= _LEAST_ROWS
        points = rates.points()
        if points == self._drawn or not self._plot.display:
            return
        self._drawn = points
        plt = self._plot.plt
        plt.clear_data()
        plt.title("rate, nm/s, of the last 5 min")
        plt.xlim(-SPAN_S, 0)
        top = max([*points[1], 0.1 if math.isnan(rates.set_nm_s) else rates.set_nm_s]) * 1.2
        plt.ylim(0, top)
        plt.xticks([-300, -240, -180, -120, -60, 0], ["−5 min", "−4", "−3", "−2", "−1", "now"])
        plt.yfrequency(3)
        if not math.isnan(rates.set_nm_s):
            plt.plot([-SPAN_S, 0], [rates.set_nm_s] * 2, marker="-", color="gray")
        if points[0]:
            plt.plot(*points, marker="braille", color="default")
        self._plot.refresh()
