"""Display precision of numbers in results and events, by the unit at the end of their name."""

import math

_DECIMALS: dict[str, int | None] = {
    "_mbar_l_s": None,  # leaks: significant digits
    "_nm_s": 4,
    "_nm": 2,
    "_mbar_s": 4,
    "_ug_cm2": 2,
    "_mohm": 3,
    "_pct": 3,
    "_hz": 2,
    "_mg": 2,
    "_s": 3,
    "_a": 2,
    "_v": 3,
    "_w": 2,
    "_c": 1,
}
_SIGNIFICANT = 4
SLOW_MBAR_S = 1e-3
"""Below it a rise is that of a leak test, which decimals would not show."""


def rounded(name: str, value: object) -> object:
    """Return a number at display precision: decimals by its unit, four significant digits for pressures and the rest.

    What is not a finite float is returned as it is; NaN and infinity become None, because JSON has neither.
    """
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    decimals = next((places for suffix, places in _DECIMALS.items() if name.endswith(suffix)), None)
    if decimals is None or (name.endswith("_mbar_s") and abs(value) < SLOW_MBAR_S):
        return float(f"{value:.{_SIGNIFICANT}g}")
    return round(value, decimals) + 0.0
