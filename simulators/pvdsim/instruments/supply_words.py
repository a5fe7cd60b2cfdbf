"""Words and numbers in the commands of a simulated GENESYS+ supply, and the errors of wrong ones.

Error codes: G+1U 5 kW manual p. 179 (power supply reference 4.3). Fields have at most 12 characters.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from pvdstation.model.signals import SupplyMode
from pvdstation.protocol import supply as codec

T = TypeVar("T")
COMMAND_ERROR = (-100, "Command Error")
EXECUTION_ERROR = (-200, "Execution Error")
MISSING = (-109, "Missing Parameter")
SURPLUS = (-115, "Unexpected number of parameters")
PARAMETER = (-220, "Parameter Error")
OUT_OF_RANGE = (-222, "Data Out Of Range")
FOLD = {"OFF": SupplyMode.OFF, "CC": SupplyMode.CC, "CV": SupplyMode.CV}
FOLD |= {"0": SupplyMode.OFF, "1": SupplyMode.CC, "2": SupplyMode.CV}  # 1 and 2 are swapped on other makes
REMOTE = {"LOC": "LOC", "REM": "REM", "LLO": "LLO", "0": "LOC", "1": "REM", "2": "LLO"}
POWER_ON = {"SAFE": "SAFE", "AUTO": "AUTO", "0": "SAFE", "1": "AUTO"}
SWITCH = {"1": True, "ON": True, "0": False, "OFF": False}


class NotObeyed(Exception):
    """A command that is not carried out: code and text of the error queue."""


class ErrorQueue:
    """Error queue: silent until it is enabled, ten deep, the tenth replaced on overflow (G+1U 5 kW manual p. 179)."""

    DEPTH = 10

    def __init__(self, address: int) -> None:
        self.is_enabled = False
        self._address = address
        self._entries: deque[tuple[int, str]] = deque()

    def put(self, code: int, text: str) -> None:
        """Queue an error."""
        if not self.is_enabled:
            return
        if len(self._entries) == self.DEPTH:
            self._entries[-1] = (-350, "Queue Overflow")
        else:
            self._entries.append((code, text))

    def take(self) -> str:
        """Return the oldest error as ``SYST:ERR?`` shows it, and forget it."""
        if not self._entries:
            return '0,"No error"'
        code, text = self._entries.popleft()
        return f'{code},"{text};{self._address}"'

    def clear(self) -> None:
        """Forget all errors."""
        self._entries.clear()


def printer(rated: float) -> Callable[[float], str]:
    """Return the unit's way to print a quantity: five digits, the point where the rating has it."""
    decimals = 4 - math.floor(math.log10(rated))
    width = 6
    return lambda value: f"{value:0{width}.{decimals}f}"


def settable(show: Callable[[float], str], read: Callable[[], float], top: float) -> Callable[[tuple[str, ...]], str]:
    """Return the query of a set-point, with its MAX and MIN."""

    def answer(arguments: tuple[str, ...]) -> str:
        word = arguments[0].upper() if arguments else ""
        return show(top if word.startswith("MAX") else 0.0 if word.startswith("MIN") else read())

    return answer


def _only(arguments: tuple[str, ...]) -> str:
    if len(arguments) != 1:
        raise NotObeyed(*(SURPLUS if arguments else MISSING))
    return arguments[0].upper()


def nothing(arguments: tuple[str, ...]) -> None:
    """Take no argument. Raises NotObeyed."""
    if arguments:
        raise NotObeyed(*SURPLUS)


def word_of(arguments: tuple[str, ...], words: Mapping[str, T]) -> T:
    """Return what the only argument means. Raises NotObeyed."""
    word = _only(arguments)
    if word not in words:
        raise NotObeyed(*PARAMETER)
    return words[word]


def number_of(arguments: tuple[str, ...], lowest: float, highest: float) -> float:
    """Return the only argument as a number within its bounds, MAX and MIN included. Raises NotObeyed."""
    field = _only(arguments)
    if field in ("MAX", "MAXIMUM", "MIN", "MINIMUM"):
        return highest if field.startswith("MAX") else lowest
    if len(field) > codec.LONGEST_FIELD or not codec.is_number(field.encode("latin-1")):
        raise NotObeyed(*PARAMETER)
    if not lowest <= float(field) <= highest:
        raise NotObeyed(*OUT_OF_RANGE)
    return float(field)
