"""Driver of shutters, valves, pumps and contacts on Modbus I/O, TCP or RTU (digital I/O reference 3, 4, 8).

Where the bits are and what drops the outputs without us is in the map (``switchgear_coupler``, ``switchgear_maps``).
Only a completed scan feeds the watchdog: a coupler's by its heartbeat, a module's that hears every question by asking
questions only while scans are completed. Nothing comes back by itself: whatever drops the outputs disarms.
"""

from collections.abc import Generator

from pvdstation.drivers.base import FAR, Board, Routine, Row
from pvdstation.drivers.switchgear_coupler import CouplerMap
from pvdstation.drivers.switchgear_exchanges import IoExchanges
from pvdstation.drivers.switchgear_maps import IoMap, adam_map, generic_map
from pvdstation.drivers.wiring import Wiring
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.messages import Action, ActionKind
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.wires.link import Ask, Reply

HEARTBEAT_NS = SECOND // 2
_AGAIN_NS = SECOND
_LOOK_NS = 50 * MILLISECOND
"""How often a driver that has fallen silent looks whether scans are completed again."""


def map_of(station: Station) -> IoMap:
    """Return the map that the station file names."""
    if station.io.map == "wago":
        return CouplerMap(station)
    return generic_map(station) if station.io.map == "generic" else adam_map(station)


