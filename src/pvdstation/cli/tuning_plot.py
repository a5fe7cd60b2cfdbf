"""The picture of a tuning run: drive above, rate below, the fit or the middle of the oscillation with it."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pvdstation.record.tuning.tuned import Tuned

_MEASURED, _FIT, _GREY = "#1f77b4", "#d1621b", "#666666"


def draw_tuning(found: Tuned, title: str, file: Path, *, is_simulated: bool) -> None:
    """Draw it into a file; the name's ending chooses the format. Raises OSError."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    FigureCanvasAgg(figure)
    drive, rate = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1, 2]})
    answer = found.answer
    drive.step(answer.at_s, answer.drive_pct, where="post", color=_GREY, linewidth=1.0)
    drive.set_ylabel("drive, %")
    rate.plot(answer.at_s, answer.rate_nm_s, color=_MEASURED, linewidth=0.9, label="rate as the loop sees it")
    if found.fitted is not None:
        model = found.fitted.model
        label = f"first order: {model.gain_per_pct:.3f} per %, {model.tau_s:.1f} s, dead time {model.dead_s:.1f} s"
        rate.plot(found.fitted.at_s, found.fitted.fitted_nm_s, color=_FIT, linewidth=1.4, label=label)
    if found.oscillation is not None:
        label = f"{found.oscillation.cycles} cycles of {found.oscillation.period_s:.1f} s"
        rate.axhline(found.oscillation.rate_nm_s, color=_FIT, linewidth=1.0, label=label)
    rate.set_ylabel("rate, nm/s")
    rate.set_xlabel("time, s")
    rate.legend(loc="best", fontsize=9, frameon=False)
    for axes in (drive, rate):
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    if is_simulated:
        figure.text(
            0.5, 0.45, "SIMULATED", ha="center", va="center", fontsize=60, rotation=25, color="#000000", alpha=0.07
        )
    key = {".pdf": "CreationDate", ".svg": "Date"}.get(file.suffix.lower())
    figure.savefig(file, dpi=120, metadata={key: None} if key else {})
