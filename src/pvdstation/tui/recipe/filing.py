"""Recipe files: listed, read, written whole or not at all, and never over what somebody else has changed."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pvdstation.model.toml import LARGEST_BYTES
from pvdstation.recipe.notation import cut
from pvdstation.tui.recipe.looking import Written

DRAFTS = "drafts"
"""Folder of texts that were run without being saved, in the data folder."""
SUFFIX = ".toml"


class FilingError(Exception):
    """A file cannot be read or written; the text says why."""


def recipes_in(folder: Path) -> list[Path]:
    """Return the recipe files of a folder, by name."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() == SUFFIX and path.is_file())
    except OSError:
        return []


def path_of(typed: str, folder: Path) -> Path:
    """Return the file that a person means; a name alone lies in the folder of recipes, and ends in .toml."""
    path = Path(typed.strip()).expanduser()
    path = path if path.is_absolute() else folder / path
    return path if path.suffix.lower() == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def read_text(path: Path) -> str:
    """Read a recipe's text. Raises FilingError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise FilingError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FilingError(f"{path} is not UTF-8 text") from None
    if len(content) > LARGEST_BYTES:
        raise FilingError(f"{path} is larger than {LARGEST_BYTES // 1024} KiB: no recipe")
    return text


def is_as_known(path: Path, known: str | None) -> bool:
    """Return whether a file still holds what was read from it (None: it was not there), or is gone."""
    if not path.exists():
        return True
    try:
        return known is not None and read_text(path) == known
    except FilingError:
        return False


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises FilingError."""
    part = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(part).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(part).unlink()
        raise FilingError(f"{path} cannot be written: {error.strerror}") from None


def write_draft(written: Written, data: Path) -> Path:
    """Write a text that was not saved where a run can read it; the same text is the same file. Raises FilingError."""
    stem = written.path.stem if written.path else "recipe"
    path = data.resolve() / DRAFTS / f"{stem}-{written.sha256[:12]}{SUFFIX}"
    write_text(path, written.text)
    return path


def as_file(text: str, name: str) -> str:
    """Return notation as the text of a recipe file: one step a line."""
    steps = "".join(f"    {_quoted(phrase.text)},\n" for phrase in cut(text))
    return f"name = {_quoted(name)}\nsteps = [\n{steps}]\n"


def _quoted(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
