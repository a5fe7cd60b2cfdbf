"""Claims of the interlocks: each true only when fresh, good, in-range readings prove it.

``needed`` says when a rule is judged, ``holds`` what must be true then. A claim that another rule judges (an old
gauge, a silent link) is left to that rule, so that the first cause names the right one.
"""

import math
from collections.abc import Callable

from pvdstation.control import conditions as c
from pvdstation.control.conditions import Condition
from pvdstation.control.scene import Scene
from pvdstation.control.view import CAPACITANCE_VACUUM_MBAR, View
from pvdstation.model.signals import Quality
from pvdstation.model.station import Station

STOP_S = 60.0
"""From a controlled stop to no current: the ramp to idle, and the unit's answer."""

VALVES_S = 30.0
"""From the roughing valve's closing to the fore-line valve's opening at the very most."""


def always(_v: View, _scene: Scene) -> bool:
    """Hold in every state of a run."""
    return True


def energy(v: View, _scene: Scene) -> bool:
    """Return whether any supply was commanded on."""
    return v.any_energised()


def exposed(v: View, _scene: Scene) -> bool:
    """Return whether the substrate shutter was told to be open."""
    return v.last.substrate_shutter


def gate(v: View, _scene: Scene) -> bool:
    """Return whether the HV gate was told to be open."""
    return v.last.gate


def n2(v: View, _scene: Scene) -> bool:
    """Return whether the N2 valve was told to be open."""
    return v.last.n2


def vent(v: View, _scene: Scene) -> bool:
    """Return whether the vent valve was told to be open."""
    return v.last.vent


def every(*claims: Condition) -> Callable[[View, Scene], bool]:
    """Return the claim that all conditions hold."""
    return lambda v, scene: all(claim.holds(v, scene) for claim in claims)


# --- pressure ---


