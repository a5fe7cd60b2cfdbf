"""Pictures of a run as SVG with its text as text: grey where all is normal, a colour for what is not."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pvdstation.record.gathering import Band
from pvdstation.record.report.curves import (
    CAPACITANCE_TRUSTED_MBAR,
    FULL_RANGE_TRUSTED_MBAR,
    NAN,
    Curves,
    SourceCurves,
    Values,
    intervals,
    known,
)
from pvdstation.record.report.story import Layer, Story
from pvdstation.record.report.thinning import thinned
from pvdstation.record.report.wording import visible

_WIDTH_IN = 7.2
_GREYS = ("#111111", "#8a8a8a", "#555555", "#b5b5b5")
_STYLES = ("-", "-", "--", "--")
_ABNORMAL = "#d55e00"
_PAIR = ("#0072b2", "#d55e00")
"""Vermillion and blue of a palette that the colour-blind can tell apart (Okabe and Ito)."""
_SHADE = "#f1f1f1"
_SPIKE = 1.6
_OFF_W = 0.1
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pvdstation",
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7.5,
    "path.simplify_threshold": 0.3,
}


class Overlay(NamedTuple):
    """One run's part in a picture of a layer; ``zero_s`` is where its time counts from."""

    label: str
    curves: Curves
    layer: Layer
    zero_s: float


def draw_run(story: Story, curves: Curves, bands: Sequence[Band]) -> str:
    """Return the whole run: rate, thickness, power, current, resistance, pressure, shutters; steps as bands."""
    with _figure(7, 9.3, (1.2, 1, 1, 0.9, 0.9, 1.2, 0.8), is_simulated=story.heading.is_simulated) as (figure, panels):
        rate, thickness, power, current, resistance, pressure, shutters = panels
        minutes = [at_s / 60 for at_s in curves.at_s]
        used = [of for of in curves.sources if _level(of.power_w) > _OFF_W] or list(curves.sources)
        for number, of in enumerate(used):
            style = _style(_GREYS[number % 4], of.source, _STYLES[number % 4])
            _draw_source(of, minutes, (rate, thickness, power, current, resistance), style)
        _label_source_panels((rate, thickness, power, current, resistance))
        rate.set_ylim(0, _SPIKE * max((layer.highest_rate_nm_s for layer in story.layers), default=1.0))
        _draw_pressure(curves, minutes, pressure)
        _draw_shutters(curves, used, shutters)
        for axes in panels:
            _draw_bands(axes, bands)
            for alarm in story.alarms:
                axes.axvline(alarm.came_s / 60, color=_ABNORMAL, linewidth=0.8)
        _number_bands(rate, bands)
        marked = "; coloured: alarms and trips" if story.alarms else ""
        shutters.set_xlabel(f"time since the start of the run, min; numbers above: steps{marked}")
        shutters.set_xlim(0, max(minutes, default=1))
        return _svg(figure)


def draw_layer(overlays: Sequence[Overlay], since: str, *, is_simulated: bool) -> str:
    """Return rate, power and pressure of a layer over the time ``since`` something, shaded while it was open."""
    with _figure(3, 4.2, (1.3, 1, 1), is_simulated=is_simulated) as (figure, panels):
        rate, power, pressure = panels
        colours = _PAIR if len(overlays) > 1 else _GREYS
        for number, overlay in enumerate(overlays):
            style = _style(colours[number], overlay.label)
            _draw_overlay(overlay, panels, style, 1.8 if number == 0 and len(overlays) > 1 else 0.9)
        asked = overlays[0].layer.highest_rate_nm_s
        rate.axhline(asked, color="#999999", linewidth=0.6, linestyle=":")
        rate.set_ylim(0, _SPIKE * asked)
        rate.set_ylabel("rate, nm/s")
        power.set_ylabel("power, W")
        power.set_ylim(bottom=0)
        _log(pressure, [overlay.curves.full_range_mbar for overlay in overlays])
        pressure.set_ylabel("pressure, mbar")
        if len(overlays) > 1:
            rate.legend(loc="upper left", frameon=False, ncols=2)
        pressure.set_xlabel(f"time since {since}, min (shaded: substrate shutter open)")
        return _svg(figure)


def _style(colour: str, label: str, line: str = "-") -> dict[str, Any]:
    """Return how a curve looks; a dollar in its name is no formula."""
    return {"color": colour, "linestyle": line, "label": visible(label).replace("$", r"\$")}


