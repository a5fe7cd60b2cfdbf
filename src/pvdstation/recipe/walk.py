"""The walk over a recipe: what each step needs and leaves behind, and everything that is wrong with it."""

from dataclasses import dataclass, field

from pvdstation.model.problems import Problem
from pvdstation.model.station import Source, Station
from pvdstation.recipe.consumption import Ledger, Misreading
from pvdstation.recipe.document import Recipe
from pvdstation.recipe.expand import Expansion
from pvdstation.recipe.findings import Findings
from pvdstation.recipe.items import MOST_STEPS, RecipeStep
from pvdstation.recipe.layers import read_layer
from pvdstation.recipe.melting import melt_in_of, profile_of
from pvdstation.recipe.origin import Origin
from pvdstation.recipe.procedure import Note, Question, Wait, WaitUntil
from pvdstation.recipe.questions import answer_text, band_text, kind_text
from pvdstation.recipe.spelling import pressure_text, rounded, time_text
from pvdstation.recipe.station_limits import (
    check_cool,
    check_gas,
    check_leak_test,
    check_melt,
    check_vacuum,
    check_vent,
    find_gas,
    find_source,
    origin_of_limit,
)
from pvdstation.recipe.steps import (
    AdmitGasStep,
    AskStep,
    ConditionStep,
    CoolStep,
    DepositStep,
    EvacuateStep,
    LeakTestStep,
    NoteStep,
    PumpDownStep,
    VentStep,
    WaitStep,
    WaitUntilStep,
)

LONGEST_S = 48 * 3600.0
"""No recipe may be expected to take longer."""
_ANY_RATE = 0.5


@dataclass(slots=True)
class _Staying:
    """A gas that a step left in the chamber on purpose."""

    step: int
    pressure_mbar: float


