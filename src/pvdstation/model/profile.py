"""Ramps and soaks of a source, in plain numbers."""

from typing import NamedTuple


class Profile(NamedTuple):
    """Ramps and soaks in the place of the station's: to melt a charge in."""

    ramp1_pct: float
    ramp1_s: float
    soak1_s: float
    ramp2_pct: float
    ramp2_s: float
    soak2_s: float
