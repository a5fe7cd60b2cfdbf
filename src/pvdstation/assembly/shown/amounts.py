"""Numbers and times as a screen says them: what is not known is called so."""

import math

from pvdstation.recipe.spelling import duration


def amount(value: float, unit: str, digits: int = 3) -> str:
    """Return a number with so many significant digits: "1.8e-06 mbar", "unknown"."""
    return "unknown" if math.isnan(value) else f"{value:.{digits}g} {unit}".rstrip()


def fixed(value: float, unit: str, decimals: int) -> str:
    """Return a number with so many decimals: "126.4 nm", "unknown"."""
    return "unknown" if math.isnan(value) else f"{value:.{decimals}f} {unit}".rstrip()


def span(seconds: float) -> str:
    """Return a time in whole seconds: "45 s", "5 min 07 s", "2 h 10 min", "unknown"."""
    return "unknown" if math.isnan(seconds) else duration(max(0.0, seconds))
