"""A simulated supply without a link: limits set by hand at its panel, current by the SQC-310's analogue output.

It delivers whenever its enable contact is closed. Its over-voltage trip latches until its mains are switched.
"""

from collections.abc import Mapping
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.supply_stage import PowerStage, wired_stage
from pvdstation.model.quantities import parse
from pvdstation.protocol.supply import Rating

_PANEL_VOLTAGE_V = 10.0


class UnlinkedSupply:
    """A power stage that nobody can talk to."""

    def __init__(self, stage: PowerStage, v_limit: float, ovp: float) -> None:
        self.stage = stage
        self._limits = (v_limit, ovp)
        self._set_by_hand()

    def _set_by_hand(self) -> None:
        self.stage.volt_v, self.stage.ovp_v = self._limits
        self.stage.commanded = True

    def refresh(self, now_ns: int) -> None:
        """Take note that the analogue input, the enable contact or the boat has changed."""
        self.stage.refresh(now_ns)

    def power_cycle(self, now_ns: int) -> None:
        """Come up again after a mains failure, as it was set."""
        self.stage.clear(now_ns)


def build(number: int, station_values: Mapping[str, Any], bench: Bench) -> UnlinkedSupply:
    """Build supply N of a station, wired to boat N, analogue input N and enable contact N."""
    values = station_values["supply"][str(number)]
    rating = Rating(_PANEL_VOLTAGE_V, parse(values["full_scale"], "current"))
    stage = wired_stage(number, station_values, bench, rating)
    return UnlinkedSupply(stage, parse(values["v_limit"], "voltage"), parse(values["ovp"], "voltage"))
