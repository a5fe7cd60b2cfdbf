"""The driver of the SQC-310: identifies it, polls state, outputs and crystals, does the actions of a layer."""

from collections.abc import Callable

from pvdstation.drivers import sqc310_prepare, sqc310_run
from pvdstation.drivers.base import FAR, Board, Driver, Routine, Row
from pvdstation.drivers.sqc310_crystals import Crystals
from pvdstation.drivers.sqc310_job import Job, job_of
from pvdstation.drivers.sqc310_manual import Hand
from pvdstation.drivers.sqc310_relays import Relays
from pvdstation.drivers.sqc310_survey import Found, survey
from pvdstation.drivers.sqc310_talk import Declined, Question, Refusal, Silent, Speaker, Talk
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import Action, ActionKind, Outputs
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310_commands import CHANNELS, IDENTIFY
from pvdstation.protocol.sqc310_parameters import Table
from pvdstation.protocol.sqc310_phases import Edition, edition_of
from pvdstation.protocol.sqc310_readings import Identity, parse_channels, parse_identity
from pvdstation.wires.link import Framer

WAS_RESET = "the SQC-310 has been reset; nothing is started until its layer has been prepared again"
_AGAIN_NS = SECOND


def _is_identity(payload: str) -> str | None:
    # Only a text with a version can answer the greeting: a late reading is not taken for a wrong instrument.
    return payload if " Ver " in payload else None


