"""How the checker writes numbers: exact for notation that is read again, rounded for people."""

import re

_EXPONENT = re.compile(r"e([+-])0*(\d)")


def exact(value: float) -> str:
    """Write a number so that reading it gives the same float."""
    text = repr(float(value)).removesuffix(".0")
    return _tidy_exponent(text)


def rounded(value: float, digits: int = 4) -> str:
    """Write a number with so many significant digits."""
    return _tidy_exponent(f"{value:.{digits}g}")


def pressure_text(value_mbar: float) -> str:
    """Write a pressure for people: powers of ten below 0.1 mbar."""
    if not 0 < value_mbar < 0.1:
        return f"{rounded(value_mbar)} mbar"
    mantissa, exponent = f"{value_mbar:.3e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)} mbar"


def time_text(value_s: float) -> str:
    """Write a time for people: "45 s", "3 min", "13 min 5 s", "2 h 10 min"."""
    if value_s < 60:
        return f"{rounded(value_s)} s"
    whole = round(value_s)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "h"), (minutes, "min"), (seconds if hours == 0 else 0, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def duration(value_s: float, places: int = 0) -> str:
    """Write how long something took, for a column: "12 s", "6 min 00 s", "1 h 02 min"; ``places`` below a minute."""
    whole = round(value_s)
    if whole < 60:
        return f"{value_s:.{places}f} s" if places else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def exact_time(value_s: float) -> str:
    """Write a time so that reading it gives the same float, in hours or minutes where they are whole."""
    for unit, factor in (("h", 3600.0), ("min", 60.0)):
        if value_s >= factor and value_s % factor == 0:
            return f"{exact(value_s // factor)} {unit}"
    return f"{exact(value_s)} s"


def _tidy_exponent(text: str) -> str:
    return _EXPONENT.sub(lambda m: f"e{'-' if m[1] == '-' else ''}{m[2]}", text)
