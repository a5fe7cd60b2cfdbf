"""Exit codes: the only place that turns an outcome into a number for the shell."""

from enum import IntEnum
from typing import Protocol


class ExitCode(IntEnum):
    """What the shell is told."""

    COMPLETE = 0
    REFUSED = 2  # recipe, station file or command line
    OPERATOR = 3  # ended by the operator
    TRIPPED = 4  # tripped or aborted by an interlock or fault
    NOT_SAFE = 5  # safe state not confirmed
    NOT_REACHABLE = 6  # an instrument does not answer
    INTERNAL = 70  # internal error


class Ended(Protocol):
    """What is asked of a result."""

    @property
    def outcome(self) -> str:
        """Return "complete", "stopped", "aborted" or "refused"."""
        ...

    @property
    def safe(self) -> bool | None:
        """Return whether the safe state was confirmed; None when nothing was started."""
        ...

    @property
    def by_operator(self) -> bool:
        """Return whether a person ended the run."""
        ...

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Return the links that were lost before the first step could begin."""
        ...


def exit_code(result: Ended) -> ExitCode:
    """Return the exit code of a result; an unconfirmed safe state outranks why a begun run ended."""
    if result.outcome == "refused":
        return ExitCode.REFUSED
    if result.by_operator and result.safe is None:
        return ExitCode.OPERATOR
    if result.unreachable:
        return ExitCode.NOT_REACHABLE
    if result.safe is not True:
        return ExitCode.NOT_SAFE
    if result.outcome == "complete":
        return ExitCode.COMPLETE
    return ExitCode.OPERATOR if result.by_operator else ExitCode.TRIPPED
