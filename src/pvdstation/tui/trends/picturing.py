"""From what has been gathered to what a plot shows."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from pvdstation.tui.trends import axes
from pvdstation.tui.trends.bins import Sample
from pvdstation.tui.trends.drawing import GHOST_LINE, LINES, SET_LINE, Drawn, Picture
from pvdstation.tui.trends.gathering import PRESSURE, SET, UNITS, Gathered
from pvdstation.tui.trends.ghost import Ghost

_SHORTEST_S = 10.0


class Window(NamedTuple):
    """From when to when, s of the run's clock."""

    from_s: float
    to_s: float


Shifted = tuple[Ghost, float]
"""A ghost, and what is added to its times."""


def window_of(gathered: Gathered, width_s: float) -> Window:
    """Return what a window shows now."""
    to_s = 0.0 if math.isnan(gathered.at_s) else gathered.at_s
    if math.isinf(width_s):
        from_s = min(0.0 if math.isnan(gathered.began_s) else gathered.began_s, to_s - _SHORTEST_S)
        return Window(from_s, to_s)
    return Window(to_s - width_s, to_s)


def picture_of(
    quantity: str,
    gathered: Gathered,
    sources: tuple[str, ...],
    width_s: float,
    window: Window,
    ghost: Shifted | None = None,
) -> Picture:
    """Return the picture of one quantity: ghost below, then what is asked for, then what is."""
    names = [PRESSURE] if quantity == PRESSURE else [f"{quantity} {source}" for source in sources]
    curves = (
        *(_ghosts(names, ghost, window) if ghost else ()),
        *_set(names, gathered, width_s, window),
        *_present(names, gathered, width_s, window, UNITS[quantity]),
    )
    return Picture(quantity, UNITS[quantity], curves, *window, is_log=quantity == PRESSURE)


def _present(names: list[str], gathered: Gathered, width_s: float, window: Window, unit: str) -> Iterator[Drawn]:
    for place, name in [*enumerate(names)][::-1]:  # the first source lies on top
        trace = gathered.traces.get(name)
        points = list(trace.windows[width_s].points(window.to_s)) if trace else []
        now = axes.number(unit, trace.now if trace else math.nan)
        source = name.partition(" ")[2]
        yield Drawn(LINES[place % len(LINES)], points, f"{source} {now}".strip())


def _set(names: list[str], gathered: Gathered, width_s: float, window: Window) -> Iterator[Drawn]:
    for name in names:
        trace = gathered.traces.get(f"{SET}{name}")
        if trace is None:
            continue
        points = _steps(list(trace.windows[width_s].points(window.to_s)))
        is_now = not math.isnan(trace.now)
        if points or is_now:
            yield Drawn(SET_LINE, points, f"set {trace.now:g}" if is_now else "")


def _steps(points: list[Sample]) -> list[Sample]:
    """Return a level that holds until the next one: a set-point does not slide."""
    held: list[Sample] = []
    for sample in points:
        if held and not math.isnan(held[-1].value) and not math.isnan(sample.value):
            held.append(Sample(sample.at_s, held[-1].value))
        held.append(sample)
    return held


def _ghosts(names: list[str], ghost: Shifted, window: Window) -> Iterator[Drawn]:
    run, shift_s = ghost
    for name in names:
        points = list(run.points(name, shift_s, *window))
        if points:
            yield Drawn(GHOST_LINE, points)
