"""Claims about what makes a film: supply, boat, crystal, rate, and the SQC-310 that drives them.

As in ``claims``: each is true only when fresh, good readings prove it, and what a link does not say is left to the
rule of that link, so that the first cause names it.
"""

import math
from collections.abc import Callable

from pvdstation.control import conditions as c
from pvdstation.control.scene import Layer, Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.signals import Quality, SupplyMode
from pvdstation.model.station import FINGERPRINT_A, Station

OPEN_VOLTS = 0.9
"""Share of the voltage limit at which a supply is at it."""


def regulating(_v: View, scene: Scene) -> bool:
    """Return whether a rate loop is closed."""
    return scene.layer is not None and scene.layer.is_regulating


def heated(v: View, scene: Scene) -> bool:
    """Return whether a layer's source is on."""
    return scene.layer is not None and v.any_energised()


def works_on_nothing(_v: View, scene: Scene) -> bool:
    """Return whether no layer is worked on: while one is, its step says what the SQC-310 does wrong."""
    return scene.layer is None


def attention_text(v: View) -> str:
    """Return the phase that a person has to look at."""
    return f"phase {v.readings[v.s.sqc_attention].value:g}: look at the unit"


def exposed_layer(v: View, scene: Scene) -> bool:
    """Return whether a layer grows on the substrate."""
    return v.last.substrate_shutter and scene.layer is not None and scene.layer.is_exposed


def _is_silent(v: View, number: int, age_ns: int) -> bool:
    """Return whether a reading is missing because of its link."""
    reading = v.readings[number]
    return reading.quality is Quality.COMM_FAULT or v.now_ns - reading.at_ns > age_ns


def _is_unread(v: View, w: Wiring) -> bool:
    """Return whether voltage or current of a supply is missing because of its link."""
    return any(_is_silent(v, number, v.frame.supply_age_ns) for number in (w.signals.voltage, w.signals.current))


# --- supplies ---


def supply_agrees(v: View, _scene: Scene) -> bool:
    """Return whether each supply delivers what its loop asks, judged above the current of the station file."""
    limits = v.station.limits
    for w in c.measured(v):
        asked, flows = c.commanded_a(v, w), v.supply(w.signals.current)
        if math.isnan(asked) or _is_unread(v, w):
            continue  # nobody knows what is asked, or what flows: the link's own rule acts
        if max(asked, flows) > limits.supply_agrees_above and not abs(flows - asked) <= limits.supply_agrees:
            return False
    return True


def supply_state(v: View, _scene: Scene) -> bool:
    """From the mode threshold on the supply regulates current; it has no fault, no error, and the right reference."""
    above_a, slow_ns = v.station.limits.mode_above, 3 * v.frame.supply_age_ns
    for w in c.measured(v):
        for number, wanted in _registers(w):
            if not _is_silent(v, number, slow_ns) and v.value(number, slow_ns) != wanted:
                return False
        asked, flows = c.commanded_a(v, w), v.supply(w.signals.current)
        is_judged = (asked > above_a or flows > above_a) and not _is_silent(v, w.signals.mode, v.frame.supply_age_ns)
        if is_judged and v.supply(w.signals.mode) != SupplyMode.CC:
            return False
    return True


def _registers(w: Wiring) -> tuple[tuple[int, float], ...]:
    """Return what is read in turn, with the value that each must have."""
    always = ((w.signals.faults, 0.0), (w.signals.error, 0.0))
    if not w.supply.shows_reference:
        return always
    return (*always, (w.signals.external, float(w.supply.current_source == "analogue")))


def supplies_answer(v: View, _scene: Scene) -> bool:
    """Return whether every energised supply's readings are fresh, and its registers not much older."""
    slow_ns = 3 * v.frame.supply_age_ns
    return all(
        not math.isnan(v.supply(w.signals.current))
        and not any(_is_silent(v, number, v.frame.supply_age_ns) for number in (w.signals.voltage, w.signals.mode))
        and not any(_is_silent(v, number, slow_ns) for number, _wanted in _registers(w))
        for w in c.measured(v)
    )


def supply_link_text(v: View) -> str:
    """Return since when each energised supply has not been read."""

    def oldest_s(w: Wiring) -> float:
        slow = max(v.age_s(number) for number, _wanted in _registers(w))
        fast = max(v.age_s(number) for number in (w.signals.voltage, w.signals.current, w.signals.mode))
        return slow if slow * 1e9 > 3 * v.frame.supply_age_ns else fast

    return ", ".join(f"supply {w.boat}: no fresh reading for {oldest_s(w):.1f} s" for w in c.measured(v))


