"""Simulated TC 110 or TC 400 turbo drive: telegrams on RS-485, the turning itself is the plant's.

Each answer arrives 20 ms after its question (``[simulation.links] turbo``), wire time at 9600 baud included. A telegram
with a wrong checksum or for another address is met by silence. No vent valve is connected: 012, 030, 720 and 721 are
only kept. The drive has no watchdog of its line: with the host gone the pump turns on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.plant_numbers import number_of
from pvdstation.model.clock import to_ns
from pvdstation.model.quantities import parse
from pvdstation.model.simulation import Replies
from pvdstation.protocol import turbo
from pvdstation.protocol.turbo import Parameter, Telegram
from pvdstation.protocol.turbo_drives import ACCESSORIES, DRIVES, Drive

FAR = 2**62
_MINUTE_NS = 60_000_000_000
_HOUR_NS = 60 * _MINUTE_NS
RUN_UP_TIME_EXCEEDED = 6  # Err006
UNLOCKED = 255
RS485 = 2
SUPPLY_V = 24.0
RUN_UP_W = 110.0  # assumed, as are idle power, its rise with inlet pressure, temperatures and hours
IDLE_W = 18.0
WATTS_PER_MBAR = 2000.0
TEMPERATURES = {326: 38.0, 330: 33.0, 342: 40.0, 346: 42.0}
HOURS = {311: 1200, 314: 1250}
_RANGES = {
    25: (0, 2), 30: (0, 2), 60: (1, UNLOCKED), 700: (1, 120), 701: (50, 97), 707: (20, 100), 717: (20, 100),
    35: (0, 8), 36: (0, 8), 37: (0, 8), 38: (0, 8), 720: (40, 98), 721: (6, 3600), 797: (1, 255),
}  # fmt: skip


class TurboDrive:
    """The drive: parameters that are kept, and those that are read from the plant."""

    due_ns: int

    def __init__(
        self, drive: Drive, address: int, nominal_hz: float, bench: Bench, latency_ns: int, *, at_speed: bool
    ) -> None:
        self._bench = bench
        self._latency_ns = latency_ns
        self._nominal_hz = nominal_hz
        self._framer = turbo.TelegramFramer()
        self._free_ns = 0
        self._error = 0
        self._started_ns = bench.now_ns
        self.due_ns = FAR
        on = float(at_speed)
        self._kept: dict[int, float] = {
            2: 0, 10: on, 12: 0, 23: on, 25: 0, 30: 0, 60: RS485, 700: 8, 701: 80, 707: 65, 717: 66.7,
            720: 50, 721: 3600, 797: address,
        }  # fmt: skip
        self._kept |= {ACCESSORIES[connector]: kind for connector, kind in drive.accessories.items()}
        self._texts = {349: drive.name, 312: "010300", 354: "010100"}  # editions assumed
        self._measured: dict[int, Callable[[], float]] = {
            300: lambda: self._kept[60] not in (RS485, UNLOCKED),
            302: lambda: bench.turbo_hz >= nominal_hz * self._kept[701] / 100,
            306: lambda: self._motor_on() and bench.turbo_hz >= 0.98 * nominal_hz,
            307: lambda: self._motor_on() and bench.turbo_hz < 0.98 * nominal_hz,
            308: lambda: nominal_hz,
            309: lambda: bench.turbo_hz,
            310: lambda: self._power_w() / SUPPLY_V,
            313: lambda: SUPPLY_V,
            315: lambda: nominal_hz,
            316: self._power_w,
            397: lambda: nominal_hz * 60,
            398: lambda: bench.turbo_hz * 60,
            399: lambda: nominal_hz * 60,
        }
        bench.turbo_motor(on=at_speed)

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes and answer the telegrams in them."""
        replies = self.advance_to(now_ns)
        for frame in self._framer.feed(data):
            try:
                telegram = turbo.decode(frame)
            except turbo.Malformed:
                continue
            answer = self._answer(telegram, now_ns)
            if answer is not None and telegram.address != turbo.BROADCAST:
                self._free_ns = max(self._free_ns, now_ns) + self._latency_ns
                replies.append((self._free_ns, turbo.encode(telegram._replace(action=turbo.COMMAND, data=answer))))
        return replies

    def advance_to(self, now_ns: int) -> Replies:
        """Stop the motor with Err006 when the run-up time is over and the switch-point is not reached."""
        if now_ns >= self.due_ns:
            self.due_ns = FAR
            if self._motor_on() and not self._measured[302]():
                self._error = RUN_UP_TIME_EXCEEDED
                self._kept[23] = 0
                self._bench.turbo_motor(on=False)
        return []

    def switch_power(self, now_ns: int, *, on: bool) -> None:
        """Lose the mains, or come back: parameters are kept, so that the motor starts again (assumed)."""
        self._framer.clear()
        runs = on and self._motor_on() and not self._error
        self._bench.turbo_motor(on=runs)
        self.due_ns = now_ns + round(self._kept[700]) * _MINUTE_NS if runs else FAR

    def _answer(self, telegram: Telegram, now_ns: int) -> str | None:
        if telegram.address not in (self._kept[797], turbo.BROADCAST):
            return None
        parameter = turbo.PARAMETERS.get(telegram.parameter)
        if parameter is None:
            return turbo.NOT_DEFINED
        if telegram.action == turbo.QUERY:
            return self._report(telegram, parameter)
        return self._obey(telegram, parameter, now_ns)

    def _report(self, telegram: Telegram, parameter: Parameter) -> str:
        number = telegram.parameter
        if "r" not in parameter.access:
            return turbo.NO_ACCESS
        if telegram.data != turbo.ASK:
            return turbo.OUT_OF_RANGE
        if number == 303:
            return turbo.encode_error(self._bench.turbo_error or self._error)
        if number in self._texts:
            return turbo.encode_value(parameter.type, self._texts[number])
        return turbo.encode_value(parameter.type, self._value(number))

    def _value(self, number: int) -> float:
        if number in self._kept:
            return self._kept[number]
        if number in HOURS:
            return HOURS[number] + (self._bench.now_ns - self._started_ns) // _HOUR_NS
        measure = self._measured.get(number)
        return TEMPERATURES[number] if measure is None else measure()

    def _obey(self, telegram: Telegram, parameter: Parameter, now_ns: int) -> str:
        number = telegram.parameter
        if "w" not in parameter.access or (self._measured[300]() and number != 60):
            return turbo.NO_ACCESS
        try:
            value = turbo.decode_number(parameter.type, telegram.data)
        except turbo.Malformed:
            return turbo.OUT_OF_RANGE
        low, high = _RANGES.get(number, (0, 1))
        if not low <= value <= high:
            return turbo.OUT_OF_RANGE
        if number == 9:
            self._error = 0  # the plant's errors stay while their cause does
        else:
            self._keep(number, value, now_ns)
        return telegram.data

    def _keep(self, number: int, value: float, now_ns: int) -> None:
        was_on = self._motor_on()
        self._kept[number] = value
        is_on = self._motor_on()
        if is_on != was_on:
            self._bench.turbo_motor(on=is_on)
            self.due_ns = now_ns + round(self._kept[700]) * _MINUTE_NS if is_on else FAR

    def _motor_on(self) -> bool:
        return bool(self._kept[10] and self._kept[23])

    def _power_w(self) -> float:
        if not self._motor_on():
            return 0.0
        if self._bench.turbo_hz < 0.98 * self._nominal_hz:
            return RUN_UP_W
        inlet_mbar = self._bench.chamber_mbar if self._bench.contact("gate open") else 0.0
        return min(RUN_UP_W, IDLE_W + WATTS_PER_MBAR * inlet_mbar)


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> TurboDrive:
    """Build the drive of a station; nothing in it is left to chance. Raises QuantityError."""
    del seed
    table = station_values["turbo"]
    start = (station_values.get("simulation") or {}).get("start") or {}
    latency_ns = to_ns(number_of(station_values, "links", "turbo", "time", 0.020))
    at_speed = start.get("turbo", "at speed") == "at speed"
    played = ((station_values.get("simulation") or {}).get("pumps") or {}).get("drive")
    drive = DRIVES[played or table.get("model") or "TC 110"]
    return TurboDrive(
        drive, table["address"], parse(table["nominal"], "frequency"), bench, latency_ns, at_speed=at_speed
    )
