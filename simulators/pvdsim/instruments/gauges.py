"""Simulated TPG 366 with three gauges on it: byte machine of the ACK/ENQ protocol.

Each line leaves 5 ms after its cause (``[simulation.links] gauges``); wire time is neglected, as over USB or TCP. It
streams one line per second from power-up until the first byte, as every unit of the family does. Channels without a
gauge answer "no sensor".
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.gauge_heads import Head, heads_of, unit_value
from pvdsim.instruments.plant_numbers import number_of
from pvdstation.model.clock import to_ns
from pvdstation.model.simulation import Replies
from pvdstation.protocol import vacuum

CHANNELS = 6
FAR = 2**62
_STREAM_NS = {0: 100_000_000, 1: 1_000_000_000, 2: 60_000_000_000}  # COM 0, 1, 2
_IDENTITY = "TPG366,PTG28770,SIM00001,010100,010100"  # part number and editions assumed
_ACK_LINE = vacuum.ACK + vacuum.LINE_END
_NAK_LINE = vacuum.NAK + vacuum.LINE_END
_NO_GAUGE = (vacuum.NO_SENSOR, "2.0000E-02")


class _Refused(Exception):
    """A message that is answered by NAK, with its error word."""


class GaugeController:
    """The controller: STREAM from power-up, IDLE from the first byte on."""

    def __init__(
        self, heads: Mapping[int, Head], unit: int, bench: Bench, chance: random.Random, latency_ns: int
    ) -> None:
        self.heads = dict(heads)
        """By channel; a fault may put another one in."""
        self._latency_ns = latency_ns
        self._bench = bench
        self._chance = chance
        self._framer = vacuum.MessageFramer()
        self.unit = unit
        self._filters = [1] * CHANNELS
        self._error_word = vacuum.NO_ERROR
        self._pending: Callable[[], str] | None = None
        self._stream_ns = _STREAM_NS[1]
        self._free_ns = 0
        self.due_ns = bench.now_ns + self._stream_ns
        self._messages: dict[str, Callable[[Sequence[str]], Callable[[], str]]] = {
            "PRX": self._all_channels,
            **{f"PR{n}": self._one_channel(n) for n in range(1, CHANNELS + 1)},
            "AYT": _constant(_IDENTITY),
            "PNR": _constant("010100"),
            "TID": _constant(",".join(heads[n].kind if n in heads else "noSEn" for n in range(1, CHANNELS + 1))),
            "SPS": _constant(",".join("0" * CHANNELS)),
            "UNI": self._set_unit,
            "SEN": self._switch_sensors,
            "FIL": self._set_filters,
            "COM": self._start_stream,
            "ERR": self._report_errors,
        }

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
            replies.append(self._answered(vacuum.encode_line(self._channels()), self.due_ns))
            self.due_ns += self._stream_ns
        return replies

    def power_cycle(self, now_ns: int) -> None:
        """Come up again: streaming, no question pending, the unit as it was."""
        self._framer = vacuum.MessageFramer()
        self._pending = None
        self._error_word = vacuum.NO_ERROR
        self._stream_ns = _STREAM_NS[1]
        self.due_ns = now_ns + self._stream_ns

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

    def _one_channel(self, number: int) -> Callable[[Sequence[str]], Callable[[], str]]:
        def prepare(parameters: Sequence[str]) -> Callable[[], str]:
            _digits(parameters, (0,), "")
            return lambda: ",".join(map(str, self._channel(number)))

        return prepare

    def _set_unit(self, parameters: Sequence[str]) -> Callable[[], str]:
        for unit in _digits(parameters, (0, 1), "012345"):
            self.unit = unit
        return lambda: str(self.unit)

    def _switch_sensors(self, parameters: Sequence[str]) -> Callable[[], str]:
        _digits(parameters, (0, CHANNELS), "012")
        return lambda: ",".join("0" * CHANNELS)  # none of these gauges can be switched

    def _set_filters(self, parameters: Sequence[str]) -> Callable[[], str]:
        # Only kept: the filter's effect on the noise is not modelled.
        self._filters = _digits(parameters, (0, CHANNELS), "012") or self._filters
        return lambda: ",".join(map(str, self._filters))

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
        return ",".join(f"{status},{value}" for status, value in map(self._channel, range(1, CHANNELS + 1)))

    def _channel(self, number: int) -> tuple[int, str]:
        head = self.heads.get(number)
        if head is None:
            return _NO_GAUGE
        status, pressure_mbar = head.read(self._bench, self._chance)
        value = unit_value(pressure_mbar, self.unit, logarithmic=head.logarithmic)
        return status, vacuum.format_value(value, logarithmic=head.logarithmic)


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
    unit = vacuum.UNIT_NAMES.index(station_values["gauges"]["unit"])
    latency_ns = to_ns(number_of(station_values, "links", "gauges", "time", 0.005))
    return GaugeController(heads_of(station_values), unit, bench, random.Random(f"{seed}/gauges"), latency_ns)
