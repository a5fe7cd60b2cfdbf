"""One scan as rules and steps see it: readings with their age judged, positions, pressures. Unknown is never good."""

import math

from pvdstation.control.guard import ProcessGuard
from pvdstation.control.sources import SourceState, Wiring
from pvdstation.model.clock import to_ns
from pvdstation.model.messages import ActionResult, Outputs
from pvdstation.model.signals import Position, Quality, Reading, SignalMap
from pvdstation.model.station import Station

NAN = math.nan
UNKNOWN = -1
NEVER_NS = -(2**62)
CAPACITANCE_VACUUM_MBAR = 2.0
"""Below this the capacitance gauge only says "vacuum" (design, pressure rules)."""


class Frame:
    """What does not change during a run: station, signal numbers, wirings, age limits."""

    def __init__(self, station: Station, signals: SignalMap) -> None:
        self.station = station
        self.signals = signals
        self.sources = tuple(Wiring(name, i, station, signals) for i, name in enumerate(station.source))
        self.by_name = {w.name: w for w in self.sources}
        age = station.limits.age
        self.io_age_ns = to_ns(age.io)
        self.gauge_age_ns = to_ns(age.gauge)
        self.gas_age_ns = to_ns(age.gauge_gas)
        self.supply_age_ns = to_ns(age.supply)
        self.rate_age_ns = to_ns(age.rate)
        self.rate_end_age_ns = to_ns(age.rate_end)
        self.turbo_age_ns = to_ns(age.turbo)
        self.period_ns = to_ns(station.scan_period)
        self.lease_ns = to_ns(station.limits.lease)
        self.pump_starts_ns = to_ns(station.io.follow.valve)
        self.turbo_ready_hz = station.turbo.nominal * station.turbo.ready / 100


