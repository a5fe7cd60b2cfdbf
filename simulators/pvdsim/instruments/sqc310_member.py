"""One output of a simulated SQC-310 at work: power profile of the conditioning, then its own PID.

Assumed (the manual states no equation): velocity form once per period, P in % per nm/s, clamped to power limits and
slew.
"""

from typing import NamedTuple

from pvdsim.instruments.sqc310_crystal import Crystal
from pvdsim.instruments.sqc310_memory import I_TERM_S, POWER, RATE_A_S, THICKNESS_KA, Layer, Memory
from pvdstation.protocol.sqc310_phases import Phase

CAPTURE_S = 5.0
_TINY_S = 1e-6


class Segment(NamedTuple):
    """Straight line to a power in a time."""

    phase: Phase
    power_pct: float
    duration_s: float


class Profile:
    """Power along segments; those of no duration are passed at once."""

    __slots__ = ("_elapsed_s", "_from_pct", "_place", "_segments")

    def __init__(self, segments: tuple[Segment, ...], from_pct: float) -> None:
        self._segments = segments
        self._from_pct = from_pct
        self._place = 0
        self._elapsed_s = 0.0

    @property
    def phase(self) -> Phase:
        """Return the phase of the present segment, of the last one after the end."""
        return self._segments[min(self._place, len(self._segments) - 1)].phase

    @property
    def is_done(self) -> bool:
        """Return whether all segments are behind."""
        return self._place >= len(self._segments)

    def advance(self, period_s: float) -> float:
        """Move on by a time and return the power, %."""
        self._elapsed_s += period_s
        while not self.is_done:
            segment = self._segments[self._place]
            if self._elapsed_s < segment.duration_s - _TINY_S:
                share = self._elapsed_s / segment.duration_s
                return self._from_pct + share * (segment.power_pct - self._from_pct)
            self._elapsed_s -= segment.duration_s
            self._from_pct = segment.power_pct
            self._place += 1
        return self._from_pct


class Member:
    """A layer being deposited on one output; parameters are those at the start of the process."""

    def __init__(self, number: int, memory: Memory, crystals: dict[int, Crystal]) -> None:
        self.number = number
        self.layer: Layer = memory.layers[number]
        self.crystals = tuple(crystals[sensor] for sensor in self.layer.sensors)
        self.power_pct = 0.0
        loop, power = memory.film("A2", self.layer.film), memory.film("A3", self.layer.film)
        shutter, layer = memory.film("A4", self.layer.film), memory.tables["D"][number]
        self._gain_pct_s_nm = float(loop[1])
        self._integral_s = max(loop[2] * I_TERM_S, 0.1)
        self._derivative_s = loop[3] * I_TERM_S
        self._errors = (0.0, 0.0)
        self._within_s = 0.0
        self.set_point_a_s = layer[1] * RATE_A_S
        self.final_ka = layer[2] * THICKNESS_KA
        self.delay_s = float(shutter[1])
        self._capture_pct = float(shutter[2])
        self._after = power
        self.profile = Profile(
            (
                Segment(Phase.RAMP_1, power[1] * POWER, power[2]),
                Segment(Phase.SOAK_1, power[1] * POWER, power[3]),
                Segment(Phase.RAMP_2, power[4] * POWER, power[5]),
                Segment(Phase.SOAK_2, power[4] * POWER, power[6]),
            ),
            0.0,
        )

    @property
    def rate_a_s(self) -> float:
        """Return the mean rate of the output's sensors, Å/s."""
        return sum(crystal.rate_a_s for crystal in self.crystals) / len(self.crystals)

    @property
    def thickness_ka(self) -> float:
        """Return the mean thickness of the output's sensors, kÅ."""
        return sum(crystal.thickness_ka for crystal in self.crystals) / len(self.crystals)

    @property
    def is_at_thickness(self) -> bool:
        """Return whether the final thickness is reached."""
        return self.thickness_ka >= self.final_ka

    def follow(self, period_s: float) -> None:
        """Follow the profile for one period."""
        self.power_pct = self.profile.advance(period_s)

    def close_loop(self) -> None:
        """Begin to regulate at the present power, without a bump."""
        error = self._error_nm_s()
        self._errors = (error, error)
        self._within_s = 0.0

    def _error_nm_s(self) -> float:
        return (self.set_point_a_s - self.rate_a_s) / 10.0

    def regulate(self, period_s: float) -> None:
        """Do one period of the PID."""
        error = self._error_nm_s()
        last, before = self._errors
        self._errors = (error, last)
        change = error - last + error * period_s / self._integral_s
        change += self._derivative_s * (error - 2 * last + before) / period_s
        step_pct = self.layer.slew_pct_s * period_s
        change_pct = min(max(self._gain_pct_s_nm * change, -step_pct), step_pct)
        self.power_pct = min(max(self.power_pct + change_pct, 0.0), self.layer.max_power_pct)

    def is_captured(self, period_s: float) -> bool:
        """Count the time within the capture band; return whether it is long enough."""
        within = abs(self.rate_a_s - self.set_point_a_s) <= self.set_point_a_s * self._capture_pct / 100.0
        self._within_s = self._within_s + period_s if within else 0.0
        return self._within_s >= CAPTURE_S - _TINY_S

    def end_layer(self) -> None:
        """Go on with feed and idle ramp from the present power."""
        after = self._after
        feed = (
            Segment(Phase.FEED_RAMP, after[9] * POWER, after[10]),
            Segment(Phase.FEED_SOAK, after[9] * POWER, after[11]),
        )
        idle = Segment(Phase.IDLE_RAMP, after[7] * POWER, after[8])
        has_feed = after[10] + after[11] > 0
        self.profile = Profile((*feed, idle) if has_feed else (idle,), self.power_pct)
