"""Simulated gauge controller with its gauges: byte machine of the ACK/ENQ protocol, in any model of the family.

Each line leaves 5 ms after its cause (``[simulation.links] gauges``); wire time is neglected, as over USB or TCP. It
streams one line per second from power-up until the first byte, where the model does. Channels without a gauge answer
"no sensor".
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.gauge_heads import Head, heads_of, unit_value
from pvdsim.instruments.gauge_settings import GaugeSettings
from pvdsim.instruments.plant_numbers import number_of
from pvdstation.model.clock import to_ns
from pvdstation.model.simulation import Replies
from pvdstation.protocol import vacuum
from pvdstation.protocol.vacuum_profiles import PROFILES, Profile

FAR = 2**62
_STREAM_NS = {0: 100_000_000, 1: 1_000_000_000, 2: 60_000_000_000}  # COM 0, 1, 2
DEFAULT_MODEL = "TPG 366"
_EDITIONS = {  # part numbers but those of the TPG 366 and VGC503, and all editions, are assumed
    "TPG 361": "PTG28040,SIM00001,010100,010100", "TPG 362": "PTG28290,SIM00001,010100,010100",
    "TPG 366": "PTG28770,SIM00001,010100,010100", "VGC501": "398-481,1234,1.03,1.0",
    "VGC502": "398-482,1234,1.03,1.0", "VGC503": "398-483,1234,1.03,1.0",
}  # fmt: skip
_FIRMWARE_NEW, _FIRMWARE_OLD = "010100", "302-519-C"
_INFICON_NAMES = {"PKR": "MPG", "CMR": "CDG", "TPR": "PSG"}
_ACK_LINE = vacuum.ACK + vacuum.LINE_END
_NAK_LINE = vacuum.NAK + vacuum.LINE_END
_NO_GAUGE = (vacuum.NO_SENSOR, "2.0000E-02")


class _Refused(Exception):
    """A message that is answered by NAK, with its error word."""


class GaugeController:
    """The controller: STREAM from power-up, IDLE from the first byte on."""

    def __init__(
        self, profile: Profile, heads: Mapping[int, Head], unit: int, bench: Bench, chance: random.Random,
        latency_ns: int,
    ) -> None:  # fmt: skip
        self.profile = profile
        self.heads = dict(heads)
        """By channel; a fault may put another one in."""
        self._latency_ns = latency_ns
        self._bench = bench
        self._chance = chance
        self._framer = vacuum.MessageFramer()
        self.unit = unit
        self.settings = GaugeSettings(profile)
        self._baud = 0
        self._error_word = vacuum.NO_ERROR
        self._pending: Callable[[], str] | None = None
        self._stream_ns = _STREAM_NS[1]
        self._free_ns = 0
        self.due_ns = bench.now_ns + self._stream_ns if profile.streams else FAR
        self._messages = self._known_messages()

    def _known_messages(self) -> dict[str, Callable[[Sequence[str]], Callable[[], str]]]:
        profile, places = self.profile, range(1, self.profile.fields + 1)
        messages: dict[str, Callable[[Sequence[str]], Callable[[], str]]] = {
            **{f"PR{n}": self._one_channel(n) for n in places},
            **{name: self._change(name) for name in profile.settings},
            "PNR": _constant(_FIRMWARE_NEW if profile.knows_ayt else _FIRMWARE_OLD),
            "TID": self._name_gauges,
            "SPS": _constant(",".join("0" * profile.fields)),
            "UNI": self._set_unit,
            "BAU": self._set_baud,
            "SEN": self._switch_sensors,
            "ERR": self._report_errors,
        }
        if profile.knows_prx:
            messages["PRX"] = self._all_channels
        if profile.knows_ayt:
            messages["AYT"] = _constant(f"{profile.model.replace(' ', '')},{_EDITIONS[profile.model]}")
        if profile.streams:
            messages["COM"] = self._start_stream
        return messages

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes; the first one ends a stream."""
        replies = self.advance_to(now_ns)
        if data:
            self.due_ns = FAR
        for message in self._framer.feed(data):
            if message == vacuum.ENQ:
                replies.append(self._answered(self._enquire(), now_ns))
            elif message == vacuum.ETX:
                self._pending = None
            else:
                replies.append(self._answered(self._take(message.decode("latin-1"), now_ns), now_ns))
                if self.due_ns == now_ns:  # COM: the first line follows at once
                    replies += self.advance_to(now_ns)
        return replies

    def advance_to(self, now_ns: int) -> Replies:
        """Return the lines of a stream that fell due."""
        replies: Replies = []
        while self.due_ns <= now_ns:
            replies.append(self._answered(vacuum.encode_line(self._streamed()), self.due_ns))
            self.due_ns += self._stream_ns
        return replies

    def power_cycle(self, now_ns: int) -> None:
        """Come up again: streaming, no question pending, the unit as it was."""
        self._framer = vacuum.MessageFramer()
        self._pending = None
        self._error_word = vacuum.NO_ERROR
        self._stream_ns = _STREAM_NS[1]
        self.due_ns = now_ns + self._stream_ns if self.profile.streams else FAR

    def _answered(self, line: bytes, now_ns: int) -> tuple[int, bytes]:
        self._free_ns = max(self._free_ns, now_ns) + self._latency_ns
        return self._free_ns, line

    def _enquire(self) -> bytes:
        if self._pending is None:
            return self._refuse(vacuum.SYNTAX_ERROR)
        return vacuum.encode_line(self._pending())

    def _refuse(self, error_word: str) -> bytes:
        self._error_word = error_word
        self._pending = lambda: self._error_word
        return _NAK_LINE

    def _take(self, message: str, now_ns: int) -> bytes:
        mnemonic, *parameters = message.split(",")
        try:
            prepare = self._messages.get(mnemonic)
            if prepare is None:
                raise _Refused(vacuum.SYNTAX_ERROR)
            self._pending = prepare(parameters)
        except _Refused as refused:
            return self._refuse(str(refused))
        if mnemonic == "COM":
            self.due_ns = now_ns
        return _ACK_LINE

    # --- messages: each takes its parameters and returns what ENQ evaluates ---

    def _all_channels(self, parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0,), "")
        return self._channels

    def _name_gauges(self, parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0,), "")
        return lambda: ",".join(map(self._kind, range(1, self.profile.fields + 1)))

    def _one_channel(self, number: int) -> Callable[[Sequence[str]], Callable[[], str]]:
        def prepare(parameters: Sequence[str]) -> Callable[[], str]:
            _digits(parameters, (0,), "")
            return lambda: ",".join(map(str, self._channel(number)))

        return prepare

    def _set_unit(self, parameters: Sequence[str]) -> Callable[[], str]:
        for unit in _digits(parameters, (0, 1), "012345"[: self.profile.units]):
            self.unit = unit
        return lambda: str(self.unit)

    def _switch_sensors(self, parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0, self.profile.fields), "012")
        return lambda: ",".join("0" * self.profile.fields)  # none of these gauges can be switched

    def _set_baud(self, parameters: Sequence[str]) -> Callable[[], str]:
        for baud in _digits(parameters, (0, 1), "01234"[: len(self.profile.bauds)]):
            self._baud = baud  # only kept: there is no line here that could be at the wrong speed
        return lambda: str(self._baud)

    def _change(self, name: str) -> Callable[[Sequence[str]], Callable[[], str]]:
        def prepare(parameters: Sequence[str]) -> Callable[[], str]:
            if parameters and not self.settings.change(name, parameters):
                raise _Refused(vacuum.PARAMETER_ERROR)
            return lambda: self.settings.text(name)

        return prepare

    def _start_stream(self, parameters: Sequence[str]) -> Callable[[], str]:
        (mode,) = _digits(parameters, (0, 1), "012") or [1]
        self._stream_ns = _STREAM_NS[mode]
        return self._channels

    def _report_errors(self, parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0,), "")

        def report() -> str:
            word, self._error_word = self._error_word, vacuum.NO_ERROR
            return word

        return report

    # --- measurements ---

    def _channels(self) -> str:
        places = range(1, self.profile.fields + 1)
        return ",".join(f"{status},{value}" for status, value in map(self._channel, places))

    def _streamed(self) -> str:
        line = self._channels()
        return f"{line},{vacuum.UNIT_NAMES[self.unit]}" if self.profile.unit_in_stream else line

    def _channel(self, number: int) -> tuple[int, str]:
        head = self.heads.get(number)
        if head is None:
            return _NO_GAUGE
        status, pressure_mbar = head.read(self._bench, self._chance)
        value = unit_value(pressure_mbar, self.unit, logarithmic=head.logarithmic) * self.settings.factor(number)
        return status, vacuum.format_value(value, logarithmic=head.logarithmic)

    def _kind(self, number: int) -> str:
        if number not in self.heads:
            return "noSEn"
        kind = self.heads[number].kind
        return _INFICON_NAMES.get(kind, kind) if self.profile.is_inficon else kind


