"""Finds the record of a run by what a person types: its id, a beginning of it, "last", or a path."""

from pathlib import Path

from pvdstation.assembly.folders import DRY_RUNS, RUNS, data_folder
from pvdstation.model.problems import Problem, Refused
from pvdstation.record.run_file import SUFFIX, first_files

LAST = "last"
_MOST_NAMED = 5
_LIST = 'See "pvd runs list" and "pvd runs list --dry".'


def find_run(text: str, data: str | None = None) -> Path:
    """Return the first file of a run. ``text``: its id, a beginning that only one has, "last", or a path.

    Raises Refused when there is none, or when several begin so.
    """
    if "/" in text or "\\" in text or text.endswith(SUFFIX):
        return _at(Path(text))
    folder = data_folder(data)
    present = [path for part in (RUNS, DRY_RUNS) for path in first_files(folder / part)]
    if text == LAST:
        newest = max(present, key=lambda path: path.stem, default=None)
        if newest is None:
            raise Refused([Problem("the run", f"there is no record in {folder} yet", _LIST)])
        return newest
    found = [path for path in present if path.stem.startswith(text)]
    exact = [path for path in found if path.stem == text]
    if not found:
        raise Refused([Problem("the run", f'no run in {folder} begins with "{text}"', _LIST)])
    if len(found) > 1 and not exact:
        names = ", ".join(sorted(path.stem for path in found)[:_MOST_NAMED])
        more = ", …" if len(found) > _MOST_NAMED else ""
        raise Refused(
            [Problem("the run", f'{len(found)} runs begin with "{text}": {names}{more}', "Write more of it.")]
        )
    return (exact or found)[0]


def _at(path: Path) -> Path:
    if not path.is_file():
        raise Refused([Problem("the run", f'there is no file "{path}"', _LIST)])
    return path
