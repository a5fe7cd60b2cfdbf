"""From what a person names to something that can run: recipe and station read, checked, and found fit."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pvdstation.assembly.counted import counted
from pvdstation.assembly.served import Served, Unserved, find_simulator
from pvdstation.assembly.sources import Source, read_recipe, read_station
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import load_station, read_toml
from pvdstation.recipe.check import Checked, check_recipe
from pvdstation.recipe.document import Recipe, load_recipe
from pvdstation.record.plan import PlannedStep, planned_steps
from pvdstation.record.results import Mode, Named, RunResult, refused

_T = TypeVar("_T")
_SET = 'Write for example --set li_thickness="200 nm".'


class Prepared(NamedTuple):
    """A checked recipe and the station it was checked against."""

    recipe: Named
    station_named: Named
    station: Station
    plain_station: dict[str, Any]
    """The station file as plain values, for the simulated station."""
    checked: Checked
    station_bytes: bytes = b""
    """The station file as it was read, for the record."""
    simulator: Served | Unserved | None = None
    """What the simulator in another process says that the station names."""

    @property
    def mode(self) -> Mode:
        """Return what kind of station it is."""
        return mode_of(self.station, self.simulator)

    @property
    def silence(self) -> Problem | None:
        """Return that the simulator which the station names does not answer; None where one does, or none is named."""
        simulator = self.simulator
        return simulator.problem if isinstance(simulator, Unserved) and simulator.is_silent else None

    @property
    def planned(self) -> tuple[PlannedStep, ...]:
        """Return the steps of the procedure as the record keeps them."""
        return planned_steps(self.checked.procedure)

    def refuse(self, problems: list[Problem], seed: int | None = None) -> RunResult:
        """Return the refusal of something that had been prepared."""
        return refused(problems, recipe=self.recipe, station=self.station_named, mode=self.mode, seed=seed)


def prepare(
    recipe: str,
    station: str | None,
    seed: int | None = None,
    sets: Sequence[str] = (),
    data: Path | None = None,
) -> Prepared | RunResult:
    """Read and check recipe and station; return a refusal with every problem when something is wrong.

    ``sets`` are values of the recipe's parameters, each as "name=value"; ``data`` is the folder whose ledgers say what
    is left in the boats and on the crystals.
    """
    problems: list[Problem] = []
    recipe_source = _noting(problems, read_recipe, recipe)
    station_source = _noting(problems, read_station, station)
    values = _values(sets, problems)
    written = _noting(problems, _load_recipe, recipe_source, values) if recipe_source else None
    loaded = _noting(problems, load_station, station_source.content, station_source.file) if station_source else None
    checked = None
    if written and loaded:
        checked = _noting(problems, check_recipe, written, loaded, *counted(loaded, data))
    if written and not loaded:
        problems.extend(written.problems)
    recipe_named = (
        Named(written.name if written else recipe_source.name, recipe_source.sha256) if recipe_source else None
    )
    station_named = (
        Named(loaded.name if loaded else station_source.name, station_source.sha256) if station_source else None
    )
    if recipe_named and station_named and station_source and loaded and checked and not problems:
        plain = read_toml(station_source.content, station_source.file).values
        return Prepared(
            recipe_named,
            station_named,
            loaded,
            plain,
            checked,
            station_source.content,
            find_simulator(loaded),
        )
    mode = mode_of(loaded, find_simulator(loaded)) if loaded else None
    return refused(problems, recipe=recipe_named, station=station_named, mode=mode, seed=seed)


def _load_recipe(source: Source, values: Mapping[str, str]) -> Recipe:
    content = source.content if source.file else source.text
    return load_recipe(content, source.file, read=source.beside, values=values)


def _values(sets: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in sets:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            problems.append(Problem("--set", f'"{text[:60]}" does not set anything', _SET))
        elif name in values:
            problems.append(Problem("--set", f'"{name[:40]}" is set twice', "Keep one of them."))
        else:
            values[name] = value
    return values


def mode_of(station: Station, simulator: Served | Unserved | None) -> Mode:
    """Return whether a station is simulated; every doubt makes it live."""
    return "simulated" if station.is_simulated or isinstance(simulator, Served) else "live"


def _noting(problems: list[Problem], read: Callable[..., _T], *arguments: object) -> _T | None:
    """Return what was read; on a refusal keep its problems and return None."""
    try:
        return read(*arguments)
    except Refused as refusal:
        problems.extend(refusal.problems)
        return None
