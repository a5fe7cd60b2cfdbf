"""What every boat supply's driver does, whatever its dialect: levels that expire, pace, arming, what readings mean.

OFF is written first and read back after; everything else is written one thing at a time, so that OFF can come between.
"""

from abc import abstractmethod
from collections.abc import Callable, Generator

from pvdstation.drivers.base import FAR, Board, Driver, Routine, Row
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.messages import Action, ActionKind, SupplyLevel
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol.supply import Questionable, Rating, names
from pvdstation.wires.link import Ask, Framer, Pause, Reply

OFF = SupplyLevel(on=False, current_a=0.0, foldback=False)
CURRENT_STEP_A = 0.01
"""Resolution of the set-point; smaller changes are not written."""
READ_BACK_A = 0.02
_AGAIN_NS = SECOND // 2
_OFF_AGAIN_NS = 50 * MILLISECOND
_LOOK_NS = SECOND // 2

Note = Callable[[bytes], None]
Questioning = Generator[Ask | Pause, Reply, None]
Verdict = Generator[Ask | Pause, Reply, str]
"""A routine that ends with what is wrong, "" when nothing is."""


class SupplyLevels(Driver):
    """Owner of the link ``supplyN``. The output goes on only after SUPPLY_ARM has verified everything."""

    def __init__(self, number: int, framer: Framer, rating: Rating | None, station: Station, board: Board) -> None:
        super().__init__(f"supply{number}", framer, station, board)
        self.trouble = ""
        """What went wrong last, in words."""
        self._number = number
        self._place = list(station.supply).index(number)
        self._values = station.supply[number]
        self._signals = board.signals.supply[number]
        self._is_analogue = self._values.current_source == "analogue"
        self._voltage_top = 1.1 * rating.voltage_v if rating else FAR
        self._current_top = 1.1 * rating.current_a if rating else FAR
        self._armed = False
        self._output: bool | None = None  # as read back; None = unknown
        self._setpoint_a: float | None = None
        self._foldback: bool | None = None
        self._met: SupplyLevel | None = None  # the level that was found in force
        self._again_ns = self._off_again_ns = -FAR
        self._enable_was_wrong = False
        self._heard_ns = 0
        self._paced = False
        self._measuring, self._looking = Row(self._measure, SECOND), Row(self._look, _LOOK_NS)
        self.rows = [self._measuring, self._looking]

    # --- what a dialect writes and asks ---

    @abstractmethod
    def _measure(self) -> Routine:
        """Read voltage, current and mode."""

    @abstractmethod
    def _look(self) -> Routine:
        """Read the next of what changes rarely."""

    @abstractmethod
    def _switch_off(self) -> Routine:
        """Write output off and current 0, then read both back."""

    @abstractmethod
    def _switch_on(self) -> Routine:
        """Write output on and read it back."""

    @abstractmethod
    def _set_current(self, current_a: float) -> Routine:
        """Write the set-point and read it back."""

    @abstractmethod
    def _set_foldback(self, *, on: bool) -> Routine:
        """Write foldback and read it back."""

    @abstractmethod
    def _read_output(self) -> Questioning:
        """Read whether the output is on."""

    @abstractmethod
    def _arming(self, action: Action) -> Verdict:
        """Bring the supply to a verified state from which it may go on."""

    # --- levels ---

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the next write towards the level in force, or None when it is met. Without a lease that is OFF."""
        wanted = self._wanted(now_ns)
        if wanted == self._met or not self.identity:
            return None
        if self._is_met(wanted):
            self._met = wanted
            return None
        if now_ns < (self._again_ns if wanted.on else self._off_again_ns):
            return None
        return self._bring(wanted)

    def _wanted(self, now_ns: int) -> SupplyLevel:
        outputs = self._outputs
        if outputs is None or not self._armed or now_ns > outputs.until_ns:
            return OFF
        level = outputs.supply[self._place]
        return level if level.on else OFF

    def _is_met(self, wanted: SupplyLevel) -> bool:
        if self._output is not wanted.on or self._foldback is not wanted.foldback or self._setpoint_a is None:
            return False
        asked_a = 0.0 if self._is_analogue else wanted.current_a
        if asked_a == 0.0:
            return self._setpoint_a == 0.0
        return abs(self._setpoint_a - asked_a) <= CURRENT_STEP_A + 1e-9

    def _bring(self, wanted: SupplyLevel) -> Routine:
        if not wanted.on:
            return self._bring_off()
        self._off_again_ns = -FAR
        if self._output is None:
            return self._read_output()  # a lost reply: what it says decides what is written
        if self._foldback is not False and not wanted.foldback:
            return self._set_foldback(on=False)
        asked_a = 0.0 if self._is_analogue else wanted.current_a
        if self._setpoint_a is None or abs(self._setpoint_a - asked_a) > CURRENT_STEP_A + 1e-9:
            return self._set_current(asked_a)
        return self._set_foldback(on=True) if self._output else self._switch_on()

    def _bring_off(self) -> Routine:
        """Write OFF; one that is not obeyed comes again and again, but leaves time to see what flows."""
        before_ns = self._heard_ns
        yield from self._switch_off()
        if self._heard_ns > before_ns and not self._is_met(OFF):
            self._off_again_ns = self._heard_ns + _OFF_AGAIN_NS
            self.trouble = "the output does not go off"

    def _note_output_after_on(self) -> None:
        if self._output is False:
            self._again_ns = self._heard_ns + _AGAIN_NS
            self.trouble = "the output did not go on"

    def _note_setpoint_after(self, current_a: float) -> None:
        if self._setpoint_a is not None and abs(self._setpoint_a - current_a) > READ_BACK_A:
            self._again_ns = self._heard_ns + _AGAIN_NS
            self.trouble = f"the set-point is {self._setpoint_a} A, not {current_a:.2f} A"

    def _note_foldback_after(self, *, on: bool) -> None:
        if self._foldback is not on:
            self._again_ns = self._heard_ns + _AGAIN_NS

    # --- polls ---

    def next_poll(self, now_ns: int) -> Routine | None:
        """Return the longest-due poll; none while it would keep alive what should end."""
        self._follow_pace(now_ns)
        return super().next_poll(now_ns) if self._may_poll(now_ns) else None

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, or the lease runs out, ns."""
        self._follow_pace(now_ns)
        again_ns = self._off_again_ns if now_ns < self._off_again_ns else FAR
        if self._may_poll(now_ns):
            return min(again_ns, super().quiet_until_ns(now_ns))
        outputs = self._outputs
        return outputs.until_ns + 1 if outputs is not None and now_ns <= outputs.until_ns else again_ns

    def _may_poll(self, now_ns: int) -> bool:
        return self._output is False or self.scan_is_alive(now_ns)

    def _follow_pace(self, now_ns: int) -> None:
        outputs = self._outputs
        paced = outputs is not None and outputs.pace.supplies[self._place]
        if paced is not self._paced:
            self._paced = paced
            fast_ns = to_ns(self.station.scan_period)
            self._measuring.pace(fast_ns if paced else SECOND, now_ns)
            self._looking.pace(fast_ns if paced else _LOOK_NS, now_ns)

    # --- arming ---

    def begin(self, action: Action) -> Routine:
        """Return the routine of SUPPLY_ARM."""
        return self._arm(action) if action.kind is ActionKind.SUPPLY_ARM else super().begin(action)

    def _arm(self, action: Action) -> Routine:
        self._armed = False
        self._met = None
        fault = yield from self._arming(action)
        if not fault and self._heard_ns > action.deadline_ns:
            fault = "armed after the dead-line"
        if fault:
            self._disarm(fault)
        else:
            self._armed = True
            self._post(self._signals.armed, 1, self._heard_ns)
        self.board.resolve(action, fault or "armed", self._heard_ns, ok=not fault)

    def _disarm(self, why: str) -> None:
        self._armed = False
        self._met = None
        self.trouble = why
        self._post(self._signals.armed, 0, self._heard_ns)

    # --- what readings mean ---

    def _post(self, signal: int, value: float, at_ns: int) -> None:
        self.board.post(signal, float(value), Quality.GOOD, at_ns)

    def _post_measured(self, signal: int, value: float, top: float, at_ns: int) -> None:
        quality = Quality.GOOD if -0.02 * top <= value <= top else Quality.OVER_RANGE
        self.board.post(signal, value, quality, at_ns)

    def _note_setpoint(self, value: float) -> None:
        self._setpoint_a = value
        self._met = None
        self._post(self._signals.setpoint, value, self._heard_ns)

    def _note_faults(self, faults: int) -> None:
        # The enable contact is our own output: open is a fault only when it stays so although it should be closed.
        outputs = self._outputs
        is_wrong = bool(faults & Questionable.ENA) and outputs is not None and outputs.enable[self._place]
        if not (is_wrong and self._enable_was_wrong):
            faults &= ~Questionable.ENA
        self._enable_was_wrong = is_wrong
        if faults & ~Questionable.ENA and self._armed:
            self._disarm(f"the supply has tripped: {names(Questionable(faults))}")
        self._post(self._signals.faults, faults, self._heard_ns)

    def lose(self, at_ns: int) -> None:
        """Mark the signals as without communication; the state is unknown and needs arming again."""
        super().lose(at_ns)
        self.identity = ""
        self._armed = False
        self._output = self._foldback = None
        self._setpoint_a = self._met = None
