"""From what the recipe asks to every step the station does: what is silent is inserted, what is said is kept.

Order rules: energy needs ``pump_down`` before it; gas needs ``cool`` and ``isolate``; anything after gas that needs
vacuum needs ``evacuate``; two layers need nothing between them.
"""

from pvdstation.model.station import Source, Station
from pvdstation.recipe.consumption import Ledger, areal_mass_ug_cm2
from pvdstation.recipe.estimate import (
    FINISH_S,
    ISOLATE_S,
    deposit_s,
    fill_s,
    pump_down_s,
    to_vacuum_s,
)
from pvdstation.recipe.procedure import (
    AdmitGas,
    Condition,
    Cool,
    Deposit,
    Evacuate,
    Finish,
    Isolate,
    PumpDown,
    Step,
    Work,
)
from pvdstation.recipe.spelling import pressure_text, rounded, time_text

_DO = {
    PumpDown: "pump_down",
    Condition: "condition",
    Deposit: "deposit",
    Cool: "cool",
    Isolate: "isolate",
    AdmitGas: "admit_gas",
    Evacuate: "evacuate",
    Finish: "finish",
}


class Expansion:
    """Appends steps and knows what state each leaves the chamber in: pressure, gas, warm sources, time."""

    def __init__(self, station: Station, ledger: Ledger) -> None:
        self.steps: list[Step] = []
        self.limits_used: list[str] = []
        self.gas = ""  # what stays in the chamber; "" = vacuum or nothing proved yet
        self.is_vacuum = False
        self.base_mbar: float | None = None  # what the last pump-down has proved, until gas comes
        self._station = station
        self._ledger = ledger
        self._pressure_mbar = station.glovebox.pressure
        self._cold_for_s: float | None = None  # None: warm, or nobody knows how long the sources have been off
        self._off_at_s: dict[str, float] = {}
        self._clock_s = 0.0
        self._pumping_since_s = 0.0

    @property
    def total_s(self) -> float:
        """Return the time of all steps so far, s."""
        return self._clock_s

    def pump_down(self, to_mbar: float, timeout_s: float | None, because: str) -> float:
        """Pump down, after pumping out a gas that had stayed; return the expected time, s (may be infinite)."""
        if self.gas:
            self.evacuate(None, None, "ends reaction")
        hold_s = self._station.limits.start_pressure.hold
        timeout = timeout_s if timeout_s is not None else self._station.defaults.pump_down_timeout
        pumped_for_s = self._clock_s - self._pumping_since_s
        expected_s = pump_down_s(self._station, self._pressure_mbar, to_mbar, pumped_for_s, hold_s)
        self._append(
            PumpDown(to_mbar, hold_s, timeout),
            f"pump down to {pressure_text(to_mbar)}", because, min(expected_s, timeout),
            f"time-out {time_text(timeout)}",
        )  # fmt: skip
        self.is_vacuum, self.base_mbar = True, to_mbar
        self._pressure_mbar = min(self._pressure_mbar, to_mbar)
        return expected_s

    def layer(self, name: str, source: Source, work: Deposit) -> None:
        """Condition a source and deposit a layer: one unit."""
        supply = self._station.supply[source.boat]
        profile = source.condition
        self._append(
            Condition(name, work.rate_nm_s, work.thickness_nm),
            f"condition {name} (boat {source.boat}, {source.boat_material}): "
            f"{profile.ramp1.time:g} s → {profile.ramp1.power:.0f} %, {profile.soak1:g} s, "
            f"{profile.ramp2.time:g} s → {profile.ramp2.power:.0f} %, {profile.soak2:g} s",
            "before layer", profile.total_s,
            f"max {source.max_power:.0f} % = {source.max_power * supply.full_scale / 100:.0f} A",
        )  # fmt: skip
        mass = areal_mass_ug_cm2(work.thickness_nm, source.density)
        self._append(
            work,
            f"deposit {rounded(work.thickness_nm)} nm {work.material} at {rounded(work.rate_nm_s)} nm/s",
            "recipe", deposit_s(self._station, name, source, work.thickness_nm, work.rate_nm_s),
            f"rate ± {rounded(work.capture_within_pct)} %, {rounded(mass, 3)} µg/cm²", joins_previous=True,
        )  # fmt: skip
        self._cold_for_s = None
        self._off_at_s[name] = self._clock_s

    def cool(self, because: str, at_least_s: float = 0.0, said: str = "") -> None:
        """Wait until every source of the station is cold."""
        sources = self._station.source
        times = tuple(max(s.cool_down, at_least_s) for s in sources.values())
        left = [
            cool_down - (self._clock_s - self._off_at_s[name])
            for name, cool_down in zip(sources, times, strict=True)
            if name in self._off_at_s
        ]
        off = ", ".join(f"{name} {time_text(t)}" for name, t in zip(sources, times, strict=True))
        work = Cool(tuple(sources), times)
        self._append(work, f"cool {said or ' and '.join(sources)}", because, max([0.0, *left]), f"off for {off}")
        self._cold_for_s = min(times, default=0.0)

    def admit_gas(self, name: str, pressure_mbar: float, dwell_s: float, at_least_cold_s: float) -> None:
        """Cool down and isolate the pump where that is still to be done, and admit the gas."""
        if self._cold_for_s is None or self._cold_for_s < at_least_cold_s:
            self.cool("before gas", at_least_cold_s)
        gas = self._station.gas[name]
        self._append(Isolate(), "isolate the pump: HV gate closed", "before gas", ISOLATE_S, "rise < 0.05 mbar/s")
        stop = min(pressure_mbar + gas.stop_above_target, gas.ceiling)
        self._append(
            AdmitGas(name, pressure_mbar, dwell_s),
            f"{name} to {rounded(pressure_mbar)} mbar for {time_text(dwell_s)}", "recipe",
            fill_s(gas.expected_slope, pressure_mbar) + dwell_s,
            f"stop {rounded(stop)} mbar, slope {rounded(gas.max_slope)} mbar/s",
        )  # fmt: skip
        self.gas, self.is_vacuum, self.base_mbar = name, False, None
        self._pressure_mbar = pressure_mbar

    def evacuate(self, to_mbar: float | None, timeout_s: float | None, because: str) -> None:
        """Pump the gas out; one unit with the gas step when it follows at once."""
        to = to_mbar if to_mbar is not None else self._station.defaults.evacuate_to
        timeout = timeout_s if timeout_s is not None else self._station.defaults.evacuate_timeout
        self._pumping_since_s = self._clock_s
        expected_s = min(to_vacuum_s(self._station, self._pressure_mbar, to, 0.0), timeout)
        follows = bool(self.steps) and isinstance(self.steps[-1].work, AdmitGas)
        text = f"evacuate to {pressure_text(to)}"
        limit = f"time-out {time_text(timeout)}"
        self._append(Evacuate(to, timeout), text, because, expected_s, limit, joins_previous=follows)
        self.gas, self.is_vacuum, self._pressure_mbar = "", True, to

    def finish(self) -> None:
        """End in the safe state."""
        end = f"{self.gas} stays in the chamber" if self.gas else self._station.defaults.end_state
        self._append(Finish(), f"finish: safe state, {end}", "end", FINISH_S, "")

    def _append(
        self, work: Work, text: str, because: str, estimate_s: float, limit: str, *, joins_previous: bool = False
    ) -> None:
        unit = (self.steps[-1].unit if self.steps else 0) + (0 if joins_previous else 1)
        index, do = len(self.steps) + 1, _DO[type(work)]
        implied = because != "recipe"
        self.steps.append(Step(index, do, text, because, implied, unit, work, estimate_s))  # type: ignore[arg-type]
        self.limits_used.append(limit)
        self._clock_s += estimate_s
