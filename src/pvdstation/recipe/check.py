"""The checker: one walk over a recipe that validates it against a station and expands it. Touches no instrument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pvdstation.model.problems import Problem, Refused
from pvdstation.model.station import Station
from pvdstation.model.toml import MOST_PROBLEMS
from pvdstation.recipe.consumption import ChargeUse, CrystalUse, Ledger
from pvdstation.recipe.document import Recipe
from pvdstation.recipe.findings import Findings, in_order
from pvdstation.recipe.power import Power, Seen, powers_of
from pvdstation.recipe.procedure import Procedure
from pvdstation.recipe.station_limits import check_requires, warn_of_ports, warn_of_rate_alarms, warn_of_supplies
from pvdstation.recipe.walk import Walk


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
    powers: tuple[tuple[Power, ...], ...] = ()  # of each step of the procedure, of each source that it heats


def check_recipe(
    recipe: Recipe,
    station: Station,
    life_pct: Mapping[int, float] | None = None,
    charge_mg: Mapping[str, float] | None = None,
    seen: Mapping[str, Sequence[Seen]] | None = None,
) -> Checked:
    """Validate and expand a recipe; crystals start at ``life_pct`` (by sensor) and boats with ``charge_mg`` (by
    source) where somebody has kept count, else fresh and as the station file says; ``seen`` is what runs have measured
    of a boat's power, from the oldest.

    Raises Refused with every problem: of the writing, of the station's limits, of the order.
    """
    findings = Findings(recipe.problems)
    check_requires(recipe, station, findings)
    warn_of_ports(station, findings)
    warn_of_supplies(station, findings)
    warn_of_rate_alarms(station, findings)
    ledger = Ledger(station, life_pct, charge_mg)
    walk = Walk(recipe, station, findings, ledger)
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
        powers=powers_of(steps, station, seen or {}),
    )
