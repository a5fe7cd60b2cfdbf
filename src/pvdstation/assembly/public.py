"""The functions for notebooks: ``pvdstation.check`` and ``pvdstation.dry_run``."""

from collections.abc import Sequence

from pvdstation.assembly.checks import CheckResult
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.runs import Wishes, execute
from pvdstation.model.problems import Refused
from pvdstation.record.results import RunResult


def check(recipe: str, station: str | None = None) -> CheckResult:
    """Check a recipe (a file if it ends in ``.toml``, else the notation) against a station.

    Raises Refused with every problem.
    """
    return CheckResult.of(_prepared(recipe, station))


def dry_run(recipe: str, seed: int = 1, station: str | None = None, faults: Sequence[str] = ()) -> RunResult:
    """Run a recipe on the simulated station as fast as it computes; ``faults`` break it, each as one line of text.

    Raises Refused with every problem.
    """
    result = execute(_prepared(recipe, station), seed, wishes=Wishes(faults=faults)).result
    if result.errors:
        raise Refused(list(result.errors))
    return result


def _prepared(recipe: str, station: str | None) -> Prepared:
    prepared = prepare(recipe, station)
    if isinstance(prepared, RunResult):
        raise Refused(list(prepared.errors))
    return prepared
