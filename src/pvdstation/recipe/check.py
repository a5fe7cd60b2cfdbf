"""The checker: one walk over a recipe that validates it against a station and expands it. Touches no instrument."""

from dataclasses import dataclass, field

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Source, Station
from pvdstation.model.toml import MOST_PROBLEMS
from pvdstation.recipe.consumption import ChargeUse, CrystalUse, Ledger, Misreading
from pvdstation.recipe.document import MOST_STEPS, Recipe, RecipeStep
from pvdstation.recipe.expand import Expansion
from pvdstation.recipe.findings import Findings, in_order
from pvdstation.recipe.origin import Origin
from pvdstation.recipe.procedure import Deposit, Procedure
from pvdstation.recipe.spelling import pressure_text, rounded, time_text
from pvdstation.recipe.station_limits import (
    check_cool,
    check_gas,
    check_layer,
    check_requires,
    check_vacuum,
    find_gas,
    find_source,
    note_spelling,
    origin_of_limit,
    warn_of_ports,
)
from pvdstation.recipe.steps import AdmitGasStep, CoolStep, DepositStep, EvacuateStep, PumpDownStep

LONGEST_S = 48 * 3600.0
"""No recipe may be expected to take longer."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A recipe that this station can do, and everything a person should read before starting it."""

    recipe: Recipe
    station: Station
    procedure: Procedure
    limits_used: tuple[str, ...]  # of each step of the procedure
    warnings: tuple[Problem, ...]
    notes: tuple[Problem, ...]  # how something was read
    charges: tuple[ChargeUse, ...]
    crystals: tuple[CrystalUse, ...]
    total_s: float


def check_recipe(recipe: Recipe, station: Station, life_pct: dict[int, float] | None = None) -> Checked:
    """Validate and expand a recipe; crystals start at ``life_pct`` (by sensor), else fresh.

    Raises Refused with every problem: of the writing, of the station's limits, of the order.
    """
    findings = Findings(recipe.problems)
    check_requires(recipe, station, findings)
    warn_of_ports(station, findings)
    ledger = Ledger(station, life_pct)
    walk = _Walk(recipe, station, findings, ledger)
    walk.run()
    if findings.problems:
        raise Refused(in_order(findings.problems)[:MOST_PROBLEMS])
    steps = tuple(walk.expansion.steps)
    return Checked(
        recipe=recipe,
        station=station,
        procedure=Procedure(recipe.name, recipe.recipe_id, recipe.version, recipe.sha256, steps),
        limits_used=tuple(walk.expansion.limits_used),
        warnings=tuple(findings.warnings),
        notes=tuple(findings.notes),
        charges=ledger.charges(),
        crystals=ledger.crystals(),
        total_s=walk.expansion.total_s,
    )


@dataclass(slots=True)
class _Staying:
    """A gas that a step left in the chamber on purpose."""

    step: int
    pressure_mbar: float