def _constant(text: str) -> Callable[[Sequence[str]], Callable[[], str]]:
    def prepare(parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0,), "")
        return lambda: text

    return prepare


def _digits(parameters: Sequence[str], counts: tuple[int, ...], allowed: str) -> list[int]:
    if len(parameters) not in counts or not all(len(p) == 1 and p in allowed for p in parameters):
        raise _Refused(vacuum.PARAMETER_ERROR)
    return [int(parameter) for parameter in parameters]


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> GaugeController:
    """Build the controller of a station, set to the unit that its file names. Raises QuantityError."""
    return _build(station_values, bench, seed, "gauges", "model")


def build_second(station_values: Mapping[str, Any], bench: Bench, seed: int) -> GaugeController:
    """Build the controller of ``[gauges2]``. Raises QuantityError."""
    return _build(station_values, bench, seed, "gauges2", "second_model")


def _build(station_values: Mapping[str, Any], bench: Bench, seed: int, link: str, key: str) -> GaugeController:
    table = station_values[link]
    played = ((station_values.get("simulation") or {}).get("gauges") or {}).get(key)
    profile = PROFILES[played or table.get("model") or DEFAULT_MODEL]
    unit = vacuum.UNIT_NAMES.index(table["unit"])
    latency_ns = to_ns(number_of(station_values, "links", "gauges", "time", 0.005))
    heads = heads_of(station_values, link)
    return GaugeController(profile, heads, unit, bench, random.Random(f"{seed}/{link}"), latency_ns)
