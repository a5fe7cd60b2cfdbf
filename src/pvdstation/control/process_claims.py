"""Claims about a film in the making: power becomes rate, nothing spits, each crystal reads well and lasts.

What has to be remembered for them stands in the guards of the sources; a loop that is open has none.
"""

import math
from collections.abc import Iterator

from pvdstation.control.conditions import commanded_a, energised
from pvdstation.control.guard import ProcessGuard
from pvdstation.control.scene import Scene
from pvdstation.control.sources import Wiring
from pvdstation.control.view import View
from pvdstation.model.clock import SECOND, to_ns
from pvdstation.model.signals import Quality

EMPTY_NS = 3 * SECOND
"""How long a rate may stay below its band for more power before the charge is in doubt."""
ROSE_NS = 10 * SECOND
"""How long a rise of the frequency is told."""


def _guards(v: View) -> Iterator[tuple[Wiring, ProcessGuard]]:
    return ((w, guard) for w, guard in zip(v.frame.sources, v.guards, strict=False) if guard.seen_ns)


def _lacking(v: View) -> Iterator[tuple[Wiring, ProcessGuard]]:
    return ((w, guard) for w, guard in _guards(v) if guard.lack_s > 0)


def _power_pct(v: View, w: Wiring) -> float:
    return commanded_a(v, w) / w.supply.full_scale * 100


# --- rate for power ---


def rate_not_dropped(v: View, scene: Scene) -> bool:
    """Return whether no rate is far below its set-point: a shutter, a clamp, a charge that is used up."""
    least = 1 - v.station.limits.rate_jump.within / 100
    return not any(layer.rate_nm_s < least * layer.set_rate_nm_s for layer in scene.layers)


def rate_not_surged(v: View, scene: Scene) -> bool:
    """Return whether no rate is far above its set-point: a melt that wets its boat, a skin that breaks."""
    most = 1 + v.station.limits.rate_jump.within / 100
    return not any(layer.rate_nm_s > most * layer.set_rate_nm_s for layer in scene.layers)


def rate_verified(v: View, _scene: Scene) -> bool:
    """Return whether no source has lacked its set rate for so long that its power does not become film (I8)."""
    return all(guard.lack_s <= v.station.limits.verify_rate.lack for _, guard in _lacking(v))


def lack_text(v: View) -> str:
    """Return for how long each source has lacked its set rate, and where to look."""
    return ", ".join(
        f"{w.name} has lacked its set rate for {guard.lack_s:.1f} s in all, power {_power_text(v, w)}: look at charge, "
        f"source shutter and the view of crystal {w.source.sensor}"
        for w, guard in _lacking(v)
    )


def power_answered(v: View, _scene: Scene) -> bool:
    """Return whether the rate has risen in time wherever the power was raised for it (I8, approach window)."""
    limits = v.station.limits.verify_rate
    window_ns = to_ns(limits.answer)
    return not any(
        v.now_ns - guard.gain_ns > window_ns and _power_pct(v, w) >= guard.gain_pct + limits.rise
        for w, guard in _lacking(v)
    )


def loop_moves(v: View, _scene: Scene) -> bool:
    """Return whether no loop stands at its highest power while its rate is below the band and does not rise."""
    stuck_ns = to_ns(v.station.limits.loop_stuck)
    return not any(
        guard.limited_ns is not None and v.now_ns - max(guard.limited_ns, guard.gain_ns) >= stuck_ns
        for _, guard in _lacking(v)
    )


def charge_lasts(v: View, _scene: Scene) -> bool:
    """Return whether no rate has fallen out of its band although the power has risen since."""
    share = 1 + v.station.limits.source_empty / 100
    return not any(
        v.now_ns - guard.gain_ns > EMPTY_NS and _power_pct(v, w) >= share * guard.band_pct for w, guard in _lacking(v)
    )


def effort_text(v: View) -> str:
    """Return what power each loop that lacks its rate has come to."""
    return ", ".join(
        f"{w.name}: power {_power_text(v, w)}"
        + ("" if math.isnan(guard.band_pct) else f", {guard.band_pct:.1f} % while it had its rate")
        for w, guard in _lacking(v)
    )


def _power_text(v: View, w: Wiring) -> str:
    power = _power_pct(v, w)
    return "unknown" if math.isnan(power) else f"{power:.1f} %"


# --- spits ---


def spits_rarely(v: View, _scene: Scene) -> bool:
    """Return whether no source has spat so often within a time that its film is in doubt."""
    return all(len(guard.spits) < v.station.limits.spit.most for _, guard in _guards(v))


def spit_text(v: View) -> str:
    """Return how often each source has spat."""
    within_s = v.station.limits.spit.within
    return ", ".join(f"{w.name}: {len(guard.spits)} spits in {within_s:g} s" for w, guard in _guards(v) if guard.spits)


# --- crystals ---


def crystal_steady(v: View, _scene: Scene) -> bool:
    """Return whether the readings of each crystal scatter little and have not risen: under vapour they only fall."""
    return not any(_unsteady_text(v, guard) for _, guard in _guards(v))


def steady_text(v: View) -> str:
    """Return what is wrong with the readings of each crystal."""
    listed = ((w, _unsteady_text(v, guard)) for w, guard in _guards(v))
    return ", ".join(f"crystal {w.source.sensor} {text}" for w, text in listed if text)


def _unsteady_text(v: View, guard: ProcessGuard) -> str:
    if guard.scatter_hz > v.station.limits.crystal_noise:
        return f"scatters by {guard.scatter_hz:.1f} Hz"
    if guard.rose_ns is not None and v.now_ns - guard.rose_ns <= ROSE_NS:
        return f"rose by {guard.rose_hz:.1f} Hz in one reading"
    return ""


def crystal_lasts(v: View, scene: Scene) -> bool:
    """Return whether no crystal of a layer has used more of its life than the station file says."""
    most = v.station.limits.crystal_life_used_warning
    return all(life_used_pct(v, v.frame.sources[layer.source]) <= most for layer in scene.layers)


def life_used_pct(v: View, w: Wiring) -> float:
    """Return how much of a crystal's life is used, %; 0 where its last reading does not tell."""
    reading, sqc = v.readings[w.crystal.frequency], v.station.sqc
    if reading.quality is not Quality.GOOD:
        return 0.0
    return (sqc.f_max - reading.value) / (sqc.f_max - sqc.f_min) * 100


def life_text(v: View) -> str:
    """Return how much life the crystals of energised sources have left."""
    return ", ".join(f"crystal {w.source.sensor}: {100 - life_used_pct(v, w):.0f} % left" for w in energised(v))
