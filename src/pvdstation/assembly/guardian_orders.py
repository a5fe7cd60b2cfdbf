"""What the guardian of a core sends to switch its station off, and the questions that prove it, as bytes.

Every instrument that can heat, admit gas or expose is one port. Gate, fore-line valve and the backing pump's stop stay
as they are, as in every safe state (safety reference B.1, B.6).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, product
from pathlib import Path
from typing import Any

from pvdstation.assembly.building import line_of
from pvdstation.drivers.switchgear import map_of
from pvdstation.drivers.switchgear_maps import Block
from pvdstation.model.clock import SECOND
from pvdstation.model.ports import PortKind, parse_port
from pvdstation.model.station import Station, Supply
from pvdstation.protocol import modbus, modbus_rtu, sqc310, supply, supply_gen
from pvdstation.protocol import sqc310_commands as sqc
from pvdstation.protocol.modbus import BIT_READS, WRITE_COILS, Answer, Call
from pvdstation.protocol.sqc310_parameters import Table

Step = dict[str, Any]
"""One exchange of the guardian's document."""
PERSIST_S = 600.0
_SLOWER_S = 0.2
"""The guardian waits for an answer so much longer than a driver: nothing else is due."""
_ANSWERS_NOTHING_S = 1.0
_GEN_GAP_S = 0.02  # legacy units want silence before a command (power supply reference 5)
_CRC = {"rtu": 2}
_CONTACT = 1  # state of a relay of the SQC-310
_BELOW_1_A = r"[+-]?0+(?:\.[0-9]*)?"
"""A supply is off when its output is read as off and its current as less than 1 A (design, safe state)."""


def guardian_document(station: Station, core: int, record: Path) -> dict[str, Any]:
    """Return the guardian's document: process of the core, its longest silence, and every port's way to off."""
    ports = [
        _port(station, "io", _Contacts(station).steps(), station.io.line.silence_ns / SECOND),
        *_supply_ports(station),
        _port(station, "sqc", _sqc_steps(station), 0.0),
    ]
    return {
        "core": core,
        "silence_s": station.limits.guardian,
        "persist_s": PERSIST_S,
        "record": str(record.absolute()),
        "ports": ports,
    }


def _port(station: Station, link: str, steps: Iterable[Step], gap_s: float) -> dict[str, Any]:
    port = parse_port(station.ports[link])
    line = line_of(station, link)
    if port.kind is PortKind.TCP:
        url = f"tcp://{port.address}:{port.number}"
    elif port.kind is PortKind.VISA and port.number:
        url = f"tcp://{port.target}"
    else:
        url = port.target
    settings = {"baud": line.baud, "parity": line.parity, "stop_bits": line.stop_bits}
    return {"name": link, "url": url, "line": settings, "gap_s": gap_s, "exchanges": list(steps)}


def _step(what: str, send: bytes, answer: str, wait_s: float, *, proves: bool) -> Step:
    """Return one exchange; ``answer`` is a regular expression on bytes as Latin-1, empty when none comes."""
    wait_s = wait_s + _SLOWER_S if answer else _ANSWERS_NOTHING_S
    return {"what": what, "send": send.hex(), "answer": answer, "wait_s": wait_s, "proves": proves}


def _exactly(*frames: bytes) -> str:
    return "|".join(f"(?:{re.escape(frame.decode('latin-1'))})" for frame in dict.fromkeys(frames))


# --- supplies ---


def _supply_ports(station: Station) -> Iterator[dict[str, Any]]:
    for number, values in station.supply.items():
        if values.dialect == "scpi":
            yield _port(station, f"supply{number}", _scpi_steps(values), 0.0)
        elif values.dialect == "gen":
            yield _port(station, f"supply{number}", _gen_steps(values), _GEN_GAP_S)


def _scpi_steps(values: Supply) -> Iterator[Step]:
    wait_s = values.read_deadline
    for text in ("OUTP 0", "CURR 0"):
        yield _step(text, supply.line(text), "", wait_s, proves=False)
    proofs = {"OUTP?": "(?:0|OFF)", "MEAS:CURR?": _BELOW_1_A}
    if values.current_source == "digital":
        proofs["CURR?"] = _BELOW_1_A  # else it may be what the SQC-310 asks for
    for text, off in proofs.items():
        yield _step(text, supply.line(text), rf"(?:\A|[\r\n]){off}[\r\n]", wait_s, proves=True)


def _gen_steps(values: Supply) -> Iterator[Step]:
    wait_s = values.read_deadline
    done = _exactly(supply_gen.line(supply_gen.DONE))
    address = 6 if values.address is None else values.address
    # Without the address another supply on the line would be asked whether it is off.
    yield _step(f"ADR {address:02d}", supply_gen.address(address), done, wait_s, proves=True)
    for text in ("OUT 0", "PC 0.00"):
        yield _step(text, supply_gen.line(text), done, wait_s, proves=False)
    off = _exactly(supply_gen.line("OFF"), supply_gen.line("0"))
    yield _step("OUT?", supply_gen.line("OUT?"), off, wait_s, proves=True)
    cold = rf"MC\({_BELOW_1_A}\)[^\r]*\$[0-9A-F]{{2}}\r"
    yield _step("STT?", supply_gen.line("STT?"), cold, wait_s, proves=True)


# --- SQC-310 ---


