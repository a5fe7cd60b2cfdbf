"""Names of the plant's actuators and contacts, as ``[io]`` writes them."""

from collections.abc import Iterable

MOVING = ("substrate shutter", "N2", "vent", "roughing", "gate", "fore-line")
HEARTBEAT = "heartbeat"
"""An output that moves nothing: it feeds the relay of an external watchdog."""
SWITCHED = ("backing pump stop", "beacon")
OUTSIDE = ("door closed", "water", "air", "over-pressure ok", "E-stop ok", "backing running")


def shutter_of(boat: int) -> str:
    """Return the actuator that is a boat's shutter."""
    return f"source shutter {boat}"


def enable_of(boat: int) -> str:
    """Return the actuator that is the enable relay of a boat's supply."""
    return f"enable {boat}"


def switch_prefixes(boats: Iterable[int]) -> dict[str, str]:
    """Return, by actuator, what its two position switches are called before "open" and "closed"."""
    shutters = {shutter_of(n): f"sh{n}" for n in boats}
    return {**shutters, "substrate shutter": "substrate", **{name: name for name in MOVING[1:]}}


def actuators(boats: Iterable[int]) -> tuple[str, ...]:
    """Return all names that ``command`` takes."""
    boats = list(boats)
    return (*map(shutter_of, boats), *MOVING, *map(enable_of, boats), *SWITCHED)


def contacts(boats: Iterable[int]) -> tuple[str, ...]:
    """Return all names that ``contact`` takes."""
    boats = list(boats)
    ends = [f"{prefix} {end}" for prefix in switch_prefixes(boats).values() for end in ("open", "closed")]
    return (*ends, *OUTSIDE, *(f"{enable_of(n)} open" for n in boats))
