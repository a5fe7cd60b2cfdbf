"""What the checker finds: problems refuse the recipe, warnings and notes are shown with it."""

from pvdstation.model.problems import Problem
from pvdstation.recipe.origin import Origin


class Findings:
    """Collects findings of one check, each once."""

    def __init__(self, problems: tuple[Problem, ...] = ()) -> None:
        self.problems: list[Problem] = list(problems)
        self.warnings: list[Problem] = []
        self.notes: list[Problem] = []

    def refuse(self, origin: Origin, field: str, what: str, write: str = "") -> None:
        """Take a problem with a step."""
        self._once(self.problems, origin.problem(field, what, write))

    def warn(self, origin: Origin, field: str, what: str, write: str = "") -> None:
        """Take a warning about a step."""
        self._once(self.warnings, origin.problem(field, what, write))

    def note(self, origin: Origin, field: str, what: str) -> None:
        """Take a remark on how a step was read."""
        self._once(self.notes, origin.problem(field, what))

    def _once(self, found: list[Problem], problem: Problem) -> None:
        """Keep a finding; the rounds of a repeat find the same again."""
        if problem not in found:
            found.append(problem)


def in_order(found: list[Problem]) -> list[Problem]:
    """Return findings in the order of the text; what concerns the whole comes first."""
    return sorted(found, key=lambda p: (p.line or 0, p.column or 0))
