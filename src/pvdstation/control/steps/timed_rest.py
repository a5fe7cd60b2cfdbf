"""The rest of a layer whose crystal has failed near its end: by the clock, at the frozen power, if the station allows.

Our own loop only: nobody else's power can be frozen. What is not measured is never told as if it were: the film is
marked with how much of it grew by time, and by how much that may be wrong.
"""

from typing import NamedTuple

from pvdstation.control.crystal_rate import Track, by_time
from pvdstation.control.steps.exposure import Statistics
from pvdstation.model.station import Limits

BY_TIME = "completed by time"
_SIGMAS = 3.0


class Rest(NamedTuple):
    """What grows by time."""

    nm: float
    rate_nm_s: float
    uncertain_nm: float

    @property
    def remark(self) -> str:
        """Return how the film is marked."""
        how = f"the last {self.nm:.1f} nm at {self.rate_nm_s:.2f} nm/s, uncertain by {self.uncertain_nm:.2f} nm"
        return f"{BY_TIME}: {how}"


def rest_of(limits: Limits, target_nm: float, film_nm: float, rates: Statistics) -> Rest | None:
    """Return what may be completed by time of a layer with so much film; None where it is not allowed.

    The rate goes on as in the mean; at a fixed power it may leave that by the alert band, or by what it scattered.
    """
    allowed, left_nm = limits.timed_end, target_nm - film_nm
    if allowed is None or not film_nm >= target_nm * allowed.above / 100 or not rates.mean > 0:
        return None
    if left_nm / rates.mean > allowed.most:
        return None
    share = max(limits.rate_alert.within / 100, _SIGMAS * rates.sd / rates.mean)
    return Rest(left_nm, rates.mean, share * left_nm)


def going_on(track: Track, rest: Rest) -> Track:
    """Return the track of the film that goes on by time."""
    return by_time(track, rest.rate_nm_s)