def power_ceiling(v: View, _scene: Scene) -> bool:
    """Return whether asked current and measured power stay below every limit."""
    for w in c.energised(v):
        asked = c.commanded_a(v, w)
        if not math.isnan(asked) and asked > (w.source.max_power + 0.2) * w.supply.full_scale / 100:
            return False
        watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
        if w.is_linked and not _is_unread(v, w) and not watts <= w.supply.p_limit:
            return False
    return True


def no_uncommanded_energy(v: View, _scene: Scene) -> bool:
    """Commanded off for a second: below 1 A; where nobody knows the current, the enable contact is read back open."""
    for w in v.frame.sources:
        since = v.sources[w.index].commanded_off_since_ns
        if since is None or v.now_ns - since < 1_000_000_000:
            continue
        current = v.readings[w.signals.current]
        is_fresh = v.now_ns - current.at_ns <= 3 * v.frame.supply_age_ns
        if is_fresh and current.quality is Quality.OVER_RANGE:
            return False
        if is_fresh and current.quality is Quality.GOOD:
            if not current.value <= v.station.limits.hot_above:
                return False
        elif v.io(w.enable_open) != 1:
            return False
    return True


# --- boats ---


def resistance(v: View, w: Wiring) -> float:
    """Return V/I at a supply, ohm, leads included; NaN below 1 A or when unknown."""
    current = v.supply(w.signals.current)
    return v.supply(w.signals.voltage) / current if current > 1 else math.nan


def resistance_text(v: View) -> str:
    """Return V/I of every energised boat in words."""

    def shown(ohm: float) -> str:
        return "takes no current" if math.isnan(ohm) else f"{ohm * 1000:.2f} mΩ"

    return ", ".join(f"boat {w.boat} {shown(resistance(v, w))}" for w in c.measured(v))


def boats_conduct(v: View, _scene: Scene) -> bool:
    """An open boat takes less than half of what is asked at the full voltage (safety A4)."""
    for w in c.measured(v):
        if _is_unread(v, w):
            continue
        asked, flows, volts = c.commanded_a(v, w), v.supply(w.signals.current), v.supply(w.signals.voltage)
        if asked > v.station.limits.mode_above and flows < asked / 2 and volts >= OPEN_VOLTS * w.supply.v_limit:
            return False
    return True


def boats_not_shorted(v: View, scene: Scene) -> bool:
    """From the first currents at which it is fingerprinted a boat is never below its cold value, nor far below its
    hottest one of this step: it is heated, and its loop changes its power by little.
    """
    for w in c.measured(v):
        if _is_unread(v, w) or not v.supply(w.signals.current) >= FINGERPRINT_A[0]:
            continue
        hottest_ohm = next((layer.hottest_ohm for layer in scene.layers if layer.source == w.index), 0.0)
        least = max(w.source.cold_resistance, hottest_ohm)
        if not resistance(v, w) >= least * (1 - v.station.limits.resistance_window / 100):
            return False
    return True


def in_fingerprint_window(v: View, scene: Scene) -> bool:
    """Return whether a current is between 12 and 16 A of the first ramp that passes them."""
    return any(_is_fingerprinted(v, layer) for layer in scene.layers)


def _is_fingerprinted(v: View, layer: Layer) -> bool:
    current = v.supply(v.frame.sources[layer.source].signals.current)
    return layer.is_first_ramp and FINGERPRINT_A[0] <= current <= FINGERPRINT_A[1]


def cold_resistance(v: View, scene: Scene) -> bool:
    """Return whether V/I of each boat in that window is near the station's value for it."""
    window = v.station.limits.resistance_window / 100
    for w, layer in _worked_on(v, scene):
        expected = w.source.cold_resistance
        is_judged = _is_fingerprinted(v, layer) and not _is_unread(v, w)
        if is_judged and not abs(resistance(v, w) - expected) <= expected * window:
            return False
    return True


def _worked_on(v: View, scene: Scene) -> list[tuple[Wiring, Layer]]:
    return [(v.frame.sources[layer.source], layer) for layer in scene.layers]


def has_median(_v: View, scene: Scene) -> bool:
    """Return whether a layer is exposed and its medians are known."""
    return any(layer.is_exposed and not math.isnan(layer.resistance_ohm) for layer in scene.layers)


def steady_resistance(v: View, scene: Scene) -> bool:
    """Return whether V/I is near the layer's own median."""
    for w, layer in _worked_on(v, scene):
        median = layer.resistance_ohm
        if math.isnan(median) or _is_unread(v, w):
            continue
        if not abs(resistance(v, w) - median) <= median * v.station.limits.resistance_drift / 100:
            return False
    return True


