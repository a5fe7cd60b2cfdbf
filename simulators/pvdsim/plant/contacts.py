"""The contacts of the station and the relays behind them: what hangs in hardware, whatever a program wants."""

from collections.abc import Callable, Mapping
from functools import partial

from pvdsim.plant.motion import Part
from pvdsim.plant.names import OUTSIDE, enable_of, switch_prefixes
from pvdsim.plant.vacuum import Vacuum

ENABLE_CHAIN = ("door closed", "water", "E-stop ok")
"""Wired in series with every enable relay (plant reference 4, marked HW)."""
WATER_RELAY_NS = 2_000_000_000
"""Assumed: the flow relay of the chain drops out with a delay, so that a bubble switches nothing off (safety D21)."""
FAR = 2**62


class Contacts:
    """Contacts by their names in ``[io] di``: True = 24 V at the input. ``set_health`` is for faults."""

    def __init__(self, parts: Mapping[str, Part], vacuum: Vacuum, boats: list[int], over_pressure_mbar: float) -> None:
        self._healthy = dict.fromkeys(OUTSIDE, True)
        self._vacuum = vacuum
        self._over_pressure_mbar = over_pressure_mbar
        self._enable_wanted = dict.fromkeys(boats, False)
        self._enabled = dict.fromkeys(boats, False)
        self.enable_changes = 0
        """Counts every movement of an enable relay."""
        self.due_ns = FAR
        """When the flow relay drops out, ns; far future while water flows or when it has."""
        self._flow_relay = True
        self._read: dict[str, Callable[[], bool]] = {name: partial(self.is_healthy, name) for name in OUTSIDE}
        self._read["over-pressure ok"] = self._pressure_is_ok
        self._read["backing running"] = self._pump_runs
        for number in boats:
            self._read[f"{enable_of(number)} open"] = partial(self._enable_is_open, number)
        for name, prefix in switch_prefixes(boats).items():
            self._read[f"{prefix} open"] = parts[name].stands_open
            self._read[f"{prefix} closed"] = parts[name].stands_closed
        self._true = dict(self._read)

    def read(self, name: str) -> bool:
        """Return a contact. Raises KeyError for a name that is not wired."""
        return self._read[name]()

    def override(self, name: str, *, made: bool | None) -> None:
        """Let a contact read the same whatever happens, or (None) what it is again. Raises KeyError."""
        self._read[name] = self._true[name] if made is None else partial(bool, made)

    def is_healthy(self, name: str) -> bool:
        """Return whether something outside works: water, air, door, E-stop, over-pressure switch, backing pump."""
        return self._healthy[name]

    def set_health(self, name: str, *, healthy: bool, now_ns: int) -> None:
        """Break or mend something outside. Raises KeyError for an unknown name."""
        if name not in self._healthy:
            raise KeyError(name)
        if name == "water" and healthy != self._healthy[name]:
            self.due_ns = FAR if healthy else now_ns + WATER_RELAY_NS
            self._flow_relay = self._flow_relay or healthy
        self._healthy[name] = healthy
        self._settle_relays()

    def drop_out(self) -> None:
        """Let the flow relay drop out."""
        self.due_ns = FAR
        self._flow_relay = False
        self._settle_relays()

    def want_enable(self, boat: int, *, on: bool) -> None:
        """Drive an enable relay; it closes only through the chain."""
        self._enable_wanted[boat] = on
        self._settle_relays()

    def _pressure_is_ok(self) -> bool:
        return self._healthy["over-pressure ok"] and self._vacuum.chamber_mbar < self._over_pressure_mbar

    def _pump_runs(self) -> bool:
        return self._vacuum.is_backed

    def _enable_is_open(self, boat: int) -> bool:
        return not self._enabled[boat]

    def _settle_relays(self) -> None:
        chain = all(self._flow_relay if name == "water" else self._healthy[name] for name in ENABLE_CHAIN)
        for boat, wanted in self._enable_wanted.items():
            if self._enabled[boat] != (wanted and chain):
                self._enabled[boat] = wanted and chain
                self.enable_changes += 1
