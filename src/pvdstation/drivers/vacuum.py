"""Driver of the gauge controller: identifies it, verifies its unit, then asks for fresh values with a single ENQ.

ENQ alone repeats the last acknowledged question, so ``PRX`` is sent again after anything else was asked. A NAK where
none is due may mean that the unit has restarted: the unit of pressure is verified again at once.
"""

from collections.abc import Callable, Generator
from math import nan
from typing import NamedTuple

from pvdstation.drivers.base import Board, Driver, Routine, Row
from pvdstation.drivers.vacuum_answers import (
    AfterStrays,
    Frozen,
    is_acknowledgement,
    is_digit,
    is_error_word,
    is_identity,
    is_kinds,
    is_word,
)
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station
from pvdstation.protocol import vacuum
from pvdstation.wires.link import Ask, Pause, Reply

POLL_NS = SECOND // 2
POLL_GAS_NS = SECOND // 4
UNIT_NS = 60 * SECOND
QUIET_NS = SECOND // 5

LOGARITHMIC_MBAR = (1e-12, 2000.0)
CAPACITANCE_SHARE = (-1e-3, 1.2)  # of full scale
_FAMILIES = ("TPG", "VGC")
_ACK = vacuum.ACK
_NAK = vacuum.NAK
_Truth = Generator[Ask | Pause, Reply, bool]
_Text = Generator[Ask | Pause, Reply, str]
_Line = Generator[Ask | Pause, Reply, bytes | None]


class _Channel(NamedTuple):
    """One gauge: its place in the line, its signal, and the pressures that physics allows it to show, mbar."""

    place: int
    signal: int
    low_mbar: float
    high_mbar: float


