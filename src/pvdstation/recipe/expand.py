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
    vent_s,
)
from pvdstation.recipe.layers import Layer, layer_s
from pvdstation.recipe.procedure import (
    KINDS,
    AdmitGas,
    Condition,
    Cool,
    Deposit,
    Evacuate,
    Finish,
    Isolate,
    LeakTest,
    MeltIn,
    PumpDown,
    Step,
    Tune,
    Vent,
    Work,
)
from pvdstation.recipe.spelling import pressure_text, rounded, time_text


class Expansion:
    """Appends steps and knows what state each leaves the chamber in: pressure, gas, warm sources, time."""

    def __init__(self, station: Station, ledger: Ledger) -> None:
        self.steps: list[Step] = []
        self.limits_used: list[str] = []
        self.gas = ""  # what stays in the chamber; "" = vacuum or nothing proved yet
        self.is_vacuum = False
        self.round = ""  # of a repeat, for the texts
        self.is_vented = False
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
        self.is_vacuum, self.is_vented, self.base_mbar = True, False, to_mbar
        self._pressure_mbar = min(self._pressure_mbar, to_mbar)
        return expected_s

    def layer(self, layer: Layer) -> None:
        """Condition the sources of a layer and deposit it: one unit."""
        work, sources = layer.work, layer.sources
        profiles = " with ".join(_condition_text(name, source) for name, source, _, _ in sources)
        limits = ", ".join(self._power_limit(source) for _, source, _, _ in sources)
        longest_s = max(source.condition.total_s for _, source, _, _ in sources)
        self._append(
            Condition(work.source, work.rate_nm_s, work.thickness_nm, work.others),
            f"condition {profiles}", "before layer", longest_s, f"max {limits}",
        )  # fmt: skip
        name, source, _, _ = sources[0]
        mass = areal_mass_ug_cm2(work.thickness_nm, source.density)
        expected_s = deposit_s(self._station, name, source, layer_s(work)) + work.pre_coat_s
        self._append(
            work, _deposit_text(work), "recipe", expected_s,
            f"rate ± {rounded(work.capture_within_pct)} %, {rounded(mass, 3)} µg/cm², {layer.shown}",
            joins_previous=True,
        )  # fmt: skip
        self._cold_for_s = None
        self._off_at_s |= {name: self._clock_s for name, *_ in sources}

    def tune(self, source: Source, work: Tune, counted_nm: float, excited_s: float) -> None:
        """Condition a source and tune it behind the shutter: one unit; the crystal may show ``counted_nm``."""
        self._append(
            Condition(work.source, work.rate_nm_s, counted_nm),
            f"condition {_condition_text(work.source, source)}", "before tuning", source.condition.total_s,
            f"max {self._power_limit(source)}",
        )  # fmt: skip
        how = f"relay of ± {rounded(work.amplitude_pct)} %"
        if work.method == "step":
            how = f"{rounded(work.amplitude_pct)} % up and back, {time_text(work.hold_s)} each"
        expected_s = deposit_s(self._station, work.source, source, work.settle_s + excited_s)
        self._append(
            work, f"tune {work.source} at {rounded(work.rate_nm_s)} nm/s: {how}", "recipe", expected_s,
            f"substrate shutter closed, rate ± {rounded(work.within_pct)} %", joins_previous=True,
        )  # fmt: skip
        self._cold_for_s = None
        self._off_at_s[work.source] = self._clock_s

    def melt_in(self, work: MeltIn, source: Source) -> None:
        """Heat a charge behind closed shutters and switch off."""
        self._append(
            work,
            f"melt in {work.source} (boat {source.boat}, {source.boat_material}): {work.ramp1_s:g} s → "
            f"{work.ramp1_pct:.0f} %, {work.soak1_s:g} s, {work.ramp2_s:g} s → {work.ramp2_pct:.0f} %, "
            f"{work.soak2_s:g} s, off",
            "recipe", work.ramp1_s + work.soak1_s + work.ramp2_s + work.soak2_s + source.idle.ramp,
            f"max {self._power_limit(source)}",
        )  # fmt: skip
        self._cold_for_s = None
        self._off_at_s[work.source] = self._clock_s

    def plain(self, work: Work, text: str, estimate_s: float, limit: str = "") -> None:
        """Do something that moves nothing: wait, ask, note."""
        self._append(work, text, "recipe", estimate_s, limit)

    def leak_test(self, duration_s: float, below_mbar_s: float) -> None:
        """Close the gate and fit the rise; the pressure must be proved again before energy."""
        text = f"leak test {time_text(duration_s)} below {pressure_text(below_mbar_s)}/s"
        self._append(
            LeakTest(duration_s, below_mbar_s), text, "recipe", duration_s + ISOLATE_S, "gate opens again after it"
        )
        self.base_mbar = None

    def vent(self) -> None:
        """Cool down and isolate the pump where that is still to be done, and fill with the glovebox's gas."""
        box = self._station.glovebox
        if self._cold_for_s is None:
            self.cool("before vent")
        self._append(Isolate(), "isolate the pump: HV gate closed", "before vent", ISOLATE_S, "rise < 0.05 mbar/s")
        text = f"vent with {box.gas} to {rounded(box.pressure)} mbar"
        expected_s = vent_s(self._station, self._pressure_mbar, box.pressure)
        self._append(Vent(box.gas), text, "recipe", expected_s, "confirm the pressure before the door")
        self.gas, self.is_vacuum, self.base_mbar = "", False, None
        self.is_vented = True
        self._pressure_mbar = box.pressure
        self._pumping_since_s = self._clock_s

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

    def admit_gas(
        self, name: str, pressure_mbar: float, dwell_s: float, at_least_cold_s: float, *, top_up: bool
    ) -> None:
        """Cool down and isolate the pump where that is still to be done, and admit the gas."""
        if self._cold_for_s is None or self._cold_for_s < at_least_cold_s:
            self.cool("before gas", at_least_cold_s)
        gas = self._station.gas[name]
        self._append(Isolate(), "isolate the pump: HV gate closed", "before gas", ISOLATE_S, "rise < 0.05 mbar/s")
        stop = min(pressure_mbar + gas.stop_above_target, gas.ceiling)
        keep = "" if top_up else ", settling"
        self._append(
            AdmitGas(name, pressure_mbar, dwell_s, top_up),
            f"{name} to {rounded(pressure_mbar)} mbar for {time_text(dwell_s)}{keep}", "recipe",
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
        end = self._station.defaults.end_state
        if self.gas or self.is_vented:
            end = f"{self.gas} stays in the chamber" if self.gas else "vented, HV gate closed, pumps running"
        self._append(Finish(), f"finish: safe state, {end}", "end", FINISH_S, "")

    def _append(
        self, work: Work, text: str, because: str, estimate_s: float, limit: str, *, joins_previous: bool = False
    ) -> None:
        unit = (self.steps[-1].unit if self.steps else 0) + (0 if joins_previous else 1)
        text = f"{text} ({self.round})" if self.round and because == "recipe" else text
        index, do = len(self.steps) + 1, KINDS[type(work)]
        implied = because != "recipe"
        self.steps.append(Step(index, do, text, because, implied, unit, work, estimate_s))
        self.limits_used.append(limit)
        self._clock_s += estimate_s

    def _power_limit(self, source: Source) -> str:
        full_scale = self._station.supply[source.boat].full_scale
        return f"{source.max_power:.0f} % = {source.max_power * full_scale / 100:.0f} A"


def _condition_text(name: str, source: Source) -> str:
    profile = source.condition
    return (
        f"{name} (boat {source.boat}, {source.boat_material}): "
        f"{profile.ramp1.time:g} s → {profile.ramp1.power:.0f} %, {profile.soak1:g} s, "
        f"{profile.ramp2.time:g} s → {profile.ramp2.power:.0f} %, {profile.soak2:g} s"
    )


def _deposit_text(work: Deposit) -> str:
    parts = [f"deposit {rounded(work.thickness_nm)} nm {work.material} at {rounded(work.rate_nm_s)} nm/s"]
    for ramp in work.ramps:
        parts.append(f"ramp at {rounded(ramp.at_nm)} nm to {rounded(ramp.to_nm_s)} nm/s over {time_text(ramp.over_s)}")
    parts += [f"with {other.source} at {rounded(other.rate_nm_s)} nm/s" for other in work.others]
    parts += [f"after {time_text(work.pre_coat_s)} pre-coat"] if work.pre_coat_s else []
    return " ".join(parts)
