"""Simulated WAGO 750-352 with digital modules: byte machine of Modbus TCP or RTU (digital I/O reference 3.1, 3.2).

The trap of the real one included: a coil written at n is read back at 0x0200 + n; read at n it is input n. Assumed:
8-channel modules, firmware 11, the unit number counts only on a serial line, outputs stay 0 when an expired watchdog
is reset.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pvdsim.bench import Bench
from pvdsim.instruments.coupler_statistics import Statistics
from pvdsim.instruments.coupler_watchdog import FAR, SAVE, TIME, CouplerWatchdog
from pvdsim.instruments.modbus_line import ModbusLine
from pvdsim.instruments.plant_numbers import number_of
from pvdstation.model.clock import to_ns
from pvdstation.model.simulation import Replies
from pvdstation.protocol import modbus
from pvdstation.protocol.modbus import Answer, Call

OUTPUT_IMAGE = 0x0200
STATISTICS = 0x1029
BROADCAST = 0
_CLEARS = (0xAA55, 0x55AA)
CHANNELS = 8  # per module
ITEM, SERIES, FIRMWARE = 352, 750, 11
_CONSTANTS = (0x0000, 0xFFFF, 0x1234, 0xAAAA, 0x5555, 0x7FFF, 0x8000, 0x3FFF, 0x4000)
_MODULE = 0x8000 | CHANNELS << 8
_INPUT, _OUTPUT = 1, 2
_LONGEST_LIST = 65
_MOST_WRITTEN = {modbus.WRITE_COILS: 800, modbus.WRITE_REGISTERS: 100, modbus.READ_WRITE: 100}
_REFUSED_ADDRESS = Answer(exception=modbus.ILLEGAL_ADDRESS)
_REFUSED_VALUE = Answer(exception=modbus.ILLEGAL_VALUE)
_DROPPED = Answer(exception=modbus.DEVICE_FAILURE)


class Coupler:
    """Coupler with output and input modules, as many as the names need; ``held`` outputs are on at the start."""

    def __init__(
        self, outputs: Sequence[str], inputs: Sequence[str], bench: Bench, line: ModbusLine, held: Sequence[str] = (),
        unit: int = 1,
    ) -> None:  # fmt: skip
        self._outputs = tuple(outputs)
        self._inputs = tuple(inputs)
        self._bench = bench
        self._line = line
        self._unit = unit
        self._output_count = -(-len(outputs) // CHANNELS) * CHANNELS
        self._input_count = -(-len(inputs) // CHANNELS) * CHANNELS
        self._bits = sum(1 << place for place, name in enumerate(outputs) if name in held)
        self._dropped_bits = 0
        self.watchdog = CouplerWatchdog()
        self.statistics = Statistics()
        self.due_ns = FAR
        self._fixed = self._fixed_registers()

    def receive(self, data: bytes, now_ns: int) -> Replies:
        """Take bytes and answer each question in its turn."""
        self.advance_to(now_ns)
        replies: Replies = []
        for question in self._line.questions(data):
            received = question.received
            if self._line.is_serial and received.unit not in (self._unit, BROADCAST):
                continue
            answer = self._answer(received, now_ns)
            self.statistics.count(received, answer)
            if not self._line.is_serial or received.unit != BROADCAST:
                replies.append(self._line.reply(question, answer, now_ns))
        self.due_ns = self.watchdog.due_ns
        return replies

    def advance_to(self, now_ns: int) -> Replies:
        """Drop the outputs when the watchdog has expired."""
        if self.watchdog.due_ns <= now_ns:
            expired_ns = self.watchdog.due_ns
            self.watchdog.expire()
            self._dropped_bits = self._bits
            self._command(0, expired_ns)
            self.due_ns = FAR
        return []

    def power_cycle(self, now_ns: int) -> None:
        """Come up again: outputs 0, watchdog off."""
        self._command(0, now_ns)
        self._line.clear()
        self.watchdog = CouplerWatchdog()
        self.statistics = Statistics()
        self.due_ns = FAR

    # --- questions ---

    def _answer(self, received: modbus.Received, now_ns: int) -> Answer:
        if self.watchdog.hear(received.function, now_ns):
            self._command(self._dropped_bits, now_ns)
        call = received.call
        if not self.watchdog.may_write(_written_register(call)):
            return _DROPPED
        if call is None:
            return Answer(exception=received.refusal)
        if call.function in modbus.BIT_READS:
            return self._read_bits(call)
        if call.function in modbus.REGISTER_READS:
            return self._read_registers(call)
        written = len(call.registers) or call.quantity  # a mask has two
        if written > _MOST_WRITTEN.get(call.function, written):
            return _REFUSED_VALUE
        if call.function in (modbus.WRITE_COIL, modbus.WRITE_COILS):
            return self._write_bits(call, now_ns)
        if call.function == modbus.MASK_REGISTER:
            return self._mask_register(call, now_ns)
        if call.function == modbus.READ_WRITE:
            done = self._write_registers(call._replace(address=call.write_address), now_ns)
            return done if done.exception else self._read_registers(call)
        return self._write_registers(call, now_ns)

    def _mask_register(self, call: Call, now_ns: int) -> Answer:
        and_mask, or_mask = call.registers
        # The mask works on what is written there, and a word read below the image is an input.
        address = call.address if call.address >= OUTPUT_IMAGE else call.address + OUTPUT_IMAGE
        value = self._register(address)
        if value is None:
            return _REFUSED_ADDRESS
        return self._write_registers(call._replace(registers=(value & and_mask | or_mask & ~and_mask,)), now_ns)

    def _read_bits(self, call: Call) -> Answer:
        if call.address >= OUTPUT_IMAGE:
            bits, first, width = self._bits, call.address - OUTPUT_IMAGE, self._output_count
        else:
            bits, first, width = self._read_inputs(), call.address, self._input_count
        if first + call.quantity > width:
            return _REFUSED_ADDRESS
        return Answer(bits=bits >> first & (1 << call.quantity) - 1)

    def _read_inputs(self) -> int:
        contact = self._bench.contact
        bits = 0
        mask = 1
        for name in self._inputs:
            if contact(name):
                bits |= mask
            mask <<= 1
        return bits

    def _write_bits(self, call: Call, now_ns: int) -> Answer:
        first = call.address - OUTPUT_IMAGE if call.address >= OUTPUT_IMAGE else call.address
        if first + call.quantity > self._output_count:
            return _REFUSED_ADDRESS
        mask = (1 << call.quantity) - 1 << first
        self._command(self._bits & ~mask | call.bits << first, now_ns)
        return Answer()

    def _read_registers(self, call: Call) -> Answer:
        values = tuple(self._register(call.address + n) for n in range(call.quantity))
        if None in values:
            return _REFUSED_ADDRESS
        return Answer(registers=tuple(value or 0 for value in values))

    def _register(self, address: int) -> int | None:
        if TIME <= address <= SAVE:
            return self.watchdog.read(address)
        if address in self._fixed:
            return self._fixed[address]
        if STATISTICS <= address < STATISTICS + len(self.statistics.words):
            return self.statistics.words[address - STATISTICS]
        for first, count, bits in (
            (0, self._input_count, self._read_inputs),
            (OUTPUT_IMAGE, self._output_count, lambda: self._bits),
        ):
            if first <= address < first + -(-count // 16):
                return bits() >> 16 * (address - first) & 0xFFFF
        return None

    def _write_registers(self, call: Call, now_ns: int) -> Answer:
        for place, value in enumerate(call.registers):
            address = call.address + place
            word = address - OUTPUT_IMAGE if address >= OUTPUT_IMAGE else address
            if TIME <= address <= SAVE:
                if not self.watchdog.write(address, value, now_ns):
                    return _REFUSED_VALUE
            elif address == STATISTICS and value in _CLEARS:
                self.statistics = Statistics()
            elif 0 <= word < -(-self._output_count // 16):
                width = min(16, self._output_count - 16 * word)
                mask = (1 << width) - 1
                self._command(self._bits & ~(mask << 16 * word) | (value & mask) << 16 * word, now_ns)
            else:
                return _REFUSED_ADDRESS
        return Answer()

    def _command(self, bits: int, at_ns: int) -> None:
        changed = bits ^ self._bits
        self._bits = bits
        at_ns = max(at_ns, self._bench.now_ns)
        for place, name in enumerate(self._outputs):
            if changed >> place & 1:
                self._bench.command(name, on=bool(bits >> place & 1), at_ns=at_ns)

    def _fixed_registers(self) -> dict[int, int]:
        outputs, inputs = self._output_count // CHANNELS, self._input_count // CHANNELS
        modules = [ITEM, *[_MODULE | _OUTPUT] * outputs, *[_MODULE | _INPUT] * inputs]
        modules += [0] * (_LONGEST_LIST - len(modules))
        return {
            0x1022: 0,
            0x1023: 0,
            0x1024: self._output_count,
            0x1025: self._input_count,
            0x2010: FIRMWARE,
            0x2011: SERIES,
            0x2012: ITEM,
            **dict(enumerate(_CONSTANTS, 0x2000)),
            **dict(enumerate(modules, 0x2030)),
        }


def _written_register(call: Call | None) -> int:
    return call.address if call is not None and call.function == modbus.WRITE_REGISTER else -1


def build(station_values: Mapping[str, Any], bench: Bench, seed: int) -> Coupler:
    """Build the coupler of a station; nothing about it is left to chance."""
    del seed
    io = station_values["io"]
    return Coupler(io["do"], io["di"], bench, line_of(station_values), held_of(station_values), io["unit"])


def line_of(station_values: Mapping[str, Any]) -> ModbusLine:
    """Return the line as ``[io]`` and ``[simulation.links]`` describe it. Raises QuantityError."""
    io = station_values["io"]
    latency_ns = to_ns(number_of(station_values, "links", "io", "time", 0.002))
    return ModbusLine(latency_ns, io.get("transport", "tcp"), io.get("baud", 19200))


def held_of(station_values: Mapping[str, Any]) -> list[str]:
    """Return the outputs that are on at the start, because what they hold open is open."""
    start = (station_values.get("simulation") or {}).get("start") or {}
    found = {"gate": start.get("gate"), "fore-line": start.get("fore_line", {}).get("valve")}
    return [name for name, position in found.items() if position == "open"]
