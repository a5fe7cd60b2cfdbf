"""The loaded quartz crystal: resonance of a stack of films, and its inverse slope (physics 1.3).

One consistent set of constants, never the instrument's formula: what the SQC-310 makes of the frequency is its affair.
"""

from collections.abc import Sequence
from math import atan, pi, tan
from typing import NamedTuple

QUARTZ_DENSITY = 2649.0  # kg/m3
FREQUENCY_CONSTANT = 1668.0  # Hz m, AT cut
QUARTZ_IMPEDANCE = 2 * FREQUENCY_CONSTANT * QUARTZ_DENSITY  # kg/m2/s


class Layer(NamedTuple):
    """One film of the stack: density kg/m3, z-ratio, thickness m."""

    density: float
    z: float
    thickness_m: float


def _reactance(frequency_hz: float, stack: Sequence[Layer]) -> float:
    t = 0.0
    for density, z, thickness_m in reversed(stack):
        impedance = QUARTZ_IMPEDANCE / z
        t = impedance * tan(2 * pi * frequency_hz * density * thickness_m / impedance + atan(t / impedance))
    return t


def resonance(bare_hz: float, stack: Sequence[Layer]) -> float:
    """Return the resonance of a crystal with films counted outward from the quartz, Hz.

    Lossless transfer matrix; reduces to Lu & Lewis for one film. Secant steps from the period estimate.
    """
    load = sum(layer.density * layer.thickness_m for layer in stack)
    if load <= 0:
        return bare_hz

    def miss(frequency_hz: float) -> float:
        return frequency_hz - bare_hz * (1 - atan(_reactance(frequency_hz, stack) / QUARTZ_IMPEDANCE) / pi)

    before = bare_hz
    guess = bare_hz / (1 + load * bare_hz / (FREQUENCY_CONSTANT * QUARTZ_DENSITY))
    miss_before = miss(before)
    for _ in range(20):
        miss_now = miss(guess)
        if abs(guess - before) < 1e-9 or miss_now == miss_before:
            break
        before, guess, miss_before = guess, guess - miss_now * (guess - before) / (miss_now - miss_before), miss_now
    return guess


def slope(bare_hz: float, stack: Sequence[Layer], step_m: float = 1e-10) -> float:
    """Return how the resonance moves with the outermost film, Hz per metre (negative)."""
    density, z, thickness_m = stack[-1]
    thicker = resonance(bare_hz, [*stack[:-1], Layer(density, z, thickness_m + step_m)])
    return (thicker - resonance(bare_hz, stack)) / step_m
