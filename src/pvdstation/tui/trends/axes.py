"""Round numbers on axes, and how they are written."""

import math

_STEPS = (1.0, 2.0, 5.0, 10.0)
_TIME_STEPS_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)


def ticks(least: float, most: float, count: int) -> list[float]:
    """Return at most ``count + 1`` round numbers from ``least`` to ``most``."""
    if not most > least or count < 1:
        return [least]
    step = _round_up((most - least) / count)
    first = math.ceil(least / step - 1e-9)
    return [step * number for number in range(first, math.floor(most / step + 1e-9) + 1)]


def time_ticks(from_s: float, to_s: float, count: int) -> list[float]:
    """Return round times in a window."""
    wanted = (to_s - from_s) / max(count, 1)
    step = next((step for step in _TIME_STEPS_S if step >= wanted), 3600.0 * math.ceil(wanted / 3600.0))
    first = math.ceil(from_s / step - 1e-9)
    return [step * number for number in range(first, math.floor(to_s / step + 1e-9) + 1)]


def decades(least: float, most: float, count: int) -> list[float]:
    """Return powers of ten as exponents, at most about ``count``."""
    first, last = math.floor(least), math.ceil(most)
    step = max(1, math.ceil((last - first) / max(count, 1)))
    return [float(exponent) for exponent in range(first, last + 1, step)]


def plain(value: float) -> str:
    """Return a tick of a linear axis: "0.5", "300"."""
    return f"{value:.6g}" if value else "0"


def power_of_ten(exponent: float) -> str:
    """Return a tick of a logarithmic axis: "1e-6", "1000"."""
    return f"{10**exponent:g}" if -2 <= exponent <= 3 else f"1e{int(exponent)}"


def clock(at_s: float) -> str:
    """Return a time of the run: "4:05", "1:02:30"."""
    whole = round(at_s)
    minutes, seconds = divmod(abs(whole), 60)
    sign = "-" if whole < 0 else ""
    if minutes < 60:
        return f"{sign}{minutes}:{seconds:02d}"
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def number(quantity_unit: str, value: float) -> str:
    """Return a value as it stands in a legend, always of the same width; a dash when it is unknown."""
    if math.isnan(value):
        return f"{'–':>6}"
    if quantity_unit == "mbar":
        return f"{value:6.1f}" if value >= 1 else f"{value:6.1e}"
    return f"{value:6.3f}" if quantity_unit == "nm/s" else f"{value:6.1f}"


def _round_up(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return size * next((step for step in _STEPS if step * size >= least * (1 - 1e-9)), 10.0)
