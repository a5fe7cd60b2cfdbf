"""The table of layers: one column per layer, a row per number."""

from collections.abc import Callable, Iterator, Sequence

from pvdstation.record.report import wording
from pvdstation.record.report.pages import Table
from pvdstation.record.report.story import Layer, Story

COLUMNS = 4
"""More layers than these go into a second table: a page is not wider."""
_NONE = "–"
_JUDGED = ("deviations", "alarms", "remarks")


def layer_tables(story: Story) -> Iterator[Table]:
    """Yield the layers, a few beside each other."""
    for begin in range(0, len(story.layers), COLUMNS):
        yield layer_table(story.layers[begin : begin + COLUMNS], is_simulated=story.heading.is_simulated)


def layer_table(layers: Sequence[Layer], *, is_simulated: bool, names: Sequence[str] = ()) -> Table:
    """Return one table; ``names`` stand above the columns instead of step and material."""
    rows = [(name, *(write(layer) for layer in layers)) for name, write in _ROWS]
    rows = [row for row in rows if set(row[1:]) != {_NONE} and (is_simulated or row[0] != _TRUE)]
    abnormal = frozenset(n for n, row in enumerate(rows) if row[0] in _JUDGED and set(row[1:]) - {"none", _NONE})
    head = ("", *(names or [f"step {layer.step}: {layer.material}" for layer in layers]))
    return Table(head, tuple(rows), abnormal, "sheet")


def _some(value: float | None, write: Callable[[float], str]) -> str:
    return _NONE if value is None else write(value)


def _reached(layer: Layer) -> str:
    if layer.indicated_nm is None or not layer.open_s:
        return "nothing"
    return f"{wording.thickness(layer.indicated_nm)} ({wording.signed_pct(layer.indicated_nm / layer.target_nm - 1)})"


def _opened(layer: Layer) -> str:
    if not layer.open_s:
        return "never"
    return "; ".join(f"{wording.clock(a)} to {wording.clock(b)} ({b - a:.1f} s)" for a, b in layer.open_s)


def _life(layer: Layer) -> str:
    if layer.life_in_pct is None or layer.life_out_pct is None:
        return f"crystal {layer.sensor}"
    return f"crystal {layer.sensor}: {layer.life_in_pct:.2f} → {layer.life_out_pct:.2f} %"


def _charge(layer: Layer) -> str:
    return f"{layer.charge_used_mg:.0f} mg of {layer.charge_mg:.0f} mg"


def _material(layer: Layer) -> str:
    return f"{wording.plain(layer.density_g_cm3)} g/cm³, Z {wording.plain(layer.z)}"


def _ended(layer: Layer) -> str:
    return f"{layer.state}: {layer.ended_because}" if layer.ended_because else layer.state


def _rate(layer: Layer) -> str:
    return _some(layer.rate_mean_nm_s, lambda mean: wording.rate(mean, layer.rate_sd_nm_s))


_TRUE = "true film (simulated plant)"
_ROWS: tuple[tuple[str, Callable[[Layer], str]], ...] = (
    ("asked", lambda n: f"{wording.plain(n.target_nm)} nm at {wording.asked_rate(n.asked_rate_nm_s, n.ramps)}"),
    ("reached, as indicated", _reached),
    (_TRUE, lambda n: _some(n.true_nm, wording.thickness)),
    ("rate, shutter open (mean ± sd)", _rate),
    ("10 s mean of the rate, farthest", lambda n: _some(n.rate_worst, wording.signed_pct)),
    ("time to rate", lambda n: _some(n.time_to_rate_s, lambda s: f"{s:.1f} s")),
    ("substrate shutter open", _opened),
    ("base pressure", lambda n: _some(n.base_mbar, wording.pressure)),
    ("pressure at the opening", lambda n: _some(n.start_mbar, wording.pressure)),
    ("highest pressure", lambda n: _some(n.pressure_max_mbar, wording.pressure)),
    ("peak power", lambda n: _some(n.peak_power_w, lambda w: f"{w:.1f} W")),
    ("power, shutter open (median)", lambda n: _some(n.power_median_w, lambda w: f"{w:.1f} W")),
    ("source", lambda n: f"boat {n.boat} ({n.boat_material}), {wording.plain(n.purity_pct)} %"),
    ("charge used (model)", _charge),
    ("crystal life", _life),
    ("tooling", lambda n: f"{wording.plain(n.tooling_pct)} %"),
    ("density, Z-ratio", _material),
    ("rate loop", lambda n: "SQC-310" if n.rate_loop == "sqc" else "host"),
    ("ended", _ended),
    ("remarks", lambda n: "; ".join(n.remarks) or _NONE),
    ("deviations", lambda n: "; ".join(n.deviations) or "none"),
    ("alarms", lambda n: ", ".join(dict.fromkeys(alarm.source for alarm in n.alarms)) or "none"),
)
