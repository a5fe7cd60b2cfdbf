"""What grows from one source on substrate and crystal: film summed over all openings, rate, power."""

import math
from typing import NamedTuple

from pvdstation.control.crystal_rate import Track, followed, thickness_at
from pvdstation.control.sources import Wiring
from pvdstation.control.steps.base import Values
from pvdstation.control.steps.exposure import Statistics, counted, extremes, median
from pvdstation.control.view import View


class Growth(NamedTuple):
    """What grows from one source. Film is summed over all openings."""

    track: Track = Track()
    statistics: Statistics = Statistics()
    baseline_nm: float = math.nan
    film_nm: float = 0.0

    def by(self, at_ns: int) -> float:
        """Return what has grown since the last opening, nm; 0 where nobody knows."""
        grown = thickness_at(self.track, at_ns) - self.baseline_nm
        return max(0.0, grown) if math.isfinite(grown) else 0.0


def seen(growth: Growth, v: View, w: Wiring) -> Growth:
    """Return the growth with this scan's frequency, power and pressure."""
    track, statistics = followed(growth.track, v, w), extremes(growth.statistics, v, w)
    return growth._replace(track=track, statistics=statistics)


def counted_in(growth: Growth, v: View, w: Wiring) -> Growth:
    """Return the growth with one more rate of the exposed layer, when there is a new one."""
    if not growth.track.is_new:
        return growth
    return growth._replace(statistics=counted(growth.statistics, v, w, growth.track.rate_nm_s))


def summed(growths: tuple[Growth, ...], closed_ns: int) -> tuple[Growth, ...]:
    """Return the films with what this opening added."""
    return tuple(growth._replace(film_nm=growth.film_nm + growth.by(closed_ns)) for growth in growths)


def beside(w: Wiring, rate_nm_s: float, growth: Growth) -> Values:
    """Return what a source that was evaporated together with the first one has reached."""
    statistics = growth.statistics
    reached: Values = {
        "material": w.name,
        "target_nm_s": rate_nm_s,
        "indicated_nm": growth.film_nm,
        "rate_mean_nm_s": statistics.mean,
        "rate_sd_nm_s": statistics.sd,
        "peak_power_w": statistics.peak_w if w.is_linked else math.nan,
        "power_median_w": median(statistics.powers) if w.is_linked else math.nan,
    }
    return {f"together.{w.name}.{name}": value for name, value in reached.items()}
