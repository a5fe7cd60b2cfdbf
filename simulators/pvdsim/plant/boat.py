"""A boat with its charge: current in, vapour out. Lumped heat balance of physics 2.5, numerics of 2.7.

States: current, heat that has spread, boat centre, clamps, charge (temperature, mass, molten share).
"""

from itertools import pairwise
from math import exp
from random import Random

from pvdsim.boat_settings import Boat as BoatSettings
from pvdsim.plant.flicker import Flicker
from pvdsim.plant.strip import COLDEST_K, HOTTEST_K, section, strip_table
from pvdsim.plant.vapour import heat_loss, mass_loss, rate_per_mass_loss

CURRENT_GONE_A = 1e-3
RESTS_BELOW_K = 350.0  # nothing evaporates; boat and charge only follow the clamps
RESTS_WITHIN_K = 3.0
THIN_CHARGE = 0.15  # share of the load below which the emitting area shrinks (physics 2.8)
EMPTY_KG = 1e-10


class Boat:
    """One boat. The supply sets ``demand_a`` and ``limit_v``; ``step`` sets everything else.

    For faults: ``resistance_factor`` (0 = the strip is shorted, well above 1 = it is torn), ``lead_ohm`` (a clamp
    works loose), ``charge_kg`` and ``set_surface``.
    """

    __slots__ = (
        "_base_k", "_charge_rows", "_clamp_k", "_clamp_loss_w_k", "_clamp_per_j", "_conductance", "_end_k0",
        "_end_k1", "_end_kinv", "_flicker", "_fusion_j_kg", "_heat", "_heat_j_kg", "_joule", "_kappa", "_lag",
        "_melting", "_molten", "_nm_per_kg", "_per_j", "_relax_per_ns", "_rest_since_ns", "_shrinks_below",
        "_spread", "_step_s", "_strip_rows", "_wetted_w_k", "_whole_rows", "boat_k", "charge_k", "charge_kg",
        "current_a", "demand_a", "density", "is_active", "lead_ohm", "limit_v", "material", "number", "rate_nm_s",
        "resistance_factor", "voltage_v", "z",
    )  # fmt: skip

    def __init__(self, number: int, settings: BoatSettings, wall_k: float, step_s: float, rng: Random) -> None:
        strip, charge = settings.strip, settings.charge
        self.number = number
        self.material, self.density, self.z = charge.material, charge.density * 1e3, charge.z
        self.demand_a = self.limit_v = self.current_a = self.voltage_v = 0.0
        self.rate_nm_s = 0.0
        self.resistance_factor = 1.0
        self.is_active = False
        self.boat_k = self.charge_k = self._clamp_k = self._base_k = wall_k
        self.charge_kg = charge.mass * 1e-6
        self._molten = 0.0
        self._heat = self._joule = 0.0
        self._rest_since_ns = 0
        self._flicker = Flicker(settings.flicker.sigma / 100, settings.flicker.correlation, step_s, rng)
        self._step_s = step_s
        self._lag = 1 - exp(-step_s / settings.supply_lag)
        self.lead_ohm = settings.lead_resistance
        self._spread = 1 - exp(-step_s / strip.heat_spreading)
        ends = strip.gamma * section(strip).both_ends_m
        law = strip.conductivity_w_m_k
        self._end_k0, self._end_kinv, self._end_k1 = ends * law.t0, ends * law.inverse, ends * law.t1
        self._kappa = strip.kappa
        self._per_j = step_s / strip.heat_capacity_j_k
        self._clamp_per_j = step_s / strip.clamp_heat_capacity_j_k
        self._clamp_loss_w_k = strip.clamp_conductance
        self._relax_per_ns = 1e-9 * strip.clamp_conductance / strip.clamp_heat_capacity_j_k
        self._conductance = self._wetted_w_k = charge.conductance
        self._heat_j_kg = charge.specific_heat_j_kg_k
        self._fusion_j_kg = charge.fusion_kj_kg * 1e3
        self._melting = charge.melting_point
        self._shrinks_below = THIN_CHARGE * self.charge_kg
        self._nm_per_kg = rate_per_mass_loss(charge, settings.throw * 1e-9, settings.cosine_exponent)
        self._strip_rows = strip_table(strip, wall_k)
        rows = [(mass_loss(charge, k), heat_loss(charge, k, wall_k)) for k in range(COLDEST_K, HOTTEST_K + 2)]
        self._charge_rows = self._whole_rows = [(m, n - m, q, r - q) for (m, q), (n, r) in pairwise(rows)]

    def set_surface(self, *, contact: float = 1.0, emission: float = 1.0) -> None:
        """Set the charge's heat contact with the boat and what its surface gives off, as shares of the settings'."""
        self._conductance = self._wetted_w_k * contact
        whole = self._whole_rows
        # a table of its own: nothing is multiplied in a step without a fault
        self._charge_rows = [(a * emission, b * emission, c * emission, d * emission) for a, b, c, d in whole]

    def wake(self, now_ns: int) -> None:
        """Start stepping again; what rested has followed its clamps towards the base meanwhile."""
        if not self.is_active:
            left = exp(-(now_ns - self._rest_since_ns) * self._relax_per_ns)
            base_k = self._base_k
            self.boat_k = base_k + (self.boat_k - base_k) * left
            self.charge_k = base_k + (self.charge_k - base_k) * left
            self._clamp_k = base_k + (self._clamp_k - base_k) * left
            self.is_active = True

    def step(self, now_ns: int) -> None:
        """Move on by one step that ends at ``now_ns``: current, heat, evaporation."""
        boat_k, charge_k, clamp_k = self.boat_k, self.charge_k, self._clamp_k
        at = boat_k - COLDEST_K
        row = int(at)
        part = at - row
        plain, d_plain, drawn, d_drawn, radiated, d_radiated = self._strip_rows[row]
        into_charge = self._conductance * (boat_k - charge_k)
        joule = self._joule
        share = into_charge / joule if joule > 1e-3 else 0.0
        share = 0.4 if share > 0.4 else share if share > 0.0 else 0.0
        resistance = (plain + d_plain * part + share * (drawn + d_drawn * part)) * self.resistance_factor
        current = self._conduct(resistance)
        square = current * current
        self._joule = square * resistance
        self._heat = heat = self._heat + (self._joule - self._heat) * self._spread
        middle_k = 0.5 * (boat_k + clamp_k)
        ends = (self._end_k0 + self._end_kinv / middle_k + self._end_k1 * middle_k) * (boat_k - clamp_k)
        kappa = self._kappa
        boat_k += (heat - ends - radiated - d_radiated * part - kappa * into_charge) * self._per_j
        self.boat_k = boat_k if boat_k < HOTTEST_K else float(HOTTEST_K)
        self._clamp_k = clamp_k + self._clamp_per_j * (
            ends + (kappa - 1) * into_charge + square * self.lead_ohm - self._clamp_loss_w_k * (clamp_k - self._base_k)
        )
        self._evaporate()
        if current == 0.0 and boat_k < RESTS_BELOW_K:
            self._rest(now_ns)

    def _conduct(self, resistance: float) -> float:
        total = resistance + self.lead_ohm
        most = self.limit_v / total
        wanted = self.demand_a if self.demand_a < most else most
        current = self.current_a + (wanted - self.current_a) * self._lag
        if current < CURRENT_GONE_A and wanted <= 0.0:
            current = 0.0
        self.current_a = current
        self.voltage_v = current * total
        return current

    def _evaporate(self) -> None:
        mass = self.charge_kg
        if mass <= EMPTY_KG:
            self._run_empty()
            return
        charge_k, conductance, step_s = self.charge_k, self._conductance, self._step_s
        at = charge_k - COLDEST_K
        row = int(at)
        part = at - row
        loss, d_loss, heat, d_heat = self._charge_rows[row]
        loss += d_loss * part
        heat += d_heat * part
        if mass < self._shrinks_below:
            area = (mass / self._shrinks_below) ** (2 / 3)
            loss *= area
            heat *= area
        # implicit in the coupling: explicit steps are unstable below 3 mg of lithium (physics 2.7)
        per_k = mass * self._heat_j_kg
        charge_k = (charge_k + step_s * (conductance * self.boat_k - heat) / per_k) / (1 + step_s * conductance / per_k)
        molten = self._molten
        if charge_k < self._melting if molten >= 1.0 else charge_k > self._melting or molten > 0.0:
            charge_k = self._melt(charge_k, per_k + step_s * conductance, mass)
        self.charge_k = charge_k
        lost = min(loss * step_s, mass)
        self.charge_kg = mass - lost
        self.rate_nm_s = lost / step_s * self._nm_per_kg * self._flicker.next() if loss > 1e-14 else 0.0

    def _run_empty(self) -> None:
        self._conductance = 0.0
        self.charge_k = self.boat_k
        self.rate_nm_s = 0.0

    def _melt(self, charge_k: float, per_k: float, mass: float) -> float:
        heat = (charge_k - self._melting) * per_k
        fusion = mass * self._fusion_j_kg
        molten = self._molten + heat / fusion
        self._molten = min(1.0, max(0.0, molten))
        return self._melting + (molten - self._molten) * fusion / per_k

    def _rest(self, now_ns: int) -> None:
        near = abs(self.boat_k - self._clamp_k) < RESTS_WITHIN_K and abs(self.charge_k - self._clamp_k) < RESTS_WITHIN_K
        if near and self.demand_a <= 0.0:
            self.is_active = False
            self.rate_nm_s = 0.0
            self._rest_since_ns = now_ns
