"""Files that a command writes: refused before anything starts, opened, and named at the end."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple, TextIO

from pvdstation.model.problems import Problem
from pvdstation.wires.transcript import SharedText

PLOT_FORMATS = ("png", "svg", "pdf")


class Files(NamedTuple):
    """What a run writes beside its result, each where it was asked for."""

    plot: str | None = None
    events: str | None = None
    transcript: str | None = None

    def problems(self) -> list[Problem]:
        """Return why they could not be written, before an hour of plant time has been computed for them."""
        problems = [*file_problems("--plot", self.plot), *file_problems("--events", self.events)]
        problems += file_problems("--transcript", self.transcript)
        plot = self.plot
        if plot is not None and Path(plot).suffix.lower().lstrip(".") not in PLOT_FORMATS:
            what = f'"{plot}" does not end in .png, .svg or .pdf'
            problems.append(Problem("--plot", what, f'Write for example "{Path(plot).stem or "run"}.png".'))
        return problems


def file_problems(option: str, file: str | None) -> list[Problem]:
    """Return why a file could not be written."""
    if file is None:
        return []
    path = Path(file)
    if path.is_dir():
        return [Problem(option, f'"{file}" is a folder', "Name a file in it.")]
    if not path.parent.is_dir():
        return [Problem(option, f'there is no folder "{path.parent}"', "Make it first, or name another one.")]
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return [Problem(option, f'"{file}" may not be written', "Name a file in a folder that you may write to.")]
    return []


def open_text(file: str | None) -> AbstractContextManager[TextIO | None]:
    """Open a file for text; None stays None. Raises OSError."""
    return Path(file).open("w", encoding="utf-8", newline="\n") if file is not None else nullcontext()


@contextmanager
def open_transcript(file: str | None, *, is_followed: bool) -> Iterator[SharedText | None]:
    """Open the transcript; when it is followed, every line is there at once. Raises OSError only by opening it."""
    if file is None:
        yield None
        return
    transcript = SharedText(
        Path(file).open("w", encoding="utf-8", newline="\n", buffering=1 if is_followed else -1)  # noqa: SIM115
    )
    try:
        yield transcript
    finally:
        transcript.close()


def transcript_words(file: str | None, transcript: SharedText | None) -> str:
    """Return where the transcript is, and why it has ended early; nothing without one."""
    if transcript is None:
        return ""
    return f"transcript: {file}, not complete: {transcript.fault}" if transcript.fault else f"transcript: {file}"
