"""A simulated SQC-310: bytes in, bytes out, a measuring period of its own, its own process logic and PID.

Takes wire time at its baud into account (10 bits per character) on top of its latency. What a command does, it does
on arrival. Undocumented behaviour is marked "assumed" where it is decided.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.sqc310_crystal import Crystal
from pvdsim.instruments.sqc310_memory import Memory, prepare
from pvdsim.instruments.sqc310_relays import Relays
from pvdsim.instruments.sqc310_sequence import Sequence
from pvdsim.instruments.sqc310_texts import Texts
from pvdsim.settings import Crystals, Links, SqcUnit
from pvdstation.model.clock import MILLISECOND, SECOND, to_ns
from pvdstation.model.simulation import Replies
from pvdstation.model.station import Station
from pvdstation.protocol import sqc310 as wire
from pvdstation.protocol.sqc310_commands import ParameterMessage, format_pairs, parse_message
from pvdstation.protocol.sqc310_phases import Edition, edition_of

_GRID_NS = 25 * MILLISECOND
"""The measuring period starts on the plant's grid."""

_RUN_CONTROL: dict[str, Callable[[Sequence], None]] = {
    "1": Sequence.stop,
    "2": Sequence.start_layer,
    "5": Sequence.force_final,
    "32": Sequence.zero_thickness,
    "38": lambda sequence: sequence.hold_soak(on=True),
    "39": lambda sequence: sequence.hold_soak(on=False),
}
_TEXT_TABLES = frozenset({"A1", "C", "F"})
"""Tables that answer one parameter at a time with the bare value."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a unit is like. The switches are the points that the manual leaves open."""

    channels: int
    baud: int
    period_s: float
    latency_s: float
    filter_alpha: float
    firmware: str = "6.65"  # decides the edition: phase numbers, fields and spelling of the state
    manual_start: bool = False
    stop_without_capture: bool = False
    power_when_stopped: bool = False  # whether ``S`` is taken while no process runs
    says_reset: bool = False  # status B until the first reply has been given
    longest_reply: int = wire.LONGEST_REPLY  # of status letter and payload
    alarms: int = 0  # that ``VA`` knows; its page could not be read
    fitted: frozenset[int] = frozenset({1, 2, 3, 4})  # sensors that have a crystal


