"""Problems with what a person wrote: where, what, why, and what to write instead."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong with a recipe, a station file or a command line."""

    where: str
    what: str
    write: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    source_line: str = ""
    span: int = 1

    def as_json(self) -> dict[str, str | int | None]:
        """Return the fields of the JSON list ``errors``."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "where": self.where,
            "what": self.what,
            "write": self.write,
        }


class Refused(Exception):
    """Input that is refused, with every problem found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.where}: {p.what}" for p in problems))
        self.problems = problems