class SwitchgearDriver(IoExchanges):
    """Owner of the link ``io``. Until IO_ARM has succeeded it writes nothing but zeros."""

    def __init__(self, station: Station, board: Board) -> None:
        super().__init__(station, board)
        self._wiring = Wiring(station, board.signals)
        self._map = map_of(station)
        self.failure_drops_outputs = self._latches = self._map.latches
        self._falls_silent = not self._map.feeds
        self._feeds = self._map.feeds or bool(self._wiring.heartbeat)
        self._patience_ns = to_ns(station.io.watchdog)
        self._asked = 0
        self._writes = 0
        self._again_ns = -FAR
        self._seen: object = None
        self._seen_bits = self._substrate_bits = self._n2_bits = 0
        self._fed_scan_ns = -FAR
        self._feed_due_ns = -FAR
        self._beat = 1
        self._pulse = 0
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
        if outputs is None or not self._armed:
            return 0
        if not self._latches and now_ns - min(self._scan_done_ns, self._heard_ns) > self._patience_ns:
            self._disarm("the link was silent for longer than the watchdog waits: outputs dropped")
            return 0
        if now_ns > outputs.until_ns:
            return self._pulse
        if outputs is not self._seen:
            self._seen = outputs
            self._seen_bits = self._wiring.bits_of(outputs)
            self._substrate_bits = self._n2_bits = 0
            if outputs.substrate_shutter:
                self._substrate_bits = self._seen_bits ^ self._wiring.bits_of(outputs._replace(substrate_shutter=False))
            if outputs.n2:
                self._n2_bits = self._seen_bits ^ self._wiring.bits_of(outputs._replace(n2=False))
        bits = self._seen_bits
        if now_ns >= outputs.substrate_until_ns:
            bits ^= self._substrate_bits
        if now_ns >= outputs.n2_until_ns:
            bits ^= self._n2_bits
        return self._pulse | bits

    def _bring(self, wanted: int) -> Routine:
        before = self._written
        if before is None and self._asked == wanted:
            # The reply to this very write was lost: what the outputs are decides, not a second write.
            yield from self._read_back()
            return
        self._asked = wanted
        self._written = None
        self._writes += 1
        for block in self._map.outputs:
            if before is not None and not (before ^ wanted) & block.mask:
                continue
            answer = yield from self.exchange(block.write(wanted), block.unit)
            if answer is None or self.has_expired:
                return
            if answer.exception:
                self._again_ns = self._heard_ns + _AGAIN_NS
                return
        self._written = wanted

    # --- polls ---

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the heartbeat when a scan was completed since the last one, else the longest-due poll."""
        if self._must_feed() and now_ns >= self._feed_due_ns:
            return self._feed(now_ns)
        return None if self._falls_silent and self._is_mute(now_ns) else super().next_poll(now_ns)

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll or heartbeat is due, or a lease runs out (two outputs have their own), ns."""
        if self._falls_silent and self._is_mute(now_ns):
            return now_ns + _LOOK_NS
        due_ns = super().quiet_until_ns(now_ns)
        if self._outputs is not None:
            for closes_ns in (self._outputs.substrate_until_ns, self._outputs.n2_until_ns):
                if now_ns < closes_ns < due_ns:
                    due_ns = closes_ns
        return min(due_ns, self._feed_due_ns) if self._must_feed() else due_ns

    def _is_mute(self, now_ns: int) -> bool:
        """Return whether a question now would feed a watchdog for a scan that is dead."""
        return self._armed and not self.scan_is_alive(now_ns)

    def _must_feed(self) -> bool:
        return self._feeds and self._armed and self._scan_done_ns > self._fed_scan_ns

    def _feed(self, now_ns: int) -> Routine:
        self._fed_scan_ns = self._scan_done_ns
        self._feed_due_ns = now_ns + HEARTBEAT_NS
        self._beat = 3 - self._beat  # 1, 2, 1, …: only a change counts
        self._pulse = self._wiring.heartbeat if self._beat == 2 else 0
        return self._map.feed(self, self._beat)

    def _read_image(self) -> Routine:
        bits = at_ns = 0
        for block in self._map.inputs:
            answer = yield from self.exchange(block.question, block.unit)
            if answer is None or answer.exception:
                return
            bits |= block.bits(answer)
            at_ns = at_ns or self._heard_ns  # the image is as old as its first part
        post = self.board.post
        for number, value in self._wiring.samples(bits):
            post(number, value, Quality.GOOD, at_ns)
        yield from self._read_back()

    def _read_back(self) -> Generator[Ask, Reply, None]:
        bits = 0
        writes = self._writes
        for block in self._map.outputs:
            answer = yield from self.exchange(block.question, block.unit)
            if answer is None or self._writes != writes:  # a write between two blocks: an image that never was
                return
            if answer.exception:
                self._again_ns = self._heard_ns + _AGAIN_NS
                return
            bits |= block.bits(answer)
        if not self._latches and self._armed and self._written not in (None, bits):
            self._disarm(f"the outputs are {bits:#x}, {self._written:#x} was written: they have dropped by themselves")
        self._written = bits
        self.board.post(self.board.signals.io_outputs, bits & ~self._wiring.heartbeat, Quality.GOOD, self._heard_ns)

    def _read_watchdog(self) -> Routine:
        fault = yield from self._map.watch(self)
        if fault == "":
            return
        if fault and self._armed:
            self._disarm(fault)
        self.board.post(self.board.signals.io_watchdog, float(self._armed), Quality.GOOD, self._heard_ns)

    # --- identity ---

    def greet(self) -> Routine:
        """Prove that the right modules answer, and take the outputs as they are. Raises Refused."""
        fault = yield from self._map.identify(self)
        if fault:
            raise Refused([Problem("io.port", fault, "Name the port of this station's I/O, or correct [io].")])
        if fault is None:
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
            self.board.post(self.board.signals.io_watchdog, 1.0, Quality.GOOD, self._heard_ns)
        self.board.resolve(action, fault or "outputs 0, watchdog armed", self._heard_ns, ok=not fault)

    def _arming(self, action: Action) -> Generator[Ask, Reply, str]:
        self._armed = False
        self._pulse = 0
        # Zeros before and after clearing, because what the outputs do when a fault is cleared is not documented.
        # The first write may be answered by exception 4: then they are 0 already.
        for block in self._map.outputs:
            if (yield from self.exchange(block.write(0), block.unit)) is None:
                return "the outputs could not be written to 0: no answer"
        for call, what in self._map.before_arming():
            if not (yield from self.done(call)):
                return f"the coupler did not {what}"
        for block in self._map.outputs:
            if not (yield from self.done(block.write(0), block.unit)):
                return "the coupler did not write all outputs to 0"
        yield from self._read_back()
        if self._written != 0:
            return "the outputs are not read back as 0"
        fault = yield from self._map.arm(self)
        if fault is not None:
            return fault or "no answer from the I/O"
        return "" if self._heard_ns <= action.deadline_ns else "armed after the dead-line"

    def lose(self, at_ns: int) -> None:
        """Mark the signals as without communication; outputs are unknown and need arming again."""
        super().lose(at_ns)
        self.identity = ""
        self._armed = False
        self._written = None
