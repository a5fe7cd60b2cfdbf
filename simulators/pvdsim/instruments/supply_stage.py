"""Power stage of a simulated GENESYS+ supply: set-points, protections, regulation, and what it asks of the boat.

Power supply reference 3, 4.4 to 4.7. Assumed: an open enable contact shuts the stage off but leaves the output
commanded, so that it delivers again when the contact closes; below 0.1 A neither loop regulates and the unit reports
CV; ``OUTP?`` is 0 while a fault is latched; the power limit acts on the resistance that was last measured.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from pvdsim.bench import Bench, Terminals
from pvdstation.model.clock import to_ns
from pvdstation.model.quantities import parse
from pvdstation.model.signals import SupplyMode
from pvdstation.protocol.supply import Questionable, Rating

FAR = 2**62
OVP_SPAN = 1.2  # highest over-voltage level, of the rating
SET_SPAN = 1.05
_NO_REGULATION_A = 0.1
_ENA, _ILC, _OFF = int(Questionable.ENA), int(Questionable.ILC), int(Questionable.OFF)

ERROR_OF_TRIP = {
    Questionable.AC: (321, "AC Fault"),
    Questionable.OTP: (322, "Over-Temperature"),
    Questionable.FLD: (323, "Fold-Back Protection"),
    Questionable.OVP: (324, "Over-Voltage Protection"),
    Questionable.UVP: (302, "Under-Voltage Protection"),
    Questionable.CWT: (342, "Communication Watchdog Timeout"),
}


class PowerStage:
    """What happens between the terminals and the set-points. ``report`` takes the code and text of a trip."""

    def __init__(
        self,
        boat: Terminals,
        rating: Rating,
        external_a: Callable[[], float] | None,
        enable_is_open: Callable[[], bool],
    ) -> None:
        self.boat = boat
        self.rating = rating
        self.external_a = external_a
        self._enable_is_open = enable_is_open
        self.report: Callable[[int, str], None] | None = None
        self.interlock_open = False
        self.button_off = False
        self.welded_a: float | None = None  # fault: this current flows, whatever is commanded or enabled
        self._held_a: float | None = None
        self.latched = 0  # fault bits; plain int, because it is looked at all the time
        self.due_ns = FAR
        self.mode = SupplyMode.OFF
        self.reset()

    def reset(self) -> None:
        """Bring every set-point to its value after ``*RST``."""
        self.commanded = False
        self.volt_v = 0.0
        self.curr_a = 0.0
        self.ovp_v = OVP_SPAN * self.rating.voltage_v
        self.uvl_v = 0.0
        self.uvp = False
        self.power_w = self.highest_power_w
        self.fold: SupplyMode = SupplyMode.OFF
        self.trip_delay_s = 0.0
        self._fold_due_ns = FAR
        self._under_due_ns = FAR

    @property
    def highest_power_w(self) -> float:
        """Return the rated power, W."""
        return self.rating.voltage_v * self.rating.current_a

    @property
    def is_on(self) -> bool:
        """Return the output state that the unit reports."""
        return self.commanded and not self.latched

    def conditions(self) -> int:
        """Return the questionable condition register."""
        bits = self.latched
        if self._enable_is_open():
            bits |= _ENA
        if self.interlock_open:
            bits |= _ILC
        if self.button_off:
            bits |= _OFF
        return bits

    def trip(self, fault: Questionable, now_ns: int) -> None:
        """Latch a fault: the output goes off and its command is kept."""
        self.latched |= int(fault)
        if self.report is not None:
            self.report(*ERROR_OF_TRIP[fault])
        self.refresh(now_ns)

    def clear(self, now_ns: int) -> None:
        """Clear the latched faults; a commanded output delivers again (``OUTP:PROT:CLE``)."""
        self.latched = 0
        self.refresh(now_ns)

    def hold_current(self, *, held: bool) -> None:
        """Let the current stay as it is, whatever set-point or analogue input say (fault); or follow them again."""
        self._held_a = self.boat.current_a if held else None

    def refresh(self, now_ns: int) -> None:
        """Ask of the boat what set-points, limits and contacts allow now, and judge what it does."""
        boat = self.boat
        if not self.commanded or self.conditions():
            boat.demand_a = 0.0 if self.welded_a is None else self.welded_a
            boat.limit_v = self.volt_v if self.welded_a is None else self.rating.voltage_v
            self.mode = SupplyMode.OFF
            self._fold_due_ns = self._under_due_ns = self.due_ns = FAR
            return
        asked_a = self.curr_a if self.external_a is None else self.external_a()
        if self._held_a is not None:
            asked_a = self._held_a
        asked_a = min(max(asked_a, 0.0), SET_SPAN * self.rating.current_a)
        allowed_a = self._within_power(asked_a)
        boat.demand_a = allowed_a
        boat.limit_v = self.volt_v
        self.mode = self._judge(asked_a, allowed_a)
        self._protect(now_ns)

    def _within_power(self, asked_a: float) -> float:
        boat = self.boat
        if boat.current_a * boat.voltage_v <= 0.5 * self.power_w or boat.current_a < 1.0:
            return asked_a
        return min(asked_a, math.sqrt(self.power_w * boat.current_a / boat.voltage_v))

    def _judge(self, asked_a: float, allowed_a: float) -> SupplyMode:
        boat = self.boat
        if asked_a < _NO_REGULATION_A:
            return SupplyMode.CV
        if boat.voltage_v >= 0.995 * self.volt_v and boat.current_a < 0.995 * allowed_a:
            return SupplyMode.CV
        return SupplyMode.CP if allowed_a < asked_a else SupplyMode.CC

    def _protect(self, now_ns: int) -> None:
        if self.boat.voltage_v > self.ovp_v:
            self.trip(Questionable.OVP, now_ns)
            return
        delay_ns = to_ns(self.trip_delay_s)
        folds = self.fold is not SupplyMode.OFF and self.mode is self.fold
        self._fold_due_ns = min(self._fold_due_ns, now_ns + delay_ns) if folds else FAR
        is_under = self.uvp and self.boat.voltage_v < self.uvl_v
        self._under_due_ns = min(self._under_due_ns, now_ns + delay_ns) if is_under else FAR
        self.due_ns = min(self._fold_due_ns, self._under_due_ns)
        if self.due_ns <= now_ns:
            self.trip(Questionable.FLD if self._fold_due_ns <= now_ns else Questionable.UVP, now_ns)


def wired_stage(number: int, station_values: Mapping[str, Any], bench: Bench, rating: Rating) -> PowerStage:
    """Return the stage of supply N, wired to boat N, analogue input N and, where there is one, enable contact N."""
    values = station_values["supply"][str(number)]
    contact = f"enable {number} open"
    is_wired = contact in station_values["io"]["di"]
    full_scale_a = parse(values["full_scale"], "current")
    external = values["current_source"] == "analogue"
    return PowerStage(
        bench.boats[number],
        rating,
        (lambda: bench.analogue.get(number, 0.0) * full_scale_a / 100) if external else None,
        (lambda: bench.contact(contact)) if is_wired else (lambda: False),
    )