@dataclass(slots=True)
class Walk:
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
    questions: dict[str, Question] = field(default_factory=dict)

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
        self.expansion.round = step.round
        match step.model:
            case None:
                self._skip(step)
            case DepositStep() as layer:
                self._layer(layer, step)
            case ConditionStep() as condition:
                self._melt_in(condition, step)
            case AdmitGasStep() as gas:
                self._gas(gas, step, ends_itself=isinstance(following, EvacuateStep))
            case PumpDownStep() | CoolStep() | EvacuateStep() | VentStep() | LeakTestStep() as chamber:
                self._chamber(chamber, step)
            case pastime:
                self._pass_time(pastime, step)

    def _chamber(
        self, model: PumpDownStep | CoolStep | EvacuateStep | VentStep | LeakTestStep, step: RecipeStep
    ) -> None:
        match model:
            case PumpDownStep():
                check_vacuum(model.pressure, self.station, step.origin, self.findings)
                self._pump(model.pressure, model.timeout, "recipe", step.origin)
                self.pumped_by = step.number
            case CoolStep():
                check_cool(model, self.station, step.origin, self.findings)
                self.expansion.cool("recipe", said=f"to {rounded(model.temperature)} °C")
            case EvacuateStep():
                self._evacuate(model, step)
            case VentStep():
                self._vent(model, step)
            case LeakTestStep():
                check_leak_test(model, self.station, step.origin, self.findings)
                if not self.expansion.is_vacuum:
                    self._refuse_into_gas("a leak would be looked for in", step)
                    self._pump_to_base(None, step.origin)
                self.expansion.leak_test(model.time, model.below)

    def _pass_time(self, model: WaitStep | WaitUntilStep | AskStep | NoteStep, step: RecipeStep) -> None:
        match model:
            case WaitStep():
                self.expansion.plain(Wait(model.time), f"wait {time_text(model.time)}", model.time)
            case WaitUntilStep():
                self._wait_until(model)
            case AskStep():
                number = len(self.expansion.steps) + 1
                asked = Question(
                    model.id or f"question{number}", model.text, model.answer == "yes/no", model.unit,
                    model.min, model.max, None if model.default is None else float(model.default),
                )  # fmt: skip
                self._check_question(asked, step)
                default = "" if asked.default is None else f", default {answer_text(asked, asked.default)}"
                limit = f"{asked.id}: {kind_text(asked)}{default}"
                self.expansion.plain(asked, f'ask "{model.text}"', 0.0, limit)
            case NoteStep():
                self.expansion.plain(Note(model.text), f'note "{model.text}"', 0.0)

    def _wait_until(self, model: WaitUntilStep) -> None:
        least, most = model.above or 0.0, float("inf") if model.below is None else model.below
        asks = f"wait{len(self.expansion.steps) + 1}" if model.otherwise == "ask" else ""
        work = WaitUntil(model.of, least, most, model.hold, model.timeout, model.otherwise, asks)
        limit = f"time-out {time_text(model.timeout)}, then {model.otherwise}" + (f" ({asks})" if asks else "")
        self.expansion.plain(work, f"wait until {band_text(work)}", model.hold, limit)

    def _check_question(self, asked: Question, step: RecipeStep) -> None:
        """Refuse an id that another question has; the rounds of a repeat ask the same one."""
        known = self.questions.setdefault(asked.id, asked)
        if known != asked:
            what = f'"{asked.id}" is already the id of the question "{known.text[:60]}"'
            self.findings.refuse(step.origin, "id", what, "Give each question its own id.")

    def _skip(self, step: RecipeStep) -> None:
        self.has_gap, self.rate_nm_s = True, None
        if step.origin.written("do") not in {"deposit", "admit_gas", "cool"}:
            self.staying = None

    def _layer(self, model: DepositStep, step: RecipeStep) -> None:
        inherited = self.rate_nm_s
        if inherited is None and self.has_gap and model.rate is None:
            inherited = _ANY_RATE  # the step that could not be read may have said it
        layer = read_layer(model, inherited, self.station, step.origin, self.findings)
        self.rate_nm_s = model.rate or (layer.work.rate_nm_s if layer else self.rate_nm_s)
        self._refuse_into_gas(f"{model.material} would be evaporated into", step)
        if layer is None:
            return
        self._need_base_pressure(step)
        for name, source, film_nm, rate in layer.sources:
            self._book(name, source, film_nm, rate, step.origin)
        self.expansion.layer(layer)

    def _melt_in(self, model: ConditionStep, step: RecipeStep) -> None:
        source = find_source(model, self.station, step.origin, self.findings)
        self._refuse_into_gas(f"{model.material} would be heated in", step)
        if source is None:
            return
        self._need_base_pressure(step)
        self._book(model.material, source, 0.0, source.max_rate / 10, step.origin)
        work = melt_in_of(model, source)
        check_melt(profile_of(work), model.material, source, self.station, step.origin, self.findings)
        self.expansion.melt_in(work, source)

    def _vent(self, model: VentStep, step: RecipeStep) -> None:
        if check_vent(model, self.station, step.origin, self.findings):
            self._refuse_into_gas(f"{model.gas} would be let into", step)
            self.expansion.vent()

    def _need_base_pressure(self, step: RecipeStep) -> None:
        """Pump down before energy where the recipe is silent; refuse where it pumps too little itself."""
        proved, limit = self.expansion.base_mbar, self.station.limits.start_pressure.pressure
        required = self.recipe.base_pressure
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
        required = self.recipe.base_pressure
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
        self.expansion.admit_gas(name, gas.pressure, gas.dwell, gas.cool_down or 0.0, top_up=gas.keep == "top_up")
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
        holds_mg = self.ledger.holds_mg(name)
        if before_mg <= holds_mg < needed_mg:
            what = (
                f"up to here the recipe needs {needed_mg:.0f} mg {name}; boat {source.boat} holds "
                f"{holds_mg:.0f} mg ({self._counted(name)})"
            )
            self.findings.refuse(origin, "thickness", what, "Deposit less, or load more and correct the station file.")
        self._judge_crystal(source.sensor, life_pct, origin)
        if misreading is not None and (source.sensor, name) not in self.warned:
            self.warned.add((source.sensor, name))
            self._warn_misreading(misreading, origin)

    def _counted(self, name: str) -> str:
        if self.ledger.is_counted(name):
            return "the source ledger, see pvd ledger show"
        return origin_of_limit(self.station, f"source.{name}.charge")

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