def _draw_overlay(overlay: Overlay, panels: Sequence[Axes], style: Mapping[str, Any], width: float) -> None:
    _, curves, layer, zero_s = overlay
    of = curves.of(layer.source)
    span = curves.span(layer.begun_s, layer.ended_s)
    minutes = [(at_s - zero_s) / 60 for at_s in curves.at_s[span]]
    for axes, values in zip(panels, (of.rate_nm_s, of.power_w, curves.full_range_mbar), strict=True):
        axes.plot(*thinned(minutes, values[span]), linewidth=width, **style)
        for begin_s, end_s in layer.open_s if style["color"] in (_GREYS[0], _PAIR[0]) else ():
            axes.axvspan((begin_s - zero_s) / 60, (end_s - zero_s) / 60, color=_SHADE, zorder=0)


@contextmanager
def _figure(
    rows: int, height_in: float, ratios: Sequence[float], *, is_simulated: bool
) -> Iterator[tuple[Figure, list[Axes]]]:
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        FigureCanvasSVG(figure)
        panels = list(figure.subplots(rows, 1, sharex=True, gridspec_kw={"height_ratios": ratios}))
        for axes in panels:
            axes.grid(visible=True, axis="y", color="#e3e3e3", linewidth=0.5)
            axes.set_axisbelow(True)
            if is_simulated:
                axes.text(
                    0.5, 0.5, "SIMULATED", transform=axes.transAxes, ha="center", va="center", rotation=8,
                    fontsize=26, color="#000000", alpha=0.07, zorder=0.5,
                )  # fmt: skip
        yield figure, panels


def _draw_source(of: SourceCurves, minutes: list[float], panels: Sequence[Axes], style: Mapping[str, Any]) -> None:
    columns = (of.rate_nm_s, of.thickness_nm, of.power_w, of.current_a, of.resistance_mohm)
    for axes, values in zip(panels, columns, strict=True):
        axes.plot(*thinned(minutes, values), linewidth=0.9, **style)


def _label_source_panels(panels: Sequence[Axes]) -> None:
    labels = ("rate\nnm/s", "thickness\nnm", "power\nW", "current\nA", "V/I\nmΩ")
    for axes, label in zip(panels, labels, strict=True):
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    panels[0].legend(loc="upper left", frameon=False, ncols=4)


def _draw_pressure(curves: Curves, minutes: list[float], axes: Axes) -> None:
    full = [p if p < FULL_RANGE_TRUSTED_MBAR else NAN for p in curves.full_range_mbar]
    capacitance = [p if p > CAPACITANCE_TRUSTED_MBAR else NAN for p in curves.capacitance_mbar]
    _log(axes, [full, capacitance])
    axes.plot(*thinned(minutes, full), color=_GREYS[1], linewidth=0.9, label="full range gauge")
    axes.plot(*thinned(minutes, capacitance), color=_GREYS[0], linewidth=1.1, label="capacitance gauge")
    axes.set_ylabel("pressure\nmbar")
    axes.legend(loc="upper center", frameon=False, ncols=2)


def _log(axes: Axes, columns: Sequence[Values]) -> None:
    """Make a logarithmic axis, unless there is nothing that has a logarithm."""
    if any(value > 0 for values in columns for value in values):
        axes.set_yscale("log")


def _draw_shutters(curves: Curves, used: Sequence[SourceCurves], axes: Axes) -> None:
    rows = [("substrate", curves.substrate_shutter), *((of.source, of.shutter) for of in used[::-1])]
    for height, (_, values) in enumerate(rows):
        bars = [(begin / 60, (end - begin) / 60) for begin, end in intervals(curves.at_s, values)]
        axes.broken_barh(bars, (height - 0.3, 0.6), facecolors="#555555")
    axes.set_yticks(range(len(rows)), [visible(name).replace("$", r"\$") for name, _ in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_ylabel("shutters\nopen")
    axes.grid(visible=False)


def _draw_bands(axes: Axes, bands: Sequence[Band]) -> None:
    for band in bands[::2]:
        axes.axvspan(band.start_s / 60, band.end_s / 60, color=_SHADE, zorder=0)


def _number_bands(axes: Axes, bands: Sequence[Band]) -> None:
    end_s = max((band.end_s for band in bands), default=1.0)
    before = -1.0
    for band in bands:
        middle = (band.start_s + band.end_s) / 2
        if middle / end_s - before < 0.012:
            continue
        before = middle / end_s
        axes.annotate(
            str(band.number), (middle / 60, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color="#333333",
        )  # fmt: skip


def _level(values: Values) -> float:
    """Return the level that all but the highest percent of the positive samples stay below."""
    positive = sorted(value for value in known(values) if value > 0)
    return positive[int(0.99 * (len(positive) - 1))] if positive else 0.0


def _svg(figure: Figure) -> str:
    """Return the picture without its date and links, so that the same run gives the same bytes."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = file.getvalue()
    return text[text.index("<svg") :]
