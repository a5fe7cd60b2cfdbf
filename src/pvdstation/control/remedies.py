"""What each condition needs, as a value, and what a person can do about it. In words: no keys, no screens."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pvdstation.control import conditions as c
from pvdstation.control.conditions import Condition
from pvdstation.control.scene import Scene
from pvdstation.control.view import CAPACITANCE_VACUUM_MBAR, View

Needed = str | Callable[[View, Scene], str]


class Remedy(NamedTuple):
    """The value that a condition needs, and how to bring it about."""

    needed: Needed
    fix: str

    def value(self, v: View, scene: Scene) -> str:
        """Return the needed value on this station, in words."""
        return self.needed if isinstance(self.needed, str) else self.needed(v, scene)


def remedy_of(condition: Condition) -> Remedy:
    """Return what a condition needs and how to bring it about. Raises KeyError for one without a row."""
    return _REMEDIES[condition.sentence]


def _vacuum(limit: Callable[[View], float], more: Callable[[View], str] = lambda _v: "") -> Needed:
    def needed(v: View, _scene: Scene) -> str:
        gauges = f"full range ≤ {limit(v):.3g} mbar, capacitance < {CAPACITANCE_VACUUM_MBAR:g} mbar"
        return f"{gauges}{more(v)}"

    return needed


def _held(v: View) -> str:
    return f", for {v.station.limits.start_pressure.hold:g} s"


def _over_target(v: View, scene: Scene) -> str:
    gas = v.station.gas.get("N2")
    return f"≤ {c.gas_target(v, scene) * (1 + (gas.over if gas else 0.0) / 100):.4g} mbar"


def _far_over_target(v: View, scene: Scene) -> str:
    gas = v.station.gas["N2"]
    return f"≤ {min(c.gas_target(v, scene) + gas.stop_above_target, gas.ceiling):.4g} mbar"


def _cool_down(v: View, _scene: Scene) -> str:
    return ", ".join(f"{w.name}: {w.source.cool_down / 60:g} min confirmed off" for w in v.frame.sources)


def _crystal_range(v: View, _scene: Scene) -> str:
    return f"active, {v.station.sqc.f_min:.6g} to {v.station.sqc.f_max * 1.01:.6g} Hz"


def _glovebox(v: View, _scene: Scene) -> str:
    return f"{v.station.glovebox.pressure:g} ± {v.station.glovebox.door:g} mbar"


_PUMP = "pump down, and look for a leak or gas if the pressure does not fall"
_OFF = "end the step that heats, or stop the run: its supply is switched off"
_ARM = "restore the unit's link; it is armed before it energises"
_REMEDIES: Mapping[str, Remedy] = {
    condition.sentence: Remedy(needed, fix)
    for condition, needed, fix in (
        (
            c.FRESH_IMAGE,
            "I/O and one chamber gauge within their age limits",
            "restore the link of the I/O or the gauges",
        ),
        (c.E_STOP, "yes", "release the emergency stop and reset its chain with the key"),
        (c.DOOR, "yes", "close the door"),
        (c.WATER, "yes", "open the cooling water and look at the flow switch"),
        (c.AIR, "yes", "restore the compressed air"),
        (c.NO_OVER_PRESSURE, "yes", "pump the chamber out; look at the over-pressure switch"),
        (c.BACKING, "yes", "start the backing pump"),
        (c.GATE_CLOSED, "closed", "close the HV gate and wait for both switches"),
        (c.GATE_OPEN, "open", "pump down: the gate opens below the crossover pressure"),
        (c.ROUGHING_CLOSED, "closed", "close the roughing valve and wait for its switches"),
        (c.FORELINE_CLOSED, "closed", "close the fore-line valve and wait for its switches"),
        (c.FORELINE_OPEN, "open", "open the fore-line valve: the backing pump must run"),
        (c.FORELINE_MAY_OPEN, "roughing valve closed, or the chamber pumped", "close the roughing valve"),
        (c.N2_CLOSED, "closed", "close the N2 valve; if it stays open, close the gas at its source"),
        (c.VENT_CLOSED, "closed", "close the vent valve; if it stays open, close the gas at its source"),
        (c.N2_FOLLOWS, "closed", "close the gas at its source; look at valve, coil and switches"),
        (c.VENT_FOLLOWS, "closed", "close the gas at its source; look at valve, coil and switches"),
        (c.SHUTTERS_CLOSED, "closed", "close the shutters; look at air and switches of the one that is not"),
        (c.SOURCE_SHUTTER_OPEN, "open", "the step opens it at soak power; look at air and switches"),
        (c.START_PRESSURE, _vacuum(lambda v: v.station.limits.start_pressure.pressure, _held), _PUMP),
        (c.FILM_PRESSURE, _vacuum(lambda v: v.station.limits.film_pressure), _PUMP),
        (c.CROSSOVER, _vacuum(lambda v: v.station.limits.crossover), "rough the chamber with the gate closed"),
        (
            c.FORELINE_START,
            lambda v, _s: f"≤ {v.station.limits.foreline_start:g} mbar",
            "let the backing pump evacuate the fore-line; look for a leak in it",
        ),
        (
            c.FORELINE_KEEP,
            lambda v, _s: f"≤ {v.station.limits.foreline_close:g} mbar",
            "let the backing pump evacuate the fore-line; look for a leak in it",
        ),
        (
            c.TURBO,
            lambda v, _s: f"≥ {v.frame.turbo_ready_hz:.3g} Hz, no error",
            "start the turbo and wait for its speed; clear its error at the drive",
        ),
        (
            c.TURBO_SLOW,
            lambda v, _s: f"< {0.1 * v.station.turbo.nominal:.3g} Hz",
            "stop the turbo and wait until it has run down",
        ),
        (c.CAPACITANCE_GOOD, "a good reading within its age limit", "restore the link of the capacitance gauge"),
        (
            c.BELOW_TARGET,
            lambda _v, scene: f"< {scene.gas_target_mbar:.4g} mbar",
            "evacuate, or wait: a step sets the target",
        ),
        (c.BOTH_GAUGES_AGREE, "both < 1 mbar", "evacuate; compare the two gauges if they disagree"),
        (c.NOT_OVER_TARGET, _over_target, "evacuate; look whether the valve leaks"),
        (c.NOT_FAR_OVER_TARGET, _far_over_target, "close the gas at its source, then evacuate"),
        (
            c.BELOW_GLOVEBOX,
            lambda v, _s: f"< {v.station.glovebox.pressure - 2:g} mbar",
            "nothing to do: the chamber is at glovebox pressure",
        ),
        (c.AT_GLOVEBOX, _glovebox, "vent to glovebox pressure"),
        (c.OTHER_SOURCES_OFF, lambda v, _s: f"off, ≤ {v.station.limits.hot_above:g} A", _OFF),
        (c.SOURCES_OFF, lambda v, _s: f"off, ≤ {v.station.limits.hot_above:g} A", _OFF),
        (c.SOURCES_COLD, _cool_down, "wait: the time runs while every source is confirmed off"),
        (c.SUPPLY_ARMED, "1", _ARM),
        (c.IO_WATCHDOG, "1", _ARM),
        (c.SQC_LINK, "a fresh answer", "restore the SQC-310's link"),
        (c.JOURNAL, f"≤ {c.RECORD_LATE_S:g} s", "look at the disk: free space, a slow or lost drive"),
        (c.ONE_FILE, "1", "look at the disk before the next run"),
        (c.AT_SOAK, "yes", "condition the source: its shutter opens before the end of soak 2"),
        (c.CAPTURED, "yes", "wait until the rate has been within the capture band for its time"),
        (c.CRYSTAL, _crystal_range, "look at crystal, sensor and cable; change the crystal"),
    )
}
"""By the condition's sentence."""
