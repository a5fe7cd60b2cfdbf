"""Where the inputs and outputs of the switchgear are, by kind of module, and what drops the outputs without us.

One class per ``[io] map`` behind one face. ADAM-6050/6060: digital I/O reference 4; generic: the station file says.
"""

from abc import ABC, abstractmethod

from pvdstation.drivers.base import Routine
from pvdstation.drivers.switchgear_exchanges import Check, Fault, IoExchanges
from pvdstation.model.instrument_rules import ADAM_CHANNELS
from pvdstation.model.station import Station
from pvdstation.model.switchgear_table import IoAddresses
from pvdstation.protocol.modbus import (
    REGISTER_READS,
    WRITE_COILS,
    WRITE_REGISTERS,
    Answer,
    Call,
)

ADAM_OUTPUTS = 16
"""Coil of the first output; the inputs begin at 0."""
_WORD = 16


class Block:
    """Bits in one unit: places ``first`` to ``first + size`` of ``[io] do`` or ``di``, and how they are reached."""

    __slots__ = ("_is_words", "first", "mask", "question", "size", "unit", "write_at", "write_with")

    def __init__(
        self, unit: int, first: int, size: int, question: Call, write_with: int = 0, write_at: int = 0
    ) -> None:
        self.unit = unit
        self.first = first
        self.size = size
        self.question = question
        self.write_with = write_with
        self.write_at = write_at
        self.mask = (1 << size) - 1 << first
        """The block's places as bits."""
        self._is_words = question.function in REGISTER_READS

    def bits(self, answer: Answer) -> int:
        """Return what was read, at its places in the list."""
        bits = answer.bits
        if self._is_words:
            bits = sum(word << _WORD * place for place, word in enumerate(answer.registers))
        return bits << self.first & self.mask

    def write(self, bits: int) -> Call:
        """Return the write of the block's share of all output bits."""
        own = (bits & self.mask) >> self.first
        if self.write_with == WRITE_COILS:
            return Call(WRITE_COILS, self.write_at, self.size, own)
        words = tuple(own >> _WORD * place & 0xFFFF for place in range(_words(self.size)))
        return Call(WRITE_REGISTERS, self.write_at, len(words), 0, words)


class IoMap(ABC):
    """The face of a map: blocks of inputs and outputs, identity, arming and the watch over the watchdog."""

    inputs: tuple[Block, ...]
    outputs: tuple[Block, ...]
    latches = False
    """An expired watchdog refuses everything until it is armed again. If not, we may not go on by ourselves."""
    feeds = False
    """Heartbeats are written by ``feed``, and nothing else keeps the outputs alive. If not, every question does."""

    @abstractmethod
    def identify(self, io: IoExchanges) -> Fault:
        """Prove that the right modules answer; sets ``io.identity`` when they do."""

    def before_arming(self) -> tuple[tuple[Call, str], ...]:
        """Return writes between the two writes of all outputs to 0, each with what it does."""
        return ()

    @abstractmethod
    def arm(self, io: IoExchanges) -> Fault:
        """Bring the watchdog to life, or prove that it is, with the outputs at 0."""

    @abstractmethod
    def watch(self, io: IoExchanges) -> Fault:
        """Prove one thing about the watchdog, in turns; a sentence is the reason why it no longer guards us."""

    def feed(self, io: IoExchanges, beat: int) -> Routine:
        """Write one heartbeat; ``beat`` changes with each."""
        del io, beat
        yield from ()


class DeclaredMap(IoMap):
    """Modules whose watchdog is not ours to set: registers that are read back, or an external watchdog's proof."""

    def __init__(self, station: Station, name: str, inputs: tuple[Block, ...], outputs: tuple[Block, ...]) -> None:
        io = station.io
        self.inputs = inputs
        self.outputs = outputs
        self._name = name
        self._proof = io.external_watchdog
        self._checks = tuple(
            Check(r.address, (r.value,), f"register {r.address} ({r.what}) is not {r.value}", r.read_with)
            for r in io.registers
        )
        self._turns = [(unit, check) for unit in io.unit_numbers for check in self._checks]
        self._turn = 0

    def identify(self, io: IoExchanges) -> Fault:
        """Prove that every block of inputs and outputs answers at its addresses."""
        for block in (*self.inputs, *self.outputs):
            answer = yield from io.exchange(block.question, block.unit)
            if answer is None:
                return ""
            if answer.exception:
                call = block.question
                return (
                    f"unit {block.unit} does not answer {block.size} bits at {call.address} with function "
                    f"{call.function} (exception {answer.exception}): it is no {self._name} as the station file says"
                )
        units = ", ".join(str(unit) for unit in dict.fromkeys(block.unit for block in self.outputs))
        io.identity = f"{self._name}, unit {units}"
        return None

    def arm(self, io: IoExchanges) -> Fault:
        """Prove every register; without registers only the declared proof stands."""
        if not self._checks and self._proof is None:
            return "no watchdog is declared: nothing would switch the outputs off without us"
        for unit in dict.fromkeys(unit for unit, _ in self._turns):
            fault = yield from io.check(self._checks, unit)
            if fault is not None:
                return fault or "no answer from the module"
        return None

    def watch(self, io: IoExchanges) -> Fault:
        """Prove the next register."""
        if not self._turns:
            return None
        self._turn = (self._turn + 1) % len(self._turns)
        unit, check = self._turns[self._turn]
        return (yield from io.check((check,), unit))


def adam_map(station: Station) -> IoMap:
    """Return the map of ADAM-6050 or 6060: inputs from 0, outputs from 16."""
    io = station.io
    inputs, outputs = ADAM_CHANNELS[io.map]
    name = io.map.upper()
    addresses = IoAddresses(
        inputs=0, inputs_per_unit=inputs, read_inputs_with=io.read_inputs_with,
        outputs=ADAM_OUTPUTS, outputs_per_unit=outputs, read_back=ADAM_OUTPUTS,
    )  # fmt: skip
    return DeclaredMap(station, name, *blocks_of(station, addresses))


def generic_map(station: Station) -> IoMap:
    """Return the map that the station file describes."""
    addresses = station.io.addresses
    if addresses is None:
        raise ValueError("a generic map needs addresses; the rules of the station file demand them")
    return DeclaredMap(station, "Modbus I/O", *blocks_of(station, addresses))


def blocks_of(station: Station, at: IoAddresses) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return the blocks of inputs and outputs, filled unit by unit in wiring order."""
    io = station.io
    inputs, outputs = [], []
    for place, unit in enumerate(io.unit_numbers):
        first, count = _share(place, at.inputs_per_unit, len(io.di))
        if count:
            inputs.append(Block(unit, first, count, _question(at.read_inputs_with, at.inputs, count)))
        first, count = _share(place, at.outputs_per_unit, len(io.do))
        if count:
            question = _question(at.read_back_with, at.read_back, count)
            outputs.append(Block(unit, first, count, question, at.write_with, at.outputs))
    return tuple(inputs), tuple(outputs)


def _share(place: int, per_unit: int, names: int) -> tuple[int, int]:
    first = place * per_unit
    return first, max(0, min(per_unit, names - first))


def _question(function: int, address: int, count: int) -> Call:
    return Call(function, address, _words(count) if function in REGISTER_READS else count)


def _words(count: int) -> int:
    return -(-count // _WORD)
