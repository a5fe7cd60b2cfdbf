"""Rate, thickness and pressure, big enough for two metres."""

import math
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits

from pvdstation.desk.snapshot import LayerShown, Snapshot
from pvdstation.model.station import Station
from pvdstation.tui.figures import number, pressure
from pvdstation.tui.frame.edges import Line
from pvdstation.tui.overview.pressure import Pressure

_NO_RATE, _NO_THICKNESS, _NO_PRESSURE = "-.---", "---.-", "-.-"


class Figure(NamedTuple):
    """One big number: what it is, the number, and a line below it."""

    title: str
    big: str
    below: Content


class Big(Vertical):
    """Shows one big number."""

    def compose(self) -> ComposeResult:
        """Lay out title, number and the line below."""
        self._title, self._below = Line("title"), Line("below")
        self._digits = Digits("")
        yield self._title
        yield self._digits
        yield self._below

    def show(self, figure: Figure, *, is_old: bool) -> None:
        """Show the number, marked where it is old."""
        mark = ("  OLD", "bold $error") if is_old else ""
        self._title.put(Content.assemble((figure.title, "$grey"), mark))
        if self._digits.value != figure.big:
            self._digits.update(figure.big)
        self._below.put(figure.below)


class Numbers(Horizontal):
    """Shows rate, thickness and pressure; of a co-deposition the first layer's."""

    def compose(self) -> ComposeResult:
        """Lay out three numbers."""
        self._bigs = Big(), Big(), Big()
        yield from self._bigs

    def show(self, snapshot: Snapshot, now: Pressure, tendency: str, station: Station, *, is_old: bool) -> None:
        """Show the numbers of a moment."""
        shown = figures(snapshot, now, tendency, station)
        for big, figure in zip(self._bigs, shown, strict=True):
            big.show(figure, is_old=is_old)


def figures(snapshot: Snapshot, now: Pressure, tendency: str, station: Station) -> tuple[Figure, Figure, Figure]:
    """Return rate, thickness and pressure of a moment."""
    layer = snapshot.layers[0] if snapshot.layers else None
    within_pct = station.limits.rate_attention.within
    return _rate(snapshot, layer, within_pct), _thickness(layer), _pressure(now, tendency)


def _rate(snapshot: Snapshot, layer: LayerShown | None, within_pct: float) -> Figure:
    if layer is None:
        rates = [(s.rate_nm_s, s.name) for s in snapshot.sources if s.is_on and not math.isnan(s.rate_nm_s)]
        rate_nm_s, name = max(rates, default=(math.nan, ""))
        below = "no layer" if not name else "no set point"
        return Figure(
            f"RATE {name}  nm/s".replace("  ", " "), _known(rate_nm_s, 3, _NO_RATE), Content.styled(below, "$grey")
        )
    off_pct = (layer.rate_nm_s / layer.set_nm_s - 1) * 100 if layer.set_nm_s else math.nan
    set_point = f"set {layer.set_nm_s:.3f} "
    return Figure(
        f"RATE {layer.source}  nm/s", _known(layer.rate_nm_s, 3, _NO_RATE), set_point + _deviation(off_pct, within_pct)
    )


def _known(value: float, decimals: int, otherwise: str) -> str:
    return otherwise if math.isnan(value) else number(value, decimals, len(otherwise))


def _deviation(off_pct: float, within_pct: float) -> Content:
    """Return how far the rate is off, and a word for it."""
    if math.isnan(off_pct):
        return Content.styled("unknown", "bold $background on $warning")
    words = f"{off_pct:+.1f} %".replace("-", "−")
    if abs(off_pct) <= within_pct:
        return Content(f"{words} ok")
    return Content.assemble(f"{words} ", (" HIGH " if off_pct > 0 else " LOW ", "bold $background on $warning"))


def _thickness(layer: LayerShown | None) -> Figure:
    if layer is None:
        return Figure("THICKNESS  nm", _NO_THICKNESS, Content.styled("no layer", "$grey"))
    share = "" if math.isnan(layer.grown_nm) else f"   {layer.grown_nm / layer.target_nm * 100:.0f} %"
    below = Content.assemble(f"of {layer.target_nm:.1f}", (share, "bold"))
    return Figure(f"THICKNESS {layer.material}  nm", _known(layer.grown_nm, 1, _NO_THICKNESS), below)


def _pressure(now: Pressure, tendency: str) -> Figure:
    wrong = Content.styled(now.wrong, "bold $background on $warning") if now.wrong else Content(tendency)
    gap = "  " if wrong.plain else ""
    below = Content.assemble(wrong, gap, (now.gauge, "$grey"))
    return Figure(
        "PRESSURE  mbar", _NO_PRESSURE if math.isnan(now.mbar) else pressure(now.mbar).replace("e", "E"), below
    )
