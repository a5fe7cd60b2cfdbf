"""Driver of shutters, valves, pumps and contacts on a WAGO coupler over Modbus TCP (digital I/O reference 3, 8).

Outputs are written and read back at 0x0200 + n. The watchdog is in its standard, latching mode and hears only writes
of one register (FC6), and only a completed scan makes one; so no reader can keep the outputs of a dead core alive.
"""

from collections.abc import Generator

from pvdstation.drivers.base import FAR, Board, Routine, Row
from pvdstation.drivers.switchgear_coupler import Check, CouplerExchanges, put, read
from pvdstation.drivers.wiring import Wiring
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import Action, ActionKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol.modbus import DEVICE_FAILURE
from pvdstation.wires.link import Ask, Reply

TIME, MASK, TRIGGER, STATE, UNLOCK, ALTERNATIVE = 0x1000, 0x1001, 0x1003, 0x1006, 0x1008, 0x100A
ONLY_FC6 = 0x0020
RUNNING = 1
HEARTBEAT_NS = SECOND // 2
_AGAIN_NS = SECOND


class SwitchgearDriver(CouplerExchanges):
    """Owner of the link ``io``. Until IO_ARM has succeeded it writes nothing but zeros."""

    def __init__(self, station: Station, board: Board) -> None:
        super().__init__(station, board)
        self._wiring = Wiring(station, board.signals)
        self._ticks = round(station.io.watchdog * 10)  # of 100 ms
        self._asked = 0
        self._again_ns = -FAR
        self._seen: object = None
        self._seen_bits = self._closed_bits = 0
        self._fed_scan_ns = -FAR
        self._feed_due_ns = -FAR
        self._beat = 1
        self._config_turn = 0
        self._config_ok = {TIME: False, MASK: False}
        self.rows = [Row(self._read_image, to_ns(station.scan_period)), Row(self._read_watchdog, SECOND)]

    # --- levels ---

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the write that brings the outputs to their levels; all 0 without a lease or before arming."""
        wanted = self._wanted(now_ns)
        if wanted == self._written or not self.identity:
            return None
        if now_ns < self._again_ns and wanted == self._asked:
            return None
        return self._bring(wanted)

    def _wanted(self, now_ns: int) -> int:
        outputs = self._outputs
        if outputs is None or not self._armed or now_ns > outputs.until_ns:
            return 0
        if outputs is not self._seen:
            self._seen = outputs
            self._seen_bits = self._wiring.bits_of(outputs)
            self._closed_bits = self._wiring.bits_of(outputs._replace(substrate_shutter=False))
        return self._seen_bits if now_ns < outputs.substrate_until_ns else self._closed_bits

    def _bring(self, wanted: int) -> Routine:
        if self._written is None and self._asked == wanted:
            # The reply to this very write was lost: what the outputs are decides, not a second write.
            yield from self._read_back()
            return
        self._asked = wanted
        self._written = None
        answer = yield from self._exchange(self._write(wanted))
        if answer is None or answer.exception == DEVICE_FAILURE:
            return
        if answer.exception:
            self._again_ns = self._heard_ns + _AGAIN_NS
        else:
            self._written = wanted

    # --- polls ---

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the heartbeat when a scan was completed since the last one, else the longest-due poll."""
        if self._must_feed() and now_ns >= self._feed_due_ns:
            return self._feed(now_ns)
        return super().next_poll(now_ns)

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll or heartbeat is due, or a lease runs out (the substrate shutter has one), ns."""
        due_ns = super().quiet_until_ns(now_ns)
        if self._outputs is not None and now_ns < self._outputs.substrate_until_ns:
            due_ns = min(due_ns, self._outputs.substrate_until_ns)
        return min(due_ns, self._feed_due_ns) if self._must_feed() else due_ns

    def _must_feed(self) -> bool:
        return self._armed and self._scan_done_ns > self._fed_scan_ns

    def _feed(self, now_ns: int) -> Routine:
        self._fed_scan_ns = self._scan_done_ns
        self._feed_due_ns = now_ns + HEARTBEAT_NS
        self._beat = 3 - self._beat  # 1, 2, 1, …: only a change triggers the register
        yield from self._exchange(put(TRIGGER, self._beat))

    def _read_image(self) -> Routine:
        inputs = yield from self._exchange(self._read_inputs)
        if inputs is None or inputs.exception:
            return
        post, at_ns = self.board.post, self._heard_ns
        for number, value in self._wiring.samples(inputs.bits):
            post(number, value, Quality.GOOD, at_ns)
        yield from self._read_back()

    def _read_back(self) -> Generator[Ask, Reply, None]:
        answer = yield from self._exchange(self._read_outputs)
        if answer is not None and not answer.exception:
            self._written = answer.bits
            self.board.post(self.board.signals.io_outputs, answer.bits, Quality.GOOD, self._heard_ns)

    def _read_watchdog(self) -> Routine:
        self._config_turn = 1 - self._config_turn
        address, expected = ((TIME, self._ticks), (MASK, ONLY_FC6))[self._config_turn]
        kept = yield from self._exchange(read(address))
        state = None if kept is None or kept.exception else (yield from self._exchange(read(STATE)))
        if kept is None or state is None or state.exception:
            return
        self._config_ok[address] = kept.registers == (expected,)
        if self._armed and state.registers != (RUNNING,):
            self._disarm("the coupler's watchdog no longer runs")
        is_good = self._armed and all(self._config_ok.values())
        self.board.post(self.board.signals.io_watchdog, float(is_good), Quality.GOOD, self._heard_ns)

    # --- identity ---

    def greet(self) -> Routine:
        """Check the coupler's constants and module sizes, and take the outputs as they are. Raises Refused.

        A coupler whose watchdog has expired answers only exception 4; it is identified when it is armed again.
        """
        fault = yield from self._check(self._identity_checks())
        if self._has_expired:
            self.identity = self.identity or "coupler with an expired watchdog"
            return
        if fault:
            raise Refused([Problem("io.port", fault, "Name the port of the WAGO coupler of this station.")])
        if fault is not None:
            return
        firmware = yield from self._exchange(read(0x2010))
        if firmware is None or firmware.exception:
            return
        self.identity = f"WAGO 750 coupler, firmware {firmware.registers[0]}"
        yield from self._read_back()
        yield from self._read_watchdog()

    # --- arming ---

    def begin(self, action: Action) -> Routine:
        """Return the routine of IO_ARM."""
        return self._arm(action) if action.kind is ActionKind.IO_ARM else super().begin(action)

    def _arm(self, action: Action) -> Routine:
        fault = yield from self._arming(action)
        if fault:
            self._disarm(fault)
        else:
            self._armed = True
            self._beat = 1
            self._fed_scan_ns = self._scan_done_ns
            self._config_ok = {TIME: True, MASK: True}
            self.board.post(self.board.signals.io_watchdog, 1.0, Quality.GOOD, self._heard_ns)
        self.board.resolve(action, fault or "outputs 0, watchdog armed", self._heard_ns, ok=not fault)

    def _arming(self, action: Action) -> Generator[Ask, Reply, str]:
        self._armed = False
        # Zeros before and after clearing, because what the outputs do when a fault is cleared is not documented.
        # The first write may be answered by exception 4: then they are 0 already.
        first = yield from self._exchange(self._write(0))
        if first is None:
            return "the outputs could not be written to 0: no answer"
        for call, what in (
            (put(UNLOCK, 0x55AA), "stop the watchdog and clear its fault"),
            (self._write(0), "write all outputs to 0"),
        ):
            if not (yield from self._done(call)):
                return f"the coupler did not {what}"
        yield from self._read_back()
        if self._written != 0:
            return "the outputs are not read back as 0"
        return (yield from self._arming_watchdog(action))

    def _arming_watchdog(self, action: Action) -> Generator[Ask, Reply, str]:
        standard = Check(ALTERNATIVE, (0,), "the watchdog is in its alternative mode, which re-arms by itself")
        fault = yield from self._check((*self._identity_checks(), standard))
        if fault is not None:
            return fault or "no answer from the coupler"
        for address, value in ((TIME, self._ticks), (MASK, ONLY_FC6), (TRIGGER, 1)):
            if not (yield from self._done(put(address, value))):
                return f"the coupler did not take {value:#06x} in register {address:#06x}"
        fault = yield from self._check(
            (
                Check(TIME, (self._ticks,), f"the watchdog's time is not {self._ticks} × 100 ms"),
                Check(MASK, (ONLY_FC6,), "the watchdog's mask is not function code 6 alone"),
                Check(STATE, (RUNNING,), "the watchdog does not run"),
            )
        )
        if fault is not None:
            return fault or "no answer from the coupler"
        return "" if self._heard_ns <= action.deadline_ns else "armed after the dead-line"

    def lose(self, at_ns: int) -> None:
        """Mark the signals as without communication; outputs are unknown and need arming again."""
        super().lose(at_ns)
        self.identity = ""
        self._armed = False
        self._written = None
