"""Simulated digital I/O module behind a unit number: ADAM-6050, ADAM-6060 or one as the station file describes it.

ADAM: inputs as bits from 0, outputs as coils from 16, both also as words 40301 and 40303 (digital I/O reference 4).
Assumed: channels without a name read 0 and can be switched; what is not there is answered by exception 2.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pvdsim.bench import Bench
from pvdsim.plant.names import HEARTBEAT
from pvdstation.protocol import modbus
from pvdstation.protocol.modbus import Answer, Call

ADAM_OUTPUTS = 16
ADAM_INPUT_WORD, ADAM_OUTPUT_WORD = 300, 302
_WORD = 16
_REFUSED = Answer(exception=modbus.ILLEGAL_ADDRESS)
_UNKNOWN = Answer(exception=modbus.ILLEGAL_FUNCTION)


class Window(NamedTuple):
    """Bits that a function code reads, from an address on; words when the code reads registers."""

    function: int
    address: int
    size: int
    bits: Callable[[], int]


class Layout(NamedTuple):
    """Where a module has its channels."""

    inputs: int
    input_count: int
    input_function: int
    outputs: int
    output_count: int
    write_function: int
    read_back: int
    read_back_function: int


def adam_layout(inputs: int, outputs: int, input_function: int) -> Layout:
    """Return the layout of an ADAM-6000 with so many channels; firmware differs on the function code of the inputs."""
    return Layout(0, inputs, input_function, ADAM_OUTPUTS, outputs, modbus.WRITE_COILS, ADAM_OUTPUTS, modbus.READ_COILS)


class IoModule:
    """One unit: names of its outputs and inputs in the order of its channels; registers that only stand there."""

    def __init__(self, layout: Layout, outputs: Sequence[str], inputs: Sequence[str], bench: Bench) -> None:
        self._layout = layout
        self._outputs = tuple(outputs)
        self._inputs = tuple(inputs)
        self._bench = bench
        self.registers: dict[int, int] = {}
        self.bits = 0
        """Output bits as the module has them."""
        self.is_fed = True
        """The relay that feeds the outputs with 24 V is on."""
        at = layout
        self._windows = [
            Window(at.input_function, at.inputs, at.input_count, self._read_inputs),
            Window(at.read_back_function, at.read_back, at.output_count, lambda: self.bits),
        ]

    def add_words(self) -> None:
        """Show inputs and outputs as words too, as an ADAM does."""
        for address, count, bits in (
            (ADAM_INPUT_WORD, self._layout.input_count, self._read_inputs),
            (ADAM_OUTPUT_WORD, self._layout.output_count, lambda: self.bits),
        ):
            self._windows.append(Window(modbus.READ_HOLDING, address, count, bits))

    def begin(self, held: Sequence[str]) -> None:
        """Take the outputs that are on at the start."""
        self.bits = sum(1 << place for place, name in enumerate(self._outputs) if name in held)

    @property
    def pulse(self) -> bool | None:
        """Return the heartbeat's output; None when this module has none."""
        return bool(self.bits >> self._outputs.index(HEARTBEAT) & 1) if HEARTBEAT in self._outputs else None

    def answer(self, call: Call, at_ns: int) -> Answer:
        """Answer a question."""
        if call.function in (*modbus.BIT_READS, *modbus.REGISTER_READS):
            return self._read(call)
        if call.function in (modbus.WRITE_COIL, modbus.WRITE_COILS, modbus.WRITE_REGISTER, modbus.WRITE_REGISTERS):
            return self._write(call, at_ns)
        return _UNKNOWN

    def switch(self, bits: int, at_ns: int) -> None:
        """Set the output bits."""
        changed = bits ^ self.bits
        self.bits = bits
        if self.is_fed:
            self._drive(changed, bits, at_ns)

    def feed(self, at_ns: int, *, on: bool) -> None:
        """Switch the 24 V of the outputs; the module's own bits stay as they are."""
        if on != self.is_fed:
            self.is_fed = on
            self._drive(self.bits, self.bits if on else 0, at_ns)

    # --- answers ---

    def _read(self, call: Call) -> Answer:
        for function, address, count, bits in self._windows:
            first = call.address - address
            if function in modbus.BIT_READS:
                if call.function == function and first >= 0 and first + call.quantity <= count:
                    return Answer(bits=bits() >> first & (1 << call.quantity) - 1)
            elif call.function == function and first >= 0 and first + call.quantity <= _words(count):
                value = bits() >> _WORD * first
                return Answer(registers=tuple(value >> _WORD * n & 0xFFFF for n in range(call.quantity)))
        return self._kept(call)

    def _kept(self, call: Call) -> Answer:
        values = [self.registers.get(call.address + n) for n in range(call.quantity)]
        if call.function in modbus.BIT_READS or None in values:
            return _REFUSED
        return Answer(registers=tuple(value or 0 for value in values))

    def _write(self, call: Call, at_ns: int) -> Answer:
        at = self._layout
        width = _WORD if call.registers else 1
        wants_words = at.write_function == modbus.WRITE_REGISTERS
        first = (call.address - at.outputs) * width
        count = width * (len(call.registers) if call.registers else call.quantity)
        room = _words(at.output_count) * _WORD if wants_words else at.output_count
        if bool(call.registers) != wants_words or first < 0 or first + count > room:
            return _REFUSED
        written = sum(word << _WORD * place for place, word in enumerate(call.registers)) or call.bits
        mask = (1 << count) - 1 << first
        self.switch((self.bits & ~mask | written << first) & (1 << at.output_count) - 1, at_ns)
        return Answer()

    def _read_inputs(self) -> int:
        return sum(1 << place for place, name in enumerate(self._inputs) if self._bench.contact(name))

    def _drive(self, changed: int, bits: int, at_ns: int) -> None:
        at_ns = max(at_ns, self._bench.now_ns)
        for place, name in enumerate(self._outputs):
            if changed >> place & 1 and name != HEARTBEAT:
                self._bench.command(name, on=bool(bits >> place & 1), at_ns=at_ns)


def layout_of(table: Mapping[str, int]) -> Layout:
    """Return the layout of ``[io] addresses``."""
    return Layout(
        table["inputs"], table["inputs_per_unit"], table.get("read_inputs_with", modbus.READ_INPUTS),
        table["outputs"], table["outputs_per_unit"], table.get("write_with", modbus.WRITE_COILS),
        table["read_back"], table.get("read_back_with", modbus.READ_COILS),
    )  # fmt: skip


def _words(count: int) -> int:
    return -(-count // _WORD)
