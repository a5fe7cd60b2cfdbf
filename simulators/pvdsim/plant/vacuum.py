"""Gas in chamber and fore-line: pumps, gate, inlets, outgassing, and the temperature of the gas (physics 3.1, 3.2).

Amounts are pressures at the temperature gas settles to (mbar); the pressure a gauge sees is warmer or colder gas.
Every linear part of a step is solved exactly, so no time constant is too short for the step.
"""

from math import exp

from pvdsim.plant.motion import Part
from pvdsim.plant.orifice import ARGON, NITROGEN, Orifice
from pvdsim.plant.rotor import Rotor
from pvdsim.settings import Simulation

THERMAL_ABOVE_MBAR = 0.1  # thinner gas has the walls' temperature
PIPE_L_S = 20.0  # conductance between chamber and fore-line when nothing compresses between them
GONE_MBAR = 1e-30
HOUR_NS = 3600 * 10**9
YOUNGEST_NS = 10**9
J_PER_MBAR_L = 0.1


class Valves:
    """The moving parts that gas passes."""

    __slots__ = ("foreline", "gate", "n2", "roughing", "vent")

    def __init__(self, *, gate: Part, roughing: Part, foreline: Part, n2: Part, vent: Part) -> None:
        self.gate = gate
        self.roughing = roughing
        self.foreline = foreline
        self.n2 = n2
        self.vent = vent


