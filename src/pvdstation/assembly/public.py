"""The functions for notebooks: ``pvdstation.check``, ``pvdstation.dry_run`` and ``pvdstation.open_run``."""

from collections.abc import Mapping, Sequence

from pvdstation.assembly.answering import GivenAnswers, read_answers
from pvdstation.assembly.checks import CheckResult
from pvdstation.assembly.finding import find_run
from pvdstation.assembly.folders import data_folder
from pvdstation.assembly.preparation import Prepared, prepare
from pvdstation.assembly.recording import Recording
from pvdstation.assembly.runs import FASTEST, Wishes, execute
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.opened import DAMAGED, OpenedRun, opened
from pvdstation.record.results import RunResult
from pvdstation.record.run_file import RunFile


def check(
    recipe: str,
    station: str | None = None,
    parameters: Mapping[str, str] | None = None,
    *,
    data: str | None = None,
) -> CheckResult:
    """Check a recipe (a file if it ends in ``.toml``, else the notation) against a station.

    ``parameters`` set those of the recipe, as text with a unit. Raises Refused with every problem.
    """
    return CheckResult.of(_prepared(recipe, station, parameters, data))


def dry_run(
    recipe: str,
    seed: int = 1,
    station: str | None = None,
    faults: Sequence[str] = (),
    parameters: Mapping[str, str] | None = None,
    answers: Mapping[str, object] | None = None,
    *,
    data: str | None = None,
    record: bool = True,
) -> RunResult:
    """Run a recipe on the simulated station as fast as it computes; ``faults`` break it, each as one line of text.

    ``parameters`` set those of the recipe, as text with a unit; ``answers`` answer its questions, by id (True is yes).
    The run is recorded in the data folder (``data``, else ``PVD_DATA``, else the user's own) unless ``record`` is
    False. Raises Refused with every problem.
    """
    recording = Recording(data_folder(data)) if record else None
    prepared = _prepared(recipe, station, parameters, data)
    given, wrong = read_answers(
        prepared.checked.procedure, [f"{name}={value}" for name, value in (answers or {}).items()]
    )
    if wrong:
        raise Refused(wrong)
    wishes = Wishes(faults=faults, recording=recording, answering=GivenAnswers(given))
    result = execute(prepared, seed, FASTEST, wishes).result
    if result.errors:
        raise Refused(list(result.errors))
    return result


def open_run(run: str, data: str | None = None) -> OpenedRun:
    """Open a recorded run: its id, a beginning that only one has, "last", or the path of its file.

    Raises Refused when there is none, or when it cannot be read.
    """
    path = find_run(run, data)
    try:
        return opened(RunFile(path))
    except DAMAGED as error:
        raise Refused([Problem(str(path), f"it is damaged: {error}", f'See "pvd runs verify {path}".')]) from error


def _prepared(recipe: str, station: str | None, parameters: Mapping[str, str] | None, data: str | None) -> Prepared:
    sets = [f"{name}={value}" for name, value in (parameters or {}).items()]
    prepared = prepare(recipe, station, sets=sets, data=data_folder(data))
    if isinstance(prepared, RunResult):
        raise Refused(list(prepared.errors))
    return prepared
