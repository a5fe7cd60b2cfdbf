"""What the running step tells the rules about itself: the layer or the gas that is being worked on."""

import math
from typing import NamedTuple


class Layer(NamedTuple):
    """A source that is being conditioned or deposited."""

    source: int  # place in the station's sources
    set_rate_nm_s: float
    rate_nm_s: float  # mean over 1 s, NaN when unknown
    is_first_ramp: bool  # the ramp in which the boat is fingerprinted
    is_regulating: bool  # closed loop: the SQC-310 in 12 to 14, or our own loop closed
    is_at_soak: bool  # the source shutter may open
    is_captured: bool  # the substrate shutter may open
    is_exposed: bool  # the substrate shutter is told to be open
    resistance_ohm: float = math.nan  # median of this layer so far
    power_w: float = math.nan  # median of this layer so far
    hottest_ohm: float = 0.0  # highest resistance of this step so far
    is_ramping: bool = False  # its set rate is on the way to another one
    ends_by_time: bool = False  # it goes on, or would, without its crystal


class Scene(NamedTuple):
    """The running step in the words of the rules; nothing of it when a step needs no energy and no gas."""

    layer: Layer | None = None  # of the first-named material
    gas_target_mbar: float = math.nan
    others: tuple[Layer, ...] = ()  # evaporated together with it

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Return every layer that is worked on."""
        return () if self.layer is None else (self.layer, *self.others)


EMPTY = Scene()
