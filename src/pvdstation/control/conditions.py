"""Single claims about the station. Each is true only when fresh, good readings prove it."""

import math
from collections.abc import Callable
from typing import NamedTuple

from pvdstation.control.scene import Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND
from pvdstation.model.signals import Position, Quality


class Condition(NamedTuple):
    """A claim, how it reads, and the live value that answers it."""

    sentence: str
    holds: Callable[[View, Scene], bool]
    shows: Callable[[View], str]


def _number(value: float, unit: str = "") -> str:
    return "unknown" if math.isnan(value) else f"{value:.3g} {unit}".rstrip()


def position_text(v: View, number: int) -> str:
    """Return a position in words."""
    value = v.io(number)
    return next((position.name.lower() for position in Position if position == value), "unknown")


def energised(v: View) -> list[Wiring]:
    """Return the sources whose supply was commanded on."""
    return [w for w in v.frame.sources if v.last.supply[w.supply_index].on]


def measured(v: View) -> list[Wiring]:
    """Return the energised sources whose supply can be asked; one without a link is not measured."""
    return [w for w in energised(v) if w.is_linked]


def commanded_a(v: View, w: Wiring) -> float:
    """Return the current that the loop's owner asks of a supply, A; NaN when nobody knows."""
    if w.supply.current_source == "digital":
        return v.last.supply[w.supply_index].current_a
    reading = v.readings[w.output.power]
    if reading.quality is not Quality.GOOD or v.now_ns - reading.at_ns > v.frame.rate_age_ns:
        return math.nan
    return 0.0 if math.isnan(reading.value) else reading.value * w.supply.full_scale / 100


# --- contacts ---


def _contact(name: str, sentence: str) -> Condition:
    def holds(v: View, _scene: Scene) -> bool:
        return v.io(v.s.number[name]) == 1

    def shows(v: View) -> str:
        value = v.io(v.s.number[name])
        return "unknown" if math.isnan(value) else "yes" if value == 1 else "no"

    return Condition(sentence, holds, shows)


E_STOP = _contact("e_stop_ok", "E-stop chain healthy")
DOOR = _contact("door_closed", "door closed")
WATER = _contact("water_flow", "cooling water flows")
AIR = _contact("compressed_air", "compressed air present")
NO_OVER_PRESSURE = _contact("over_pressure_ok", "over-pressure switch good")
_RUNS = _contact("backing_running", "backing pump runs")
BACKING = _RUNS._replace(holds=lambda v, scene: not v.last.backing_stop and _RUNS.holds(v, scene))
"""Its contact may still be of before it was told to stop."""


# --- positions ---


def _closed(signal: str, output: str, sentence: str) -> Condition:
    """Return the claim that a valve is told to be closed and is: its switches may still be of before an opening."""
    return Condition(
        sentence,
        lambda v, _scene: v.is_closed(getattr(v.s, signal)) and not getattr(v.last, output),
        lambda v: position_text(v, getattr(v.s, signal)),
    )


GATE_CLOSED = _closed("gate", "gate", "HV gate confirmed closed")
ROUGHING_CLOSED = _closed("roughing", "roughing", "roughing valve confirmed closed")
FORELINE_CLOSED = _closed("foreline_valve", "foreline", "fore-line valve confirmed closed")
N2_CLOSED = _closed("n2", "n2", "N2 valve confirmed closed")
VENT_CLOSED = _closed("vent", "vent", "vent valve confirmed closed")


def _follows(signal: str, sentence: str) -> Condition:
    """Return the claim that a gas valve that was told to close is confirmed closed."""
    return Condition(
        sentence,
        lambda v, _scene: getattr(v.last, signal) or v.is_closed(getattr(v.s, signal)),
        lambda v: position_text(v, getattr(v.s, signal)),
    )


