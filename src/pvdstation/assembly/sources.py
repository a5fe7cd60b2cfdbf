"""Reads what a person names: a recipe (file or notation) and a station (packaged name or file)."""

from difflib import get_close_matches
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pvdstation.model.problems import Problem, Refused

LARGEST_BYTES = 256 * 1024
DEFAULT_STATION = "sim"
_SHOWN = 100


class Source(NamedTuple):
    """What a person named: bytes, and the file they came from; no file for the notation."""

    name: str
    content: bytes
    file: str

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the bytes."""
        return sha256(self.content).hexdigest()

    def beside(self, name: str) -> bytes:
        """Return the bytes of a file in the same folder; for the notation, in the present one. Raises OSError."""
        with (Path(self.file).parent / name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1)

    @property
    def text(self) -> str:
        """Return the text of the notation."""
        return self.content.decode("utf-8")


def read_recipe(recipe: str) -> Source:
    """Read a recipe: a file if it ends in ``.toml``, else the notation itself. Raises Refused."""
    if recipe.lower().endswith(".toml"):
        return _read_file(recipe, "the recipe", "recipe")
    if _is_file(recipe):
        what = f'"{recipe}" is a file, but its name does not end in .toml, so it was not read'
        raise Refused([Problem("the recipe", what, "Rename it to end in .toml.")])
    line = " ".join(recipe.split())
    name = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
    return Source(name, recipe.encode("utf-8", errors="replace"), "")


def read_station(station: str | None) -> Source:
    """Read a station file: a packaged one by its name (default "sim"), else the file. Raises Refused."""
    name = station or DEFAULT_STATION
    packaged = {Path(item.name).stem: item for item in files("pvdstation").joinpath("stations").iterdir()}
    if name in packaged:
        return Source(name, packaged[name].read_bytes(), f"{name}.toml")
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
    if len(content) > LARGEST_BYTES:
        what = f"the file is larger than {LARGEST_BYTES // 1024} KiB, so it was not read"
        raise Refused([Problem(where, what, f"A {kind} file has a few KiB; check the name.", file=name)])
    return Source(name, content, name)


def _near_file(name: str, kind: str) -> str:
    path = Path(name)
    try:
        present = sorted(p.name for p in path.parent.glob("*.toml"))
    except (OSError, ValueError):
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
