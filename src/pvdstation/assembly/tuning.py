"""A tuning run: prepared like a recipe, run by the same engine, and read back from its own record."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.counted import counted
from pvdstation.assembly.folders import DRY_RUNS, RUNS
from pvdstation.assembly.preparation import Prepared, mode_of
from pvdstation.assembly.served import find_simulator
from pvdstation.assembly.sources import Source, read_station
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.quantities import QuantityError, parse
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station, read_toml
from pvdstation.recipe.check import Checked
from pvdstation.recipe.document import Recipe, Requires
from pvdstation.recipe.tuning import Planned, Wish, plan_tuning
from pvdstation.record.results import Named, RunResult, refused
from pvdstation.record.run_file import SUFFIX, RunFile
from pvdstation.record.tuning.tuned import Tuned, tuned


class Asked(NamedTuple):
    """What was typed: a source, a method, and a rate and an amplitude where they are not the usual ones."""

    source: str
    method: str = "step"
    rate: str | None = None
    amplitude: str | None = None

    def __str__(self) -> str:
        parts = [f"tune {self.source}", f"by {self.method}"]
        parts += [f"at {self.rate}"] if self.rate else []
        parts += [f"with an amplitude of {self.amplitude}"] if self.amplitude else []
        return " ".join(parts)


class ToTune(NamedTuple):
    """A prepared tuning run, and its numbers."""

    prepared: Prepared
    planned: Planned


def prepare_tuning(
    asked: Asked, station: str | None, seed: int | None = None, data: Path | None = None
) -> ToTune | RunResult:
    """Read the station and plan the procedure; return a refusal with every problem when something is wrong.

    ``data`` is the folder whose ledgers say what is left in the boat and on the crystal.
    """
    text = str(asked).encode()
    recipe = Named(f"tune {asked.source}"[:60], sha256(text).hexdigest())
    named: Named | None = None
    mode = None
    try:
        source = read_station(station)
        loaded = load_station(source.content, source.file)
        named = Named(loaded.name, source.sha256)
        mode = mode_of(loaded, find_simulator(loaded))
        planned = plan_tuning(_wish(asked), loaded, recipe.sha256, *_left(asked.source, loaded, data))
    except Refused as refusal:
        return refused(refusal.problems, recipe=recipe, station=named, mode=mode, seed=seed)
    return ToTune(_prepared(recipe, text, planned, loaded, source, named), planned)


def _left(source: str, station: Station, data: Path | None) -> tuple[float | None, float | None]:
    """Return what the ledgers count of a source: charge, mg, and life of its crystal, %; None: nobody counts."""
    left, known = counted(station, data), station.source.get(source)
    return left.charge_mg.get(source), None if known is None else left.life_pct.get(known.sensor)


def _prepared(recipe: Named, text: bytes, planned: Planned, station: Station, source: Source, named: Named) -> Prepared:
    procedure = planned.procedure
    written = Recipe(
        recipe.name, procedure.recipe_id, procedure.version, "", "", "", Requires(), (), (), "", recipe.sha256, None,
        content=text,
    )  # fmt: skip
    checked = Checked(
        written, station, procedure, planned.limits_used, (), (), (planned.charge,), (planned.crystal,),
        planned.total_s,
    )  # fmt: skip
    plain = read_toml(source.content, source.file).values
    simulator = find_simulator(station)
    return Prepared(recipe, named, station, plain, checked, source.content, simulator)


def _wish(asked: Asked) -> Wish:
    problems: list[Problem] = []
    if asked.method not in ("step", "relay"):
        what = f'"{asked.method[:20]}" is no method'
        raise Refused([Problem("--method", what, "Write step or relay.")])
    rate = _read("--rate", asked.rate, "rate", problems)
    amplitude = _read("--amplitude", asked.amplitude, "share", problems)
    if problems:
        raise Refused(problems)
    return Wish(asked.source, "relay" if asked.method == "relay" else "step", rate, amplitude)


def _read(option: str, text: str | None, dimension: str, problems: list[Problem]) -> float | None:
    if text is None:
        return None
    try:
        return parse(text, dimension)
    except QuantityError as error:
        problems.append(Problem(option, error.what, error.write))
        return None


def tuned_by(folder: Path, result: RunResult, *, is_dry: bool) -> Tuned:
    """Return what a run that has just ended says of its source. Raises Refused when it says nothing."""
    if result.run is None or result.outcome != "complete":
        raise Refused([Problem("the run", f"it ended {result.outcome}: {result.reason}", "")])
    return tuned(RunFile(folder / (DRY_RUNS if is_dry else RUNS) / f"{result.run}{SUFFIX}"))