def pressure_below(limit: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    """A failed or old gauge is the gauge rule's business; what either gauge measures must fit the limit."""

    def holds(v: View, _scene: Scene) -> bool:
        full_range, capacitance = v.readings[v.s.full_range], v.readings[v.s.capacitance]
        if Quality.OVER_RANGE in {full_range.quality, capacitance.quality}:
            return False
        if capacitance.quality is Quality.GOOD and not capacitance.value < CAPACITANCE_VACUUM_MBAR:
            return False
        if full_range.quality is Quality.GOOD:
            return 0 < full_range.value <= limit(v.station)
        return full_range.quality is not Quality.UNDER_RANGE or full_range.value <= limit(v.station)

    return holds


def gauges_younger(age_s: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    """Return the claim that both chamber gauges are good, younger than the limit, and show vacuum."""

    def holds(v: View, _scene: Scene) -> bool:
        age_ns = age_s(v.station) * 1e9
        for number in (v.s.full_range, v.s.capacitance):
            reading = v.readings[number]
            if reading.quality > Quality.UNDER_RANGE or v.now_ns - reading.at_ns > age_ns:
                return False
        return v.readings[v.s.capacitance].value < 2.0

    return holds


def gate_may_stay(v: View, _scene: Scene) -> bool:
    """Return whether no gauge shows too much pressure for the open gate.

    A gauge that shows nothing closes no gate: a hot source wants pumping, and lost gauges have a rule of their own.
    """
    limits, s = v.station.limits, v.s
    most = (
        (s.full_range, limits.gate_close),
        (s.capacitance, CAPACITANCE_VACUUM_MBAR),
        (s.foreline, limits.foreline_close),
    )
    for number, limit_mbar in most:
        reading = v.readings[number]
        is_known = reading.quality <= Quality.UNDER_RANGE
        if reading.quality is Quality.OVER_RANGE or (is_known and not reading.value <= limit_mbar):
            return False
    return True


def gate_pressure_text(v: View) -> str:
    """Return the pressures on both sides of the gate in words."""
    return f"{c.CROSSOVER.shows(v)}, {c.FORELINE_KEEP.shows(v)} (fore-line)"


# --- backing ---


def is_backed(v: View, scene: Scene) -> bool:
    """Return whether the backing pump is behind the turbo: it runs, and the fore-line valve is open."""
    return c.BACKING.holds(v, scene) and c.FORELINE_OPEN.holds(v, scene)


def foreline_follows(v: View, scene: Scene) -> bool:
    """Return whether the fore-line valve is open, or closed for a reason that has a rule: no pump, no air."""
    is_known = c.BACKING.holds(v, scene) and c.AIR.holds(v, scene)
    return not is_known or v.is_open(v.s.foreline_valve)


def backing_is_wanted(v: View, _scene: Scene) -> bool:
    """Return whether the backing pump is to run: unless it is told to stop, or was just now told to start again."""
    return not v.last.backing_stop and v.now_ns - v.pump_told_ns > v.frame.pump_starts_ns


def turbo_turns(v: View, scene: Scene) -> bool:
    """Return whether the turbo turns, or nobody knows."""
    return not c.TURBO_SLOW.holds(v, scene)


def foreline_is_told_open(v: View, scene: Scene) -> bool:
    """Return whether the fore-line valve is told to be open; it cannot be without a running pump, which has a rule."""
    return v.last.foreline or not c.BACKING.holds(v, scene)


def backing_text(v: View) -> str:
    """Return in words what is behind the turbo."""
    return f"{c.BACKING.shows(v)}, fore-line valve {c.FORELINE_OPEN.shows(v)}, fore-line {c.FORELINE_KEEP.shows(v)}"


def unbacked_s(station: Station) -> float:
    """Return how long a source may stay on without backing: long enough after it to go off in order, s."""
    return max(0.0, station.limits.turbo_without_backing - STOP_S)


def shut_off_s(station: Station) -> float:
    """Return how long the turbo may be shut off from its backing: what a step takes for it, and its valves, s."""
    return station.limits.turbo_without_backing + VALVES_S


# --- gas ---


def holds_gas(v: View, scene: Scene) -> bool:
    """Return whether gas is admitted, or was since the last high vacuum."""
    return not math.isnan(c.gas_target(v, scene))


def not_far_over_target(v: View, scene: Scene) -> bool:
    """In the gas step only a good gauge proves it; later a gauge that shows nothing is not gas."""
    is_unknown = math.isnan(scene.gas_target_mbar) and v.capacitance_shows_nothing()
    return is_unknown or c.NOT_FAR_OVER_TARGET.holds(v, scene)


def gas_is_shut_in(v: View, scene: Scene) -> bool:
    """Return whether gas was admitted and its valve is confirmed closed; one that is not has a rule of its own."""
    return holds_gas(v, scene) and c.N2_CLOSED.holds(v, scene)


def not_over_target(v: View, scene: Scene) -> bool:
    """Return whether no good reading is above the target by more than the limit."""
    return v.capacitance_shows_nothing() or c.NOT_OVER_TARGET.holds(v, scene)


# --- shutters and valves ---


def closing_shutters_follow(v: View, _scene: Scene) -> bool:
    """Return whether every shutter that was told to close is confirmed closed."""
    wanted = (
        (v.last.substrate_shutter, v.s.substrate_shutter),
        *zip(v.last.source_shutter, v.s.source_shutter, strict=True),
    )
    return all(is_open or v.is_closed(number) for is_open, number in wanted)


def opening_shutters_follow(v: View, _scene: Scene) -> bool:
    """Return whether every shutter that was told to open is confirmed open."""
    wanted = (
        (v.last.substrate_shutter, v.s.substrate_shutter),
        *zip(v.last.source_shutter, v.s.source_shutter, strict=True),
    )
    return all(v.is_open(number) for is_open, number in wanted if is_open)


def sqc_sees_vapour(v: View, scene: Scene) -> bool:
    """The SQC-310 in phase 12 to 14 regulates blind when the source shutter is not open."""
    phase = v.slow_sqc(v.s.sqc_phase)
    if scene.layer is None or (not math.isnan(phase) and phase not in (12, 13, 14)):
        return True
    worked_on = (v.frame.sources[layer.source] for layer in scene.layers)
    return all(w.host or v.is_open(w.shutter) for w in worked_on)


def gas_valves_follow(v: View, _scene: Scene) -> bool:
    """Return whether gas valves that were told to close are confirmed closed."""
    return (v.last.n2 or v.is_closed(v.s.n2)) and (v.last.vent or v.is_closed(v.s.vent))


def hot(v: View, _scene: Scene) -> bool:
    """Return whether a source is on, or hot from having been on in this run."""
    return v.any_energised() or any(w.was_energised_ns is not None and w.is_hot for w in v.sources)


def io_younger(v: View, _scene: Scene) -> bool:
    """Return whether the I/O image is fresh."""
    return not math.isnan(v.io(v.s.e_stop_ok))


def needs_io(v: View, _scene: Scene) -> bool:
    """Return whether anything was told to be on or open that falls back when the I/O drops its outputs."""
    return v.any_energised() or v.last.n2 or v.last.roughing or v.last.gate


def io_is_armed(v: View, _scene: Scene) -> bool:
    """Return whether the I/O does not say that its watchdog is disarmed; an old reading is another rule's business."""
    return v.readings[v.s.io_watchdog].value != 0


def says_zero(signal: str) -> Callable[[View, Scene], bool]:
    """Return the claim that a flag is not raised; a link that says nothing has a rule of its own."""

    def holds(v: View, _scene: Scene) -> bool:
        reading = v.readings[v.s.number[signal]]
        return reading.quality is not Quality.GOOD or reading.value == 0

    return holds


def gauge_settings_kept(v: View, _scene: Scene) -> bool:
    """Return whether no gauge controller's settings differ; one that is not asked, or does not answer, says nothing."""
    return not _changed_gauges(v)


def gauge_settings_text(v: View) -> str:
    """Return whose settings differ, and what follows."""
    return f"{', '.join(_changed_gauges(v))}: compare with the station file; a changed factor makes its gauge uncertain"


def _changed_gauges(v: View) -> list[str]:
    return [
        link
        for link, number in v.s.gauge_settings.items()
        if v.readings[number].quality is Quality.GOOD and v.readings[number].value != 1
    ]


def limit(name: str) -> Callable[[Station], float]:
    """Return the reader of a station's limit, by name."""
    return lambda station: float(getattr(station.limits, name))


def age_limit(name: str) -> Callable[[Station], float]:
    """Return the reader of a station's age limit, by name, s."""
    return lambda station: float(getattr(station.limits.age, name))


def valve_follow_s(station: Station) -> float:
    """Return how long a valve may take, s."""
    return station.io.follow.valve


def shutter_follow_s(station: Station) -> float:
    """Return how long a shutter may take, s."""
    return station.io.follow.shutter
