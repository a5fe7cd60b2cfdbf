"""Numbers and times as a person reads them: each keeps its width, and an unknown one is a dash."""

import math
import time

from pvdstation.recipe.spelling import time_text

UNKNOWN = "–"
SECOND_NS = 10**9


def number(value: float, decimals: int, width: int = 0) -> str:
    """Write a number with its decimals, right-justified; NaN is a dash."""
    return (UNKNOWN if math.isnan(value) else f"{value:.{decimals}f}").rjust(width)


def pressure(value_mbar: float) -> str:
    """Write a pressure in mbar: 1.8e-06, 489.2."""
    if math.isnan(value_mbar):
        return UNKNOWN
    return f"{value_mbar:.1f}" if value_mbar >= 1 else f"{value_mbar:.1e}"


def stopwatch(value_s: float) -> str:
    """Write a time as a clock does: 12:41, 1:02:03."""
    whole = max(int(value_s), 0)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def roughly(value_s: float) -> str:
    """Write how long something takes: 35 s, 46 min, 2 h 10 min."""
    return time_text(round(value_s) if value_s < 60 else round(value_s / 60) * 60)


def lasting(from_ns: int | None, now_ns: int) -> str:
    """Write how long something has lasted by the run's clock; empty when nobody knows."""
    return "" if from_ns is None else time_text(max(now_ns - from_ns, 0) // SECOND_NS)


def time_of_day(wall_s: float) -> str:
    """Write a time of day."""
    return time.strftime("%H:%M:%S", time.localtime(wall_s))