class Vacuum:
    """Chamber and fore-line. ``leak_mbar_l_s``, ``is_backed`` and ``has_n2`` may be changed from outside."""

    __slots__ = (
        "_argon", "_began_ns", "_exchange_w_k", "_foreline_gas", "_foreline_l", "_half", "_is_filled", "_n2_orifice",
        "_nitrogen", "_outgassing", "_pump_l_s", "_residual", "_settled_k", "_step_s", "_turbo_l_s", "_ultimate",
        "_valves", "_vent_orifice", "_volume_l", "argon_fraction", "chamber_mbar", "foreline_mbar", "gas_k",
        "has_n2", "is_backed", "leak_mbar_l_s", "nitrogen_mbar", "rotor",
    )  # fmt: skip

    def __init__(self, settings: Simulation, valves: Valves, step_s: float) -> None:
        chamber, pumps, start = settings.chamber, settings.pumps, settings.start
        self._valves = valves
        self._step_s = step_s
        self._volume_l = chamber.volume
        self._outgassing = chamber.outgassing_1h * chamber.surface * 1e4 * HOUR_NS
        self._settled_k = self.gas_k = chamber.gas_temperature
        self._exchange_w_k = chamber.wall_exchange
        self._pump_l_s, self._ultimate = pumps.roughing.speed, pumps.roughing.ultimate
        self._turbo_l_s, self._half = pumps.turbo.speed, pumps.turbo.half_speed_at
        self._foreline_l, self._foreline_gas = pumps.fore_line_volume, pumps.fore_line_gas
        self._n2_orifice = Orifice(settings.n2.orifice, NITROGEN, chamber.gas_temperature)
        self._vent_orifice = Orifice(settings.vent.orifice, ARGON, chamber.gas_temperature)
        self._is_filled = True
        self._began_ns = 0
        self.leak_mbar_l_s = chamber.leak
        self.has_n2 = True
        """False: the bottle is empty."""
        self.is_backed = start.backing_pump == "on"
        self.rotor = Rotor(pumps, at_speed=start.turbo == "at speed")
        is_argon = start.chamber.gas == "Ar"
        self._argon = start.chamber.pressure if is_argon else 0.0
        self._nitrogen = 0.0 if is_argon else start.chamber.pressure
        self._residual = 0.0
        self.argon_fraction = 1.0 if is_argon else 0.0
        self.nitrogen_mbar = self._nitrogen
        self.chamber_mbar = start.chamber.pressure
        self.foreline_mbar = start.fore_line.pressure

    def step(self, now_ns: int, hot_gas_mbar_l_s: float) -> None:
        """Move on by one step that ends at ``now_ns``; gas from hot boats is handed in, mbar L/s."""
        valves, step_s, volume_l, rotor = self._valves, self._step_s, self._volume_l, self.rotor
        gate, roughing, foreline = valves.gate.mean, valves.roughing.mean, valves.foreline.mean
        inlet_mbar, foreline_mbar = gate * self.chamber_mbar, self.foreline_mbar
        if rotor.hz != rotor.settles_hz or foreline_mbar > 2.0 or inlet_mbar > 0.1:
            rotor.step(step_s, inlet_mbar, foreline_mbar)
        if self._is_filled and (roughing > 0.0 or gate > 0.0):
            self._is_filled = False
            self._began_ns = now_ns
        pump_l_s = self._pump_l_s if self.is_backed else 0.0
        crowd = roughing + foreline
        if crowd > 1.0:
            pump_l_s /= crowd
        rough_l_s = pump_l_s * roughing
        turbo_l_s = self._turbo_l_s * rotor.share * gate / (1 + self.chamber_mbar / self._half) if gate > 0.0 else 0.0

        argon, nitrogen, residual = self._argon, self._nitrogen, self._residual
        total = before = argon + nitrogen + residual
        turnover = (rough_l_s + turbo_l_s) / volume_l
        reach_s = step_s
        if turnover > 0.0:
            keep = exp(-turnover * step_s)
            reach_s = (1 - keep) / turnover
            if rough_l_s > 0.0:
                keep += rough_l_s * self._ultimate / volume_l * reach_s / total
            # what is gone stays gone: products of ever smaller numbers are slow
            argon = argon * keep if argon > GONE_MBAR else 0.0
            nitrogen = nitrogen * keep if nitrogen > GONE_MBAR else 0.0
            residual *= keep
        gas = self.leak_mbar_l_s + hot_gas_mbar_l_s
        if not self._is_filled:
            age_ns = now_ns - self._began_ns
            gas += self._outgassing / (age_ns if age_ns > YOUNGEST_NS else YOUNGEST_NS)
        residual += gas * reach_s / volume_l
        if valves.n2.mean > 0.0 or valves.vent.mean > 0.0:
            argon, nitrogen = self._fill(argon, nitrogen, reach_s)
        self._argon, self._nitrogen, self._residual = argon, nitrogen, residual
        total = argon + nitrogen + residual
        self.argon_fraction = argon / total

        self._back(pump_l_s * foreline, turbo_l_s * 0.5 * (before + total))
        if total > THERMAL_ABOVE_MBAR or before > THERMAL_ABOVE_MBAR:
            self._exchange(before, total, (rough_l_s + turbo_l_s) * before)
        self.chamber_mbar = total * self.gas_k / self._settled_k
        self.nitrogen_mbar = nitrogen
        if crowd > 0.0 and (roughing * foreline > 0.0 or (gate > 0.0 and rotor.share == 0.0)):
            self._equalise(roughing * foreline + (gate if rotor.share == 0.0 else 0.0))

    def _back(self, fore_l_s: float, from_turbo_mbar_l_s: float) -> None:
        """Pump the fore-line, or let it fill when nobody does."""
        gas = self._foreline_gas + from_turbo_mbar_l_s
        if fore_l_s > 0.0:
            keep = exp(-fore_l_s / self._foreline_l * self._step_s)
            settles_mbar = gas / fore_l_s + self._ultimate
            self.foreline_mbar = settles_mbar + (self.foreline_mbar - settles_mbar) * keep
        else:
            self.foreline_mbar += gas * self._step_s / self._foreline_l

    def _fill(self, argon: float, nitrogen: float, reach_s: float) -> tuple[float, float]:
        """Let N2 and argon in through their orifices."""
        self._is_filled = True
        per_l = reach_s / self._volume_l
        argon += self._vent_orifice.flow(self.chamber_mbar) * self._valves.vent.mean * per_l
        if self.has_n2:
            nitrogen += self._n2_orifice.flow(self.chamber_mbar) * self._valves.n2.mean * per_l
        return argon, nitrogen

    def _exchange(self, before: float, total: float, out_mbar_l_s: float) -> None:
        """Heat by what flows in, cool by what expands, and exchange with the walls (implicit: thin gas is quick)."""
        if total <= THERMAL_ABOVE_MBAR:
            self.gas_k = self._settled_k
            return
        settled_k, step_s = self._settled_k, self._step_s
        cv_r = ARGON.cv_r * self.argon_fraction + NITROGEN.cv_r * (1 - self.argon_fraction)
        amount_j_k = J_PER_MBAR_L * total * self._volume_l / settled_k
        out_w_k = J_PER_MBAR_L * out_mbar_l_s / settled_k
        in_w_k = max(0.0, (amount_j_k - J_PER_MBAR_L * before * self._volume_l / settled_k) / step_s + out_w_k)
        gain = amount_j_k * cv_r / step_s * self.gas_k + (in_w_k * (cv_r + 1) + self._exchange_w_k) * settled_k
        self.gas_k = gain / (amount_j_k * cv_r / step_s + in_w_k * cv_r + out_w_k + self._exchange_w_k)

    def _equalise(self, opening: float) -> None:
        """Let gas pass between chamber and fore-line where nothing compresses it."""
        per_mbar = 1 / self._volume_l + 1 / self._foreline_l
        moved = (self.chamber_mbar - self.foreline_mbar) / per_mbar
        moved *= 1 - exp(-PIPE_L_S * min(1.0, opening) * per_mbar * self._step_s)
        self.foreline_mbar += moved / self._foreline_l
        scale = (self.chamber_mbar - moved / self._volume_l) / self.chamber_mbar
        self._argon *= scale
        self._nitrogen *= scale
        self._residual *= scale
        self.chamber_mbar *= scale