class Sqc310:
    """The unit on the bench."""

    def __init__(self, parameters: Parameters, memory: Memory, bench: Bench, first_ns: int = 0) -> None:
        self.memory = memory
        self.due_ns = first_ns
        self._bench = bench
        self._period_ns = to_ns(parameters.period_s)
        self._character_ns = 10 * SECOND // parameters.baud
        self._latency_ns = to_ns(parameters.latency_s)
        self._busy_until_ns = 0
        self._framer = wire.CommandFramer()
        self._says_reset = parameters.says_reset
        self._longest_reply = parameters.longest_reply
        self._alarms = parameters.alarms
        self._power_when_stopped = parameters.power_when_stopped
        major, minor = map(int, parameters.firmware.split("."))
        edition = edition_of(major, minor) or Edition.P1C
        # as captured on hardware; as manual P1B p. 83 prints it
        model = f"310{'C' if parameters.channels == 4 else ''}"
        name = f"SQC{model} 2MB" if edition is Edition.P1C else f"SQC-{model}"
        self._identity = f"{name} Ver {parameters.firmware}"
        self._sensors = tuple(range(1, parameters.channels + 1))
        self.crystals = {sensor: Crystal(parameters.filter_alpha, parameters.period_s) for sensor in self._sensors}
        self.sequence = Sequence(
            memory,
            self.crystals,
            parameters.period_s,
            manual_start=parameters.manual_start,
            stop_without_capture=parameters.stop_without_capture,
        )
        self.relays = Relays(self.sequence, parameters.channels)
        self._fitted = {n: crystal for n, crystal in self.crystals.items() if n in parameters.fitted}
        self._texts = Texts(self.sequence, self.crystals, memory, self.relays, edition)
        self._actions = {"T": self._select, "U": self._control, "S": self._set_power}
        self._relay_orders = {"GD": self.relays.force, "GE": self.relays.command}
        self._often = {wire.encode_command(message): text for message, text in self._texts.often.items()}

    # --- time ---

    def advance_to(self, now_ns: int) -> Replies:
        """Measure and control once per period; it never sends unasked."""
        while self.due_ns <= now_ns:
            self._measure()
            self.due_ns += self._period_ns
        return []

    def _measure(self) -> None:
        bench = self._bench
        for sensor, crystal in self._fitted.items():
            crystal.measure(bench.crystal_frequency(sensor))
        self.sequence.advance()
        self._drive_outputs()

    def _drive_outputs(self) -> None:
        analogue = self._bench.analogue
        for output in self._sensors:
            analogue[output] = 0.0
        for member in self.sequence.members:
            analogue[member.layer.output] = member.power_pct

    def power_cycle(self, now_ns: int) -> None:
        """Come up again: stopped, outputs 0, parameters kept; the first answer says so (status B)."""
        self._framer.clear()
        self._busy_until_ns = now_ns
        self.sequence.stop()
        self.relays.release()
        self._drive_outputs()
        self._says_reset = True

    # --- bytes ---

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes that arrive at ``now_ns`` and return what it answers, and when."""
        free_ns = max(now_ns, self._busy_until_ns) + len(data) * self._character_ns
        replies: Replies = []
        for frame in self._framer.feed(data):
            reply = self._answer(frame)
            free_ns += self._latency_ns + len(reply) * self._character_ns
            replies.append((free_ns, reply))
        self._busy_until_ns = free_ns
        return replies

    def _answer(self, frame: bytes) -> bytes:
        often = self._often.get(frame)
        if often is not None and not self._says_reset:
            return wire.encode_reply(wire.DONE, often())
        command = wire.decode_command(frame)
        status, payload = self._obey(command.message) if command.crc_ok else (wire.BAD_CRC, "")
        if len(payload) >= self._longest_reply:
            status, payload = wire.TOO_LONG, ""
        if self._says_reset and status == wire.DONE:
            self._says_reset, status = False, wire.DONE_AFTER_RESET
        return wire.encode_reply(status, payload)

    def _obey(self, message: str) -> tuple[str, str]:
        text = self._texts.reading(message)
        if text is not None:
            return wire.DONE, text
        if message == "@":
            return wire.DONE, self._identity
        letter, rest = message[0], message[1:]
        if letter in "KLMNOPQ" or message.startswith("S?"):
            return wire.BAD_PARAMETER, ""  # a reading of a channel that is not there
        order = self._relay_orders.get(message[:2])
        if order is not None:
            return order(message[2:]), ""
        action = self._actions.get(letter)
        return (action(rest), "") if action is not None else self._parameters(message)

    def _select(self, number: str) -> str:
        if not self.sequence.is_stopped:
            return wire.WRONG_MODE
        return wire.DONE if number.isdecimal() and self.sequence.select(int(number)) else wire.BAD_PARAMETER

    def _control(self, number: str) -> str:
        sequence = self.sequence
        if number == "0":
            if not sequence.is_stopped:
                return wire.WRONG_MODE
            self.relays.begin()
            sequence.start()
        elif number == "33":
            sequence.process_s = 0.0
        elif number in _RUN_CONTROL:
            _RUN_CONTROL[number](sequence)
            if number == "1":
                self.relays.release()
            self._drive_outputs()
        else:
            return wire.BAD_PARAMETER
        return wire.DONE

    def _set_power(self, rest: str) -> str:
        if self.sequence.is_stopped and not self._power_when_stopped:
            return wire.WRONG_MODE
        if rest == "0":
            self.sequence.resume_loop()
            return wire.DONE
        fields = rest.split()
        if len(fields) != 2 or not all(field.isdecimal() for field in fields):
            return wire.BAD_PARAMETER
        output, power = map(int, fields)
        if output not in self._sensors or power > 1000:
            return wire.BAD_PARAMETER
        self.sequence.set_power(output, power / 10.0)
        self._drive_outputs()
        return wire.DONE

    def _parameters(self, message: str) -> tuple[str, str]:
        asked = parse_message(message)
        if asked is None or (asked.table == "VA" and not self._alarms):
            return wire.UNKNOWN_COMMAND, ""
        if asked.is_read:
            text = self._read_parameters(asked)
            return (wire.BAD_PARAMETER, "") if text is None else (wire.DONE, text)
        if not self.sequence.is_stopped:
            return wire.WRONG_MODE, ""
        return (wire.DONE if self._write_parameters(asked) else wire.BAD_PARAMETER), ""

    def _read_parameters(self, asked: ParameterMessage) -> str | None:
        parameters = asked.parameters()
        if asked.table == "A1":
            parameters = parameters or (1,)
        if asked.table == "VA":
            known = parameters is not None and all(0 < alarm <= self._alarms for alarm in parameters)
            return format_pairs([(alarm, 0) for alarm in parameters or ()]) if known else None
        if parameters is None or (asked.table in _TEXT_TABLES and len(parameters) > 1):
            return None
        return self._texts.parameters(asked.table, asked.item, parameters)

    def _write_parameters(self, asked: ParameterMessage) -> bool:
        name = (asked.table, asked.item)
        if name in self.memory.names and asked.rest.startswith("1,"):
            return self._rename(asked)
        pairs = asked.pairs()
        if pairs is None or not self.memory.write(asked.table, asked.item, pairs):
            return False
        self.sequence.reload()
        return True

    def _rename(self, asked: ParameterMessage) -> bool:
        """Take a name; that of a relay needs its name mode in the same command (P1B p. 90)."""
        text, mode = asked.rest[2:], ""
        if asked.table == "GB":
            text, _, mode = text.partition(" 7,")
            if not mode.isdecimal():
                return False
            self.memory.tables["GB"][asked.item][7] = int(mode)
        self.memory.names[asked.table, asked.item] = text.strip()
        return True


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> Sqc310:
    """Build the unit of a station file; where its measuring period falls is drawn from the seed."""
    station = Station.model_validate(station_values)
    simulation = station.simulation or {}
    unit = SqcUnit.model_validate(simulation.get("sqc", {}))
    parameters = Parameters(
        channels=station.sqc.channels,
        baud=station.sqc.baud,
        period_s=station.sqc.period,
        latency_s=Links.model_validate(simulation["links"]).sqc,
        filter_alpha=Crystals.model_validate(simulation["crystals"]).filter_alpha,
        firmware=unit.firmware,
        manual_start=unit.manual_start,
        stop_without_capture=unit.stop_without_capture,
        power_when_stopped=unit.power_when_stopped,
        fitted=frozenset(station.sensor),
    )
    places = max(to_ns(station.sqc.period) // _GRID_NS, 1)
    first_ns = random.Random(f"{seed}/sqc310").randrange(places) * _GRID_NS
    return Sqc310(parameters, prepare(station), bench, first_ns)
