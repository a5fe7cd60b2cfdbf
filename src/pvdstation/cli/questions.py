"""Asks a person, on a terminal or through a pipe: a wrong answer is explained and asked for again."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from pvdstation.cli.streams import Streams
from pvdstation.model.problems import Problem, Refused

T = TypeVar("T")
_LONGEST = 200


class Wrong(ValueError):
    """An answer that cannot be taken; the text says why and what to write."""


class Questions:
    """Questions with defaults. With ``takes_defaults`` nobody is asked."""

    def __init__(self, streams: Streams, *, takes_defaults: bool) -> None:
        self._streams = streams
        self._takes_defaults = takes_defaults

    def ask(self, question: str, default: str, read: Callable[[str], T]) -> T:
        """Return the answer as read; an empty one is the default. Raises Refused when the answers end too early."""
        if self._takes_defaults:
            return read(default)
        while True:
            self._streams.ask(f"{question} [{default}]: ")
            line = sys.stdin.readline(_LONGEST + 2)
            if not line:
                what = f'the answers ended before "{question}"'
                raise Refused([Problem("the answers", what, "Nothing was written. --yes takes every default.")])
            try:
                return read(_fit(line).strip() or default)
            except Wrong as wrong:
                self._streams.note(f"  {wrong}")

    def choose(self, question: str, default: str, words: Sequence[str]) -> str:
        """Return one of the words."""

        def read(answer: str) -> str:
            if answer.lower() not in words:
                raise Wrong(f'"{answer}" is none of them: write {", ".join(words)}.')
            return answer.lower()

        return self.ask(f"{question} ({', '.join(words)})", default, read)

    def count(self, question: str, default: int, most: int) -> int:
        """Return a whole number from 1 to ``most``."""

        def read(answer: str) -> int:
            if not (answer.isascii() and answer.isdigit() and 1 <= int(answer) <= most):
                raise Wrong(f'"{answer}" is no number from 1 to {most}.')
            return int(answer)

        return self.ask(question, str(default), read)


def _fit(line: str) -> str:
    if len(line.rstrip("\n")) > _LONGEST:
        raise Wrong(f"That is longer than {_LONGEST} characters.")
    unseen = next((sign for sign in line.strip() if not sign.isprintable()), None)
    if unseen is not None:
        raise Wrong(f"The character U+{ord(unseen):04X} cannot be used.")
    return line