N2_FOLLOWS = _follows("n2", "N2 valve closed when told to be")
VENT_FOLLOWS = _follows("vent", "vent valve closed when told to be")
GATE_OPEN = Condition("HV gate confirmed open", lambda v, _s: v.is_open(v.s.gate), lambda v: position_text(v, v.s.gate))
SHUTTERS_CLOSED = Condition(
    "all shutters confirmed closed",
    lambda v, _scene: v.shutters_closed(),
    lambda v: ", ".join(position_text(v, n) for n in (v.s.substrate_shutter, *v.s.source_shutter)),
)
FORELINE_OPEN = Condition(
    "fore-line valve confirmed open",
    lambda v, _scene: v.is_open(v.s.foreline_valve),
    lambda v: position_text(v, v.s.foreline_valve),
)
FORELINE_MAY_OPEN = Condition(
    "roughing valve closed, or the chamber below the gate's limit",
    lambda v, scene: ROUGHING_CLOSED.holds(v, scene) or v.pressure <= v.station.limits.gate_close,
    lambda v: position_text(v, v.s.roughing),
)


# --- pressures, pumps ---


def _start_pressure(v: View, _scene: Scene) -> bool:
    limit = v.station.limits.start_pressure
    held = v.low_since_ns is not None and v.now_ns - v.low_since_ns >= limit.hold * 1e9
    return held and v.pressure <= limit.pressure


def _gate_pressure_start(v: View, _scene: Scene) -> bool:
    return v.pressure <= v.station.limits.crossover


def _pressure_text(v: View) -> str:
    return f"{_number(v.full_range, 'mbar')} (full range), {_number(v.capacitance, 'mbar')} (capacitance)"


def _start_pressure_text(v: View) -> str:
    """Return both pressures; where they are low and not yet for long enough, since when."""
    held_s = math.nan if v.low_since_ns is None else (v.now_ns - v.low_since_ns) / SECOND
    return _pressure_text(v) + (f", for {held_s:.0f} s" if held_s < v.station.limits.start_pressure.hold else "")


def _foreline_text(v: View) -> str:
    return _number(v.foreline, "mbar")


START_PRESSURE = Condition(
    "pressure good and below the start limit on both gauges", _start_pressure, _start_pressure_text
)
FILM_PRESSURE = Condition(
    "pressure good and low enough for a film on both gauges",
    lambda v, _scene: v.pressure <= v.station.limits.film_pressure,
    _pressure_text,
)
CROSSOVER = Condition("chamber below the crossover pressure on both gauges", _gate_pressure_start, _pressure_text)
FORELINE_START = Condition(
    "fore-line pressure good and below the start limit",
    lambda v, _scene: v.foreline <= v.station.limits.foreline_start,
    _foreline_text,
)
FORELINE_KEEP = Condition(
    "fore-line pressure good and below the closing limit",
    lambda v, _scene: v.foreline <= v.station.limits.foreline_close,
    _foreline_text,
)


def _turbo_text(v: View) -> str:
    speed_hz = v.value(v.s.turbo_speed, v.frame.turbo_age_ns)
    return f"turbo: {v.silence_text(v.s.turbo_speed)}" if math.isnan(speed_hz) else f"{speed_hz:.3g} Hz"


TURBO = Condition("turbo at speed and without error", lambda v, _scene: v.turbo_ok, _turbo_text)
TURBO_SLOW = Condition(
    "turbo below a tenth of its speed",
    lambda v, _scene: v.value(v.s.turbo_speed, v.frame.turbo_age_ns) < 0.1 * v.station.turbo.nominal,
    TURBO.shows,
)


def _gas_text(v: View) -> str:
    mbar = v.gas_pressure()
    return "capacitance gauge: no good reading" if math.isnan(mbar) else f"{mbar:.4g} mbar"


CAPACITANCE_GOOD = Condition(
    "capacitance gauge good and fresh",
    lambda v, _scene: not math.isnan(v.gas_pressure()),
    _gas_text,
)
BELOW_TARGET = Condition(
    "pressure below the target",
    lambda v, scene: v.gas_pressure() < scene.gas_target_mbar,
    _gas_text,
)