class SqcDriver(Driver):
    """One SQC-310 on its link."""

    def __init__(self, name: str, framer: Framer, station: Station, board: Board) -> None:
        super().__init__(name, framer, station, board)
        self._speaker = Speaker(station, board)
        self._crystals = Crystals(self._speaker, station, board)
        self._scan_ns = to_ns(station.scan_period)
        self._state_row = Row(self._poll_state, SECOND)
        self._crystal_rows = {sensor: Row(self._crystal_poll(sensor), SECOND) for sensor in board.signals.sensor}
        self._pace: object = None
        self.rows = [self._state_row, *self._crystal_rows.values()]
        self._identify = Question(IDENTIFY, _is_identity, self._speaker.deadline_ns)
        self._relays = Relays(self._speaker)
        self._hand = Hand(self._speaker, self._relays, station, board)
        self._shutter_relay = station.sqc.shutter_relay
        self._relay_trouble = ""
        self._relay_again_ns = -FAR

    @property
    def crc_errors(self) -> int:
        """Return how many replies or commands arrived with a wrong checksum."""
        return self._speaker.crc_errors

    @property
    def edition(self) -> Edition:
        """Return the edition of the manual by which the unit's phases are named."""
        return self._speaker.edition

    @property
    def trouble(self) -> str:
        """Return what a person should know about the unit, in words; empty while it is as it should be."""
        if self._relay_trouble:
            return self._relay_trouble
        if self._speaker.attention:
            return f"the SQC-310 is in {self._speaker.attention}: look at the unit"
        return WAS_RESET if self._speaker.was_reset else ""

    def accept(self, outputs: Outputs, now_ns: int) -> None:
        """Take the levels of a completed scan: here only how closely to watch."""
        super().accept(outputs, now_ns)
        pace = outputs.pace
        if pace == self._pace:
            return
        self._pace = pace
        self._state_row.pace(self._scan_ns if pace.sqc else SECOND, now_ns)
        for sensor, row in self._crystal_rows.items():
            row.pace(self._scan_ns if sensor in pace.crystals else SECOND, now_ns)

    # --- levels: a relay of the unit in series with the substrate shutter's contact, and the release of all others ---

    def urgent(self, now_ns: int) -> Routine | None:
        """Return the write that brings the shutter's relay to its level; without levels every relay is given back."""
        relay, held = self._shutter_relay, self._relays.held
        if (relay is None and self._relays.is_free) or not self.identity or now_ns < self._relay_again_ns:
            return None
        levels = None if self.is_over else self.levels(now_ns)
        if levels is None:
            return None if self._relays.is_free else self._settle(self._relays.release)
        if relay is None:
            return None
        is_open = levels.substrate_shutter and now_ns < levels.substrate_until_ns
        if held.get(relay, False) is is_open:
            return None
        if is_open:
            return self._settle(lambda: self._relays.set_remote(relay, on=True))
        return self._settle(lambda: self._relays.give_back(relay))  # off, and held no longer than it is needed

    def _settle(self, work: Callable[[], Talk[str]]) -> Routine:
        try:
            yield from work()
            self._relay_trouble = ""
            self._speaker.relay_refused = False
        except Declined as why:
            self._relay_trouble = str(why)
            self._speaker.relay_refused = True
            self._relay_again_ns = self._speaker.at_ns + _AGAIN_NS

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, or a lease runs out (the substrate shutter has one), ns."""
        due_ns = super().quiet_until_ns(now_ns)
        outputs = self._outputs
        if self._shutter_relay is not None and outputs is not None and now_ns < outputs.substrate_until_ns:
            return min(due_ns, outputs.substrate_until_ns)
        return due_ns

    # --- identity ---

    def greet(self) -> Routine:
        """Ask model, channels, state, simulate mode, relay. Raises Refused by a unit that is not the station's."""
        self.identity = ""
        self._relays.doubt()
        try:
            text = yield from self._speaker.put(self._identify)
            self._require_edition(text)
            channels = yield from self._speaker.read(CHANNELS, parse_channels)
            self._require_channels(channels)
            yield from self._speaker.state()
            yield from self._require_no_simulation()
            if self._shutter_relay is not None:
                yield from self._relays.find(self._shutter_relay)
        except Silent:
            return
        except Refusal as refusal:
            raise self._refused(
                str(refusal), "Check the instrument and its edition against the station file."
            ) from None
        self.identity = text.strip()

    def _refused(self, what: str, write: str) -> Refused:
        return Refused([Problem(self.name, what, write)])

    def _require_edition(self, text: str) -> None:
        identity = parse_identity(text)
        if identity is None:
            raise self._refused(f'the instrument says "{text.strip()}"', "Connect the SQC-310 to this port.")
        self._speaker.adopt_edition(self._edition_of(identity))

    def _edition_of(self, identity: Identity) -> Edition:
        """Return whose phase numbers the unit has. Raises Refused when nobody knows, or the station says another."""
        firmware = f"{identity.major}.{identity.minor:02d}"
        by_firmware = edition_of(identity.major, identity.minor)
        declared = self.station.sqc.edition
        if by_firmware is None:
            if declared is not None:
                return Edition(declared)
            what = f"no source says how firmware {firmware} numbers its phases"
            raise self._refused(
                what, 'Compare them with the unit\'s manual and write edition = "P1C" or "P1B" in [sqc].'
            )
        if declared is not None and by_firmware != declared:
            what = f'firmware {firmware} follows manual {by_firmware}, the station file says edition = "{declared}"'
            raise self._refused(what, f'Write edition = "{by_firmware}", or leave it out.')
        return by_firmware

    def _require_channels(self, channels: int) -> None:
        expected = self.station.sqc.channels
        if channels < expected:
            what = f"the unit has {channels} channels, the station file says {expected}"
            raise self._refused(what, f"Write channels = {channels} if that is the right unit.")
        self._speaker.adopt_channels(channels)

    def _require_no_simulation(self) -> Routine:
        try:
            values = yield from self._speaker.parameters(Table.SYSTEM, 0, (5,))
        except Refusal:
            return  # the table of this edition is not public: an answer is a bonus
        if values != (0,):
            raise self._refused("simulate mode is on", "Switch simulate mode off in the unit's system menu.")

    # --- polls ---

    def _poll_state(self) -> Routine:
        try:
            yield from self._speaker.state()
            yield from self._speaker.outputs()
        except Declined:
            return  # the readings age

    def _crystal_poll(self, sensor: int) -> Callable[[], Routine]:
        def poll() -> Routine:
            outputs = self._outputs
            sees_vapour = outputs is not None and sensor in outputs.pace.crystals
            try:
                yield from self._crystals.read(sensor, sees_vapour=sees_vapour)
            except Declined:
                return

        return poll

    def survey(self) -> Talk[list[Found]]:
        """Read everything documented that the unit can tell; writes nothing."""
        return survey(self._speaker, self.station)

    # --- actions ---

    def begin(self, action: Action) -> Routine:
        """Return the routine of an action; it resolves the action whatever happens."""
        is_done, text = False, "interrupted before its end"
        try:
            text = yield from self._work_of(action)
            is_done = True
        except Declined as why:
            text = str(why)
        finally:
            self.board.resolve(action, text, self._speaker.at_ns, ok=is_done)

    def _work_of(self, action: Action) -> Talk[str]:
        match action.kind:
            case ActionKind.SQC_STOP:
                return self._stop()
            case ActionKind.SQC_END_LAYER:
                return sqc310_run.end_layer(self._speaker)
            case ActionKind.SQC_MANUAL:
                return self._hand.obey(action.manual)
        return self._job_work_of(action.kind, job_of(self.station, action), action.deadline_ns)

    def _job_work_of(self, kind: ActionKind, job: Job, deadline_ns: int) -> Talk[str]:
        speaker, station = self._speaker, self.station
        match kind:
            case ActionKind.SQC_PREPARE:
                return sqc310_prepare.prepare(speaker, station, job)
            case ActionKind.SQC_SHOW:
                return sqc310_prepare.show(speaker, job)
            case ActionKind.SQC_START:
                return sqc310_run.start(speaker, station, job, deadline_ns)
            case ActionKind.SQC_PROVE:
                return sqc310_run.prove(speaker, station, job)
            case ActionKind.SQC_ZERO:
                return sqc310_run.zero(speaker, job)
        raise Declined(f"the SQC-310 has no action {kind}")

    def _stop(self) -> Talk[str]:
        """Stop the process and give every relay back, whether or not the unit does so by itself."""
        text = yield from sqc310_run.stop(self._speaker, self.station)
        if self._relays.is_free:
            return text
        return f"{text}, {yield from self._relays.release()}"
