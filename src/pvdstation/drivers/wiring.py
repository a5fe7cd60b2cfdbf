"""Wiring of the digital I/O: which output and which input is what, by the names in the station file."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pvdstation.model.messages import Outputs
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.signals import Position, SignalMap
from pvdstation.model.station import Station

_MOST_PATTERNS = 4096
HEARTBEAT = "heartbeat"
"""Optional output that pulses while scans are completed: it feeds an external watchdog relay."""


class Wiring:
    """Outputs to bits and bits to signals. Raises Refused by names that are missing, unknown or given twice."""

    def __init__(self, station: Station, signals: SignalMap) -> None:
        problems = check_wiring(station)
        if problems:
            raise Refused(problems)
        outputs, inputs = station.io.do, station.io.di
        self._masks = tuple(1 << outputs.index(name) for name in output_names(station))
        self.heartbeat = _mask(outputs, HEARTBEAT)
        """Bit of the pulse that feeds an external watchdog; 0 when none is wired."""
        self._contacts = tuple(
            (number, 1 << inputs.index(name)) for name, number in _contacts(station, signals) if name in inputs
        )
        self._positions = tuple(
            (number, _mask(inputs, f"{part} open"), _mask(inputs, f"{part} closed"))
            for part, number in _positions(station, signals)
        )
        self._known: dict[int, tuple[tuple[int, float], ...]] = {}

    def bits_of(self, outputs: Outputs) -> int:
        """Return the output bits of levels; bit = number in ``[io] do``."""
        levels = (
            *outputs.source_shutter, outputs.substrate_shutter, outputs.n2, outputs.vent, outputs.roughing,
            outputs.gate, outputs.foreline, outputs.backing_stop, *outputs.enable, outputs.beacon,
        )  # fmt: skip
        bits = 0
        for mask, is_on in zip(self._masks, levels, strict=True):
            if is_on:
                bits |= mask
        return bits

    def samples(self, bits: int) -> tuple[tuple[int, float], ...]:
        """Return signal number and value of every contact and position, from the input bits."""
        known = self._known.get(bits)
        if known is None:
            if len(self._known) >= _MOST_PATTERNS:
                self._known.clear()
            known = self._known[bits] = tuple(self._read(bits))
        return known

    def _read(self, bits: int) -> Iterable[tuple[int, float]]:
        for number, mask in self._contacts:
            yield number, float(bool(bits & mask))
        for number, open_mask, closed_mask in self._positions:
            yield number, float(_position(bits, open_mask, closed_mask))


def output_names(station: Station) -> list[str]:
    """Return the names of the outputs in the order of ``Outputs``; each must be in ``[io] do``."""
    return [
        *(f"source shutter {source.boat}" for source in station.source.values()),
        "substrate shutter", "N2", "vent", "roughing", "gate", "fore-line", "backing pump stop",
        *(f"enable {number}" for number in station.supply),
        "beacon",
    ]  # fmt: skip


def check_wiring(station: Station) -> list[Problem]:
    """Return every problem of the names in ``[io]``."""
    signals = SignalMap(station)
    contacts = [name for name, _ in _contacts(station, signals)]
    parts = [part for part, _ in _positions(station, signals)]
    closed = [f"{part} closed" for part in parts]
    # Valves without a feedback of "open" are usual; shutters, gate and roughing valve need both switches.
    both = [f"{part} open" for part in parts if part not in ("fore-line", "N2", "vent")]
    every = [f"{part} open" for part in parts]
    return [
        *_compare("io.do", station.io.do, output_names(station), (HEARTBEAT,)),
        *_compare("io.di", station.io.di, [*contacts, *closed, *both], every),
    ]


def _compare(where: str, given: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> Iterable[Problem]:
    known = dict.fromkeys((*needed, *optional))
    for place, name in enumerate(given):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f' (did you mean "{near[0]}"?)' if near else ""
            what = f'"{name}" is no word of the wiring'
            yield Problem(f"{where}, number {place}", what, f"Write one of {', '.join(known)}{hint}.")
        elif name in given[:place]:
            yield Problem(f"{where}, number {place}", f'"{name}" stands there twice', "Write it once.")
    for name in dict.fromkeys(needed):
        if name not in given:
            yield Problem(where, f'"{name}" is missing', f'Add "{name}" in wiring order.')


def _contacts(station: Station, signals: SignalMap) -> list[tuple[str, int]]:
    return [
        ("door closed", signals.door_closed),
        ("water", signals.water),
        ("air", signals.air),
        ("over-pressure ok", signals.over_pressure_ok),
        ("E-stop ok", signals.e_stop_ok),
        ("backing running", signals.backing_running),
        *((f"enable {number} open", signals.enable_open[number]) for number in station.supply),
    ]


def _positions(station: Station, signals: SignalMap) -> list[tuple[str, int]]:
    shutters = zip(station.source.values(), signals.source_shutter, strict=True)
    return [
        *((f"sh{source.boat}", number) for source, number in shutters),
        ("substrate", signals.substrate_shutter),
        ("gate", signals.gate),
        ("roughing", signals.roughing),
        ("fore-line", signals.foreline_valve),
        ("N2", signals.n2),
        ("vent", signals.vent),
    ]


def _mask(names: Sequence[str], name: str) -> int:
    return 1 << names.index(name) if name in names else 0


def _position(bits: int, open_mask: int, closed_mask: int) -> Position:
    is_closed = bool(bits & closed_mask)
    if not open_mask:
        return Position.CLOSED if is_closed else Position.OPEN
    is_open = bool(bits & open_mask)
    if is_open and is_closed:
        return Position.FAULT
    return Position.OPEN if is_open else Position.CLOSED if is_closed else Position.MOVING
