"""Phases of a simulated SQC-310, once per measuring period. What the manual leaves open is marked "assumed"."""

from collections.abc import Callable

from pvdsim.instruments.sqc310_crystal import Crystal
from pvdsim.instruments.sqc310_member import Member
from pvdsim.instruments.sqc310_memory import Memory
from pvdstation.protocol.sqc310_phases import Phase

_CRYSTAL_NEEDED = frozenset(range(Phase.RAMP_1, Phase.RATE_RAMP + 1)) | {Phase.CRYSTAL_VERIFY, Phase.PRECONDITION}
_CONDITIONING = frozenset({Phase.PRECONDITION, Phase.RAMP_1, Phase.SOAK_1, Phase.RAMP_2, Phase.SOAK_2})


class Sequence:
    """The selected process and where it is."""

    def __init__(
        self,
        memory: Memory,
        crystals: dict[int, Crystal],
        period_s: float,
        *,
        manual_start: bool,
        stop_without_capture: bool,
    ) -> None:
        self._memory = memory
        self._crystals = crystals
        self._period_s = period_s
        self._manual_start = manual_start
        self._stop_without_capture = stop_without_capture
        self._soak_hold = False
        self.phase = Phase.STOPPED
        self.phase_s = 0.0
        self.process_s = 0.0
        self.is_manual = False
        self.members: tuple[Member, ...] = ()
        self._steps: dict[Phase, Callable[[], None]] = {
            Phase.CRYSTAL_VERIFY: self._verify,
            Phase.INITIALIZE_LAYER: self._initialise,
            **dict.fromkeys(_CONDITIONING, self._condition),
            Phase.SOAK_HOLD: self._wait_in_soak,
            Phase.SHUTTER_DELAY: self._wait_for_rate,
            Phase.DEPOSIT: self._deposit,
            **dict.fromkeys((Phase.FEED_RAMP, Phase.FEED_SOAK, Phase.IDLE_RAMP), self._ramp_down),
            Phase.CRYSTAL_FAIL: self._halt,
        }
        self.process = min(memory.processes)
        self.select(self.process)

    # --- commands ---

    @property
    def is_stopped(self) -> bool:
        """Return whether no process runs."""
        return self.phase is Phase.STOPPED

    def select(self, process: int) -> bool:
        """Select a process; return whether it exists. Its first film converts the readings (assumed)."""
        if process not in self._memory.processes:
            return False
        self.process = process
        self._load()
        return True

    def _load(self) -> None:
        numbers = self._memory.processes[self.process]
        self.members = tuple(Member(number, self._memory, self._crystals) for number in numbers)
        first = self._memory.layers[numbers[0]].film
        film_of = dict.fromkeys(self._crystals, first)
        for member in self.members:
            film_of.update(dict.fromkeys(member.layer.sensors, member.layer.film))
        for sensor, crystal in self._crystals.items():
            crystal.show(*self._memory.material_of(film_of[sensor]), self._memory.tooling_of(sensor))

    def reload(self) -> None:
        """Take parameters that were written while stopped."""
        self._load()

    def start(self) -> None:
        """Start the selected process."""
        self._load()
        self.process_s = 0.0
        self._soak_hold = False
        self.is_manual = False
        self._enter(Phase.CRYSTAL_VERIFY)

    def start_layer(self) -> None:
        """Go on from the wait of a manual start."""
        if self.phase is Phase.MANUAL_START:
            self._begin_conditioning()

    def stop(self) -> None:
        """Stop: all outputs 0 at once, readings stay (assumed)."""
        for member in self.members:
            member.power_pct = 0.0
        self.is_manual = False
        self._enter(Phase.STOPPED)

    def force_final(self) -> None:
        """End the layer; without effect outside deposit (assumed)."""
        if self.phase in (Phase.DEPOSIT, Phase.RATE_RAMP):
            self._end_layer()

    def hold_soak(self, *, on: bool) -> None:
        """Stay at soak power at the end of soak 2, or go on."""
        self._soak_hold = on

    def zero_thickness(self) -> None:
        """Count thickness from here; the phase stays."""
        for crystal in self._crystals.values():
            crystal.zero()

    def set_power(self, output: int, power_pct: float) -> None:
        """Set one output by hand; all are manual from now on, the others frozen. A stopped unit stays stopped."""
        self.is_manual = True
        for member in self.members:
            if member.layer.output == output:
                member.power_pct = power_pct
        if not self.is_stopped:
            self._enter(Phase.MANUAL_POWER)

    def resume_loop(self) -> None:
        """Return to regulating, wherever the shutters are (assumed)."""
        if self.phase is Phase.MANUAL_POWER:
            self.is_manual = False
            self._close_loops()
            self._enter(Phase.DEPOSIT)

    # --- once per period ---

    def advance(self) -> None:
        """Do one period."""
        if self.phase is Phase.STOPPED:
            return
        self.process_s += self._period_s
        self.phase_s += self._period_s
        if self.phase in _CRYSTAL_NEEDED and not self._crystals_are_good():
            self._enter(Phase.CRYSTAL_FAIL)
            return
        step = self._steps.get(self.phase)
        if step is not None:
            step()

    def _enter(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_s = 0.0

    def _crystals_are_good(self) -> bool:
        limits = self._memory.tables["B"][0]
        return all(crystal.is_within(limits[6], limits[7]) for member in self.members for crystal in member.crystals)

    def _verify(self) -> None:
        self._enter(Phase.INITIALIZE_LAYER)

    def _initialise(self) -> None:
        if self._manual_start:
            self._enter(Phase.MANUAL_START)
        else:
            self._begin_conditioning()

    def _begin_conditioning(self) -> None:
        self._enter(Phase.PRECONDITION if len(self.members) > 1 else self.members[0].profile.phase)

    def _condition(self) -> None:
        for member in self.members:
            member.follow(self._period_s)
        if all(member.profile.is_done for member in self.members):
            if self._soak_hold:
                self._enter(Phase.SOAK_HOLD)
            else:
                self._begin_to_regulate()
        elif len(self.members) == 1:
            self._enter(self.members[0].profile.phase)

    def _wait_in_soak(self) -> None:
        if not self._soak_hold:
            self._begin_to_regulate()

    def _close_loops(self) -> None:
        for member in self.members:
            member.close_loop()

    def _begin_to_regulate(self) -> None:
        self._close_loops()
        if any(member.delay_s for member in self.members):
            self._enter(Phase.SHUTTER_DELAY)
        else:
            self._begin_deposit()

    def _regulate(self) -> None:
        for member in self.members:
            member.regulate(self._period_s)

    def _wait_for_rate(self) -> None:
        self._regulate()
        captured = [member.is_captured(self._period_s) for member in self.members]
        if all(captured):
            self._begin_deposit()
        elif self.phase_s >= max(member.delay_s for member in self.members):
            if self._stop_without_capture:
                self.stop()
            else:
                self._begin_deposit()

    def _begin_deposit(self) -> None:
        self.zero_thickness()
        self._enter(Phase.DEPOSIT)

    def _deposit(self) -> None:
        self._regulate()
        if all(member.is_at_thickness for member in self.members):
            self._end_layer()

    def _end_layer(self) -> None:
        for member in self.members:
            member.end_layer()
        self._enter(min(member.profile.phase for member in self.members))

    def _ramp_down(self) -> None:
        for member in self.members:
            member.follow(self._period_s)
        if all(member.profile.is_done for member in self.members):
            self._enter(Phase.STOPPED)
        else:
            self._enter(min(member.profile.phase for member in self.members))

    def _halt(self) -> None:
        for member in self.members:
            member.power_pct = 0.0
        self._enter(Phase.CRYSTAL_FAIL_HALTED)
