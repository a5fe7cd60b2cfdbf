"""Gauge heads of the simulated station: what a full-range, a capacitance and a Pirani gauge show of a true pressure.

Gas factors in p_true = C · p_shown: ionisation gauge 0.8 in argon, Pirani 1.7 in argon, 1 in nitrogen (BCG450 manual
tina40e1 p.54). Above 20 mbar in nitrogen, and from about 10 mbar in argon, a Pirani loses its sensitivity; its plateau
of 30 mbar in argon is an estimate, its direction is certain.
"""

import math
import random
from collections.abc import Mapping
from typing import Any, Protocol

from pvdsim.bench import Bench
from pvdsim.instruments.plant_numbers import number_of
from pvdstation.model.quantities import parse
from pvdstation.protocol import vacuum

ION_ARGON = 0.8
PIRANI_ARGON = 1.7
ARGON_PLATEAU_MBAR = 30.0
NITROGEN_BEND_MBAR = 20.0
NITROGEN_BEND_POWER = 0.85  # 1000 mbar shown as 557: "errors of a factor 2 are normal"
ION_BELOW_MBAR = 1e-3
PIRANI_ABOVE_MBAR = 1e-2
FULL_RANGE_MBAR = (1e-9, 1000.0)  # PKR 361
PIRANI_MBAR = (5e-4, 1000.0)  # TPR 280
CAPACITANCE_RESOLUTION = 1e-5  # of full scale, assumed
CAPACITANCE_LIMITS = (-1e-3, 1.1)  # of full scale; the lower one assumed: small negative values are normal


class Head(Protocol):
    """A gauge on one channel."""

    kind: str
    logarithmic: bool

    def read(self, bench: Bench, chance: random.Random) -> tuple[int, float]:
        """Return status digit and value, mbar; each call draws new noise."""
        ...


def pirani(p_mbar: float, argon: float) -> float:
    """Return what a Pirani shows, mbar; mixtures lie between the curves of the pure gases."""
    nitrogen_shows = p_mbar
    if p_mbar > NITROGEN_BEND_MBAR:
        nitrogen_shows = NITROGEN_BEND_MBAR * (p_mbar / NITROGEN_BEND_MBAR) ** NITROGEN_BEND_POWER
    if argon == 0.0:
        return nitrogen_shows
    cold = p_mbar / PIRANI_ARGON
    argon_shows = cold / math.sqrt(1.0 + (cold / ARGON_PLATEAU_MBAR) ** 2)
    return float(nitrogen_shows ** (1.0 - argon) * argon_shows**argon)


def full_range(p_mbar: float, argon: float) -> float:
    """Return what Pirani and cold cathode show, mbar: ion branch below 1e-3, Pirani above 1e-2, log blend between."""
    if p_mbar >= PIRANI_ABOVE_MBAR:
        return pirani(p_mbar, argon)
    ion = p_mbar * (1.0 - argon + argon / ION_ARGON)
    if p_mbar <= ION_BELOW_MBAR:
        return ion
    share = math.log(p_mbar / ION_BELOW_MBAR) / math.log(PIRANI_ABOVE_MBAR / ION_BELOW_MBAR)
    return float(ion ** (1.0 - share) * pirani(p_mbar, argon) ** share)


def _limited(value: float, limits: tuple[float, float]) -> tuple[int, float]:
    low, high = limits
    if value < low:
        return 1, low
    return (2, high) if value > high else (0, value)


class FullRange:
    """Pirani with cold cathode on the chamber; it switches its own cathode. Ignition is not modelled: it stays on."""

    kind = "PKR"
    logarithmic = True

    def __init__(self, noise: float) -> None:
        self._noise = noise

    def read(self, bench: Bench, chance: random.Random) -> tuple[int, float]:
        """Return status and value, mbar, with relative noise."""
        shown = full_range(bench.chamber_mbar, bench.argon_fraction)
        return _limited(shown * math.exp(chance.gauss(0.0, self._noise)), FULL_RANGE_MBAR)


class Foreline:
    """Pirani on the fore-line, in the gas of the chamber (the two are not told apart)."""

    kind = "TPR"
    logarithmic = True

    def __init__(self, noise: float) -> None:
        self._noise = noise

    def read(self, bench: Bench, chance: random.Random) -> tuple[int, float]:
        """Return status and value, mbar, with relative noise."""
        shown = pirani(bench.foreline_mbar, bench.argon_fraction)
        return _limited(shown * math.exp(chance.gauss(0.0, self._noise)), PIRANI_MBAR)


class Capacitance:
    """Ceramic diaphragm on the chamber: linear, the same in every gas, with a zero error and constant noise."""

    kind = "CMR"
    logarithmic = False

    def __init__(self, full_scale_mbar: float, zero_mbar: float, noise_mbar: float) -> None:
        self._step_mbar = full_scale_mbar * CAPACITANCE_RESOLUTION
        self._limits = (full_scale_mbar * CAPACITANCE_LIMITS[0], full_scale_mbar * CAPACITANCE_LIMITS[1])
        self._zero_mbar = zero_mbar
        self._noise_mbar = noise_mbar

    def read(self, bench: Bench, chance: random.Random) -> tuple[int, float]:
        """Return status and value, mbar, in steps of its resolution."""
        shown = bench.chamber_mbar + self._zero_mbar + chance.gauss(0.0, self._noise_mbar)
        return _limited(round(shown / self._step_mbar) * self._step_mbar, self._limits)


def unit_value(p_mbar: float, unit: int, *, logarithmic: bool) -> float:
    """Return a pressure as the number of the controller's unit; Volt as the gauge's signal (FRG-700 manual p.26)."""
    factor = vacuum.MBAR_PER_UNIT[unit]
    if factor is not None:
        return p_mbar / factor
    return (math.log10(p_mbar) + 11.33) / 1.667 if logarithmic else p_mbar / 100.0


def heads_of(station_values: Mapping[str, Any], link: str = "gauges") -> dict[int, Head]:
    """Return the gauge heads by channel, as the station wires them to a controller. Raises QuantityError."""
    noise = number_of(station_values, "gauges", "full_range_noise", "share", 3.0) / 100  # of the fore-line gauge too
    zero_mbar = number_of(station_values, "gauges", "capacitance_zero", "pressure", 0.05)
    noise_mbar = number_of(station_values, "gauges", "capacitance_noise", "pressure", 0.05)
    gauges = station_values[link]
    full_scale_mbar = parse(gauges.get("capacitance_full_scale", "1000 mbar"), "pressure")
    heads: dict[str, Head] = {
        "full_range": FullRange(noise),
        "capacitance": Capacitance(full_scale_mbar, zero_mbar, noise_mbar),
        "foreline": Foreline(noise),
    }
    return {gauges[role]: head for role, head in heads.items() if role in gauges}