def _both_below_1_mbar(v: View, _scene: Scene) -> bool:
    """Before the gas valve first opens both gauges agree; afterwards only the capacitance gauge counts."""
    return v.since_gas or (v.capacitance < 1 and v.full_range < 1)


BOTH_GAUGES_AGREE = Condition("both gauges below 1 mbar before the first opening", _both_below_1_mbar, _pressure_text)


def gas_target(v: View, scene: Scene) -> float:
    """Return the target of the running gas step, or of the gas that is still in the chamber, mbar; NaN: none."""
    return v.gas_target_mbar if math.isnan(scene.gas_target_mbar) else scene.gas_target_mbar


def below_over_pressure(share: float = 1.0) -> Callable[[View, Scene], bool]:
    """Return the claim that the pressure is above its target by less than a share of the limit."""

    def holds(v: View, scene: Scene) -> bool:
        over = v.station.gas["N2"].over if "N2" in v.station.gas else 0.0
        return v.gas_pressure() <= gas_target(v, scene) * (1 + share * over / 100)

    return holds


NOT_OVER_TARGET = Condition(
    "pressure not above the target by more than the limit",
    below_over_pressure(),
    _gas_text,
)


def _below_ceiling(v: View, scene: Scene) -> bool:
    gas = v.station.gas["N2"]
    return v.gas_pressure() <= min(gas_target(v, scene) + gas.stop_above_target, gas.ceiling)


NOT_FAR_OVER_TARGET = Condition("pressure below the gas's stop limit", _below_ceiling, _gas_text)


def _may_equalise(v: View, _scene: Scene) -> bool:
    return v.gas_pressure() < v.station.glovebox.pressure - 2


BELOW_GLOVEBOX = Condition("chamber at least 2 mbar below the glovebox", _may_equalise, _gas_text)
AT_GLOVEBOX = Condition(
    "chamber at glovebox pressure",
    lambda v, _scene: abs(v.gas_pressure() - v.station.glovebox.pressure) <= v.station.glovebox.door,
    _gas_text,
)


# --- sources ---


def _others_off(v: View, scene: Scene) -> bool:
    wanted = [layer.source for layer in scene.layers]
    return all(v.is_off(w) for w in v.frame.sources if w.index not in wanted)


def _current_text(v: View) -> str:
    def current(w: Wiring) -> str:
        if not w.is_linked:
            return f"not measured, enable contact {v.enable_text(w)}"
        return _number(v.value(w.signals.current, 3 * v.frame.supply_age_ns), "A")

    return ", ".join(f"{w.name} {current(w)}" for w in v.frame.sources)


OTHER_SOURCES_OFF = Condition("other sources confirmed off", _others_off, _current_text)
SOURCES_OFF = Condition(
    "all sources confirmed off", lambda v, _scene: all(v.is_off(w) for w in v.frame.sources), _current_text
)


def heat_text(v: View, w: Wiring) -> str:
    """Return whether a source is hot, and for how much longer."""
    state = v.sources[w.index]
    if not state.is_hot:
        return "cold"
    if state.off_since_ns is None:
        return "hot, not confirmed off"
    left_s = max(0, round(w.source.cool_down - (v.now_ns - state.off_since_ns) / SECOND))
    return f"hot for another {left_s // 60} min {left_s % 60:02d} s"


SOURCES_COLD = Condition(
    "all sources cold",
    lambda v, _scene: not any(source.is_hot for source in v.sources),
    lambda v: ", ".join(f"{w.name} {heat_text(v, w)}" for w in v.frame.sources),
)


def _armed(v: View, scene: Scene) -> bool:
    wanted = [*energised(v), *(v.frame.sources[layer.source] for layer in scene.layers)]
    age_ns = 3 * v.frame.supply_age_ns
    return all(v.value(w.signals.armed, age_ns) == 1 for w in wanted if w.is_linked)