def _sqc_steps(station: Station) -> Iterator[Step]:
    yield _sqc_step(station, sqc.STOP_PROCESS, _exactly(*_sqc_answers("")), proves=False)
    state = sqc.STATE_OF_OLD if station.sqc.edition == "SQC-300" else sqc.STATE
    yield _sqc_step(station, state, r"![^!][AB] *0 +[0-9]", proves=True)
    paddings = product(range(5), range(3))
    zero = _exactly(*(one for left, right in paddings for one in _sqc_answers(f"{' ' * left}0.00{' ' * right}")))
    for source in station.source.values():
        yield _sqc_step(station, sqc.read_power(source.sqc.output), zero, proves=True)
    relay = station.sqc.shutter_relay
    if relay is not None:
        unlock = sqc.remote_relay(relay, sqc.Remote.UNLOCK)
        yield _sqc_step(station, unlock, _exactly(*_sqc_answers("")), proves=False)
        contact = sqc.read_parameters(Table.CONTACTS, relay, _CONTACT)
        yield _sqc_step(
            station, contact, _exactly(*_sqc_answers(f"{_CONTACT},0"), *_sqc_answers(f"{_CONTACT},0 ")), proves=True
        )


def _sqc_step(station: Station, message: str, answer: str, *, proves: bool) -> Step:
    return _step(message, sqc310.encode_command(message), answer, station.sqc.read_deadline, proves=proves)


def _sqc_answers(payload: str) -> list[bytes]:
    return [sqc310.encode_reply(status, payload) for status in (sqc310.DONE, sqc310.DONE_AFTER_RESET)]


# --- contacts, shutters, valves ---


class _Contacts:
    """Writes that open enable contacts and close shutters and gas, and the reads that prove both."""

    def __init__(self, station: Station) -> None:
        io = station.io
        self._station = station
        self._map = map_of(station)
        self._codec: Any = modbus_rtu if io.transport == "rtu" else modbus
        host = modbus_rtu.RtuHost if io.transport == "rtu" else modbus.Host
        self._hosts = {unit: host(unit) for unit in io.unit_numbers}
        enables = [f"enable {number}" for number in station.supply]
        shutters = [f"source shutter {source.boat}" for source in station.source.values()]
        self._first = [io.do.index(name) for name in enables]
        self._then = [io.do.index(name) for name in (*shutters, "substrate shutter", "N2", "vent", "roughing")]

    def steps(self) -> Iterator[Step]:
        """Yield the writes, enable contacts first, then the reads."""
        runs = [run for places in (self._first, self._then) for run in self._runs(places)]
        for block, first, count in runs:
            call = Call(WRITE_COILS, block.write_at + first - block.first, count)
            if not _is_cut(block):
                call = block.write(0)
            yield self._step(f"{self._names(first, count)} to 0", block, call, proves=False)
        for block, first, count in runs:
            question = block.question
            call = question._replace(address=question.address + first - block.first, quantity=count)
            if not _is_cut(block):
                call = question
            yield self._step(f"{self._names(first, count)} read as 0", block, call, proves=True)
        for number in self._station.supply:
            yield self._mirror(number)

    def _runs(self, places: list[int]) -> Iterator[tuple[Block, int, int]]:
        """Yield runs of neighbouring outputs; the whole block where it can only be written whole."""
        for block in self._map.outputs:
            own = sorted(place for place in places if block.mask >> place & 1)
            if own and not _is_cut(block):
                yield block, block.first, block.size
            elif own:
                for _, group in groupby(enumerate(own), lambda pair: pair[1] - pair[0]):
                    run = [place for _, place in group]
                    yield block, run[0], len(run)

    def _names(self, first: int, count: int) -> str:
        return ", ".join(self._station.io.do[first : first + count])

    def _step(self, what: str, block: Block, call: Call, *, proves: bool, bits: int = 0) -> Step:
        frame = self._hosts[block.unit].ask(call).frame
        is_read = call.function not in (WRITE_COILS, modbus.WRITE_REGISTERS)
        told = Answer(bits, (0,) * call.quantity if call.function in modbus.REGISTER_READS else ())
        answers = [told]
        if is_read and self._map.latches:  # its watchdog has dropped every output, and it refuses everything since
            answers.append(Answer(exception=modbus.DEVICE_FAILURE))
        received = self._codec.receive(frame)
        answer = _exactly(*(self._codec.reply(received, one) for one in answers))
        return _step(what, frame, answer, self._station.io.read_deadline, proves=proves)

    def _mirror(self, number: int) -> Step:
        name = f"enable {number} open"
        place = self._station.io.di.index(name)
        block = next(block for block in self._map.inputs if block.mask >> place & 1)
        question = block.question
        if question.function in BIT_READS:
            call = question._replace(address=question.address + place - block.first, quantity=1)
            return self._step(f"{name} read as 1", block, call, proves=True, bits=1)
        frame = self._hosts[block.unit].ask(question).frame
        zeros = Answer(registers=(0,) * question.quantity)
        whole = self._codec.reply(self._codec.receive(frame), zeros)
        word, bit = divmod(place - block.first, 16)
        head = len(whole) - _CRC.get(self._station.io.transport, 0) - 2 * question.quantity
        at = head + 2 * word + (bit < 8)  # high byte first
        ones = "".join(f"\\x{byte:02x}" for byte in range(256) if byte >> bit % 8 & 1)
        answer = f"{_exactly(whole[:head])}.{{{at - head}}}[{ones}].{{{len(whole) - at - 1}}}"
        return _step(f"{name} read as 1", frame, answer, self._station.io.read_deadline, proves=True)


def _is_cut(block: Block) -> bool:
    """Return whether single outputs can be written and read; words are written whole."""
    return block.write_with == WRITE_COILS and block.question.function in BIT_READS
