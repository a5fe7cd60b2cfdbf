"""Numbers as a report writes them, and text that a person typed as it may be shown."""

import re
from collections.abc import Sequence

from pvdstation.model.toml import UNSEEN
from pvdstation.recipe import spelling

_HIDDEN = re.compile(
    rf"{UNSEEN.pattern}|[\n\r\t\u061c\u180e\u2060-\u2065\u206a-\u206f\ud800-\udfff\U000e0000-\U000e007f]"
)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def visible(text: str) -> str:
    """Return text with its control characters and invisible marks written out: they would hide or turn a line."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def pressure(mbar: float) -> str:
    """Return a pressure: "496.5 mbar", "1.8 × 10⁻⁶ mbar"."""
    if abs(mbar) >= 0.1 or mbar == 0:
        return f"{mbar:.1f} mbar"
    return f"{_scientific(mbar)} mbar"


def pressures(low_mbar: float, high_mbar: float) -> str:
    """Return a range of pressures, or one where both read the same."""
    low, high = pressure(low_mbar), pressure(high_mbar)
    return low if low == high else f"{low.removesuffix(' mbar')} to {high}"


def thickness(nm: float) -> str:
    """Return a thickness: "300.0 nm"."""
    return f"{nm:.1f} nm"


def rate(nm_s: float, sd_nm_s: float | None = None) -> str:
    """Return a rate with its standard deviation: "0.501 ± 0.006 nm/s"."""
    spread = "" if sd_nm_s is None else f" ± {sd_nm_s:.3f}"
    return f"{nm_s:.3f}{spread} nm/s"


def plain(number: float) -> str:
    """Return a number that a person typed, with no more digits than it needs: "300", "0.5"."""
    return f"{number:.6g}"


def duration(seconds: float) -> str:
    """Return a duration: "12.3 s", "6 min 00 s", "1 h 02 min"."""
    return spelling.duration(seconds, places=1)


def spoken(seconds: float) -> str:
    """Return a duration for a sentence: "45 s", "3 min", "10 min 30 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min" if rest == 0 else f"{minutes} min {rest} s"


def clock(at_s: float) -> str:
    """Return a time since the start of the run: "0:12:41"."""
    whole = int(at_s)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def signed_pct(share: float) -> str:
    """Return a deviation: "+0.3 %", "−79 %"."""
    places = 1 if abs(share) < 0.1 else 0
    return f"{round(100 * share, places) + 0.0:+.{places}f} %".replace("-", "−")


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 alarm", "2 alarms"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _scientific(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


def asked_rate(nm_s: float, ramps: Sequence[tuple[float, float]]) -> str:
    """Return the rate of a layer with its ramps: "0.2 nm/s, from 20 nm on 0.5 nm/s"."""
    return ", ".join([f"{plain(nm_s)} nm/s", *(f"from {plain(at_nm)} nm on {plain(to)} nm/s" for at_nm, to in ramps)])
