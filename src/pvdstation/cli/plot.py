"""The picture of a run: rate, thickness, power and pressure over time, with the steps as bands."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pvdstation.assembly.trace import Trace
from pvdstation.record.gathering import Band

FORMATS = ("png", "svg", "pdf")
_COLOURS = ("#1f77b4", "#d1621b", "#3f8f4f", "#8a5cb8")
_GREY = "#666666"
_OFF_W = 0.1
_SPIKE = 1.6
_NARROW = 0.012


def draw_run(trace: Trace, title: str, file: Path) -> None:
    """Draw a run into a file; the name's ending chooses the format. Raises OSError."""
    figure = Figure(figsize=(12, 9), layout="constrained")
    FigureCanvasAgg(figure)
    rate, thickness, power, pressure = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": [1.2, 1, 1, 1.2]}
    )
    minutes = [at_s / 60 for at_s in trace.at_s]
    _draw_sources(trace, minutes, rate, thickness, power)
    _draw_pressure(trace, minutes, pressure)
    for axes in (rate, thickness, power, pressure):
        _draw_bands(axes, trace.bands)
        axes.grid(visible=True, axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    _number_bands(rate, trace.bands)
    pressure.set_xlabel("plant time, min")
    pressure.set_xlim(0, max(minutes, default=1))
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    if trace.is_simulated:
        figure.text(
            0.5, 0.5, "SIMULATED", ha="center", va="center", fontsize=80, rotation=30, color="#000000", alpha=0.07
        )
    figure.savefig(file, dpi=120, metadata=_undated(file))


def _draw_sources(trace: Trace, minutes: list[float], rate: Axes, thickness: Axes, power: Axes) -> None:
    used = [source for source in trace.sources if _level(source.power_w) > _OFF_W] or trace.sources
    for number, source in enumerate(used):
        colour = _COLOURS[number % len(_COLOURS)]
        rate.plot(minutes, source.rate_nm_s, color=colour, linewidth=0.9, label=f"{source.material}, crystal")
        thickness.plot(minutes, source.thickness_nm, color=colour, linewidth=0.9, label=f"{source.material}, SQC-310")
        thickness.plot(
            minutes, source.film_nm, color=colour, linewidth=1.6, linestyle=":", label=f"{source.material}, true film"
        )
        power.plot(minutes, source.power_w, color=colour, linewidth=0.9, label=f"{source.material}, supply")
    highest = max((_level(source.rate_nm_s) for source in used), default=0.0)
    rate.set_ylim(0, _SPIKE * highest if highest > 0 else 1)
    for axes, label in ((rate, "rate, nm/s"), (thickness, "thickness, nm"), (power, "power, W")):
        axes.set_ylabel(label)
        _name_lines(axes)
    thickness.set_ylim(bottom=0)
    power.set_ylim(bottom=0)


def _draw_pressure(trace: Trace, minutes: list[float], axes: Axes) -> None:
    axes.semilogy(minutes, trace.full_range_mbar, color=_GREY, linewidth=0.9, label="full range gauge")
    axes.semilogy(minutes, trace.capacitance_mbar, color="#000000", linewidth=1.2, label="capacitance gauge")
    axes.set_ylabel("pressure, mbar")
    _name_lines(axes)


def _name_lines(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)


def _draw_bands(axes: Axes, bands: Sequence[Band]) -> None:
    for band in bands[::2]:
        axes.axvspan(band.start_s / 60, band.end_s / 60, color="#e9eef5", zorder=0)


def _number_bands(axes: Axes, bands: Sequence[Band]) -> None:
    end_s = max((band.end_s for band in bands), default=1.0)
    for band in bands:
        width = (band.end_s - band.start_s) / end_s
        if width < _NARROW:
            continue
        name = f"{band.number} {band.do.replace('_', ' ')}"
        axes.annotate(
            name,
            ((band.start_s + band.end_s) / 120, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            rotation=30,
            ha="left",
            va="bottom",
            fontsize=8,
            color=_GREY,
        )


def _level(samples: Sequence[float]) -> float:
    """Return the level that all but the highest percent of the positive samples stay below."""
    positive = sorted(value for value in samples if value > 0)
    return positive[int(0.99 * (len(positive) - 1))] if positive else 0.0


def _undated(file: Path) -> dict[str, str | None]:
    """Leave the date out, so that the same run gives the same picture."""
    key = {"pdf": "CreationDate", "svg": "Date"}.get(file.suffix.lower().lstrip("."))
    return {key: None} if key else {}
