"""The command ``pvd`` in this process: what it writes and its exit code, without starting an interpreter each time.

Tests of what a process does (signals, broken pipes, what is imported) start a real one.
"""

import io
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest.mock import patch

from pvdstation.cli import main


class Ended(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class _Pipe(io.TextIOWrapper):
    """A pipe in UTF-8 that keeps what is written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """A command that ends ignores signals; this process goes on."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pvd_here(*arguments: str, answers: str = "") -> Ended:
    """The same, and what ``pvd run`` runs is run in this process too, without a core."""
    from run_here import here  # noqa: PLC0415 - the help is tested without what it imports

    with here():
        return pvd(*arguments, answers=answers)


def pvd(*arguments: str, answers: str = "") -> Ended:
    """Run ``pvd`` with piped stdin, stdout and stderr."""
    out, err = _Pipe(), _Pipe()
    with (
        patch.object(sys, "argv", ["pvd", *arguments]),
        patch.object(sys, "stdin", io.StringIO(answers)),
        redirect_stdout(out),
        redirect_stderr(err),
        _signals_kept(),
    ):
        try:
            main()
        except SystemExit as ended:
            return Ended(int(ended.code or 0), out.text(), err.text())
