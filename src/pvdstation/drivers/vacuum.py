"""Driver of a gauge controller: identifies it, verifies its unit and factors, then asks for fresh values.

ENQ alone repeats the last acknowledged question, so ``PRX`` is sent again after anything else was asked. A NAK where
none is due may mean that the unit has restarted: the unit of pressure is verified again at once. Nothing is ever set.
"""

from math import nan
from typing import NamedTuple

from pvdstation.drivers.base import Board, Routine, Row
from pvdstation.drivers.vacuum_answers import Frozen, is_digit, is_identity, is_kinds, is_word
from pvdstation.drivers.vacuum_exchanges import GaugeExchanges, Text, Truth, refused
from pvdstation.drivers.vacuum_settings import Settings
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Quality, SignalMap
from pvdstation.model.station import Station
from pvdstation.protocol import vacuum
from pvdstation.protocol.vacuum_profiles import PROFILES, Profile, profile_called
from pvdstation.wires.link import Ask, Pause

POLL_NS = SECOND // 2
POLL_GAS_NS = SECOND // 4
UNIT_NS = 60 * SECOND
QUIET_NS = SECOND // 5

LOGARITHMIC_MBAR = (1e-12, 2000.0)
CAPACITANCE_SHARE = (-1e-3, 1.2)  # of full scale
_FAMILIES = ("TPG", "VGC")
_ALL = "PRX"


class _Channel(NamedTuple):
    """One gauge: its place in the line, its signal, and the pressures that physics allows it to show, mbar."""

    place: int
    signal: int
    low_mbar: float
    high_mbar: float


