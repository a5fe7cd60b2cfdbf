"""The driver of the SQC-310: identifies it, polls state, outputs and crystals, does the actions of a layer."""

from collections.abc import Callable

from pvdstation.drivers import sqc310_prepare, sqc310_run
from pvdstation.drivers.base import Board, Driver, Routine, Row
from pvdstation.drivers.sqc310_talk import Declined, Question, Refusal, Silent, Speaker, Talk
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.messages import Action, ActionKind, LayerSetup, Outputs
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.protocol.sqc310_commands import CHANNELS, IDENTIFY, Table, parse_pairs, read_parameters
from pvdstation.protocol.sqc310_readings import parse_channels, parse_identity
from pvdstation.wires.link import Framer

FIRST_KNOWN = (6, 65)
"""The firmware from which on phases are numbered as in manual 074-550-P1C."""


def _is_identity(payload: str) -> str | None:
    # Only a text with a version can answer the greeting: a late reading is not taken for a wrong instrument.
    return payload if " Ver " in payload else None


class SqcDriver(Driver):
    """One SQC-310 on its link."""

    def __init__(self, name: str, framer: Framer, station: Station, board: Board) -> None:
        super().__init__(name, framer, station, board)
        self._speaker = Speaker(station, board)
        self._scan_ns = to_ns(station.scan_period)
        self._state_row = Row(self._poll_state, SECOND)
        self._crystal_rows = {sensor: Row(self._crystal_poll(sensor), SECOND) for sensor in board.signals.sensor}
        self._pace: object = None
        self.rows = [self._state_row, *self._crystal_rows.values()]
        self._identify = Question(IDENTIFY, _is_identity, self._speaker.deadline_ns)

    @property
    def crc_errors(self) -> int:
        """Return how many replies or commands arrived with a wrong checksum."""
        return self._speaker.crc_errors

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

    # --- identity ---

    def greet(self) -> Routine:
        """Ask model, channels, state and simulate mode. Raises Refused by a unit that is not the station's."""
        self.identity = ""
        try:
            text = yield from self._speaker.put(self._identify)
            self._require_edition(text)
            channels = yield from self._speaker.read(CHANNELS, parse_channels)
            self._require_channels(channels)
            yield from self._speaker.state()
            yield from self._require_no_simulation()
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
        if (identity.major, identity.minor) < FIRST_KNOWN:
            what = f"firmware {identity.major}.{identity.minor:02d} numbers its phases differently"
            raise self._refused(what, f"Use firmware {FIRST_KNOWN[0]}.{FIRST_KNOWN[1]} or later.")

    def _require_channels(self, channels: int) -> None:
        expected = self.station.sqc.channels
        if channels < expected:
            what = f"the unit has {channels} channels, the station file says {expected}"
            raise self._refused(what, f"Write channels = {channels} if that is the right unit.")
        self._speaker.adopt_channels(channels)

    def _require_no_simulation(self) -> Routine:
        message = read_parameters(Table.SYSTEM, 0, 5)
        try:
            values = yield from self._speaker.read(message, lambda payload: parse_pairs(payload, (5,)))
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
            try:
                yield from self._speaker.crystal(sensor)
            except Declined:
                return

        return poll

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
        if action.kind is ActionKind.SQC_STOP:
            return sqc310_run.stop(self._speaker, self.station)
        if action.kind is ActionKind.SQC_END_LAYER:
            return sqc310_run.end_layer(self._speaker)
        if action.layer is None or action.layer.source not in self.station.source:
            raise Declined(f"{action.kind} needs a layer of this station")
        return self._layer_work_of(action.kind, action.layer, action.deadline_ns)

    def _layer_work_of(self, kind: ActionKind, layer: LayerSetup, deadline_ns: int) -> Talk[str]:
        speaker, station = self._speaker, self.station
        source = station.source[layer.source]
        match kind:
            case ActionKind.SQC_PREPARE:
                return sqc310_prepare.prepare(speaker, station, layer)
            case ActionKind.SQC_SHOW:
                return sqc310_prepare.show(speaker, station, layer)
            case ActionKind.SQC_START:
                return sqc310_run.start(speaker, station, source, deadline_ns)
            case ActionKind.SQC_PROVE:
                return sqc310_run.prove(speaker, station, source)
            case ActionKind.SQC_ZERO:
                return sqc310_run.zero(speaker, source)
        raise Declined(f"the SQC-310 has no action {kind}")