@dataclass(slots=True)
class _Walk:
    """The walk: what has been said so far, and the steps that follow from it."""

    recipe: Recipe
    station: Station
    findings: Findings
    ledger: Ledger
    expansion: Expansion = field(init=False)
    rate_nm_s: float | None = None
    has_gap: bool = False  # a step before could not be read: what seems to be missing may be its
    staying: _Staying | None = None
    pumped_by: int | None = None  # the recipe's own step that pumped down last
    warned: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.expansion = Expansion(self.station, self.ledger)

    def run(self) -> None:
        """Walk over all steps."""
        steps = self.recipe.steps
        for place, step in enumerate(steps):
            following = steps[place + 1].model if place + 1 < len(steps) else None
            self._step(step, following)
        self._end()

    def _step(self, step: RecipeStep, following: object) -> None:
        match step.model:
            case None:
                self._skip(step)
            case DepositStep() as layer:
                self._layer(layer, step)
            case AdmitGasStep() as gas:
                self._gas(gas, step, ends_itself=isinstance(following, EvacuateStep))
            case PumpDownStep() as pump:
                check_vacuum(pump.pressure, self.station, step.origin, self.findings)
                self._pump(pump.pressure, pump.timeout, "recipe", step.origin)
                self.pumped_by = step.number
            case CoolStep() as cool:
                check_cool(cool, self.station, step.origin, self.findings)
                self.expansion.cool("recipe", said=f"to {rounded(cool.temperature)} °C")
            case EvacuateStep() as evacuate:
                self._evacuate(evacuate, step)

    def _skip(self, step: RecipeStep) -> None:
        self.has_gap, self.rate_nm_s = True, None
        if step.origin.written("do") not in {"deposit", "admit_gas", "cool"}:
            self.staying = None

    def _layer(self, layer: DepositStep, step: RecipeStep) -> None:
        source = find_source(layer, self.station, step.origin, self.findings)
        rate = self._rate(layer, step)
        note_spelling(layer, step.origin, self.findings)
        self._refuse_into_gas(f"{layer.material} would be evaporated into", step)
        if source is None or rate is None:
            return
        check_layer(layer, rate, source, self.station, step.origin, self.findings)
        self._need_base_pressure(step)
        self._book(layer.material, source, layer.thickness, rate, step.origin)
        self.expansion.layer(layer.material, source, self._deposit(layer, rate))

    def _rate(self, layer: DepositStep, step: RecipeStep) -> float | None:
        if layer.rate is not None:
            self.rate_nm_s = layer.rate
        elif self.rate_nm_s is None and not self.has_gap:
            text = f"{rounded(layer.thickness)} nm {layer.material} at 0.5 nm/s"
            what = "this layer has no rate, and there is no layer before it to take one from"
            self.findings.refuse(step.origin, "", what, f'Write for example "{text}".')
        return self.rate_nm_s

    def _deposit(self, layer: DepositStep, rate_nm_s: float) -> Deposit:
        usual, wish = self.station.defaults.capture, layer.capture
        return Deposit(
            source=layer.material,
            material=layer.material,
            thickness_nm=layer.thickness,
            rate_nm_s=rate_nm_s,
            capture_within_pct=wish.within if wish and wish.within is not None else usual.within,
            capture_hold_s=wish.hold if wish and wish.hold is not None else usual.hold,
            capture_timeout_s=wish.timeout if wish and wish.timeout is not None else usual.timeout,
            capture_otherwise=wish.otherwise if wish and wish.otherwise is not None else usual.otherwise,
        )

    def _need_base_pressure(self, step: RecipeStep) -> None:
        """Pump down before energy where the recipe is silent; refuse where it pumps too little itself."""
        proved, limit = self.expansion.base_mbar, self.station.limits.start_pressure.pressure
        required = self.recipe.requires.base_pressure
        if proved is None:
            self._pump_to_base("before layer" if self.expansion.steps else None, step.origin)
            return
        allowed, origin = limit, origin_of_limit(self.station, "limits.start_pressure")
        if required is not None and required < limit:
            allowed, origin = required, "requires.base_pressure of this recipe"
        if proved > allowed:
            what = f"step {self.pumped_by} pumps to {pressure_text(proved)}; a layer needs {pressure_text(allowed)}"
            write = f'Write "pump to {pressure_text(allowed)}" there, or leave that step out.'
            self.findings.refuse(step.origin, "", f"{what} ({origin})", write)

    def _pump_to_base(self, because: str | None, origin: Origin) -> None:
        required = self.recipe.requires.base_pressure
        base = required if required is not None else self.station.defaults.base_pressure
        usual = "requires" if required is not None else "station default"
        self._pump(base, None, because or usual, origin)

    def _pump(self, to_mbar: float, timeout_s: float | None, because: str, origin: Origin) -> None:
        self.staying = None
        expected_s = self.expansion.pump_down(to_mbar, timeout_s, because)
        limit_s = timeout_s if timeout_s is not None else self.station.defaults.pump_down_timeout
        if expected_s > limit_s:
            expected = time_text(expected_s) if expected_s < LONGEST_S else "longer than any time-out"
            what = f"{pressure_text(to_mbar)} is expected to take {expected}; the time-out is {time_text(limit_s)}"
            self.findings.warn(origin, "timeout" if because == "recipe" else "", what, "Write a longer time-out.")

    def _gas(self, gas: AdmitGasStep, step: RecipeStep, *, ends_itself: bool) -> None:
        self._refuse_into_gas(f"{gas.gas} would be admitted into", step)
        if check_gas(gas, self.station, step.origin, self.findings) is None:
            return
        if not self.expansion.is_vacuum and not self.expansion.gas:
            self._pump_to_base(None, step.origin)
        name = find_gas(self.station, gas.gas) or gas.gas
        self.expansion.admit_gas(name, gas.pressure, gas.dwell, gas.cool_down or 0.0)
        if gas.then == "stay":
            self.staying = _Staying(step.number, gas.pressure)
        elif not ends_itself:
            self.expansion.evacuate(None, None, "ends reaction")

    def _evacuate(self, evacuate: EvacuateStep, step: RecipeStep) -> None:
        if not self.expansion.gas:
            if not self.has_gap:
                what = "there is no gas to evacuate: a gas step ends with its own evacuation"
                self.findings.refuse(step.origin, "", what, 'Remove this step, or give the gas step  then = "stay".')
            return
        check_vacuum(evacuate.pressure, self.station, step.origin, self.findings)
        self.staying = None
        self.expansion.evacuate(evacuate.pressure, evacuate.timeout, "recipe")

    def _refuse_into_gas(self, doing: str, step: RecipeStep) -> None:
        if self.staying is None:
            return
        said = f'step {self.staying.step} says  then = "stay"'
        what = f"{doing} {rounded(self.staying.pressure_mbar)} mbar {self.expansion.gas}: {said}."
        write = (
            "Remove it (the chamber is then evacuated after the dwell), or add a step  "
            f'"pump to {pressure_text(self.station.defaults.base_pressure)}"  before this one.'
        )
        self.findings.refuse(step.origin, "", what, write)
        self.expansion.evacuate(None, None, "ends reaction")
        self.staying = None

    def _book(self, name: str, source: Source, thickness_nm: float, rate_nm_s: float, origin: Origin) -> None:
        before_mg, life_pct = self.ledger.taken_mg(name), self.ledger.life_pct(source.sensor)
        misreading = self.ledger.take(name, source, thickness_nm, rate_nm_s)
        needed_mg = self.ledger.taken_mg(name)
        if before_mg <= source.charge < needed_mg:
            what = (
                f"up to here the recipe needs {needed_mg:.0f} mg {name}; boat {source.boat} holds "
                f"{source.charge:.0f} mg "
                f"({origin_of_limit(self.station, f'source.{name}.charge')})"
            )
            self.findings.refuse(origin, "thickness", what, "Deposit less, or load more and correct the station file.")
        self._judge_crystal(source.sensor, life_pct, origin)
        if misreading is not None and (source.sensor, name) not in self.warned:
            self.warned.add((source.sensor, name))
            self._warn_misreading(misreading, origin)

    def _judge_crystal(self, sensor: int, before_pct: float, origin: Origin) -> None:
        after_pct = self.ledger.life_pct(sensor)
        warn_pct = 100 - self.station.limits.crystal_life_used_warning
        if after_pct <= 0 < before_pct:
            what = f"crystal {sensor} would be used up in this layer ({before_pct:.1f} % life left before it)"
            self.findings.refuse(origin, "thickness", what, "Deposit less, or start with a fresh crystal.")
        elif after_pct < warn_pct <= before_pct:
            what = f"crystal {sensor} will have only {after_pct:.0f} % life left after this layer"
            self.findings.warn(origin, "", what, "Replace it soon.")

    def _warn_misreading(self, found: Misreading, origin: Origin) -> None:
        what = (
            f"crystal {found.sensor} would read {found.material} with z = {found.film_z:g} over "
            f"{rounded(found.below_nm / 1000, 2)} µm {found.below}: {found.shown_nm:.1f} nm shown for "
            f"{rounded(found.true_nm)} nm"
        )
        write = f"Use a second, baffled crystal or set z = {found.below_z:.3g} for {found.material} on it."
        self.findings.warn(origin, "", what, write)

    def _end(self) -> None:
        if self.staying is not None:
            origin = self.recipe.steps[-1].origin
            what = f"the run ends with {rounded(self.staying.pressure_mbar)} mbar {self.expansion.gas} in the chamber"
            self.findings.warn(origin, "", f"{what}: the reaction goes on", "Add an evacuation if it should end.")
        self.expansion.finish()
        steps, total_s = len(self.expansion.steps), self.expansion.total_s
        if steps > MOST_STEPS or total_s > LONGEST_S:
            what = f"the recipe becomes {steps} steps and {time_text(total_s)}"
            write = f"At most {MOST_STEPS} steps and {time_text(LONGEST_S)} are run at once."
            place = self.recipe.document.problem(("steps",), what, write) if self.recipe.document else None
            self.findings.problems.append(place or Problem("the recipe", what, write))
