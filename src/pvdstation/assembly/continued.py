"""Prepares the run that goes on from an interrupted one: the same recipe, parameters and station, read from its record.

Also what is offered to a person when an interrupted run stands in the way of another one.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pvdstation.assembly.as_found import Found
from pvdstation.assembly.continuing import continuation, refuse_tuning
from pvdstation.assembly.finding import find_run
from pvdstation.assembly.interrupted import refuse_other_than_interrupted
from pvdstation.assembly.known import Known
from pvdstation.assembly.preparation import Prepared
from pvdstation.assembly.reckoning import reckon
from pvdstation.assembly.served import find_simulator
from pvdstation.assembly.sources import read_recipe, read_station
from pvdstation.model.problems import Problem, Refused
from pvdstation.model.toml import load_station, read_toml
from pvdstation.recipe.check import check_recipe
from pvdstation.recipe.document import load_recipe
from pvdstation.record.opened import DAMAGED
from pvdstation.record.results import Named
from pvdstation.record.run_file import RunFile
from pvdstation.record.schema import Entry


class Interrupted(NamedTuple):
    """An interrupted run with its record and its station as it is now."""

    run: RunFile
    known: Known
    prepared: Prepared


def interrupted_run(text: str, data: str | None, station: str | None, recipe: str | None) -> Interrupted:
    """Return an interrupted run that a person wants to continue, by what he calls it.

    Raises Refused when it was not interrupted, when it was followed by another, or when recipe or station file are not
    the ones that it had.
    """
    path = find_run(text, data)
    try:
        run = RunFile(path)
        refuse_other_than_interrupted(path, run)
        genesis = run.genesis
        problems = [*_other_station(genesis["station"], station), *_other_recipe(genesis["recipe"], recipe)]
        if problems:
            raise Refused(problems)
        known = reckon(run)
        refuse_tuning(known)  # its recipe is a command: nothing to be read again
        return Interrupted(run, known, _prepared(run))
    except DAMAGED as error:
        what = f"its record is damaged: {error}"
        raise Refused([Problem(str(path), what, f'See "pvd runs verify {path.stem}".')]) from error


def continued(found: Found, interrupted: Interrupted) -> tuple[Prepared, dict[str, object], tuple[str, ...]]:
    """Return what runs now, what its record says of the run before, and what a person is told. Raises Refused."""
    known = interrupted.known.with_crystals(found.now)
    prepared = interrupted.prepared
    procedure, told = continuation(known, prepared.station)
    total_s = sum(step.estimate_s for step in procedure.steps)
    limits = ("",) * len(procedure.steps)
    checked = replace(prepared.checked, procedure=procedure, limits_used=limits, total_s=total_s)
    continues = {**known.as_json(), "told": list(told), "found": found.of(known)}
    return prepared._replace(checked=checked), continues, told


def offered(path: Path) -> Known:
    """Return what is known of an interrupted run that stands in the way. Raises Refused and one of ``DAMAGED``."""
    return reckon(RunFile(path))


def _other_station(recorded: Mapping[str, Any], station: str | None) -> list[Problem]:
    source = read_station(station)
    if sha256(source.content).hexdigest() == recorded["sha256"]:
        return []
    which = f"{recorded['name']}, {recorded['file']}"
    what = f"the station file is not the one of that run ({which}), byte for byte"
    return [Problem("--station", what, "Name the station file of that run, as it was.")]


def _other_recipe(recorded: Mapping[str, Any], recipe: str | None) -> list[Problem]:
    if recipe is None or read_recipe(recipe).sha256 == recorded["sha256"]:
        return []
    what = f"the recipe is not the one of that run ({recorded['name']})"
    return [Problem("the recipe", what, "Leave it out: it is in the record.")]


def _prepared(run: RunFile) -> Prepared:
    """Return recipe and station as the record has them, checked; the procedure is the one that was planned."""
    genesis, plan = run.genesis, run.document(Entry.PLAN)
    named, file = genesis["recipe"], str(genesis["recipe"]["file"])
    included = {name: str(text).encode() for name, text in plan.get("included", {}).items()}
    values = {name: str(value) for name, value in named["parameters"].items()}
    content: bytes | str = run.recipe if file else run.recipe.decode()
    recipe = load_recipe(content, file, read=_reader(included), values=values)
    station = load_station(run.station, genesis["station"]["file"])
    return Prepared(
        Named(named["name"], named["sha256"]),
        Named(genesis["station"]["name"], genesis["station"]["sha256"]),
        station,
        read_toml(run.station, genesis["station"]["file"]).values,
        check_recipe(recipe, station),
        run.station,
        find_simulator(station),
    )


def _reader(included: Mapping[str, bytes]) -> Any:
    def read(name: str) -> bytes:
        if name not in included:
            raise FileNotFoundError(2, "it is not in the record", name)
        return included[name]

    return read
