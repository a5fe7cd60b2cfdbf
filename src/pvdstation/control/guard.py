"""What the guard of a rate loop remembers of one source from scan to scan."""

import math
from typing import NamedTuple


class ProcessGuard(NamedTuple):
    """Memory of one source whose loop is closed."""

    seen_ns: int = 0  # the last scan
    lack_s: float = 0.0  # of the set rate, in seconds of it
    low_nm_s: float = 0.0  # lowest rate since the last gain
    gain_ns: int = 0  # when the rate last rose for the power, or was in band
    gain_pct: float = math.nan  # power at that time
    band_pct: float = math.nan  # power when the rate was last in band
    limited_ns: int | None = None  # since when the power is at its limit and the rate below its band
    counter: int = -1
    readings: tuple[tuple[int, float], ...] = ()  # ns, Hz
    scatter_hz: float = math.nan  # one sigma of a reading
    rose_hz: float = 0.0  # the last rise beyond the limit
    rose_ns: int | None = None
    spits: tuple[int, ...] = ()  # when, ns, within the time in which they are counted
    spit_nm: float = 0.0  # of this scan


UNGUARDED = ProcessGuard()