class GaugeDriver(Driver):
    """The ACK/ENQ family: TPG 36x and VGC50x, and the older ones that do not know ``AYT``."""

    def __init__(self, station: Station, board: Board) -> None:
        super().__init__("gauges", vacuum.LineFramer(), station, board)
        gauges, signals = station.gauges, board.signals
        full_scale = gauges.capacitance_full_scale
        low_mbar, high_mbar = (share * full_scale for share in CAPACITANCE_SHARE)
        self._channels = (
            _Channel(gauges.full_range - 1, signals.full_range, *LOGARITHMIC_MBAR),
            _Channel(gauges.capacitance - 1, signals.capacitance, low_mbar, high_mbar),
            _Channel(gauges.foreline - 1, signals.foreline, *LOGARITHMIC_MBAR),
        )
        self._frozen = tuple(Frozen() for _ in self._channels)
        self._deadline_ns = to_ns(gauges.read_deadline)
        self._unit = vacuum.UNIT_NAMES.index(gauges.unit)
        self._mbar_per_unit = vacuum.MBAR_PER_UNIT[self._unit] or nan
        self._count = 0
        self._values: tuple[vacuum.ChannelValue, ...] = ()
        self._asked = ""
        self._wrong_unit = False
        self._poll = Row(self._read_all, POLL_NS)
        self._verify = Row(self._read_unit, UNIT_NS)
        self.rows = [self._poll, self._verify]
        self.error_word = vacuum.NO_ERROR
        """Last error word that the unit gave with a NAK."""

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, ns; an open gas valve makes them closer."""
        outputs = self.levels(now_ns)
        self._poll.pace(POLL_GAS_NS if outputs is not None and outputs.pace.gas else POLL_NS, now_ns)
        return super().quiet_until_ns(now_ns)

    def greet(self) -> Routine:
        """End a stream, identify the unit, verify its unit of pressure, begin to measure. Raises Refused.

        What is no proper answer is left to run into its dead-line, so the link stays dirty and is greeted again.
        """
        self.identity, self._asked = "", ""
        yield Ask(vacuum.ETX, 0)
        yield Pause(QUIET_NS)
        identity = yield from self._identify()
        gauges = yield from self._ask("TID", is_kinds)
        unit = yield from self._ask("UNI", is_digit)
        if not identity or gauges is None or unit is None:
            return
        kinds = vacuum.decode_kinds(gauges)
        self._require_channels(kinds)
        self._require_unit(vacuum.decode_digit(unit))
        self._wrong_unit = False
        self._count = len(kinds)
        if (yield from self._select("PRX")):
            self.identity = f"{identity} ({', '.join(kinds)})"

    def _identify(self) -> _Text:
        reply = yield self._acknowledge("AYT", may_refuse=True)
        if reply.frame is None:
            return ""
        if reply.frame == _NAK:
            yield from self._read_error_word()
            firmware = yield from self._ask("PNR", is_word)
            return "" if firmware is None else f"older family without AYT, firmware {vacuum.decode_word(firmware)}"
        reply = yield self._enquire(is_identity)
        if reply.frame is None:
            return ""
        unit = vacuum.decode_identity(reply.frame)
        if not unit.model.startswith(_FAMILIES):
            raise _refused(f"{unit.model} answers, not a gauge controller of the TPG or VGC family")
        return f"{unit.model} {unit.part_number}, serial {unit.serial}, firmware {unit.firmware}"

    def _require_channels(self, kinds: tuple[str, ...]) -> None:
        highest = max(channel.place for channel in self._channels) + 1
        if len(kinds) < highest:
            raise _refused(f"the controller has {len(kinds)} channels; the station file names channel {highest}")

    def _require_unit(self, unit: int) -> None:
        if unit == vacuum.VOLT:
            raise _refused("the controller shows volts, not a pressure", f"Set its unit to {self._wanted_unit}.")
        if unit != self._unit:
            shown = vacuum.UNIT_NAMES[unit] if unit < len(vacuum.UNIT_NAMES) else f"number {unit}"
            what = f"the controller's unit is {shown}; the station file says {self._wanted_unit}"
            raise _refused(what, f"Set its unit to {self._wanted_unit}, or correct the station file.")

    @property
    def _wanted_unit(self) -> str:
        return self.station.gauges.unit

    # --- polls ---

    def _read_all(self) -> Routine:
        if self._asked != "PRX" and not (yield from self._select("PRX")):
            return
        reply = yield self._enquire(self._is_channels)
        if reply.frame is None:
            return
        if reply.frame == _NAK:
            yield from self._read_error_word()
            self._verify.due_ns = reply.at_ns
            return
        self._post(self._values, reply.at_ns)

    def _read_unit(self) -> Routine:
        frame = yield from self._ask("UNI", is_digit)
        if frame is not None:
            self._wrong_unit = vacuum.decode_digit(frame) != self._unit

    def _post(self, values: tuple[vacuum.ChannelValue, ...], at_ns: int) -> None:
        for channel, frozen in zip(self._channels, self._frozen, strict=True):
            status, shown = values[channel.place]
            value_mbar = shown * self._mbar_per_unit
            quality = vacuum.QUALITY[status]
            is_frozen = frozen.take(shown if quality is Quality.GOOD else nan, at_ns)
            if self._wrong_unit:
                quality = Quality.SENSOR_FAULT
            elif quality is Quality.GOOD:
                if not channel.low_mbar <= value_mbar <= channel.high_mbar:
                    quality = Quality.SENSOR_FAULT
                elif is_frozen:
                    quality = Quality.UNCERTAIN
            self.board.post(channel.signal, value_mbar, quality, at_ns)

    def _is_channels(self, frame: bytes) -> bool:
        if frame == _NAK:
            return True
        try:
            self._values = vacuum.decode_channels(frame, self._count)
        except vacuum.Malformed:
            return False
        return True

    # --- exchanges ---

    def _ask(self, mnemonic: str, is_answer: Callable[[bytes], bool]) -> _Line:
        """Ask one question to its data line; None after a miss or a refusal."""
        if not (yield from self._select(mnemonic)):
            return None
        reply = yield self._enquire(is_answer)
        return reply.frame

    def _select(self, mnemonic: str) -> _Truth:
        self._asked = ""
        reply = yield self._acknowledge(mnemonic, may_refuse=bool(self.identity))
        if reply.frame == _NAK:
            yield from self._read_error_word()
        if reply.frame == _ACK:
            self._asked = mnemonic
        return reply.frame == _ACK

    def _read_error_word(self) -> Routine:
        self._asked = ""
        reply = yield self._enquire(is_error_word)
        if reply.frame is not None:
            self.error_word = vacuum.decode_error_word(reply.frame)

    def _acknowledge(self, mnemonic: str, *, may_refuse: bool) -> Ask:
        answers = is_acknowledgement if may_refuse else _ACK.__eq__
        return Ask(vacuum.encode_message(mnemonic), self._deadline_ns, AfterStrays(answers))

    def _enquire(self, is_answer: Callable[[bytes], bool]) -> Ask:
        return Ask(vacuum.ENQ, self._deadline_ns, AfterStrays(is_answer))


def _refused(what: str, write: str = "") -> Refused:
    return Refused([Problem("gauges", what, write)])
