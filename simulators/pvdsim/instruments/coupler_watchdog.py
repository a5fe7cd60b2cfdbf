"""Watchdog of the simulated Modbus coupler: registers 0x1000 to 0x100B.

WAGO 750 Ethernet coupler manuals, "Watchdog"; digital I/O reference 3.2. Assumed: what is refused is answered by
exception 3. In the standard mode an expired watchdog latches. In the alternative mode (0x100A = 1) every telegram arms
and triggers it, nothing latches, and the outputs come back with the traffic: the trap that a driver must refuse.
"""

from pvdstation.model.clock import MILLISECOND

FAR = 2**62
TIME, MASK, MASK_HIGH, TRIGGER, REMAINING, STOP, STATE, RESTART, SIMPLE_STOP, CLOSE, ALTERNATIVE, SAVE = range(
    0x1000, 0x100C
)
INACTIVE, RUNNING, EXPIRED = 0, 1, 2
_TICK_NS = 100 * MILLISECOND
_UNLOCKS = (0x55AA, 0xAA55)


class CouplerWatchdog:
    """Time, mask and trigger. ``due_ns`` is when it expires, far future unless it runs."""

    def __init__(self) -> None:
        self.due_ns = FAR
        self.state = INACTIVE
        self._kept = {TIME: 0, MASK: 0, MASK_HIGH: 0, TRIGGER: 0, CLOSE: 0, ALTERNATIVE: 0}
        self._remaining = 0xFFFF
        self._stop_begun = False
        self._was_stopped = True

    def expire(self) -> None:
        """Latch the fault."""
        self.state = EXPIRED
        self.due_ns = FAR
        self._remaining = 0

    def hear(self, function: int, now_ns: int) -> bool:
        """Take note of a question: function codes in the mask trigger again. Return whether the outputs come back."""
        if self._kept[ALTERNATIVE] and self._kept[TIME]:
            was_expired = self.state == EXPIRED
            self._start(now_ns)
            return was_expired
        if self.state == RUNNING and self._is_masked(function):
            self._trigger(now_ns)
        return False

    def _is_masked(self, function: int) -> bool:
        register, first = (MASK, 1) if function <= 16 else (MASK_HIGH, 17)
        return bool(1 <= function <= 32 and self._kept[register] >> (function - first) & 1)

    def read(self, address: int) -> int:
        """Return a register."""
        live = {REMAINING: self._remaining, STATE: self.state}
        return live.get(address, self._kept.get(address, 0))

    def may_write(self, address: int) -> bool:
        """Return whether a register takes writes after the watchdog has expired."""
        return self.state != EXPIRED or address in (STOP, RESTART, SIMPLE_STOP)

    def write(self, address: int, value: int, now_ns: int) -> bool:
        """Write a register; return whether it is accepted."""
        if address in (TIME, MASK, MASK_HIGH, ALTERNATIVE):
            return self._configure(address, value)
        if address == TRIGGER:
            return self._touch(value, now_ns)
        if address in (STOP, SIMPLE_STOP):
            self._release(address, value)
        elif address == RESTART:
            return self._restart(value, now_ns)
        elif address == CLOSE:
            self._kept[CLOSE] = value
        return address not in (REMAINING, STATE)

    def _configure(self, address: int, value: int) -> bool:
        if self.state == RUNNING:
            return False
        self._kept[address] = value
        return True

    def _touch(self, value: int, now_ns: int) -> bool:
        if self._kept[TIME] == 0:
            return False
        changed = value != self._kept[TRIGGER]
        self._kept[TRIGGER] = value
        if self.state == RUNNING and changed:
            self._trigger(now_ns)
        elif self.state == INACTIVE and value:
            self._start(now_ns)
        return True

    def _restart(self, value: int, now_ns: int) -> bool:
        if value != 1 or self._was_stopped or self._kept[TIME] == 0:
            return False
        self._start(now_ns)
        return True

    def _release(self, address: int, value: int) -> None:
        if address == STOP and value == 0xAAAA:
            self._stop_begun = True
        elif (address == SIMPLE_STOP and value in _UNLOCKS) or (value == 0x5555 and self._stop_begun):
            self.state = INACTIVE
            self.due_ns = FAR
            self._remaining = 0xFFFF
            self._stop_begun = False
            self._was_stopped = True

    def _start(self, now_ns: int) -> None:
        self.state = RUNNING
        self._was_stopped = False
        self._remaining = 0xFFFF
        self.due_ns = now_ns + self._kept[TIME] * _TICK_NS

    def _trigger(self, now_ns: int) -> None:
        left = max(0, self.due_ns - now_ns) // _TICK_NS
        self._remaining = min(self._remaining, left)
        self.due_ns = now_ns + self._kept[TIME] * _TICK_NS