def steady_power(v: View, scene: Scene) -> bool:
    """Return whether the power is near the layer's own median."""
    for w, layer in _worked_on(v, scene):
        if math.isnan(layer.power_w) or _is_unread(v, w):
            continue
        watts = v.supply(w.signals.voltage) * v.supply(w.signals.current)
        if not abs(watts - layer.power_w) <= layer.power_w * v.station.limits.power_drift / 100:
            return False
    return True


# --- crystals and rate ---


def rate_within(band: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    """Return the claim that the 1 s rate is within a band around the set-point; a rate that is unknown has its rule."""

    def holds(v: View, scene: Scene) -> bool:
        share = band(v.station) / 100
        return all(
            math.isnan(layer.rate_nm_s) or abs(layer.rate_nm_s / layer.set_rate_nm_s - 1) <= share
            for layer in scene.layers
        )

    return holds


def rate_is_younger(age_s: Callable[[Station], float]) -> Callable[[View, Scene], bool]:
    """Return the claim that the crystal of the layer was read within a time."""

    def holds(v: View, scene: Scene) -> bool:
        age_ns = age_s(v.station) * 1e9
        for w, layer in _worked_on(v, scene):
            reading = v.readings[w.crystal.frequency]
            is_fresh = reading.quality is Quality.GOOD and v.now_ns - reading.at_ns <= age_ns
            if not is_fresh and not (layer.ends_by_time and crystal_has_failed(v, w)):
                return False
        return True

    return holds


def rate_known(_v: View, scene: Scene) -> bool:
    """Return whether there were readings enough in the last second for a rate."""
    return not any(math.isnan(layer.rate_nm_s) for layer in scene.layers)


def rate_text(v: View) -> str:
    """Return how old the rate of each energised source is."""

    def shown(number: int) -> str:
        is_lost = v.readings[number].quality is Quality.COMM_FAULT
        return "no answer, no rate" if is_lost else f"no fresh rate for {v.age_s(number):.1f} s"

    return ", ".join(f"SQC-310: {shown(w.crystal.frequency)}" for w in c.energised(v))


def slow_text(v: View) -> str:
    """Return whose readings come too slowly for a rate."""
    listed = ", ".join(f"crystal {w.source.sensor}" for w in c.energised(v))
    return f"SQC-310: too few readings of {listed} in a second"


def crystal_has_failed(v: View, w: Wiring) -> bool:
    """Judged on the last reading; its age, and a link that is lost, are the rate rule's business."""
    reading = v.readings[w.crystal.frequency]
    if reading.quality is Quality.COMM_FAULT:
        return False
    active = v.readings[w.crystal.status].value == 1
    return not (active and v.station.sqc.f_min <= reading.value <= v.station.sqc.f_max * 1.01)


def crystal_good(v: View, scene: Scene) -> bool:
    """Return whether the last reading of the layer's crystal is of one that oscillates within its limits.

    A layer whose rest is completed by time does without.
    """
    return not any(crystal_has_failed(v, w) for w, layer in _worked_on(v, scene) if not layer.ends_by_time)


def crystal_text(v: View) -> str:
    """Return which crystals have failed, and what follows."""
    return ", ".join(w.crystal_failed for w in c.energised(v) if crystal_has_failed(v, w))


def crystal_measures(v: View, scene: Scene) -> bool:
    """A crystal under vapour that reads the same to the last digit is no measurement: its driver says uncertain."""
    readings = (v.readings[w.crystal.frequency] for w, _layer in _worked_on(v, scene))
    return all(reading.quality is not Quality.UNCERTAIN for reading in readings)


def still_text(v: View) -> str:
    """Return where the crystals of energised sources stand still."""
    still = [w for w in c.energised(v) if v.readings[w.crystal.frequency].quality is Quality.UNCERTAIN]
    return ", ".join(
        f"crystal {w.source.sensor} stands at {v.readings[w.crystal.frequency].value:.2f} Hz: shutters closed, "
        f"{w.name} off"
        for w in still or c.energised(v)
    )


# --- the SQC-310 ---


def sqc_answers(v: View, scene: Scene) -> bool:
    """Return whether phase, process and power of the SQC-310 are fresh."""
    if scene.layer is None:
        return True
    powers = (w.output.power for w, _layer in _worked_on(v, scene))
    for number in (v.s.sqc_phase, v.s.sqc_process, *powers):
        reading = v.readings[number]
        if reading.quality is not Quality.GOOD or v.now_ns - reading.at_ns > v.frame.rate_age_ns:
            return False
    return True


def owned_by_sqc(v: View, scene: Scene) -> bool:
    """Return whether a supply is on whose current the SQC-310 sets."""
    return v.any_energised() and scene.layer is not None and not v.frame.sources[scene.layer.source].host