class GaugeDriver(GaugeExchanges):
    """The ACK/ENQ family, TPG and VGC: what a model does not know is in its profile."""

    def __init__(self, station: Station, board: Board, name: str = "gauges") -> None:
        self._table = station.gauge_tables[name]
        super().__init__(name, self._table.read_deadline, station, board)
        self._channels = tuple(self._channel(role, place, board.signals) for role, place in self._roles())
        self._frozen = tuple(Frozen() for _ in self._channels)
        self._unit = vacuum.UNIT_NAMES.index(self._table.unit)
        self._mbar_per_unit = vacuum.MBAR_PER_UNIT[self._unit] or nan
        self._profile: Profile | None = None
        self._settings = Settings(self._table.settings)
        self._count = 0
        self._values: tuple[vacuum.ChannelValue, ...] = ()
        self._wrong_unit = False
        self._poll = Row(self._read_values, POLL_NS)
        self._verify = Row(self._verify_unit, UNIT_NS)
        self.rows = [self._poll, self._verify]

    def _roles(self) -> list[tuple[str, int]]:
        return [(role, channel - 1) for role, channel in self._table.channels.items()]

    def _channel(self, role: str, place: int, signals: SignalMap) -> _Channel:
        if role != "capacitance":
            return _Channel(place, getattr(signals, role), *LOGARITHMIC_MBAR)
        low_mbar, high_mbar = (share * self._table.capacitance_full_scale for share in CAPACITANCE_SHARE)
        return _Channel(place, signals.capacitance, low_mbar, high_mbar)

    def quiet_until_ns(self, now_ns: int) -> int:
        """Return when the next poll is due, ns; an open gas valve makes them closer."""
        outputs = self.levels(now_ns)
        self._poll.pace(POLL_GAS_NS if outputs is not None and outputs.pace.gas else POLL_NS, now_ns)
        return super().quiet_until_ns(now_ns)

    # --- greeting ---

    def greet(self) -> Routine:
        """End a stream, identify the unit, verify its unit of pressure and factors, begin to measure. Raises Refused.

        What is no proper answer is left to run into its dead-line, so the link stays dirty and is greeted again.
        """
        self.identity, self.asked, self._profile = "", "", None
        yield Ask(vacuum.ETX, 0)
        yield Pause(QUIET_NS)
        identity = yield from self._identify()
        gauges = yield from self.ask("TID", is_kinds)
        unit = yield from self.ask("UNI", is_digit)
        if not identity or gauges is None or unit is None:
            return
        kinds = vacuum.decode_kinds(gauges)
        self._require_channels(kinds)
        self._require_unit(vacuum.decode_digit(unit))
        self._wrong_unit = False
        self._count = len(kinds)
        if not (yield from self._verify_settings(all_of_them=True)):
            return
        if not self._asks_each and not (yield from self.select(_ALL)):
            return
        self.identity = f"{identity} ({', '.join(kinds)})"

    def _identify(self) -> Text:
        reply = yield self.acknowledge("AYT", may_refuse=True)
        if reply.frame is None:
            return ""
        stated = PROFILES.get(self._table.model or "")
        if reply.frame == vacuum.NAK:
            yield from self.read_error_word()
            firmware = yield from self.ask("PNR", is_word)
            if firmware is None:
                return ""
            if stated is not None and stated.knows_ayt:
                raise refused(self.name, f"an older unit without AYT answers; the station file says {stated.model}")
            self._profile = stated
            who = "older family" if stated is None else stated.model
            return f"{who} without AYT, firmware {vacuum.decode_word(firmware)}"
        reply = yield self.enquire(is_identity)
        if reply.frame is None:
            return ""
        unit = vacuum.decode_identity(reply.frame)
        if not unit.model.startswith(_FAMILIES):
            raise refused(self.name, f"{unit.model} answers, not a gauge controller of the TPG or VGC family")
        self._profile = profile_called(unit.model)
        if stated is not None and self._profile is not stated:
            raise refused(self.name, f"{unit.model} answers; the station file says {stated.model}")
        return f"{unit.model} {unit.part_number}, serial {unit.serial}, firmware {unit.firmware}"

    def _require_channels(self, kinds: tuple[str, ...]) -> None:
        profile = self._profile
        if profile is not None and len(kinds) != profile.fields:
            raise refused(self.name, f"{len(kinds)} gauges are named; a {profile.model} names {profile.fields}")
        channels = len(kinds) if profile is None else profile.channels
        highest = max(channel.place for channel in self._channels) + 1
        if channels < highest:
            raise refused(
                self.name, f"the controller has {channels} channels; the station file names channel {highest}"
            )

    def _require_unit(self, unit: int) -> None:
        wanted = self._table.unit
        known = len(vacuum.UNIT_NAMES) if self._profile is None else self._profile.units
        if unit == vacuum.VOLT:
            raise refused(self.name, "the controller shows volts, not a pressure", f"Set its unit to {wanted}.")
        if unit != self._unit:
            shown = vacuum.UNIT_NAMES[unit] if unit < known else f"number {unit}"
            what = f"the controller's unit is {shown}; the station file says {wanted}"
            raise refused(self.name, what, f"Set its unit to {wanted}, or correct the station file.")

    @property
    def _asks_each(self) -> bool:
        return self._profile is not None and not self._profile.knows_prx

    # --- polls ---

    def _read_values(self) -> Routine:
        return self._read_each() if self._asks_each else self._read_all()

    def _read_all(self) -> Routine:
        if self.asked != _ALL and not (yield from self.select(_ALL)):
            return
        reply = yield self.enquire(self._is_channels)
        if reply.frame is None:
            return
        if reply.frame == vacuum.NAK:
            yield from self._after_nak(reply.at_ns)
            return
        for channel, frozen in zip(self._channels, self._frozen, strict=True):
            self._post(channel, frozen, self._values[channel.place], reply.at_ns)

    def _read_each(self) -> Routine:
        """Ask channel by channel: a TPG 256 has no question for all of them."""
        for channel, frozen in zip(self._channels, self._frozen, strict=True):
            if not (yield from self.select(f"PR{channel.place + 1}")):
                return
            reply = yield self.enquire(self._is_channel)
            if reply.frame is None:
                return
            if reply.frame == vacuum.NAK:
                yield from self._after_nak(reply.at_ns)
                return
            self._post(channel, frozen, self._values[0], reply.at_ns)

    def _after_nak(self, at_ns: int) -> Routine:
        yield from self.read_error_word()
        self._verify.due_ns = at_ns

    def _verify_unit(self) -> Routine:
        frame = yield from self.ask("UNI", is_digit)
        if frame is not None:
            self._wrong_unit = vacuum.decode_digit(frame) != self._unit
            yield from self._verify_settings(all_of_them=False)

    def _verify_settings(self, *, all_of_them: bool) -> Truth:
        """Compare settings with those of commissioning: all, or the next one; end in False after a miss."""
        for mnemonic in self._settings.turn(all_of_them=all_of_them):
            reply = yield self.acknowledge(mnemonic, may_refuse=True)
            self.asked = ""
            if reply.frame == vacuum.NAK:
                yield from self.read_error_word()
                self._settings.take(mnemonic, "refused", self._count)
                continue
            reply = yield self.enquire(self._settings.is_answer)
            if reply.frame is None:
                return False
            self.heard_ns = reply.at_ns
            self._settings.take(mnemonic, reply.frame.decode("ascii"), self._count)
        if self._settings.stated:
            signal = self.board.signals.gauge_settings[self.name]
            self.board.post(signal, float(not self._settings.trouble), Quality.GOOD, self.heard_ns)
        return True

    def _post(self, channel: _Channel, frozen: Frozen, value: vacuum.ChannelValue, at_ns: int) -> None:
        status, shown = value
        value_mbar = shown * self._mbar_per_unit
        quality = vacuum.QUALITY[status]
        is_frozen = frozen.take(shown if quality is Quality.GOOD else nan, at_ns)
        if self._wrong_unit:
            quality = Quality.SENSOR_FAULT
        elif quality is Quality.GOOD:
            if not channel.low_mbar <= value_mbar <= channel.high_mbar:
                quality = Quality.SENSOR_FAULT
            elif is_frozen or channel.place + 1 in self._settings.spoilt:
                quality = Quality.UNCERTAIN
        self.board.post(channel.signal, value_mbar, quality, at_ns)

    def _is_channels(self, frame: bytes) -> bool:
        return self._are_values(frame, self._count)

    def _is_channel(self, frame: bytes) -> bool:
        return self._are_values(frame, 1)

    def _are_values(self, frame: bytes, count: int) -> bool:
        if frame == vacuum.NAK:
            return True
        try:
            self._values = vacuum.decode_channels(frame, count)
        except vacuum.Malformed:
            return False
        return True
