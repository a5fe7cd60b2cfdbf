"""The plant as it is measured: positions by their switches, pumps, every signal, every link."""

import math
from collections.abc import Iterable, Iterator, Mapping

from pvdstation.assembly.shown.amounts import fixed
from pvdstation.assembly.shown.moment import Moment
from pvdstation.assembly.shown.past import Past
from pvdstation.control.by_hand import HandOutput, hand_outputs
from pvdstation.desk.snapshot import LinkShown, OutputShown, PositionShown, SignalShown
from pvdstation.model.clock import MILLISECOND, SECOND
from pvdstation.model.signals import Position, Quality, Reading, Signal, SignalMap
from pvdstation.model.station import Station
from pvdstation.runtime.turn import LinkWorker

_WORDS = {Position.CLOSED: "closed", Position.OPEN: "open", Position.MOVING: "moving", Position.FAULT: "FAULT"}
BACKING, TURBO = "backing pump", "turbo"


def position_signals(station: Station, s: SignalMap) -> Mapping[str, int]:
    """Return the position signals of shutters and valves, by the names of their outputs."""
    shutters = {f"source shutter {name}": n for name, n in zip(station.source, s.source_shutter, strict=True)}
    return {
        **shutters,
        "substrate shutter": s.substrate_shutter,
        "N2 valve": s.n2,
        "vent valve": s.vent,
        "roughing valve": s.roughing,
        "HV gate": s.gate,
        "fore-line valve": s.foreline_valve,
    }


def positions(m: Moment, past: Past, numbers: Mapping[str, int]) -> tuple[PositionShown, ...]:
    """Return every shutter and valve, then the pumps."""
    shown = ((name, _position(m.v.io(number))) for name, number in numbers.items())
    parts = (PositionShown(name, word, past.moved_ns.get(name) if word != "unknown" else None) for name, word in shown)
    return (*parts, *_pumps(m))


def _position(value: float) -> str:
    return "unknown" if math.isnan(value) else _WORDS[Position(int(value))]


def _pumps(m: Moment) -> Iterator[PositionShown]:
    v = m.v
    running = v.io(v.s.backing_running)
    yield PositionShown(BACKING, "unknown" if math.isnan(running) else "running" if running == 1 else "standing")
    speed_hz = v.value(v.s.turbo_speed, v.frame.turbo_age_ns)
    error = v.value(v.s.turbo_error, v.frame.turbo_age_ns)
    yield PositionShown(TURBO, f"{fixed(speed_hz, 'Hz', 0)}{f', error {error:.0f}' if error > 0 else ''}")


def signals(m: Moment) -> tuple[SignalShown, ...]:
    """Return every signal with its value, quality and age."""
    return tuple(_signal(signal, reading, m.now_ns) for signal, reading in zip(m.v.s, m.v.readings, strict=True))


def _signal(signal: Signal, reading: Reading, now_ns: int) -> SignalShown:
    name, unit, _, decimals = signal
    value, quality, at_ns, _ = reading
    if quality is Quality.NEVER:
        return SignalShown(name, unit, decimals, math.nan, quality, math.nan)
    return SignalShown(name, unit, decimals, value, quality, max(0.0, (now_ns - at_ns) / SECOND))


def outputs(m: Moment) -> tuple[OutputShown, ...]:
    """Return every output, what it can be set to by hand, and why its next movement would be refused."""
    return tuple(_output(output) for output in hand_outputs(m.control, m.state, m.v))


def _output(output: HandOutput) -> OutputShown:
    minutes = None if output.override is None else float(output.override.minutes)
    return OutputShown(
        output.name, output.level, output.refused, output.choices, output.number, output.rule, override_min=minutes
    )


def links(workers: Iterable[LinkWorker]) -> tuple[LinkShown, ...]:
    """Return every link; its round trip is unknown until it has answered."""
    return tuple(_link(worker) for worker in workers)


def _link(worker: LinkWorker) -> LinkShown:
    took_ns = worker.statistics.last_round_trip_ns
    return LinkShown(worker.name, bool(worker.fault), worker.fault, took_ns / MILLISECOND if took_ns else math.nan)
