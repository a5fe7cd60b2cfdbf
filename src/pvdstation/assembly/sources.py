"""Reads what a person names: a recipe (file or notation) and a station (packaged name or file)."""

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pvdstation.assembly.results import Named
from pvdstation.model.problems import Problem, Refused

LARGEST_BYTES = 256 * 1024
DEFAULT_STATION = "sim"
_SHOWN = 60


class Source(NamedTuple):
    """Bytes that a person named, and the file they came from; no file for the notation."""

    named: Named
    content: bytes
    file: str


def read_recipe(recipe: str) -> Source:
    """Read a recipe: a file if it ends in ``.toml``, else the notation itself. Raises Refused."""
    if recipe.lower().endswith(".toml"):
        return _read_file(recipe, "the recipe", "recipe")
    if not recipe.strip():
        what = "the recipe is empty"
        raise Refused([Problem("the recipe", what, 'Write for example "300 nm Zn at 0.5 nm/s", or name a .toml file.')])
    content = recipe.encode("utf-8", errors="surrogateescape")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused([_not_utf8("the recipe", "", error)]) from None
    _refuse_large("the recipe", "", len(content))
    if _is_file(recipe):
        what = f'"{recipe}" is a file, but its name does not end in .toml, so it was not read'
        raise Refused([Problem("the recipe", what, "Rename it to end in .toml.")])
    return Source(Named.of(_short(recipe), content), content, "")


def read_station(station: str | None) -> Source:
    """Read a station file: a packaged one by its name (default "sim"), else the file. Raises Refused."""
    name = station or DEFAULT_STATION
    packaged = {Path(item.name).stem: item for item in files("pvdstation").joinpath("stations").iterdir()}
    if name in packaged:
        content = packaged[name].read_bytes()
        return Source(Named.of(name, content), content, f"{name}.toml")
    if name.lower().endswith(".toml"):
        return _read_file(name, "the station file", "station")
    known = ", ".join(f'"{n}"' for n in sorted(packaged))
    near = get_close_matches(name, packaged, n=1)
    hint = f' (did you mean "{near[0]}"?)' if near else ""
    what = f'there is no packaged station "{name}"'
    raise Refused([Problem("--station", what, f"Write one of {known}{hint}, or the path of a .toml file.")])


def _read_file(name: str, where: str, kind: str) -> Source:
    try:
        with Path(name).open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise Refused([Problem(where, f'there is no file "{name}"', _near_file(name, kind))]) from None
    except IsADirectoryError:
        raise Refused([Problem(where, f'"{name}" is a folder', f"Name a {kind} file in it.")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        write = "Check the path and its permissions."
        raise Refused([Problem(where, f'"{name}" cannot be read: {reason}', write)]) from None
    _refuse_large(where, name, len(content))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused([_not_utf8(where, name, error)]) from None
    return Source(Named.of(name, content), content, name)


def _refuse_large(where: str, file: str, size: int) -> None:
    if size > LARGEST_BYTES:
        what = f"it is larger than {LARGEST_BYTES // 1024} KiB, so it was not read further"
        raise Refused([Problem(where, what, "A recipe or station file is a few KiB; check the name.", file=file)])


def _not_utf8(where: str, file: str, error: UnicodeDecodeError) -> Problem:
    what = f"byte {error.start + 1} is not UTF-8 text"
    line = error.object[: error.start].count(b"\n") + 1
    return Problem(where, what, "Save the file as UTF-8.", file=file, line=line if file else None)


def _near_file(name: str, kind: str) -> str:
    path = Path(name)
    try:
        present = sorted(p.name for p in path.parent.glob("*.toml"))
    except OSError:
        present = []
    near = get_close_matches(path.name, present, n=1)
    if near:
        return f'Did you mean "{path.parent / near[0]}"?'
    return f"Give the path of a {kind} file that exists."


def _is_file(recipe: str) -> bool:
    try:
        return Path(recipe).is_file()
    except (OSError, ValueError):
        return False


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
