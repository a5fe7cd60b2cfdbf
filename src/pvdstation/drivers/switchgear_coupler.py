"""Map of the WAGO 750-352/362: its addresses, identity, and the watchdog that is armed and read back by us.

The watchdog is in its standard, latching mode and hears only writes of one register (FC6). Digital I/O reference 3.
"""

from pvdstation.drivers.base import Routine
from pvdstation.drivers.switchgear_exchanges import Check, Fault, IoExchanges, put, read
from pvdstation.drivers.switchgear_maps import Block, IoMap
from pvdstation.model.station import Station
from pvdstation.protocol.modbus import READ_COILS, READ_INPUTS, WRITE_COILS, Call

OUTPUT_IMAGE = 0x0200
"""Outputs are written and read back here; a coil read at n is input n."""
KNOWN_ITEMS = (352, 362)
TIME, MASK, TRIGGER, STATE, UNLOCK, ALTERNATIVE = 0x1000, 0x1001, 0x1003, 0x1006, 0x1008, 0x100A
ONLY_FC6 = 0x0020
RUNNING = 1
_FIRMWARE = 0x2010
_CLEAR = 0x55AA
_MODULE = 8  # a digital module has at most so many channels
EXPIRED = "coupler with an expired watchdog"
"""What answers when the outputs have dropped: until it is armed again, it does not even tell its name."""


class CouplerMap(IoMap):
    """One coupler with digital modules."""

    latches = True
    feeds = True

    def __init__(self, station: Station) -> None:
        io = station.io
        outputs, inputs = len(io.do), len(io.di)
        question = Call(READ_COILS, OUTPUT_IMAGE, outputs)
        self.inputs = (Block(io.unit, 0, inputs, Call(READ_INPUTS, 0, inputs)),)
        self.outputs = (Block(io.unit, 0, outputs, question, WRITE_COILS, OUTPUT_IMAGE),)
        self._ticks = round(io.watchdog * 10)  # of 100 ms
        self._kept = ((TIME, self._ticks), (MASK, ONLY_FC6))
        self._turn = 0
        self._is_kept = {TIME: False, MASK: False}
        self._identity = (
            Check(0x2002, (0x1234,), "constant 0x2002 is not 0x1234: this is no WAGO 750 coupler"),
            Check(0x2012, KNOWN_ITEMS, "the coupler is neither a 750-352 nor a 750-362"),
            Check(0x1024, range(outputs, outputs + _MODULE), f"the modules do not have {outputs} digital outputs"),
            Check(0x1025, range(inputs, inputs + _MODULE), f"the modules do not have {inputs} digital inputs"),
        )

    def identify(self, io: IoExchanges) -> Fault:
        """Prove constants and module sizes. An expired watchdog answers only exception 4: identified when armed."""
        fault = yield from io.check(self._identity)
        if io.has_expired:
            io.identity = io.identity or EXPIRED
            return ""
        if fault is not None:
            return fault
        firmware = yield from io.exchange(read(_FIRMWARE))
        if firmware is None or firmware.exception:
            return ""
        io.identity = f"WAGO 750 coupler, firmware {firmware.registers[0]}"
        return None

    def before_arming(self) -> tuple[tuple[Call, str], ...]:
        """Return the write that stops the watchdog and clears its fault."""
        return ((put(UNLOCK, _CLEAR), "stop the watchdog and clear its fault"),)

    def arm(self, io: IoExchanges) -> Fault:
        """Set time, mask and trigger, and read all of them back. The alternative mode, which re-arms, is refused."""
        self._is_kept = {TIME: False, MASK: False}
        standard = Check(ALTERNATIVE, (0,), "the watchdog is in its alternative mode, which re-arms by itself")
        fault = yield from io.check((*self._identity, standard))
        if fault is not None:
            return fault or "no answer from the coupler"
        for address, value in (*self._kept, (TRIGGER, 1)):
            if not (yield from io.done(put(address, value))):
                return f"the coupler did not take {value:#06x} in register {address:#06x}"
        fault = yield from io.check(
            (
                Check(TIME, (self._ticks,), f"the watchdog's time is not {self._ticks} × 100 ms"),
                Check(MASK, (ONLY_FC6,), "the watchdog's mask is not function code 6 alone"),
                Check(STATE, (RUNNING,), "the watchdog does not run"),
            )
        )
        if fault is None:
            self._is_kept = {TIME: True, MASK: True}
            return None
        return fault or "no answer from the coupler"

    def watch(self, io: IoExchanges) -> Fault:
        """Prove time or mask, in turns, and that it runs."""
        self._turn = 1 - self._turn
        address, expected = self._kept[self._turn]
        kept = yield from io.exchange(read(address))
        state = None if kept is None or kept.exception else (yield from io.exchange(read(STATE)))
        if kept is None or state is None or state.exception:
            return ""
        self._is_kept[address] = kept.registers == (expected,)
        if state.registers != (RUNNING,):
            return "the coupler's watchdog no longer runs"
        return None if all(self._is_kept.values()) else "the watchdog's time or mask was changed"

    def feed(self, io: IoExchanges, beat: int) -> Routine:
        """Write the trigger: only a change of it counts, and only this function code."""
        yield from io.exchange(put(TRIGGER, beat))