class View:
    """All that one decision may look at."""

    __slots__ = (
        "_any_energised",
        "capacitance",
        "foreline",
        "frame",
        "full_range",
        "gas_target_mbar",
        "guards",
        "last",
        "low_since_ns",
        "now_ns",
        "pressure",
        "pump_told_ns",
        "readings",
        "result",
        "s",
        "since_gas",
        "sources",
        "station",
        "turbo_ok",
    )

    def __init__(
        self,
        frame: Frame,
        readings: tuple[Reading, ...],
        last: Outputs,
        sources: tuple[SourceState, ...],
        now_ns: int,
        *,
        since_gas: bool,
        low_since_ns: int | None,
        result: ActionResult | None,
        gas_target_mbar: float = NAN,
        pump_told_ns: int = NEVER_NS,
    ) -> None:
        self.frame = frame
        self.station = frame.station
        self.s = frame.signals
        self.readings = readings
        self.last = last
        self._any_energised = any(level.on for level in last.supply)  # most rules ask
        self.sources = sources
        self.now_ns = now_ns
        self.since_gas = since_gas
        self.low_since_ns = low_since_ns
        self.result = result
        self.gas_target_mbar = gas_target_mbar
        """Target of the gas that was admitted since the last high vacuum, mbar; NaN when there is none."""
        self.pump_told_ns = pump_told_ns
        """When the backing pump was told to start again after a stop."""
        self.guards: tuple[ProcessGuard, ...] = ()
        """Of every source, while a rate loop is closed."""
        s = self.s
        self.full_range = self._gauge(s.full_range)
        self.capacitance = self._gauge(s.capacitance)
        self.foreline = self._gauge(s.foreline)
        self.pressure = self.full_range if self.capacitance < CAPACITANCE_VACUUM_MBAR else NAN
        """High-vacuum pressure by the pessimistic rule, mbar: NaN unless both gauges agree that it is one."""
        self.turbo_ok = (
            self.value(s.turbo_speed, frame.turbo_age_ns) >= frame.turbo_ready_hz
            and self.value(s.turbo_error, frame.turbo_age_ns) == 0
        )

    def _gauge(self, number: int) -> float:
        """Return mbar; an under-range reading is its own upper bound; NaN when bad, over-range or too old."""
        reading = self.readings[number]
        if reading.quality > Quality.UNDER_RANGE or self.now_ns - reading.at_ns > self.frame.gauge_age_ns:
            return NAN
        return reading.value

    def value(self, number: int, age_ns: int) -> float:
        """Return a reading's value, or NaN when it is not good or older than the limit."""
        reading = self.readings[number]
        if reading.quality is not Quality.GOOD or self.now_ns - reading.at_ns > age_ns:
            return NAN
        return reading.value

    def io(self, number: int) -> float:
        """Return a contact or position, NaN when unknown."""
        return self.value(number, self.frame.io_age_ns)

    def is_closed(self, number: int) -> bool:
        """Return whether the switches confirm that it is closed."""
        return self.io(number) == Position.CLOSED

    def is_open(self, number: int) -> bool:
        """Return whether the switches confirm that it is open."""
        return self.io(number) == Position.OPEN

    def supply(self, number: int) -> float:
        """Return a supply's reading, NaN when unknown."""
        return self.value(number, self.frame.supply_age_ns)

    def sqc(self, number: int) -> float:
        """Return an SQC-310 reading that must be as fresh as a rate, NaN when unknown."""
        return self.value(number, self.frame.rate_age_ns)

    def slow_sqc(self, number: int) -> float:
        """Return an SQC-310 reading that may be polled once a second, NaN when unknown."""
        return self.value(number, 3 * self.frame.rate_age_ns)

    def age_s(self, number: int) -> float:
        """Return a reading's age, s."""
        return (self.now_ns - self.readings[number].at_ns) / 1e9

    def silence_text(self, number: int) -> str:
        """Return in words how long a link has not brought a signal."""
        if self.readings[number].quality in (Quality.COMM_FAULT, Quality.NEVER):
            return "no answer"
        return f"no answer for {self.age_s(number):.1f} s"

    def is_off(self, wiring: Wiring) -> bool:
        """Return whether a source is confirmed off: output off and below 1 A, or its enable contact open."""
        if not wiring.is_linked:
            return self.io(wiring.enable_open) == 1 and not self.last.supply[wiring.supply_index].on
        current = self.value(wiring.signals.current, 3 * self.frame.supply_age_ns)
        return current <= self.station.limits.hot_above and not self.last.supply[wiring.supply_index].on

    def is_unmeasured(self, wiring: Wiring) -> bool:
        """Return whether nobody knows a supply's current: it has no link, or its link has been lost."""
        reading = self.readings[wiring.signals.current]
        is_lost = reading.quality is Quality.COMM_FAULT or self.now_ns - reading.at_ns > 3 * self.frame.supply_age_ns
        return not wiring.is_linked or (is_lost and reading.quality is not Quality.NEVER)

    def enable_text(self, wiring: Wiring) -> str:
        """Return in words what the feedback of a supply's enable contact says."""
        return "open" if self.io(wiring.enable_open) == 1 else "not confirmed open"

    def shutters_closed(self) -> bool:
        """Return whether every shutter is confirmed closed."""
        return self.is_closed(self.s.substrate_shutter) and all(self.is_closed(w.shutter) for w in self.frame.sources)

    def any_energised(self) -> bool:
        """Return whether any supply was commanded on by the last scan."""
        return self._any_energised

    def capacitance_shows_nothing(self) -> bool:
        """Return whether the capacitance gauge is lost or old; over its range it shows too much."""
        is_over = self.readings[self.s.capacitance].quality is Quality.OVER_RANGE
        return not is_over and math.isnan(self.gas_pressure())

    def gas_pressure(self) -> float:
        """Return the capacitance gauge as a gas valve needs it: good and younger than its limit; else NaN."""
        reading = self.readings[self.s.capacitance]
        if reading.quality > Quality.UNDER_RANGE or self.now_ns - reading.at_ns > self.frame.gas_age_ns:
            return NAN
        return reading.value
