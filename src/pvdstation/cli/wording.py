"""Numbers as people read them: durations, pressures, powers."""

from pvdstation.recipe.power import Power
from pvdstation.recipe.spelling import duration as duration  # noqa: PLC0414 - part of this module's face


def brief(seconds: float) -> str:
    """Return a duration to half minutes, as an estimate deserves: "12 s", "4.5 min", "1 h 05 min"."""
    if seconds < 50:
        return f"{seconds:.0f} s"
    if seconds < 600:
        return f"{round(seconds / 30) / 2:g} min"
    if seconds < 5940:
        return f"{seconds / 60:.0f} min"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def pressure(mbar: float) -> str:
    """Return a pressure: "500.3 mbar", "1.9e-6 mbar"."""
    if mbar >= 0.1:
        return f"{mbar:.1f} mbar"
    mantissa, exponent = f"{mbar:.1e}".split("e")
    return f"{mantissa}e{int(exponent)} mbar"


def watts(power_w: float) -> str:
    """Return a power: "8.0 W", "14 W"."""
    return f"{power_w:.1f} W" if power_w < 10 else f"{power_w:.0f} W"


def power_words(power: Power) -> str:
    """Return what a step is expected to take from one supply: "about 14 W", "8.0 W to 30 W", "at most 30 W"."""
    if power.expected_w is not None:
        return f"about {watts(power.expected_w)}"
    least = "at most" if power.least_w is None else f"{watts(power.least_w)} to"
    return f"{least} {watts(power.most_w)}"