SUPPLY_ARMED = Condition(
    "supply armed, its watchdog read back",
    _armed,
    lambda v: ", ".join(f"{w.name} {_number(v.readings[w.signals.armed].value)}" for w in v.frame.sources),
)
IO_WATCHDOG = Condition(
    "I/O watchdog armed",
    lambda v, _scene: v.value(v.s.io_watchdog, 3 * v.frame.io_age_ns) == 1,
    lambda v: _number(v.readings[v.s.io_watchdog].value),
)
SQC_LINK = Condition(
    "SQC-310 answers",
    lambda v, _scene: not math.isnan(v.slow_sqc(v.s.sqc_phase)),
    lambda v: f"SQC-310: {v.silence_text(v.s.sqc_phase)}",
)
RECORD_LATE_S = 5.0
"""Age of the oldest scan that is not durable: above it nothing is started (safety reference E.4)."""
RECORD_STUCK_S = 30.0
"""Above it the run is stopped."""


def record_younger(age_s: float) -> Callable[[View, Scene], bool]:
    """Return the claim that the record is not further behind than a time."""
    return lambda v, _scene: v.readings[v.s.journal_age].value <= age_s


def record_age_text(v: View) -> str:
    """Return in words how far the record is behind."""
    return f"{v.readings[v.s.journal_age].value:.1f} s since the last durable scan"


JOURNAL = Condition("record keeps up", record_younger(RECORD_LATE_S), record_age_text)
ONE_FILE = Condition(
    "record in its first file",
    lambda v, _scene: v.readings[v.s.journal_segment].value <= 1,
    lambda v: f"it failed, and goes on in file {v.readings[v.s.journal_segment].value:.0f}",
)


# --- layers ---

AT_SOAK = Condition(
    "a source is at soak power", lambda _v, scene: scene.layer is not None and scene.layer.is_at_soak, lambda _v: ""
)
CAPTURED = Condition(
    "rate within the capture band", lambda _v, scene: scene.layer is not None and scene.layer.is_captured, lambda _v: ""
)


def _source_shutter_open(v: View, scene: Scene) -> bool:
    layers = scene.layers
    return bool(layers) and all(v.is_open(v.frame.sources[layer.source].shutter) for layer in layers)


SOURCE_SHUTTER_OPEN = Condition(
    "source shutter confirmed open",
    _source_shutter_open,
    lambda v: ", ".join(position_text(v, n) for n in v.s.source_shutter),
)


def crystal_is_good(v: View, w: Wiring) -> bool:
    """Return whether a crystal is active, within its frequency limits and fresh enough for a rate."""
    frequency = v.sqc(w.crystal.frequency)
    return v.sqc(w.crystal.status) == 1 and v.station.sqc.f_min <= frequency <= v.station.sqc.f_max * 1.01


CRYSTAL = Condition(
    "crystal good and fresh",
    lambda v, scene: (
        scene.layer is not None and all(crystal_is_good(v, v.frame.sources[layer.source]) for layer in scene.layers)
    ),
    lambda v: ", ".join(f"{w.name} {_number(v.readings[w.crystal.frequency].value, 'Hz')}" for w in v.frame.sources),
)


def images_fresh(v: View, _scene: Scene) -> bool:
    """Return whether I/O and gauges are younger than their limits."""
    return not math.isnan(v.io(v.s.e_stop_ok)) and not (math.isnan(v.full_range) and math.isnan(v.capacitance))


def _image_text(v: View) -> str:
    is_read = v.readings[v.s.e_stop_ok].quality is not Quality.NEVER
    return f"{v.age_s(v.s.e_stop_ok):.2f} s old" if is_read else "never read"


FRESH_IMAGE = Condition("I/O and gauge readings fresh", images_fresh, _image_text)
